import type { Sql, TransactionSql } from "postgres";

import type { SanctionId, UserId } from "../../protocol/ids.ts";
import type { PlatformBan } from "../../protocol/shapes.ts";
import { iso } from "./facts.ts";

/** Someone barred from the whole platform, and until when (ms; null for good). */
export interface Bar {
  user: UserId;
  untilMs: number | null;
}

/** All that bars people or does so no more waits here, so that Redis hears of it in order. */
const BARS_LOCK = 0x6261_7273;
/** So long after an erasure the append script still knows of it. By then every session of theirs has ended. */
const ERASED_FOR = "1 day";

/** Lets nobody change who is barred until the caller's transaction ends. */
export async function holdBars(tx: TransactionSql): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock_shared(${BARS_LOCK})`;
}

/** Waits for all who read or change who is barred, in the caller's transaction. */
export async function lockBars(tx: TransactionSql): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(${BARS_LOCK})`;
}

/** Who is barred now, of all or of these people: as the append script enforces it. */
export async function barsInForce(
  sql: Sql | TransactionSql,
  people: readonly UserId[] | null,
): Promise<Bar[]> {
  const only = people === null ? sql`` : sql`AND user_id = ANY(${[...people]}::uuid[])`;
  return sql<Bar[]>`
    SELECT user_id AS "user", CASE WHEN bool_or(until IS NULL) THEN NULL
      ELSE (extract(epoch FROM max(until)) * 1000)::bigint END AS "untilMs"
    FROM (
      SELECT user_id, until FROM platform_bans
      WHERE lifted_at IS NULL AND (until IS NULL OR until > now()) ${only}
      UNION ALL
      SELECT user_id, created_at + ${ERASED_FOR}::interval FROM erasures
      WHERE created_at > now() - ${ERASED_FOR}::interval ${only}) AS b
    GROUP BY user_id`;
}

/** A ban of the platform as gateways keep it: those that end stay in their list until their time is up. */
export interface KnownBar {
  id: string;
  user: UserId;
  /** "erased": for good, and nothing can be said about it. */
  kind: "banned" | "erased";
  reason: string;
  by: UserId | null;
  /** ISO time; null for good. */
  until: string | null;
  lifted: boolean;
}

/** What changed within the last seconds about who is barred; without them, all who are. Oldest first. */
export async function barsChanged(sql: Sql, withinSeconds: number | null): Promise<KnownBar[]> {
  const bans =
    withinSeconds === null
      ? sql`lifted_at IS NULL AND (until IS NULL OR until > now())`
      : sql`changed_at > now() - ${withinSeconds} * interval '1 second'`;
  const erased = withinSeconds === null ? 8 * 86_400 : withinSeconds;
  return sql<KnownBar[]>`
    SELECT id, user_id AS "user", 'banned' AS kind, reason, by_id AS by, ${iso(sql, "until")} AS until,
      lifted_at IS NOT NULL AS lifted
    FROM platform_bans WHERE ${bans}
    UNION ALL
    SELECT id, user_id, 'erased', '', NULL, NULL, false FROM erasures
    WHERE created_at > now() - ${erased} * interval '1 second'`;
}

/** The ban that keeps someone out longest; null when none does. */
export async function longestPlatformBan(sql: Sql, user: UserId): Promise<KnownBar | null> {
  const [row] = await sql<KnownBar[]>`
    SELECT id, user_id AS "user", 'banned' AS kind, reason, by_id AS by, ${iso(sql, "until")} AS until, false AS lifted
    FROM platform_bans
    WHERE user_id = ${user} AND lifted_at IS NULL AND (until IS NULL OR until > now())
    ORDER BY platform_bans.until DESC NULLS FIRST LIMIT 1`;
  return row ?? null;
}

/** Writes a ban down, in the caller's transaction. */
export async function insertPlatformBan(tx: TransactionSql, ban: PlatformBan): Promise<void> {
  const { id, user, reason, by, at, until } = ban;
  await tx`
    INSERT INTO platform_bans (id, user_id, reason, by_id, at, until)
    VALUES (${id}, ${user}, ${reason}, ${by}, ${at}::text::timestamptz, ${until ?? null}::text::timestamptz)`;
}

/** Ends a ban, in the caller's transaction; null when there is none in force of that id. */
export async function liftPlatformBan(
  tx: TransactionSql,
  lift: { id: SanctionId; by: UserId; at: string; reason: string | null },
): Promise<UserId | null> {
  const [row] = await tx<{ user: UserId }[]>`
    UPDATE platform_bans SET lifted_at = ${lift.at}::text::timestamptz, lifted_by = ${lift.by},
      lift_reason = ${lift.reason}, changed_at = clock_timestamp(), in_redis = false
    WHERE id = ${lift.id} AND lifted_at IS NULL RETURNING user_id AS "user"`;
  return row?.user ?? null;
}

/** Bans of the platform, the newest first; keyset paging by id. */
export async function listPlatformBans(
  sql: Sql,
  ask: { before: SanctionId | null; limit: number },
): Promise<PlatformBan[]> {
  const rows = await sql<(PlatformBan & { until: string | null; liftedAt: string | null })[]>`
    SELECT id, user_id AS "user", reason, by_id AS by, ${iso(sql, "at")} AS at, ${iso(sql, "until")} AS until,
      ${iso(sql, "lifted_at")} AS "liftedAt"
    FROM platform_bans WHERE ${ask.before === null ? sql`true` : sql`id < ${ask.before}`}
    ORDER BY id DESC LIMIT ${ask.limit}`;
  return rows.map(({ until, liftedAt, ...ban }) => ({
    ...ban,
    ...(until === null ? {} : { until }),
    ...(liftedAt === null ? {} : { liftedAt }),
  }));
}

/** People about whom Redis may not have heard the last. */
export async function barsToTell(sql: Sql, olderThanMs: number): Promise<UserId[]> {
  const rows = await sql<{ user: UserId }[]>`
    SELECT DISTINCT user_id AS "user" FROM platform_bans
    WHERE NOT in_redis AND changed_at < now() - ${olderThanMs} * interval '1 millisecond' LIMIT 100`;
  return rows.map(({ user }) => user);
}

/** Notes in the caller's transaction that Redis knows the last about someone. */
export async function noteToldBars(tx: TransactionSql, user: UserId): Promise<void> {
  await tx`UPDATE platform_bans SET in_redis = true WHERE user_id = ${user} AND NOT in_redis`;
}
