import type { TransactionSql } from "postgres";
import { v7 as uuidv7 } from "uuid";

import { Refusal } from "../protocol/errors.ts";
import type { Draft } from "../protocol/facts.ts";
import { ClientId, type RoomId, timeInside, type UserId } from "../protocol/ids.ts";
import { appendSeeded } from "./append.ts";
import { changesMany, effectsOnMany } from "./many-changes.ts";
import { findSend } from "./postgres/facts.ts";
import { type Effect, factRest } from "./redis/append-facts.ts";
import { sendHash } from "./send-hash.ts";
import type { Stores } from "./stores.ts";

/** Messages that a clean-up is about may be edited just then: it looks again. */
const MOST_TRIES = 8;

/** An act that Postgres has committed and the log must show. */
export interface PendingFact {
  room: RoomId;
  author: UserId;
  draft: Draft;
  effects: Effect[];
}

/**
 * Writes down, with the act itself, that its fact must be appended (G20). Answers the note's id; that of a
 * message is the message's own clientId, so that whoever sends it again is told where it stands (G4).
 * Its place among the acts is now, not when the transaction began: acts that waited for each other keep
 * their order.
 */
export async function notePending(tx: TransactionSql, pending: PendingFact): Promise<ClientId> {
  const { room, author, draft, effects } = pending;
  const id = draft.type === "message.sent" ? draft.clientId : ClientId.parse(uuidv7());
  await tx`
    INSERT INTO pending_facts (id, room_id, author_id, draft, effects, created_at)
    VALUES (${id}, ${room}, ${author}, ${JSON.stringify(draft)}::text::jsonb,
      ${JSON.stringify(effects)}::text::jsonb, clock_timestamp())`;
  return id;
}

/**
 * Appends what a room's acts left to append, in the order of the acts, each exactly once: its id is
 * its idempotency key, in Redis and then in Postgres. Called by the act, and by the sweeper for what
 * a crash left behind. In order, because a late ban must not undo the lifting that came after it.
 * A note stays until its fact is stored, and goes in that transaction: what Redis loses is appended anew.
 * Answers the seqs of those that are in the log and perhaps not stored, by their ids.
 */
export async function appendPending(stores: Stores, room: RoomId): Promise<Map<ClientId, number>> {
  const { sql } = stores.store;
  const rows = await sql<
    { id: ClientId; author_id: UserId; draft: Draft; effects: Effect[] }[]
  >`SELECT id, author_id, draft, effects FROM pending_facts WHERE room_id = ${room}
    ORDER BY created_at, id`;
  const seqs = new Map<ClientId, number>();
  for (const { id, author_id: author, draft, effects } of rows) {
    const pending = { room, author, draft: { ...draft, act: id }, effects };
    const found = await appendOnce(stores, pending, id);
    if (found === "stored" || found === "barred")
      await sql`DELETE FROM pending_facts WHERE id = ${id}`;
    else seqs.set(id, found);
  }
  return seqs;
}

/**
 * Answers the seq of the fact, or that it is stored already: then its note was left behind. A message that
 * was held back and is let through stays out when its author was barred first (G8).
 */
async function appendOnce(
  stores: Stores,
  pending: PendingFact,
  act: ClientId,
): Promise<"stored" | "barred" | number> {
  const { room, author, draft, effects } = pending;
  const isMessage = draft.type === "message.sent";
  const hash = isMessage ? sendHash(draft.text ?? "", draft.replyTo) : "";
  const append = async (checked: boolean) =>
    appendSeeded(stores, {
      room,
      author,
      at: draft.at,
      rest: factRest(draft),
      idempotency: { key: `${author}:${act}`, hash, bornMs: timeInside(act), checked },
      policy: null,
      guard: isMessage ? "mute" : "none",
      slowModeMs: 0,
      cap: 0,
      isMessage,
      target: changesMany(draft) ? "many" : "target" in draft ? draft.target : null,
      replyTo: null,
      effects: changesMany(draft) ? await effectsOnMany(stores, { room, act, draft }) : effects,
    });
  let checked = false;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const result = await append(checked);
    if (result.status === "accepted" || result.status === "duplicate") return result.seq;
    if (result.status === "sanctioned") return "barred";
    if (result.status === "check") {
      const stored = await findSend(stores.store.sql, { room, author, clientId: act });
      if (stored !== null) return "stored";
      checked = true;
    } else if (result.status !== "moved") {
      throw new Error(`The log answered an act with ${result.status}`);
    }
  }
  throw new Refusal("unavailable", "The messages are being changed by others; try again.");
}

/** Rooms whose acts wait longer than a moment: something died in between. */
export async function roomsWithPending({ store }: Stores, olderThanMs: number): Promise<RoomId[]> {
  const rows = await store.sql<{ room_id: RoomId }[]>`
    SELECT DISTINCT room_id FROM pending_facts
    WHERE created_at < now() - ${olderThanMs} * interval '1 millisecond' LIMIT 100`;
  return rows.map(({ room_id: room }) => room);
}
