import { Refusal } from "../protocol/errors.ts";
import type { Fact } from "../protocol/facts.ts";
import { readTail } from "./messages.ts";
import {
  type MessageScope,
  readStoredStanding,
  type StandingMessage,
} from "./postgres/removals.ts";
import { inRanges } from "./seq-ranges.ts";
import type { Stores } from "./stores.ts";

const MOST_TRIES = 3;

/**
 * The newest messages of a scope that stand, with their present texts, ascending: Postgres, and over it
 * what is accepted but not stored yet (G9).
 */
export async function readStanding(
  stores: Stores,
  scope: MessageScope,
  limit: number,
): Promise<StandingMessage[]> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const kept = await readStoredStanding(stores.store.sql, scope, limit);
    const tail = await readTail(stores, scope.room, kept.storedSeq);
    if (tail === null) continue;
    const standing = new Map(kept.messages.map((message) => [message.seq, message]));
    const removed = new Map<number, StandingMessage[]>();
    for (const fact of tail) fold({ scope, standing, removed }, fact);
    return [...standing.values()].toSorted((a, b) => a.seq - b.seq).slice(-limit);
  }
  throw new Refusal("unavailable", "The room is moving too fast; try again in a moment.");
}

interface Overlay {
  scope: MessageScope;
  standing: Map<number, StandingMessage>;
  /** What each clean-up of the tail took: undoing it brings that back. */
  removed: Map<number, StandingMessage[]>;
}

function fold({ scope, standing, removed }: Overlay, fact: Fact): void {
  if (fact.type === "message.sent") {
    const { seq, at, text, by, editedAt = null } = fact;
    if (text !== undefined && isInScope(scope, fact)) {
      standing.set(seq, { seq, by: by.id, at, text, editedAt });
    }
  } else if (fact.type === "message.edited") {
    const message = standing.get(fact.target);
    if (message === undefined || fact.text === undefined) return;
    standing.set(fact.target, { ...message, text: fact.text, editedAt: fact.at });
  } else if (fact.type === "message.removed") {
    standing.delete(fact.target);
  } else if (fact.type === "messages.removed") {
    const isTarget = inRanges(fact.targets);
    const gone = [...standing.values()].filter(
      ({ seq, by }) => isTarget(seq) && (fact.author === undefined || fact.author === by),
    );
    for (const { seq } of gone) standing.delete(seq);
    removed.set(fact.seq, gone);
  } else if (fact.type === "messages.restored" && fact.removal !== undefined) {
    for (const message of removed.get(fact.removal) ?? []) standing.set(message.seq, message);
  }
}

function isInScope(
  { ranges, author, since }: MessageScope,
  { seq, by, at }: Pick<Fact, "seq" | "by" | "at">,
): boolean {
  if (author !== undefined && by.id !== author) return false;
  if (since !== undefined && at < since) return false;
  return inRanges(ranges)(seq);
}
