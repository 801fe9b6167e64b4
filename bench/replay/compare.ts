import type { Seen, Sent } from "./record.ts";

/** What is wrong with a view of the room, each with a sentence for whoever looks for the cause. */
export interface Differences {
  lost: string[];
  doubled: string[];
  outOfOrder: string[];
  /** Other words, another author or another seq than what was accepted; or never sent at all. */
  changed: string[];
}

/** Compares what a view shows of the speakers, in its own order, with what was accepted, in order. */
export function compare(sent: readonly Sent[], view: readonly Seen[]): Differences {
  const places = new Map(sent.map(({ clientId }, place) => [clientId, place]));
  const speakers = new Set(sent.map(({ user }) => user));
  const found = new Set<number>();
  const wrong: Differences = { lost: [], doubled: [], outOfOrder: [], changed: [] };
  let [furthest, lastSeq] = [-1, 0];
  for (const seen of view) {
    const place = places.get(seen.clientId);
    const line = place === undefined ? undefined : sent[place];
    if (place === undefined || line === undefined) {
      // Other people may speak in the room too; the speakers say nothing that is not in the log.
      if (speakers.has(seen.user))
        wrong.changed.push(`seq ${seen.seq} was never sent: ${say(seen)}`);
      continue;
    }
    if (found.has(place)) {
      wrong.doubled.push(`${nameOf(line)} is there again as seq ${seen.seq}`);
      continue;
    }
    found.add(place);
    if (place < furthest || seen.seq <= lastSeq) {
      wrong.outOfOrder.push(`${nameOf(line)} stands behind ${nameOf(sent[furthest] ?? line)}`);
    }
    furthest = Math.max(furthest, place);
    lastSeq = seen.seq;
    wrong.changed.push(...changesOf(line, seen));
  }
  for (const [place, line] of sent.entries()) {
    if (!found.has(place)) wrong.lost.push(`${nameOf(line)} (seq ${line.seq}): ${say(line)}`);
  }
  return wrong;
}

function changesOf(line: Sent, seen: Seen): string[] {
  const changes: string[] = [];
  if (seen.text !== line.text) changes.push(`says ${say(seen)} instead of ${say(line)}`);
  if (seen.user !== line.user) changes.push(`is said by ${seen.user} instead of ${line.user}`);
  if (seen.seq !== line.seq) changes.push(`was accepted as seq ${line.seq} and is seq ${seen.seq}`);
  return changes.map((change) => `${nameOf(line)} ${change}`);
}

function nameOf({ line, part }: Sent): string {
  return part === 0 ? `line ${line}` : `line ${line}, part ${part + 1}`;
}

const MOST_SHOWN = 60;

function say({ text }: { text: string | null }): string {
  const shown = text ?? "";
  return JSON.stringify(shown.length > MOST_SHOWN ? `${shown.slice(0, MOST_SHOWN)}…` : shown);
}
