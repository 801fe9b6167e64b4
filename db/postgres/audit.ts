import { createHash } from "node:crypto";

import type { Sql, TransactionSql } from "postgres";
import { v7 as uuidv7 } from "uuid";

import { AuditId, type ClientId, RoomId, UserId } from "../../protocol/ids.ts";
import type { AuditEntry } from "../../protocol/shapes.ts";
import { iso } from "./facts.ts";

/** Something that was done, as it is written down. No text of messages: it would outlive their removal. */
export interface Deed {
  /** ISO time. */
  at: string;
  actor: UserId;
  action: string;
  /** Whom it was done to. */
  target?: UserId | undefined;
  /** The note of its fact, when that has no seq yet. */
  act?: ClientId | undefined;
  seq?: number | undefined;
  rule?: string | undefined;
  reason?: string | undefined;
  before?: unknown;
  after?: unknown;
}

/** The chain of what is done on the whole platform. */
export const PLATFORM_CHAIN = RoomId.parse("00000000-0000-0000-0000-000000000000");

/**
 * Writes deeds down at the end of a room's chain, in the caller's transaction: they stand if the deeds do.
 * A transaction that locks the room's row as well must do so first, as the worker does.
 */
export async function appendAudit(
  tx: TransactionSql,
  chain: RoomId,
  deeds: readonly Deed[],
): Promise<void> {
  if (deeds.length === 0) return;
  await tx`INSERT INTO audit_chains (chain, entries, hash) VALUES (${chain}, 0, '') ON CONFLICT DO NOTHING`;
  const [head] = await tx<{ entries: number; hash: string }[]>`
    SELECT entries, hash FROM audit_chains WHERE chain = ${chain} FOR UPDATE`;
  let { entries: n, hash } = head ?? { entries: 0, hash: "" };
  const rows = deeds.map((deed) => {
    n += 1;
    const entry: Entry = { n, id: uuidv7(), ...columnsOf(deed) };
    hash = hashAfter(hash, entry);
    return { ...entry, hash };
  });
  const column = <K extends keyof (typeof rows)[number]>(name: K) => rows.map((row) => row[name]);
  const json = (name: "before" | "after") =>
    rows.map((row) => (row[name] === null ? null : JSON.stringify(row[name])));
  await tx`
    INSERT INTO audit (chain, n, id, at, actor_id, action, target_id, act, seq, rule, reason, before, after, hash)
    SELECT ${chain}::uuid, e.n, e.id, e.at::timestamptz, e.actor, e.action, e.target, e.act, e.seq, e.rule,
      e.reason, e.before::jsonb, e.after::jsonb, e.hash
    FROM unnest(${column("n")}::bigint[], ${column("id")}::uuid[], ${column("at")}::text[],
      ${column("actor_id")}::uuid[], ${column("action")}::text[], ${column("target_id")}::uuid[],
      ${column("act")}::uuid[], ${column("seq")}::bigint[], ${column("rule")}::text[],
      ${column("reason")}::text[], ${json("before")}::text[], ${json("after")}::text[],
      ${column("hash")}::text[])
      AS e (n, id, at, actor, action, target, act, seq, rule, reason, before, after, hash)`;
  await tx`UPDATE audit_chains SET entries = ${n}, hash = ${hash} WHERE chain = ${chain}`;
}

interface Entry {
  n: number;
  id: string;
  at: string;
  actor_id: string;
  action: string;
  target_id: string | null;
  act: string | null;
  seq: number | null;
  rule: string | null;
  reason: string | null;
  before: unknown;
  after: unknown;
}

function columnsOf(deed: Deed): Omit<Entry, "n" | "id"> {
  return {
    at: deed.at,
    actor_id: deed.actor,
    action: deed.action,
    target_id: deed.target ?? null,
    act: deed.act ?? null,
    seq: deed.seq ?? null,
    rule: deed.rule ?? null,
    reason: deed.reason ?? null,
    before: deed.before ?? null,
    after: deed.after ?? null,
  };
}

/** The hash of an entry: over the hash before it and all that it says. */
function hashAfter(before: string, entry: Entry): string {
  const { n, id, at, actor_id: actor, action, target_id: target, act, seq, rule, reason } = entry;
  const what = [n, id, at, actor, action, target, act, seq, rule, reason];
  const said = [...what, sorted(entry.before), sorted(entry.after)];
  return createHash("sha256")
    .update(`${before}\n${JSON.stringify(said)}`)
    .digest("hex");
}

/** With the keys of objects in order: Postgres keeps JSON in an order of its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value ?? null;
  const pairs = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]),
  );
}

/** Which entries of a chain are asked for. */
export interface AuditFilter {
  actor?: UserId | undefined;
  target?: UserId | undefined;
  action?: string | undefined;
  /** ISO times. */
  since?: string | undefined;
  until?: string | undefined;
}

/** Entries of a chain, the newest first, below `before` where it is named. Keyset paging by `n`. */
export async function listAudit(
  sql: Sql,
  ask: AuditFilter & { chain: RoomId; before: number | null; limit: number },
): Promise<{ n: number; entry: AuditEntry }[]> {
  const { actor, target, action, since, until } = ask;
  const rows = await sql<(Entry & { hash: string; name: string | null; found: number | null })[]>`
    SELECT a.n, a.id, ${iso(sql, "a.at")} AS at, a.actor_id, u.name, a.action, a.target_id, a.act,
      coalesce(a.seq, f.seq) AS seq, a.rule, a.reason, a.before, a.after, a.hash
    FROM audit a
    LEFT JOIN users u ON u.id = a.actor_id
    LEFT JOIN facts f ON f.room_id = a.chain AND f.by_id = a.actor_id AND f.client_id = a.act
    WHERE a.chain = ${ask.chain} AND a.n < ${ask.before ?? Number.MAX_SAFE_INTEGER}
      ${actor === undefined ? sql`` : sql`AND a.actor_id = ${actor}`}
      ${target === undefined ? sql`` : sql`AND a.target_id = ${target}`}
      ${action === undefined ? sql`` : sql`AND a.action = ${action}`}
      ${since === undefined ? sql`` : sql`AND a.at >= ${since}::text::timestamptz`}
      ${until === undefined ? sql`` : sql`AND a.at < ${until}::text::timestamptz`}
    ORDER BY a.n DESC LIMIT ${ask.limit}`;
  return rows.map((row) => ({
    n: row.n,
    entry: {
      id: AuditId.parse(row.id),
      at: row.at,
      actor: { id: UserId.parse(row.actor_id), name: row.name ?? "" },
      action: row.action,
      ...(row.target_id === null ? {} : { target: UserId.parse(row.target_id) }),
      ...(row.seq === null ? {} : { seq: row.seq }),
      ...(row.rule === null ? {} : { rule: row.rule }),
      ...(row.reason === null ? {} : { reason: row.reason }),
      ...(row.before === null ? {} : { before: row.before }),
      ...(row.after === null ? {} : { after: row.after }),
      hash: row.hash,
    },
  }));
}

/** Something that is wrong with a chain. */
export interface AuditProblem {
  chain: string;
  /** The entry where it shows; null for the chain as a whole. */
  n: number | null;
  message: string;
}

/** What a check of all chains found. */
export interface AuditCheck {
  chains: number;
  entries: number;
  problems: AuditProblem[];
}

/**
 * Recomputes every chain from its first entry on. An entry that was changed, taken out, put in or moved
 * does not fit what follows it; one taken off the end does not fit the chain's own row.
 */
export async function verifyAudit(sql: Sql): Promise<AuditCheck> {
  return sql.begin("isolation level repeatable read read only", async (tx) => {
    const check: AuditCheck = { chains: 0, entries: 0, problems: [] };
    const heads = await tx<{ chain: string; entries: number; hash: string }[]>`
      SELECT coalesce(c.chain, a.chain) AS chain, coalesce(c.entries, 0) AS entries, coalesce(c.hash, '') AS hash
      FROM audit_chains c FULL JOIN (SELECT DISTINCT chain FROM audit) a ON a.chain = c.chain`;
    for (const head of heads) {
      check.chains += 1;
      const problem = await verifyChain(sql, tx, head, check);
      if (problem !== null) check.problems.push({ chain: head.chain, ...problem });
    }
    return check;
  });
}

async function verifyChain(
  sql: Sql,
  tx: TransactionSql,
  head: { chain: string; entries: number; hash: string },
  check: AuditCheck,
): Promise<Omit<AuditProblem, "chain"> | null> {
  let [last, hash] = [0, ""];
  const pages = tx<(Entry & { hash: string })[]>`
    SELECT n, id, ${iso(sql, "at")} AS at, actor_id, action, target_id, act, seq, rule, reason, before, after, hash
    FROM audit WHERE chain = ${head.chain} ORDER BY n`.cursor(2_000);
  for await (const page of pages) {
    for (const entry of page) {
      check.entries += 1;
      if (entry.n !== last + 1) return { n: last + 1, message: "is missing" };
      if (entry.hash !== hashAfter(hash, entry)) {
        return { n: entry.n, message: "was changed, or is not in its place" };
      }
      ({ n: last, hash } = entry);
    }
  }
  if (last !== head.entries) return { n: last + 1, message: "is missing, and all after it" };
  return hash === head.hash ? null : { n: null, message: "ends in another hash than was noted" };
}
