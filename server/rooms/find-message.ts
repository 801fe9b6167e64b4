import { readHotSeeded, redact } from "../../db/history.ts";
import { readMessages } from "../../db/postgres/messages.ts";
import { type Effect } from "../../db/redis/append-facts.ts";
import { type ChangedState, readBodies, readChanges } from "../../db/redis/room-log.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Fact } from "../../protocol/facts.ts";
import type { RoomId, UserId } from "../../protocol/ids.ts";
import type { Deps } from "./act.ts";

/** A message that someone wants to act on. */
export interface FoundMessage {
  seq: number;
  author: UserId;
  /** Seq of its last change that the hot log knows, "" for none: an append must still find it so. */
  last: string;
  /** Facts in the hot log that carry its text: itself, and its edits. */
  carriers: number[];
}

/** The message at a seq. Errors: `not_found` when there is none, or when it was removed. */
export async function findMessage(deps: Deps, room: RoomId, seq: number): Promise<FoundMessage> {
  const { stores } = deps;
  const hot = await readHotSeeded(stores, { room, way: "after", position: seq - 1, limit: 1 });
  const change = (await readChanges(stores.link, room, [seq])).get(seq);
  const [entry] = hot.entries;
  const author =
    entry?.seq === seq
      ? authorOf(JSON.parse(entry.json) as Fact)
      : seq <= hot.floor
        ? await storedAuthor(deps, room, seq)
        : null;
  if (author === null || change?.removed === true) {
    throw new Refusal("not_found", "There is no such message, or it was removed.");
  }
  const edits = change === undefined ? [] : [...change.edits, Number(change.last)];
  return { seq, author, last: change?.last ?? "", carriers: [seq, ...edits] };
}

/** The author of a message that stands; null for other facts and removed messages. */
function authorOf(fact: Fact): UserId | null {
  return fact.type === "message.sent" && fact.removed !== true ? fact.by.id : null;
}

async function storedAuthor({ stores }: Deps, room: RoomId, seq: number): Promise<UserId | null> {
  const { messages } = await readMessages(stores.store.sql, {
    room,
    after: seq - 1,
    before: seq + 1,
    limit: 1,
    newestFirst: false,
  });
  const [message] = messages;
  return message === undefined || message.removed !== undefined ? null : message.by.id;
}

/**
 * What an edit or a removal does beside its own fact: every fact in the hot log that carries the
 * message's text is rewritten in the same step, so that no replay ever shows the old one (G19).
 */
export async function changeEffects(
  deps: Deps,
  room: RoomId,
  message: FoundMessage,
  state: Omit<ChangedState, "edits">,
): Promise<Effect[]> {
  const bodies = await readBodies(deps.stores.link, room, message.carriers);
  return [
    { kind: "expect", seq: message.seq, last: message.last },
    {
      kind: "change",
      seq: message.seq,
      state: { edits: message.carriers.filter((seq) => seq !== message.seq), ...state },
    },
    ...[...bodies].map(([seq, json]): Effect => ({
      kind: "body",
      seq,
      json: JSON.stringify(redact(JSON.parse(json) as Fact, state)),
    })),
  ];
}
