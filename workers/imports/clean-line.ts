import {
  MAX_NAME_CODE_POINTS,
  MAX_TEXT_BYTES,
  MAX_TEXT_CODE_POINTS,
} from "../../protocol/limits.ts";

/** A line as Eddy takes it. */
export interface CleanLine {
  /** In order; more than one when the line was too long, none when nothing is left of it. */
  parts: string[];
  /** Something was taken out or replaced. */
  cleaned: boolean;
}

/** Makes of a line what the contract can carry. The same line always becomes the same messages. */
export function cleanLine(text: string): CleanLine {
  const plain = cleanText(text);
  return {
    parts: split(plain.trim()),
    // Normalization alone changes nothing that anybody sees.
    cleaned: plain !== text.normalize("NFC"),
  };
}

/** A nick as a display name. */
export function cleanName(nick: string): string {
  const oneLine = cleanText(nick).replaceAll(/\s+/gu, " ").trim();
  const name = Array.from(oneLine).slice(0, MAX_NAME_CODE_POINTS).join("").trim();
  return name === "" ? "someone" : name;
}

/** IRC's colours: `^C4,12` and `^D` with hexadecimal digits; the digits are part of the code. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const COLOURS = /\u0003(?:\d{1,2}(?:,\d{1,2})?)?|\u0004(?:[0-9a-f]{6}(?:,[0-9a-f]{6})?)?/giu;
/** All other control characters but newline and tab. */
const CONTROL = /[^\P{Cc}\n\t]/gu;

function cleanText(text: string): string {
  return text.toWellFormed().replaceAll(COLOURS, "").replaceAll(CONTROL, "").normalize("NFC");
}

/** Cuts at the last space that leaves a part three quarters full, else between two characters. */
function split(text: string): string[] {
  const parts: string[] = [];
  let rest = text;
  for (let size = fitting(rest); size < rest.length; size = fitting(rest)) {
    const space = rest.lastIndexOf(" ", size);
    const cut = space >= size * 0.75 ? space : size;
    parts.push(rest.slice(0, cut).trim());
    rest = rest.slice(cut).trim();
  }
  return [...parts, rest].filter((part) => part !== "");
}

const encoder = new TextEncoder();

/** How many UTF-16 units of a text fit into one message. */
function fitting(text: string): number {
  let [units, points, bytes] = [0, 0, 0];
  for (const character of text) {
    points += 1;
    bytes += encoder.encode(character).length;
    if (points > MAX_TEXT_CODE_POINTS || bytes > MAX_TEXT_BYTES) break;
    units += character.length;
  }
  return units;
}
