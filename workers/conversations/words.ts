/** Buckets that words are hashed into. */
export const WORD_BUCKETS = 4_096;
/** Letters of a word that count: what follows is mostly inflection. */
const STEM_LETTERS = 6;

const WORD = /[\p{L}\p{N}]+/gu;
/** Scripts written without spaces. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
const LINK = /https?:\/\/\S+/giu;

/** The words of a text, in order: lower case, links left out, pairs of letters where no spaces are. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [run] of text.toLowerCase().replace(LINK, " ").matchAll(WORD)) {
    if (UNSPACED.test(run)) words.push(...pairsOf(run));
    else words.push(run);
  }
  return words;
}

function pairsOf(run: string): string[] {
  const letters = Array.from(run);
  if (letters.length === 1) return letters;
  return letters.slice(1).map((letter, i) => `${letters[i] ?? ""}${letter}`);
}

/** The bucket of a word, by what of it is stem. */
export function bucketOf(word: string): number {
  return hash(word.slice(0, STEM_LETTERS)) % WORD_BUCKETS;
}

/** FNV-1a, 32 bits. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value >>> 0;
}
