import { execFile } from "node:child_process";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const built = path.join(root, "web", "dist");
/** What the page is made of. */
const sources = ["web", "client", "protocol", "vite.config.ts", "package-lock.json"];

/**
 * Builds the page when it is missing or older than what it is made of. Does nothing where there
 * are no sources, as in an image that was built before. Errors: with what the build printed.
 */
export async function bringPageUpToDate(options: {
  say: (line: string) => void;
  signal?: AbortSignal;
}): Promise<void> {
  const newest = await newestOf(sources.map((source) => path.join(root, source)));
  if (newest === null || (await timeOf(path.join(built, "index.html"))) > newest) return;
  options.say("Building the page …");
  const fresh = `${built}-${process.pid}`;
  try {
    await build(fresh, options.signal);
    // Whoever starts at the same time never finds half a page.
    await rm(built, { recursive: true, force: true });
    await rename(fresh, built);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function build(folder: string, signal: AbortSignal | undefined): Promise<void> {
  const require = createRequire(import.meta.url);
  const vite = path.join(path.dirname(require.resolve("vite/package.json")), "bin", "vite.js");
  const args = [vite, "build", "--outDir", folder, "--logLevel", "warn"];
  await promisify(execFile)(process.execPath, args, {
    cwd: root,
    // Wherever it is built for, people get the page that is meant for them: other modes add to it.
    env: { ...process.env, NODE_ENV: "production" },
    ...(signal !== undefined && { signal }),
  }).catch((cause: unknown) => {
    throw new Error("The page cannot be built", { cause });
  });
}

/** When the newest file of these files and folders was changed; null when one of them is missing. */
async function newestOf(paths: string[]): Promise<number | null> {
  let newest = 0;
  for (const each of paths) {
    const changed = await timeOf(each);
    if (changed === 0) return null;
    newest = Math.max(newest, changed, await newestIn(each));
  }
  return newest;
}

async function newestIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(built));
  return Math.max(0, ...(await Promise.all(files.map(timeOf))));
}

async function timeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
