import type { TransactionSql } from "postgres";

import type { Fact, FactOf, FactType } from "../../protocol/facts.ts";
import { type RoomId, timeInside, type UserId } from "../../protocol/ids.ts";
import { appendAudit, type Deed } from "./audit.ts";
import { writeRemoved, writeRestored } from "./removals.ts";
import { AHEAD_MS, noteSendsAhead, type SendsAhead } from "./sends-ahead.ts";

/** Facts of one room that follow what is stored of it, in order. */
export interface RoomBatch {
  room: RoomId;
  entries: { n: number; fact: Fact }[];
}

/** Where a room stands in Postgres. */
export interface StoredMark {
  room: RoomId;
  storedSeq: number;
  /** Generations that began above what is stored: the only places where seqs may jump. */
  epochs: { base: number; previousEnd: number }[];
}

/**
 * Locks rooms for storing, in one fixed order, and tells where they stand. A room that another
 * worker is storing is left out: waiting for it would only find the work done (G13).
 */
export async function lockForStoring(tx: TransactionSql, rooms: RoomId[]): Promise<StoredMark[]> {
  const rows = await tx<{ id: RoomId; stored_seq: number; epochs: StoredMark["epochs"] }[]>`
    SELECT r.id, r.stored_seq, coalesce((
      SELECT json_agg(json_build_object('base', e.base, 'previousEnd', e.previous_end) ORDER BY e.epoch)
      FROM room_epochs e WHERE e.room_id = r.id AND e.base >= r.stored_seq), '[]') AS epochs
    FROM rooms r WHERE r.id = ANY(${rooms}::uuid[])
    ORDER BY r.id FOR UPDATE OF r SKIP LOCKED`;
  return rows.map(({ id, stored_seq: storedSeq, epochs }) => ({ room: id, storedSeq, epochs }));
}

/**
 * Whether a fact may directly follow what is stored: the next seq, or the first of a generation
 * before which all that stood is stored. Anything else would be a hole. Each generation notes itself
 * where the log before it ended; those between may have been planned by a process that died, with an
 * end that was lost before anyone seeded it, so what they note does not count.
 */
export function follows(mark: Pick<StoredMark, "storedSeq" | "epochs">, seq: number): boolean {
  if (seq === mark.storedSeq + 1) return true;
  return mark.epochs.some(
    ({ base, previousEnd }) => seq === base + 1 && previousEnd <= mark.storedSeq,
  );
}

/**
 * Writes facts, what they make of messages, reactions and pins, and the watermark, in the caller's
 * transaction. A rerun is harmless: rows that are there stay as they are.
 */
export async function storeFacts(tx: TransactionSql, batches: RoomBatch[]): Promise<void> {
  const all = batches.flatMap(({ room, entries }) => entries.map((entry) => ({ room, ...entry })));
  if (all.length === 0) return;
  await insertFacts(tx, all);
  for (const stretch of stretchesOf(all)) {
    const projections = collectProjections(stretch);
    for (const write of [writeStates, writePins, writeReactions, writeMentions, writeMinutes]) {
      await write(tx, projections);
    }
    await noteSendsAhead(tx, projections.sendsAhead);
    await writeMany(tx, stretch.at(-1));
  }
  for (const batch of batches) await writeDeeds(tx, batch);
  await dropNotes(tx, all);
  const marks = batches.flatMap(({ room, entries }) => {
    const last = entries.at(-1);
    if (last === undefined) return [];
    const recount = entries.findLast(({ fact }) => changesCounts(fact))?.fact.seq ?? 0;
    return [{ room, seq: last.fact.seq, n: last.n, at: last.fact.at, recount }];
  });
  await tx`
    UPDATE rooms r SET stored_seq = m.seq, messages = m.n, last_fact_at = m.at::timestamptz,
      recount_seq = greatest(r.recount_seq, m.recount)
    FROM unnest(${column(marks, "room")}::uuid[], ${column(marks, "seq")}::bigint[],
      ${column(marks, "n")}::bigint[], ${column(marks, "at")}::text[],
      ${column(marks, "recount")}::bigint[]) AS m (room, seq, n, at, recount)
    WHERE r.id = m.room AND r.stored_seq < m.seq`;
  await tx`
    INSERT INTO search_due (room_id, seq)
    SELECT * FROM unnest(${column(marks, "room")}::uuid[], ${column(marks, "seq")}::bigint[])
    ON CONFLICT DO NOTHING`;
}

/** Whether it is not just one message more that counts. */
function changesCounts(fact: Fact): boolean {
  const { type } = fact;
  if (type === "message.sent") return fact.removed === true;
  return type === "message.removed" || type === "messages.removed" || type === "messages.restored";
}

/** Writes down what was done by facts alone; acts with a note in Postgres were written down with that note. */
async function writeDeeds(tx: TransactionSql, { room, entries }: RoomBatch): Promise<void> {
  const done = entries.flatMap(({ fact }) => (isDeed(fact) ? [fact] : []));
  if (done.length === 0) return;
  const authors = await tx<{ seq: number; by_id: UserId }[]>`
    SELECT seq, by_id FROM facts
    WHERE room_id = ${room} AND seq = ANY(${done.map(({ target }) => target)}::bigint[])`;
  const authorOf = new Map(authors.map(({ seq, by_id: author }) => [seq, author]));
  const deeds = done.map((fact): Deed => {
    const { at, by, type, seq, target } = fact;
    const reason = "reason" in fact ? fact.reason : undefined;
    const deed = { at, actor: by.id, action: type, target: authorOf.get(target), seq, reason };
    return { ...deed, after: { message: target } };
  });
  await appendAudit(tx, room, deeds);
}

type DeedFact = FactOf<"message.removed"> | FactOf<"message.pinned"> | FactOf<"message.unpinned">;

function isDeed(fact: Fact): fact is DeedFact {
  const { type } = fact;
  return type === "message.removed" || type === "message.pinned" || type === "message.unpinned";
}

interface Entry {
  room: RoomId;
  n: number;
  fact: Fact;
}

/** Cut after each clean-up and each undoing of one: what follows them may change the same messages again. */
function stretchesOf(all: Entry[]): Entry[][] {
  const stretches: Entry[][] = [];
  let from = 0;
  for (const [i, { fact }] of all.entries()) {
    if (!isOfMany(fact) && i < all.length - 1) continue;
    stretches.push(all.slice(from, i + 1));
    from = i + 1;
  }
  return stretches;
}

function isOfMany(fact: Fact): boolean {
  return fact.type === "messages.removed" || fact.type === "messages.restored";
}

async function writeMany(tx: TransactionSql, last: Entry | undefined): Promise<void> {
  if (last?.fact.type === "messages.removed") await writeRemoved(tx, last.room, last.fact);
  if (last?.fact.type === "messages.restored") await writeRestored(tx, last.room, last.fact);
}

function column<T, K extends keyof T>(rows: readonly T[], name: K): T[K][] {
  return rows.map((row) => row[name]);
}

/** One statement whatever the number of rows: arrays, since 65,535 bind parameters wrap. */
async function insertFacts(tx: TransactionSql, all: Entry[]): Promise<void> {
  const rows = all.map(({ room, n, fact }) => ({ room, n, fact, extra: columnsOf(fact) }));
  await tx`
    INSERT INTO facts (room_id, seq, n, type, at, by_id, by_name, target, client_id, reply_to, text,
      data, mentions, edited_at, removed_seq)
    SELECT f.room, f.seq, f.n, f.type, f.at::timestamptz, f.by_id, f.by_name, f.target, f.client_id, f.reply_to,
      f.text, f.data::jsonb, f.mentions::uuid[], f.edited_at::timestamptz, f.removed_seq
    FROM unnest(
      ${rows.map(({ room }) => room)}::uuid[],
      ${rows.map(({ fact }) => fact.seq)}::bigint[],
      ${rows.map(({ n }) => n)}::bigint[],
      ${rows.map(({ fact }) => fact.type)}::text[],
      ${rows.map(({ fact }) => fact.at)}::text[],
      ${rows.map(({ fact }) => fact.by.id)}::uuid[],
      ${rows.map(({ fact }) => fact.by.name)}::text[],
      ${rows.map(({ extra }) => extra.target ?? null)}::bigint[],
      ${rows.map(({ extra }) => extra.clientId ?? null)}::uuid[],
      ${rows.map(({ extra }) => extra.replyTo ?? null)}::bigint[],
      ${rows.map(({ extra }) => extra.text ?? null)}::text[],
      ${rows.map(({ extra }) => extra.data ?? null)}::text[],
      ${rows.map(({ extra }) => extra.mentions ?? null)}::text[],
      ${rows.map(({ extra }) => extra.editedAt ?? null)}::text[],
      ${rows.map(({ extra }) => extra.removedSeq ?? null)}::bigint[]
    ) AS f (room, seq, n, type, at, by_id, by_name, target, client_id, reply_to, text, data, mentions,
      edited_at, removed_seq)
    ON CONFLICT (room_id, seq) DO NOTHING`;
}

interface Columns {
  target?: number;
  clientId?: string;
  replyTo?: number | undefined;
  text?: string | undefined;
  data?: string;
  /** As a Postgres array literal. */
  mentions?: string;
  editedAt?: string | undefined;
  removedSeq?: number;
}

/** Which columns a fact fills, beyond its envelope. Everything that has no column is `data`. */
function columnsOf(fact: Fact): Columns {
  if (fact.type === "message.sent") {
    return {
      clientId: fact.clientId,
      replyTo: fact.replyTo,
      text: fact.text,
      ...(fact.mentions.length === 0 ? {} : { mentions: `{${fact.mentions.join(",")}}` }),
      editedAt: fact.editedAt,
      // It was taken back before it was stored; the fact that did so follows and says its seq.
      ...(fact.removed === true ? { removedSeq: fact.seq } : {}),
    };
  }
  // The text of an edit stands with its target only.
  if (fact.type === "message.edited") return { target: fact.target };
  const { seq: _seq, type: _type, at: _at, by: _by, act, ...rest } = fact;
  const { target, ...data } = { target: undefined, ...rest };
  return {
    ...(act === undefined ? {} : { clientId: act }),
    ...(target === undefined ? {} : { target }),
    ...(Object.keys(data).length === 0 ? {} : { data: JSON.stringify(data) }),
  };
}

interface Projections {
  states: Map<
    string,
    {
      room: RoomId;
      seq: number;
      text: string | null;
      editedAt: string | null;
      removedSeq: number | null;
    }
  >;
  pins: Map<string, { room: RoomId; seq: number; pinned: boolean }>;
  reactions: Map<
    string,
    { room: RoomId; seq: number; emoji: string; user: string; present: boolean }
  >;
  mentions: { user: string; room: RoomId; seq: number; by: UserId }[];
  minutes: Map<string, { room: RoomId; minute: string; messages: number }>;
  sendsAhead: SendsAhead[];
}

type Projector = {
  [T in FactType]: ((into: Projections, room: RoomId, fact: FactOf<T>) => void) | null;
};

/**
 * What each fact does to the projections; within a stretch the last one wins. Null: the act that
 * made the fact wrote its tables before the fact was appended (G20), or `writeMany` does.
 */
const projectors: Projector = {
  "message.sent": (into, room, fact) => {
    for (const user of new Set(fact.mentions)) {
      into.mentions.push({ user, room, seq: fact.seq, by: fact.by.id });
    }
    const minute = `${fact.at.slice(0, 16)}:00Z`;
    const key = `${room} ${minute}`;
    const counted = into.minutes.get(key) ?? { room, minute, messages: 0 };
    counted.messages += 1;
    into.minutes.set(key, counted);
    const sentAt = timeInside(fact.clientId);
    if (sentAt > Date.parse(fact.at) + AHEAD_MS) {
      into.sendsAhead.push({ room, user: fact.by.id, until: sentAt });
    }
  },
  "message.edited": (into, room, fact) => {
    // A later removal has taken this edit's text back already; that removal is what counts.
    if (fact.text === undefined) return;
    into.states.set(`${room} ${fact.target}`, {
      room,
      seq: fact.target,
      text: fact.text,
      editedAt: fact.at,
      removedSeq: null,
    });
  },
  "message.removed": (into, room, fact) => {
    into.states.set(`${room} ${fact.target}`, {
      room,
      seq: fact.target,
      text: null,
      editedAt: null,
      removedSeq: fact.seq,
    });
  },
  "messages.removed": null,
  "messages.restored": null,
  "reaction.added": (into, room, fact) => noteReaction(into, room, fact, true),
  "reaction.removed": (into, room, fact) => noteReaction(into, room, fact, false),
  "message.pinned": (into, room, { target }) =>
    void into.pins.set(`${room} ${target}`, { room, seq: target, pinned: true }),
  "message.unpinned": (into, room, { target }) =>
    void into.pins.set(`${room} ${target}`, { room, seq: target, pinned: false }),
  // It counts when the message is placed: see workers/digest.
  "message.moved": null,
  "member.muted": null,
  "member.unmuted": null,
  "member.kicked": null,
  "member.banned": null,
  "member.unbanned": null,
  "member.role": null,
  "member.left": null,
  "room.updated": null,
};

function noteReaction(
  into: Projections,
  room: RoomId,
  fact: FactOf<"reaction.added"> | FactOf<"reaction.removed">,
  present: boolean,
): void {
  const { target: seq, emoji, by } = fact;
  into.reactions.set(`${room} ${seq} ${by.id} ${emoji}`, {
    room,
    seq,
    emoji,
    user: by.id,
    present,
  });
}

function collectProjections(all: Entry[]): Projections {
  const into: Projections = {
    states: new Map(),
    pins: new Map(),
    reactions: new Map(),
    mentions: [],
    minutes: new Map(),
    sendsAhead: [],
  };
  for (const { room, fact } of all) {
    const project = projectors[fact.type] as
      | ((into: Projections, room: RoomId, fact: Fact) => void)
      | null;
    project?.(into, room, fact);
  }
  return into;
}

async function writeStates(tx: TransactionSql, { states }: Projections): Promise<void> {
  if (states.size === 0) return;
  const rows = [...states.values()];
  await tx`
    UPDATE facts f SET text = s.text, edited_at = s.edited_at::timestamptz, removed_seq = s.removed_seq
    FROM unnest(${column(rows, "room")}::uuid[], ${column(rows, "seq")}::bigint[],
      ${column(rows, "text")}::text[], ${column(rows, "editedAt")}::text[],
      ${column(rows, "removedSeq")}::bigint[]) AS s (room, seq, text, edited_at, removed_seq)
    WHERE f.room_id = s.room AND f.seq = s.seq AND f.type = 'message.sent'`;
  // What was taken back leaves the index with it (G19); an edited message comes back in a moment.
  await tx`
    WITH gone AS (
      DELETE FROM search_messages m
      USING unnest(${column(rows, "room")}::uuid[], ${column(rows, "seq")}::bigint[]) AS s (room, seq)
      WHERE m.room_id = s.room AND m.seq = s.seq
      RETURNING words
    )
    INSERT INTO search_forgotten (word)
    SELECT DISTINCT w FROM gone, unnest(tsvector_to_array(words)) AS w
    WHERE w ~ '^[[:alpha:]]+$' ORDER BY w
    ON CONFLICT DO NOTHING`;
}

async function writePins(tx: TransactionSql, { pins }: Projections): Promise<void> {
  if (pins.size === 0) return;
  const rows = [...pins.values()];
  // As text: postgres.js takes an array of booleans for one boolean, and the whole batch fails.
  await tx`
    UPDATE facts f SET pinned = p.pinned
    FROM unnest(${column(rows, "room")}::uuid[], ${column(rows, "seq")}::bigint[],
      ${rows.map(({ pinned }) => String(pinned))}::text[]::boolean[]) AS p (room, seq, pinned)
    WHERE f.room_id = p.room AND f.seq = p.seq`;
}

async function writeReactions(tx: TransactionSql, { reactions }: Projections): Promise<void> {
  const rows = [...reactions.values()];
  const added = rows.filter(({ present }) => present);
  const removed = rows.filter(({ present }) => !present);
  if (added.length > 0) {
    await tx`
      INSERT INTO reactions (room_id, seq, emoji, user_id)
      SELECT * FROM unnest(${column(added, "room")}::uuid[], ${column(added, "seq")}::bigint[],
        ${column(added, "emoji")}::text[], ${column(added, "user")}::uuid[])
      ON CONFLICT DO NOTHING`;
  }
  if (removed.length > 0) {
    await tx`
      DELETE FROM reactions r
      USING unnest(${column(removed, "room")}::uuid[], ${column(removed, "seq")}::bigint[],
        ${column(removed, "emoji")}::text[], ${column(removed, "user")}::uuid[])
        AS d (room, seq, emoji, user_id)
      WHERE r.room_id = d.room AND r.seq = d.seq AND r.emoji = d.emoji AND r.user_id = d.user_id`;
  }
}

async function writeMentions(tx: TransactionSql, { mentions }: Projections): Promise<void> {
  if (mentions.length === 0) return;
  await tx`
    INSERT INTO mentions (user_id, room_id, seq, by_id)
    SELECT * FROM unnest(${column(mentions, "user")}::uuid[], ${column(mentions, "room")}::uuid[],
      ${column(mentions, "seq")}::bigint[], ${column(mentions, "by")}::uuid[])
    ON CONFLICT DO NOTHING`;
}

async function writeMinutes(tx: TransactionSql, { minutes }: Projections): Promise<void> {
  if (minutes.size === 0) return;
  const rows = [...minutes.values()];
  await tx`
    INSERT INTO room_minutes (room_id, minute, messages)
    SELECT m.room, m.minute::timestamptz, m.messages
    FROM unnest(${column(rows, "room")}::uuid[], ${column(rows, "minute")}::text[],
      ${column(rows, "messages")}::int[]) AS m (room, minute, messages)
    ON CONFLICT (room_id, minute) DO UPDATE SET messages = room_minutes.messages + excluded.messages`;
}

/** Acts whose facts are stored need not be appended again (G20). */
async function dropNotes(tx: TransactionSql, all: Entry[]): Promise<void> {
  const acts = all.flatMap(({ fact: { act } }) => act ?? []);
  if (acts.length > 0) await tx`DELETE FROM pending_facts WHERE id = ANY(${acts}::uuid[])`;
}

/** Puts an entry that Postgres refuses aside, and a tombstone at its seq, so that the rest goes on (G14). */
export async function quarantineEntry(
  tx: TransactionSql,
  entry: { room: RoomId; seq: number; n: number; json: string; sqlstate: string; reason: string },
  tombstone: Fact,
): Promise<void> {
  const { room, seq, n, sqlstate, reason } = entry;
  await tx`
    INSERT INTO quarantine (room_id, seq, n, entry, sqlstate, reason)
    VALUES (${room}, ${seq}, ${n}, ${Buffer.from(entry.json)}, ${sqlstate}, ${reason})
    ON CONFLICT DO NOTHING`;
  await storeFacts(tx, [{ room, entries: [{ n, fact: tombstone }] }]);
  // The tombstone of a message has that message's number, but nobody has it to read.
  await tx`
    UPDATE facts SET removed_seq = seq WHERE room_id = ${room} AND seq = ${seq} AND n > coalesce((
      SELECT n FROM facts WHERE room_id = ${room} AND seq < ${seq} ORDER BY seq DESC LIMIT 1), 0)`;
}
