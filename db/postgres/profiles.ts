import { eq } from "drizzle-orm";

import { Refusal } from "../../protocol/errors.ts";
import { looksLikeId, type UserId } from "../../protocol/ids.ts";
import type { MyProfile, Profile, ProfileChanges, UserRef } from "../../protocol/people.ts";
import type { Store } from "./connection.ts";
import { users } from "./schema.ts";
import { userOf } from "./users.ts";

type UserRow = typeof users.$inferSelect;

/** Someone's profile by id or handle, or null. */
export async function findProfile({ db }: Store, ref: UserRef | UserId): Promise<Profile | null> {
  const [row] = await db
    .select()
    .from(users)
    .where(looksLikeId(ref) ? eq(users.id, ref as string as UserId) : eq(users.handle, ref));
  return row === undefined ? null : profileOf(row);
}

/** A person's own profile. Errors: `not_found`. */
export async function readMyProfile({ db }: Store, user: UserId): Promise<MyProfile> {
  const [row] = await db.select().from(users).where(eq(users.id, user));
  if (row === undefined) throw new Refusal("not_found", "There is no such user.");
  return myProfileOf(row);
}

/**
 * Changes a person's profile. Errors: `not_found`; `conflict` when the handle is taken or looks like one
 * that is; `forbidden` for what a host application says of its user.
 */
export async function changeProfile(
  { db }: Store,
  user: UserId,
  { handle, headline, timeZone, ...rest }: ProfileChanges,
): Promise<MyProfile> {
  return db.transaction(async (tx) => {
    const [before] = await tx.select().from(users).where(eq(users.id, user)).for("update");
    if (before === undefined) throw new Refusal("not_found", "There is no such user.");
    if (before.externalId !== null && (rest.name !== undefined || headline !== undefined)) {
      throw new Refusal("forbidden", "Your name and headline come from where you signed in.");
    }
    if (handle !== undefined && handle !== before.handle) {
      const isTaken = looksMade(handle) || (await tx.$count(users, eq(users.handle, handle))) > 0;
      if (isTaken) throw handleIsTaken(handle);
    }
    const [row] = await tx
      .update(users)
      .set({
        ...present(rest),
        ...(handle === undefined || handle === before.handle
          ? {}
          : { handle, handleSkeleton: skeletonOf(handle) }),
        ...(headline === undefined ? {} : { headline: headline === "" ? null : headline }),
        ...(timeZone === undefined ? {} : { timeZone: timeZone === "" ? null : timeZone }),
        // Something must be set, whatever was asked for.
        name: rest.name ?? before.name,
      })
      .where(eq(users.id, user))
      .returning()
      .catch((error: unknown) => {
        throw isUniqueViolation(error) ? handleIsTaken(handle ?? "") : error;
      });
    if (row === undefined) throw new Refusal("not_found", "There is no such user.");
    return myProfileOf(row);
  });
}

function profileOf(row: UserRow): Profile {
  return {
    ...userOf(row),
    links: row.links,
    ...(row.timeZone === null ? {} : { timeZone: row.timeZone }),
  };
}

function myProfileOf(row: UserRow): MyProfile {
  return { ...profileOf(row), meetings: row.meetings };
}

/** What is left of a handle when what looks alike is the same: 0 and o, 1, l and i, rn and m, vv and w; signs do not count. */
function skeletonOf(handle: string): string {
  return handle
    .replaceAll(/[-_]/gu, "")
    .replaceAll("0", "o")
    .replaceAll(/[1il]/gu, "l")
    .replaceAll("5", "s")
    .replaceAll("rn", "m")
    .replaceAll("vv", "w");
}

/** Handles that Eddy makes end in six digits of an id; none that is chosen may look like one of them. */
function looksMade(handle: string): boolean {
  return /[-_][0-9a-fios]{6}$/u.test(handle.replaceAll("l", "i"));
}

function handleIsTaken(handle: string): Refusal {
  return new Refusal("conflict", `The handle ${handle} is taken, or looks like one that is.`);
}

function isUniqueViolation(error: unknown): boolean {
  const { code, cause } = Object(error) as { code?: unknown; cause?: unknown };
  return code === "23505" || (cause !== undefined && isUniqueViolation(cause));
}

function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as never;
}
