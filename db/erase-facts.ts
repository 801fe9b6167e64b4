import type { DraftOf, Fact } from "../protocol/facts.ts";
import type { RoomId, UserId } from "../protocol/ids.ts";
import { readHotSeeded, redact } from "./history.ts";
import { ERASED_NAME } from "./postgres/erasures.ts";
import type { Effect } from "./redis/append-facts.ts";
import { readChanges, replaceBody } from "./redis/room-log.ts";
import type { Stores } from "./stores.ts";

const PAGE = 2_000;

/**
 * What the fact of an erasing does in the step that appends it: every message of the person that the hot
 * log holds, and every edit of one, loses its text. What only Postgres holds has lost it before.
 */
export async function erasingEffects(
  stores: Stores,
  room: RoomId,
  { author }: DraftOf<"messages.removed">,
): Promise<Effect[]> {
  if (author === undefined) return [];
  const facts = await readHotOf(stores, room, author, new Set());
  const edits = facts.filter((fact) => fact.type === "message.edited");
  const said = facts.filter((fact) => fact.type === "message.sent").map(({ seq }) => seq);
  const targets = [...new Set([...said, ...edits.map(({ target }) => target)])];
  const changes = await readChanges(stores.link, room, targets);
  return [
    ...targets.map((seq): Effect => {
      const own = edits.filter(({ target }) => target === seq).map((edit) => edit.seq);
      return { kind: "change", seq, state: { edits: own, removed: true } };
    }),
    ...targets.map((seq): Effect => ({
      kind: "expect",
      seq,
      last: changes.get(seq)?.last ?? "",
    })),
    ...facts.flatMap((fact): Effect[] => {
      if (fact.type !== "message.sent" && fact.type !== "message.edited") return [];
      return [{ kind: "body", seq: fact.seq, json: JSON.stringify(erased(fact, author)) }];
    }),
  ];
}

/** Takes someone's name and reasons from all else of theirs in the hot log, and the reasons from facts about them. */
export async function eraseHotDeeds(
  stores: Stores,
  { room, user, about }: { room: RoomId; user: UserId; about: readonly number[] },
): Promise<void> {
  for (const fact of await readHotOf(stores, room, user, new Set(about))) {
    await replaceBody(stores.link, room, erased(fact, user));
  }
}

/** Facts of the hot log by someone, and these of others. */
async function readHotOf(
  stores: Stores,
  room: RoomId,
  user: UserId,
  about: ReadonlySet<number>,
): Promise<Fact[]> {
  const facts: Fact[] = [];
  for (let position = 0; ;) {
    const { floor, entries } = await readHotSeeded(stores, {
      room,
      way: "after",
      position,
      limit: PAGE,
    });
    for (const { seq, json } of entries) {
      if (!about.has(seq) && !json.includes(user)) continue;
      const fact = JSON.parse(json) as Fact;
      if (about.has(seq) || fact.by.id === user) facts.push(fact);
    }
    const last = entries.at(-1)?.seq;
    if (last !== undefined && entries.length === PAGE) position = last;
    else if (position < floor && entries.length === 0) position = floor;
    else return facts;
  }
}

function erased(fact: Fact, user: UserId): Fact {
  const { id } = fact.by;
  const name = id === user ? ERASED_NAME : fact.by.name;
  const reason = "reason" in fact && fact.reason !== undefined ? { reason: "" } : {};
  return redact({ ...fact, ...reason, by: { id, name } }, { removed: true });
}
