import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";

/** A random secret kept in a file that only its owner may read; made at the first call. */
export async function readSecret(file: string): Promise<string> {
  try {
    await writeFile(file, randomBytes(24).toString("hex"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return (await readFile(file, "utf8")).trim();
}
