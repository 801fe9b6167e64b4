import { setImmediate } from "node:timers/promises";

import { leafOf, LEAF_MESSAGES } from "../../db/digest/cover.ts";
import type { Store } from "../../db/postgres/connection.ts";
import { writeDigests } from "../../db/postgres/digests.ts";
import {
  advanceDigested,
  type FactToPlace,
  type NewPlacement,
  type PlacementRow,
  readDigested,
  readFactsToPlace,
  readPlacements,
  readTexts,
  writePlacements,
} from "../../db/postgres/placements.ts";
import type { RoomId } from "../../protocol/ids.ts";
import type { RoomGrouper } from "../conversations/grouper.ts";
import { asks, gistOf } from "./gist.ts";
import type { Groupers } from "./groupers.ts";

/** What placing works with. */
export interface PlaceDeps {
  store: Store;
  groupers: Groupers;
}

/** Facts that are placed in one go. */
const FACTS_AT_ONCE = 200;
/** Messages after which others in this process get their turn: storing must not wait for placing. */
const MESSAGES_IN_A_TURN = 5;

const NONE = { facts: 0, hasMore: false };

/**
 * Places what was stored of a room since it was last placed, and brings its digests up to date, in one
 * transaction: killed at any moment, the next run goes on from what is in Postgres. Two workers at once
 * do the work twice, but only one of them writes. Answers how many facts there were,
 * and whether there are more.
 */
export async function placeRoom(
  deps: PlaceDeps,
  room: RoomId,
): Promise<{ facts: number; hasMore: boolean }> {
  const { store, groupers } = deps;
  const standing = await readDigested(store.sql, room);
  if (standing === null || standing.storedSeq <= standing.seq) return NONE;
  const facts = await readFactsToPlace(store.sql, room, {
    after: standing.seq,
    upTo: standing.storedSeq,
    limit: FACTS_AT_ONCE,
  });
  const last = facts.at(-1);
  if (last === undefined) return NONE;
  const grouper = await groupers.take(store, room, standing.seq);
  const seen = await placeMessages(deps, room, { facts, grouper });
  const before = await changedPlacements(deps, room, { facts, placed: seen });
  const placed = moveSome(seen, facts);
  const changed = moveSome(before, facts);
  const answered = await readPlacements(
    store.sql,
    room,
    parentsBefore([...placed, ...before, ...changed]),
  );
  const leaves = new Set([
    ...placed.map(({ n }) => leafOf(n)),
    ...changed.map(({ n }) => leafOf(n)),
    ...answered.filter(({ question }) => question).map(({ n }) => leafOf(n)),
  ]);
  const full = [...leaves].filter((leaf) => (leaf + 1) * LEAF_MESSAGES <= last.n);
  const isMine = await store.sql.begin(async (tx) => {
    if (!(await advanceDigested(tx, room, { from: standing.seq, to: last.seq }))) return false;
    await writePlacements(tx, room, [...placed, ...changed]);
    await writeDigests(tx, room, { leaves: full, messages: last.n });
    return true;
  });
  // What was taken back is remembered otherwise now: then the next run takes all from Postgres.
  if (isMine && !facts.some(changesWhatWasSaid)) groupers.giveBack(room, last.seq, grouper);
  return { facts: facts.length, hasMore: last.seq < standing.storedSeq };
}

async function placeMessages(
  { store, groupers }: PlaceDeps,
  room: RoomId,
  { facts, grouper }: { facts: readonly FactToPlace[]; grouper: RoomGrouper },
): Promise<NewPlacement[]> {
  const messages = facts.filter(({ type }) => type === "message.sent");
  const replied = messages.flatMap(({ replyTo }) => replyTo ?? []);
  const conversations = new Map(
    (await readPlacements(store.sql, room, replied)).map(({ seq, conversation }) => [
      seq,
      conversation,
    ]),
  );
  const placed: NewPlacement[] = [];
  for (const [i, message] of messages.entries()) {
    if (i % MESSAGES_IN_A_TURN === 0) await setImmediate();
    const placement = placeOne(grouper, message, conversations);
    conversations.set(message.seq, placement.conversation);
    const { seq, n, author, text } = message;
    placed.push({ seq, n, author, ...placement, ...gistFields(groupers, text) });
  }
  return placed;
}

function placeOne(
  grouper: RoomGrouper,
  message: FactToPlace,
  conversations: ReadonlyMap<number, number>,
) {
  const { replyTo } = message;
  return grouper.place({
    ...messageOf(message),
    ...(replyTo === null
      ? {}
      : { replyTo: { seq: replyTo, conversation: conversations.get(replyTo) } }),
  });
}

function messageOf({ seq, atMs, author, name, text, mentions }: FactToPlace) {
  return {
    seq,
    atMs,
    author: { id: author, name },
    text: text ?? "",
    mentions: mentions ?? [],
  };
}

function gistFields({ model }: Groupers, text: string | null) {
  return {
    question: text !== null && asks(text),
    gist: text === null ? null : gistOf(text, model),
  };
}

/** Placed messages that facts of this run change: with what they say now. */
async function changedPlacements(
  { store, groupers }: PlaceDeps,
  room: RoomId,
  { facts, placed }: { facts: readonly FactToPlace[]; placed: readonly NewPlacement[] },
): Promise<NewPlacement[]> {
  const ranges = facts.flatMap(rangesOf);
  if (ranges.length === 0) return [];
  const texts = await readTexts(store.sql, room, ranges);
  // Those that are placed in this run were read as they are now.
  for (const { seq } of placed) texts.delete(seq);
  const rows = await readPlacements(store.sql, room, [...texts.keys()]);
  return rows.map((row) => ({ ...row, ...gistFields(groupers, texts.get(row.seq) ?? null) }));
}

/** Which messages a fact changes, of what a digest shows. */
function rangesOf({ type, target, data }: FactToPlace): (readonly [number, number])[] {
  switch (type) {
    case "message.edited":
    case "message.removed":
    case "message.moved":
    case "reaction.added":
    case "reaction.removed":
      return target === null ? [] : [[target, target]];
    case "messages.removed":
      // Whoever erases a person sees to their digests; to look here would be to read the whole room.
      return data?.erased === true ? [] : (data?.targets ?? []);
    case "messages.restored":
      return data?.targets ?? [];
    case "message.sent":
    case "message.pinned":
    case "message.unpinned":
    case "member.muted":
    case "member.unmuted":
    case "member.kicked":
    case "member.banned":
    case "member.unbanned":
    case "member.role":
    case "member.left":
    case "room.updated":
      return [];
  }
}

/** Those that people moved, at their new places: there they answer what began the conversation. */
function moveSome(rows: readonly NewPlacement[], facts: readonly FactToPlace[]): NewPlacement[] {
  const moves = new Map(
    facts.flatMap(({ type, target, data }) =>
      type === "message.moved" ? [[target, Number(data?.conversation)] as const] : [],
    ),
  );
  return rows.map((row) => {
    const conversation = moves.get(row.seq);
    return conversation === undefined ? row : { ...row, conversation, parent: conversation };
  });
}

function changesWhatWasSaid(fact: FactToPlace): boolean {
  return (
    !fact.type.startsWith("reaction.") &&
    (rangesOf(fact).length > 0 || fact.type === "messages.removed")
  );
}

/** Messages that these answer: whether their questions stand open may have changed. */
function parentsBefore(rows: readonly PlacementRow[]): number[] {
  return [...new Set(rows.flatMap(({ seq, parent }) => (parent === seq ? [] : [parent])))];
}
