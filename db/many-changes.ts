import type { Draft, DraftOf, Fact } from "../protocol/facts.ts";
import type { ClientId, RoomId } from "../protocol/ids.ts";
import { MAX_REMOVED_AT_ONCE } from "../protocol/limits.ts";
import { erasingEffects } from "./erase-facts.ts";
import { redact } from "./history.ts";
import { keepTexts, readKeptTexts, type StandingMessage } from "./postgres/removals.ts";
import type { Effect } from "./redis/append-facts.ts";
import { type ChangedState, readBodies, readChanges } from "./redis/room-log.ts";
import { readStanding } from "./standing-messages.ts";
import type { Stores } from "./stores.ts";

/** A fact that changes many messages in one step. */
export type ManyDraft = DraftOf<"messages.removed"> | DraftOf<"messages.restored">;

/** Whether a draft changes many messages: what it does to them is read when it is appended. */
export function changesMany(draft: Draft): draft is ManyDraft {
  return draft.type === "messages.removed" || draft.type === "messages.restored";
}

/**
 * What a clean-up, or its undoing, does in the step that appends its fact: every fact in the hot log that
 * carries a text of its messages is rewritten (G19). Before that, the texts which a clean-up takes are in
 * Postgres. An append that is told `moved` reads anew.
 */
export async function effectsOnMany(
  stores: Stores,
  change: { room: RoomId; act: ClientId; draft: ManyDraft },
): Promise<Effect[]> {
  const { room, act, draft } = change;
  if (draft.type === "messages.removed" && draft.erased === true) {
    return erasingEffects(stores, room, draft);
  }
  return draft.type === "messages.removed"
    ? removalEffects(stores, room, act, draft)
    : restoringEffects(stores, room, draft);
}

async function removalEffects(
  stores: Stores,
  room: RoomId,
  act: ClientId,
  { targets, author }: DraftOf<"messages.removed">,
): Promise<Effect[]> {
  const scope = { room, ranges: targets, author };
  const found = await readStanding(stores, scope, MAX_REMOVED_AT_ONCE);
  const changes = await readChanges(
    stores.link,
    room,
    found.map(({ seq }) => seq),
  );
  const standing = found.flatMap((message): StandingMessage[] => {
    const change = changes.get(message.seq);
    if (change?.removed === true) return [];
    // An edit that came after the reading is newer than what was read.
    const { text = message.text, editedAt = message.editedAt } = change ?? {};
    return [{ ...message, text, editedAt }];
  });
  await keepTexts(stores.store.sql, act, standing);
  return rewrite(
    stores,
    room,
    standing.map(({ seq }) => ({ seq, change: changes.get(seq), state: { removed: true } })),
  );
}

async function restoringEffects(
  stores: Stores,
  room: RoomId,
  { removal = 0 }: DraftOf<"messages.restored">,
): Promise<Effect[]> {
  const kept = await readKeptTexts(stores.store.sql, { room, removal });
  const changes = await readChanges(
    stores.link,
    room,
    kept.map(({ seq }) => seq),
  );
  const gone = kept.filter(({ seq, removedSeq }) => {
    const change = changes.get(seq);
    return change === undefined ? removedSeq === removal : Number(change.last) === removal;
  });
  return rewrite(
    stores,
    room,
    gone.map(({ seq, text, editedAt }) => ({
      seq,
      change: changes.get(seq),
      state: { text, ...(editedAt === null ? {} : { editedAt }) },
    })),
  );
}

interface Rewritten {
  seq: number;
  /** The last change of it that the hot log knows. */
  change: (ChangedState & { last: string }) | undefined;
  /** What it is from now on. */
  state: Omit<ChangedState, "edits">;
}

async function rewrite(stores: Stores, room: RoomId, all: Rewritten[]): Promise<Effect[]> {
  const carriersOf = ({ seq, change }: Rewritten) =>
    change === undefined ? [seq] : [seq, ...change.edits, Number(change.last)];
  const carriers = [...new Set(all.flatMap(carriersOf))];
  const bodies = carriers.length === 0 ? new Map() : await readBodies(stores.link, room, carriers);
  const facts = new Map<number, Fact>();
  for (const [seq, json] of bodies) {
    const fact = JSON.parse(json) as Fact;
    if (fact.type === "message.sent" || fact.type === "message.edited") facts.set(seq, fact);
  }
  return all.flatMap((one): Effect[] => {
    const own = carriersOf(one);
    const edits = own.filter((seq) => facts.get(seq)?.type === "message.edited");
    return [
      { kind: "expect", seq: one.seq, last: one.change?.last ?? "" },
      { kind: "change", seq: one.seq, state: { edits, ...one.state } },
      ...own.flatMap((seq): Effect[] => {
        const fact = facts.get(seq);
        if (fact === undefined) return [];
        return [{ kind: "body", seq, json: JSON.stringify(redact(fact, one.state)) }];
      }),
    ];
  });
}
