import { cp } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Folders that hold more than code: tsc leaves their Lua, SQL and journal behind, and the page. */
const FOLDERS = ["db/migrations", "db/redis/scripts", "web/dist"];

const root = fileURLToPath(new URL("..", import.meta.url));
for (const folder of FOLDERS) {
  await cp(path.join(root, folder), path.join(root, "dist", folder), { recursive: true });
}
