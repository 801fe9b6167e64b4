const SPACELESS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}ー]+/gu;

/** Text in the form in which it is looked for: compatibility forms and case folded. */
export function foldForSearch(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/** The runs of folded text in scripts that put no spaces between words. */
export function spacelessRuns(text: string): string[] {
  return text.match(SPACELESS) ?? [];
}

/** Folded text without those runs. */
export function withoutSpaceless(text: string): string {
  return text.replaceAll(SPACELESS, " ");
}

/** All letters of those runs and all pairs of neighbours: what an index of them holds. */
export function gramsOf(text: string): string[] {
  return [...new Set(spacelessRuns(text).flatMap((run) => [...Array.from(run), ...pairsOf(run)]))];
}

/** What a text that holds this run must have: its pairs, or its only letter. */
export function gramsToFind(run: string): string[] {
  const pairs = pairsOf(run);
  return pairs.length === 0 ? [run] : pairs;
}

function pairsOf(run: string): string[] {
  const letters = Array.from(run);
  return letters.slice(1).map((letter, i) => `${letters[i]}${letter}`);
}
