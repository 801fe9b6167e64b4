/** Around what was found, so many UTF-16 units of text. */
const BEFORE = 60;
const LENGTH = 240;

/** Letters that no message holds: they mark what was found until the text is escaped. */
export const MARK = { start: "\u0002", stop: "\u0003" } as const;

/**
 * A piece of a text around what was found there, as HTML: the text escaped, what was found in <mark>.
 * Takes the whole text with its marks, and runs of letters to mark besides.
 */
export function snippetOf(marked: string, runs: readonly string[]): string {
  const text = runs.reduce(markRun, marked);
  const first = Math.max(0, text.indexOf(MARK.start));
  const from = first <= BEFORE ? 0 : wholeFrom(text, first - BEFORE);
  const to = wholeFrom(text, Math.min(text.length, from + LENGTH));
  const piece = text.slice(from, to);
  const open = piece.lastIndexOf(MARK.start) > piece.lastIndexOf(MARK.stop) ? MARK.stop : "";
  const html = escapeHtml(piece + open)
    .replaceAll(MARK.start, "<mark>")
    .replaceAll(MARK.stop, "</mark>");
  return `${from > 0 ? "…" : ""}${html}${to < text.length ? "…" : ""}`;
}

function markRun(text: string, run: string): string {
  return text.replaceAll(run, `${MARK.start}${run}${MARK.stop}`);
}

/** Never between the halves of a surrogate pair. */
function wholeFrom(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc_00 && unit <= 0xdf_ff ? at - 1 : at;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/gu, (letter) => ESCAPES[letter] ?? letter);
}
