import { lookAlikes } from "./look-alikes.ts";

/** Text as rules see it. */
export interface FoldedText {
  /** In compatibility form, without what shows nothing; in the case in which it was written. */
  plain: string;
  /** The same in lower case and without accents, look-alikes folded, runs of white space as one space. */
  folded: string;
  /**
   * The same where `1`, `|` and a capital `I` are read the other way: people see an `i` or an `l`
   * there, as it fits. Null when there is nothing of the kind.
   */
  otherwise: string | null;
}

/** Folds away what people do not see, so that a word in disguise is the word. */
export function foldText(text: string): FoldedText {
  const plain = PLAIN_ASCII.test(text) ? text : text.normalize("NFKC").replaceAll(IGNORABLE, "");
  const folded = fold(plain);
  const other = AMBIGUOUS.test(plain) ? fold(plain.replaceAll(/[1|I]/gu, readOtherwise)) : null;
  return { plain, folded, otherwise: other === folded ? null : other };
}

/** What a rule looks for, in the same form as what it looks in. */
export function foldPhrase(phrase: string): string {
  return foldText(phrase).folded.trim();
}

const PLAIN_ASCII = /^[\n\t\x20-\x7e]*$/u;
/** Characters that show nothing and only serve to split a word. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;
const ACCENT = /\p{Mn}/gu;
/** One that stands beside a letter may well be meant as one. */
const AMBIGUOUS = /[a-z][1|I]|[1|I][a-z]/u;

function readOtherwise(letter: string): string {
  return letter === "I" ? "l" : "i";
}

function fold(plain: string): string {
  const lower = plain.toLowerCase();
  const folded = PLAIN_ASCII.test(lower)
    ? lower
    : lower
        .normalize("NFKD")
        .replaceAll(ACCENT, "")
        .replaceAll(NOT_ASCII, (character) => asLetter.get(character) ?? character);
  return folded.replaceAll(AS_DIGITS, asItLooks).replaceAll(SPACES, " ");
}

const NOT_ASCII = /\P{ASCII}/gu;
const SPACES = /\s+/gu;
const AS_DIGITS = /[01|]/gu;

function asItLooks(digit: string): string {
  return digit === "0" ? "o" : "l";
}

const asLetter = new Map(
  Object.entries(lookAlikes).flatMap(([letter, alikes]) =>
    Array.from(alikes).map((alike) => [alike, letter] as const),
  ),
);
