import { piecesOf } from "./pieces.ts";

/** Someone who is named in a message. */
export interface Meant {
  id: string;
  /** As they are shown: by their name, or by the handle where that is all we know. */
  name: string;
}

/** Someone who may be named; most of those in a room never told us their handle. */
interface Nameable {
  id: string;
  name: string;
  handle?: string | undefined;
}

/**
 * Whom the handles of a text mean. Handles say little by themselves: people choose them anew. The server has looked them up, and names whom it found in the order
 * of the text; so those whom we do not know by handle stand for what is left, one by one.
 */
export function whoIsMeant(
  said: { text: string; mentions: readonly string[] },
  people: ReadonlyMap<string, Nameable>,
): ReadonlyMap<string, Meant> {
  const meant = new Map<string, Meant>();
  if (!said.text.includes("@")) return meant;
  const byHandle = new Map(Array.from(people.values(), (person) => [person.handle, person]));
  const unknown = handlesIn(said.text).filter((handle) => {
    const person = byHandle.get(handle);
    if (person !== undefined) meant.set(handle, person);
    return person === undefined;
  });
  const known = new Set(Array.from(meant.values(), ({ id }) => id));
  const left = said.mentions.filter((id) => !known.has(id));
  // Some of them are nobody's: which ones, we cannot tell.
  if (unknown.length !== left.length) return meant;
  for (const [i, handle] of unknown.entries()) {
    const id = left[i] ?? "";
    meant.set(handle, { id, name: people.get(id)?.name ?? handle });
  }
  return meant;
}

function handlesIn(text: string): string[] {
  const handles = piecesOf(text).flatMap((piece) => (piece.kind === "mention" ? piece.handle : []));
  return [...new Set(handles)];
}
