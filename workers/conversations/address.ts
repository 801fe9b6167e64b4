import { LEAST_LETTERS, type People } from "./people.ts";

/** How plainly someone is addressed: named in passing, */
export const IN_PASSING = 1;
/** first or last without a mark, */
export const AT_EDGE = 2;
/** or first with a mark, by `@name`, or by the client. */
export const PLAINLY = 3;

/** Whom a message speaks to. */
export interface Address {
  /** How plainly, by id. */
  targets: Map<string, number>;
  /** It begins as if it addressed someone, who is not known. */
  isUnknown: boolean;
  /** The text after the names that it begins with. */
  said: string;
  /** Words that are names here, lower case. */
  names: Set<string>;
}

interface Room {
  people: People;
  author: string;
  mentions: readonly string[];
  /** Whether a word is of the room's language: such a name counts only where a name stands. */
  isCommonWord: (word: string) => boolean;
}

const LEAD = /^\s*(?<opening>[<@([]?)(?<word>\S+?)(?<mark>[>)\]]?[:,;>!，：]+|>)?(?:\s+|$)/u;
const MOST_NAMES_FIRST = 4;

/** Reads whom a message addresses: `ada: …`, `ada, grace: …`, `… ada`, `@ada`. */
export function readAddress(text: string, room: Room): Address {
  const address: Address = { targets: new Map(), isUnknown: false, said: text, names: new Set() };
  for (const id of room.mentions) if (id !== room.author) address.targets.set(id, PLAINLY);
  readFirstNames(address, room);
  readOtherNames(address, room);
  return address;
}

function note(address: Address, author: string, named: { id: string; word: string; how: number }) {
  const { id, word, how } = named;
  address.names.add(word.toLowerCase());
  if (id !== author) address.targets.set(id, Math.max(how, address.targets.get(id) ?? 0));
}

function readFirstNames(address: Address, { people, author, isCommonWord }: Room): void {
  for (let names = 0; names < MOST_NAMES_FIRST; names += 1) {
    const lead = LEAD.exec(address.said);
    if (lead === null) return;
    const { opening = "", word = "", mark = "" } = lead.groups ?? {};
    const isMarked = mark !== "" || opening === "@";
    const bare = isMarked ? word : word.replace(/[.?…]+$/u, "");
    const isCommon = isCommonWord(bare);
    const mayBeShortened = isMarked && !isCommon && (names === 0 || mark.includes(":"));
    const id = people.find(bare) ?? (mayBeShortened ? people.findShortened(bare) : undefined);
    if (id === undefined) {
      const isName = (mark === ":" || opening === "@") && /^[^\s/]{3,}$/u.test(word) && !isCommon;
      address.isUnknown = names === 0 && isName;
      return;
    }
    if (!isMarked && (isCommon || bare.length < LEAST_LETTERS)) return;
    note(address, author, { id, word: bare, how: isMarked ? PLAINLY : AT_EDGE });
    address.said = address.said.slice(lead[0].length);
    if (!isMarked) return;
  }
}

function readOtherNames(address: Address, { people, author, isCommonWord }: Room): void {
  const tokens = address.said.trim().split(/\s+/u);
  for (const [i, token] of tokens.entries()) {
    const start = token.replace(/^[^\p{L}\p{N}_|\\[\]{}^`-]+/u, "");
    const word = start.replace(/[.,:;!?)>"'…]+$/u, "");
    if (word.length < LEAST_LETTERS || isCommonWord(word)) continue;
    const id = people.find(word);
    if (id === undefined) continue;
    // A smiley may follow the name.
    const isLast = tokens.slice(i + 1, i + 3).every((rest) => /^\W+$/u.test(rest));
    const how = token.startsWith("@") ? PLAINLY : isLast ? AT_EDGE : IN_PASSING;
    note(address, author, { id, word, how });
  }
}
