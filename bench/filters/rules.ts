import { FilterRule } from "../../protocol/shapes.ts";

const SYLLABLES = [
  "ba",
  "cro",
  "dil",
  "fen",
  "gu",
  "hap",
  "jor",
  "kli",
  "mul",
  "nep",
  "sto",
  "vra",
];

/** So many rules of all kinds, as a busy room's moderators gather them over the years. */
export function manyRules(count: number): FilterRule[] {
  return Array.from({ length: count }, (_, i) =>
    FilterRule.parse({ name: `Rule ${i}`, ...ruleAt(i) }),
  );
}

function ruleAt(i: number): Partial<FilterRule> {
  const word = wordAt(i);
  switch (i % 20) {
    case 0:
      return { phrase: `${word}*` };
    case 1:
      return { phrase: `*${word}*` };
    case 2:
      return { phrase: `${word.slice(0, 3)}*${word.slice(3)}` };
    case 3:
      return { regex: String.raw`${word}\s+(?:now|today|free)` };
    case 4:
      return { regex: String.raw`\b${word}[a-z]{1,5}\d{2,4}\b` };
    case 5:
      return { links: { deny: [`${word}.example`, `${word}.example.org`] } };
    case 6:
      return { phrase: `${word} ${wordAt(i + 7)}` };
    case 7:
      return [
        { mentions: 5 + (i % 90) },
        { caps: { percent: 90, letters: 20 } },
        { invites: true as const },
      ][((i / 20) % 3) | 0] as Partial<FilterRule>;
    default:
      return { phrase: word };
  }
}

/** A word that no text holds, each once: letters of a number. */
function wordAt(i: number): string {
  const parts = [i % 12, Math.floor(i / 12) % 12, Math.floor(i / 144) % 12, (i * 7) % 12];
  return parts.map((part) => SYLLABLES[part]).join("");
}
