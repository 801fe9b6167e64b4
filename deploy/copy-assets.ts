import { cp } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** What is more than code: tsc leaves Lua, SQL, the journal, what was learnt and the page behind. */
const ASSETS = [
  "db/migrations",
  "db/redis/scripts",
  "workers/conversations/conversations.model",
  "web/dist",
];

const root = fileURLToPath(new URL("..", import.meta.url));
for (const asset of ASSETS) {
  await cp(path.join(root, asset), path.join(root, "dist", asset), { recursive: true });
}
