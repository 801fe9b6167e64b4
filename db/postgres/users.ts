import { createHash } from "node:crypto";

import { eq, inArray } from "drizzle-orm";
import { v7 as uuidv7 } from "uuid";

import { UserId } from "../../protocol/ids.ts";
import type { User } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";
import { users } from "./schema.ts";

/** Makes a guest with a handle of their own. */
export async function createGuest({ db }: Store, name: string): Promise<User> {
  const id = UserId.parse(uuidv7());
  const [row] = await db
    .insert(users)
    .values({ id, kind: "guest", name, handle: handleFor(name, id) })
    .returning();
  return userOf(required(row));
}

/** What a host application says of one of its users. */
export interface HostUser {
  /** The host's own id of them. */
  externalId: string;
  name: string;
  picture?: string | undefined;
  headline?: string | undefined;
  /** When the token was made that says so (ISO time), if it says when. */
  madeAt?: string | null | undefined;
}

/**
 * The users of hosts' tokens, in their order: made at first sight, brought up to date when their token
 * says otherwise. One read, whoever they are; writes only for those who are new or changed, each of
 * which may fail for itself. Null for a token from before its person was erased: else it would bring
 * back what they are called.
 */
export async function ensureHostUsers(
  store: Store,
  hosts: readonly HostUser[],
): Promise<(User | Promise<User | null>)[]> {
  const ids = [...new Set(hosts.map(({ externalId }) => externalId))];
  const rows = await store.db.select().from(users).where(inArray(users.externalId, ids));
  const known = new Map(rows.map((row) => [row.externalId, row]));
  return hosts.map((host) => {
    const row = known.get(host.externalId);
    return row !== undefined && isUpToDate(row, host) ? userOf(row) : writeHostUser(store, host);
  });
}

function isUpToDate(row: typeof users.$inferSelect, host: HostUser): boolean {
  const { name, picture, headline } = profileOf(host);
  return row.name === name && row.picture === picture && row.headline === headline;
}

async function writeHostUser({ db, sql }: Store, host: HostUser): Promise<User | null> {
  if (await isErased(sql, host)) return null;
  const profile = profileOf(host);
  const id = UserId.parse(uuidv7());
  const [row] = await db
    .insert(users)
    .values({
      id,
      externalId: host.externalId,
      kind: "member",
      handle: handleFor(host.name, id),
      ...profile,
    })
    .onConflictDoUpdate({ target: users.externalId, set: profile })
    .returning();
  return userOf(required(row));
}

/** What is kept of an erased person's account, to know it again: no more than a hash. */
export function accountHash(externalId: string): Buffer {
  return createHash("sha256").update(`eddy account ${externalId}`).digest();
}

async function isErased(sql: Store["sql"], { externalId, madeAt }: HostUser): Promise<boolean> {
  const rows = await sql`
    SELECT 1 FROM erased_accounts WHERE account = ${accountHash(externalId)}
      AND erased_at >= coalesce(${madeAt ?? null}::text::timestamptz, '-infinity')`;
  return rows.length > 0;
}

function profileOf({ name, picture, headline }: HostUser) {
  return { name, picture: picture ?? null, headline: headline ?? null };
}

/** A user by id, or null. */
export async function findUser({ db }: Store, id: UserId): Promise<User | null> {
  const [row] = await db.select().from(users).where(eq(users.id, id));
  return row === undefined ? null : userOf(row);
}

/** Users by id; unknown ids are left out. */
export async function findUsers({ db }: Store, ids: UserId[]): Promise<User[]> {
  if (ids.length === 0) return [];
  return (await db.select().from(users).where(inArray(users.id, ids))).map(userOf);
}

/** Who the handles name. */
export async function findHandles({ db }: Store, handles: string[]): Promise<Map<string, UserId>> {
  if (handles.length === 0) return new Map();
  const rows = await db
    .select({ id: users.id, handle: users.handle })
    .from(users)
    .where(inArray(users.handle, handles));
  return new Map(
    rows.flatMap(({ id, handle }) => (handle === null ? [] : [[handle, id] as const])),
  );
}

/** A user row as others see the person. */
export function userOf(row: typeof users.$inferSelect): User {
  return {
    id: row.id,
    name: row.name,
    ...(row.handle === null ? {} : { handle: row.handle }),
    kind: row.kind,
    ...(row.headline === null ? {} : { headline: row.headline }),
    ...(row.picture === null ? {} : { picture: row.picture }),
  };
}

/** A readable handle that cannot clash: the name's letters and the end of the id. */
function handleFor(name: string, id: UserId): string {
  const base = name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, "")
    .slice(0, 20);
  return `${base === "" ? "person" : base}-${id.slice(-6)}`;
}

function required<T>(row: T | undefined): T {
  if (row === undefined) throw new Error("Postgres returned no row");
  return row;
}
