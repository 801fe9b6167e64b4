import { mkdirSync, openSync, renameSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";

/** Past this size a log is set aside when its program starts. */
const MOST_BYTES = 20_000_000;

/**
 * Opens the log of a program for it to write to. The program gets the file itself, not a pipe of
 * ours: it must be able to write on when we are killed.
 */
export function openLogFile(dataDir: string, name: string): { file: string; fd: number } {
  const folder = path.join(path.resolve(dataDir), "logs");
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.log`);
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MOST_BYTES) renameSync(file, path.join(folder, `${name}.old.log`));
  return { file, fd: openSync(file, "a") };
}

/** The last lines of a log. */
export async function lastLines(file: string, count = 5): Promise<string> {
  const END_BYTES = 8_192;
  const handle = await open(file).catch(() => null);
  if (handle === null) return "";
  try {
    const { size } = await handle.stat();
    const end = Buffer.alloc(Math.min(size, END_BYTES));
    await handle.read(end, 0, end.length, size - end.length);
    return end.toString("utf8").trimEnd().split("\n").slice(-count).join("\n");
  } finally {
    await handle.close();
  }
}
