import type { Gist } from "../../db/digest/digest.ts";
import type { ConversationModel } from "../conversations/model.ts";
import { bucketOf, wordsOf } from "../conversations/words.ts";

/** What is said at 240 words a minute is read at that pace; a letter of a script without spaces is half a word. */
const WORD_MS = 250;
const LETTER_MS = 125;
const MOST_TERMS = 4;
/** A word in a larger share of messages than this tells nothing. */
const TELLING_SHARE = 1 / 50;
const LEAST_LETTERS = 3;
const LONGEST_TERM = 32;
const MOST_LINKS = 3;
const LONGEST_LINK = 300;

const LINK = /https?:\/\/[^\s<>"]+/giu;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu;
/** Whom it addresses is not what it is about. */
const NAMES = /^\s*\S+[:,]\s|@\S+/gu;

/** What a digest takes from a text. */
export function gistOf(text: string, model: ConversationModel): Gist {
  const spoken = text.replaceAll(LINK, " ");
  return { readingMs: readingMsOf(spoken), terms: termsOf(spoken, model), links: linksOf(text) };
}

/** Whether a text asks something. */
export function asks(text: string): boolean {
  return /[?？؟][\s)"'!.:;-]*(?:$|\n)/u.test(text.replaceAll(LINK, " "));
}

function readingMsOf(text: string): number {
  const letters = text.match(UNSPACED)?.length ?? 0;
  const words = text.replaceAll(UNSPACED, " ").match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
  return words * WORD_MS + letters * LETTER_MS;
}

function termsOf(text: string, { wordCounts, countedMessages }: ConversationModel) {
  const words = new Set(wordsOf(text.replaceAll(NAMES, " ")));
  return Array.from(words, (word) => {
    const share = ((wordCounts[bucketOf(word)] ?? 0) + 0.5) / countedMessages;
    return [word, Math.round(100 * Math.log(TELLING_SHARE / share)) / 100] as const;
  })
    .filter(([word, weight]) => weight > 0 && isTerm(word))
    .toSorted(([wordA, a], [wordB, b]) => b - a || wordB.length - wordA.length)
    .slice(0, MOST_TERMS);
}

function isTerm(word: string): boolean {
  if (word.length > LONGEST_TERM || /^\p{N}+$/u.test(word)) return false;
  return word.length >= LEAST_LETTERS || word.search(UNSPACED) === 0;
}

function linksOf(text: string): string[] {
  const links = Array.from(text.matchAll(LINK), ([found]) =>
    found.replace(/[.,:;!?)\]}'"]+$/u, ""),
  );
  return [...new Set(links)]
    .filter((link) => link.length <= LONGEST_LINK && URL.canParse(link))
    .slice(0, MOST_LINKS);
}
