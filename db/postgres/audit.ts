import { createHash, randomBytes } from "node:crypto";

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
    const entry = sealed({ n, id: uuidv7(), ...columnsOf(deed) });
    hash = hashAfter(hash, entry);
    return { ...entry, hash };
  });
  const column = <K extends keyof (typeof rows)[number]>(name: K) => rows.map((row) => row[name]);
  const json = (name: "before" | "after" | "seals") =>
    rows.map((row) => (row[name] === null ? null : JSON.stringify(row[name])));
  await tx`
    INSERT INTO audit (chain, n, id, at, actor_id, action, target_id, act, seq, rule, reason, before, after,
      salt, seals, hash)
    SELECT ${chain}::uuid, e.n, e.id, e.at::timestamptz, e.actor, e.action, e.target, e.act, e.seq, e.rule,
      e.reason, e.before::jsonb, e.after::jsonb, e.salt, e.seals::jsonb, e.hash
    FROM unnest(${column("n")}::bigint[], ${column("id")}::uuid[], ${column("at")}::text[],
      ${column("actor_id")}::uuid[], ${column("action")}::text[], ${column("target_id")}::uuid[],
      ${column("act")}::uuid[], ${column("seq")}::bigint[], ${column("rule")}::text[],
      ${column("reason")}::text[], ${json("before")}::text[], ${json("after")}::text[],
      ${column("salt")}::text[], ${json("seals")}::text[], ${column("hash")}::text[])
      AS e (n, id, at, actor, action, target, act, seq, rule, reason, before, after, salt, seals, hash)`;
  await tx`UPDATE audit_chains SET entries = ${n}, hash = ${hash} WHERE chain = ${chain}`;
}

/** An entry with all that its hash covers. */
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
  /** Random, so that nobody guesses what was erased from its seal; null once that is erased. */
  salt: string | null;
  /** Hashes of reason, before and after; null in entries of before there were seals. */
  seals: (string | null)[] | null;
}

function columnsOf(deed: Deed): Omit<Entry, "n" | "id" | "salt" | "seals"> {
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

function sealed(entry: Omit<Entry, "salt" | "seals">): Entry {
  const salt = randomBytes(16).toString("base64url");
  return { ...entry, salt, seals: sealsOf({ ...entry, salt }) };
}

/** What people wrote is in the chain by its hash: it can be erased, and the chain still be checked. */
function sealsOf(entry: Pick<Entry, "reason" | "before" | "after" | "salt">): (string | null)[] {
  return [entry.reason, entry.before, entry.after].map((value) =>
    value === null ? null : sha256(`${entry.salt}\n${JSON.stringify(sorted(value))}`),
  );
}

/** Whether an entry says what was sealed: all of it, or nothing of it because it was erased. */
function saysWhatWasSealed(entry: Entry): boolean {
  const { salt, seals, reason, before, after } = entry;
  if (seals === null) return true;
  if (salt === null) return reason === null && before === null && after === null;
  return JSON.stringify(seals) === JSON.stringify(sealsOf(entry));
}

/** The hash of an entry: over the hash before it and all that it says. */
function hashAfter(hashBefore: string, entry: Entry): string {
  const { n, id, at, actor_id: actor, action, target_id: target, act, seq, rule } = entry;
  const { reason, before, after } = entry;
  const wrote = entry.seals ?? [reason, sorted(before), sorted(after)];
  const what = [n, id, at, actor, action, target, act, seq, rule, ...wrote];
  return sha256(`${hashBefore}\n${JSON.stringify(what)}`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
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
  /** The filter's rule that asked for it. */
  rule?: string | undefined;
  /** ISO times. */
  since?: string | undefined;
  until?: string | undefined;
}

/** Entries of a chain, the newest first, below `before` where it is named. Keyset paging by `n`. */
export async function listAudit(
  sql: Sql,
  ask: AuditFilter & { chain: RoomId; before: number | null; limit: number },
): Promise<{ n: number; entry: AuditEntry; proof: AuditProof }[]> {
  const { actor, target, action, rule, since, until } = ask;
  const rows = await sql<(Entry & { hash: string; name: string | null; found: number | null })[]>`
    SELECT a.n, a.id, ${iso(sql, "a.at")} AS at, a.actor_id, u.name, a.action, a.target_id, a.act,
      a.seq, coalesce(a.seq, f.seq) AS found, a.salt, a.seals, a.rule, a.reason, a.before, a.after, a.hash
    FROM audit a
    LEFT JOIN users u ON u.id = a.actor_id
    LEFT JOIN facts f ON f.room_id = a.chain AND f.by_id = a.actor_id AND f.client_id = a.act
    WHERE a.chain = ${ask.chain} AND a.n < ${ask.before ?? Number.MAX_SAFE_INTEGER}
      ${actor === undefined ? sql`` : sql`AND a.actor_id = ${actor}`}
      ${target === undefined ? sql`` : sql`AND a.target_id = ${target}`}
      ${action === undefined ? sql`` : sql`AND a.action = ${action}`}
      ${rule === undefined ? sql`` : sql`AND a.rule = ${rule}`}
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
      ...(row.found === null ? {} : { seq: row.found }),
      ...(row.rule === null ? {} : { rule: row.rule }),
      ...(row.reason === null ? {} : { reason: row.reason }),
      ...(row.before === null ? {} : { before: row.before }),
      ...(row.after === null ? {} : { after: row.after }),
      hash: row.hash,
    },
    proof: { n: row.n, act: row.act, sealedSeq: row.seq, salt: row.salt, seals: row.seals },
  }));
}

/** What an exported entry needs beside what it says, so that its chain can be checked without Postgres. */
export interface AuditProof {
  n: number;
  act: string | null;
  /** The seq as it was known when the entry was made. */
  sealedSeq: number | null;
  salt: string | null;
  seals: (string | null)[] | null;
}

/** Checks entries that were exported, of one chain and without gaps, in any order. Null when they are sound. */
export function verifyExported(
  lines: readonly (AuditEntry & AuditProof)[],
): Omit<AuditProblem, "chain"> | null {
  const inOrder = lines.toSorted((a, b) => a.n - b.n);
  const [first] = inOrder;
  if (first === undefined) return null;
  // Nothing is known of what is before an export that does not begin at the beginning.
  const isWhole = first.n === 1;
  let [last, hash] = isWhole ? [0, ""] : [first.n, first.hash];
  for (const line of isWhole ? inOrder : inOrder.slice(1)) {
    const problem = checkNext({ last, hash }, { ...entryOf(line), hash: line.hash });
    if (problem !== null) return problem;
    [last, hash] = [line.n, line.hash];
  }
  return null;
}

function entryOf(line: AuditEntry & AuditProof): Entry {
  return {
    n: line.n,
    id: line.id,
    at: line.at,
    actor_id: line.actor.id,
    action: line.action,
    target_id: line.target ?? null,
    act: line.act,
    seq: line.sealedSeq,
    rule: line.rule ?? null,
    reason: line.reason ?? null,
    before: line.before ?? null,
    after: line.after ?? null,
    salt: line.salt,
    seals: line.seals,
  };
}

function checkNext(
  { last, hash }: { last: number; hash: string },
  entry: Entry & { hash: string },
): Omit<AuditProblem, "chain"> | null {
  if (entry.n !== last + 1) return { n: last + 1, message: "is missing" };
  if (entry.hash === hashAfter(hash, entry) && saysWhatWasSealed(entry)) return null;
  return { n: entry.n, message: "was changed, or is not in its place" };
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
    SELECT n, id, ${iso(sql, "at")} AS at, actor_id, action, target_id, act, seq, rule, reason, before, after,
      salt, seals, hash
    FROM audit WHERE chain = ${head.chain} ORDER BY n`.cursor(2_000);
  for await (const page of pages) {
    for (const entry of page) {
      check.entries += 1;
      const problem = checkNext({ last, hash }, entry);
      if (problem !== null) return problem;
      ({ n: last, hash } = entry);
    }
  }
  if (last !== head.entries) return { n: last + 1, message: "is missing, and all after it" };
  return hash === head.hash ? null : { n: null, message: "ends in another hash than was noted" };
}
