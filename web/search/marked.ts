/** A part of what was found: as it was said, and whether it is what was looked for. */
export interface Marked {
  text: string;
  isHit: boolean;
}

/** Takes a snippet of the server apart: it is escaped text with `<mark>`, and stays text here. */
export function markedOf(snippet: string): Marked[] {
  return snippet
    .split(/<mark>(.*?)<\/mark>/su)
    .map((part, i) => ({ text: unescape(part), isHit: i % 2 === 1 }))
    .filter(({ text }) => text !== "");
}

const LETTERS: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
};

function unescape(text: string): string {
  return text.replaceAll(/&(?:amp|lt|gt|quot|#39);/gu, (entity) => LETTERS[entity] ?? entity);
}
