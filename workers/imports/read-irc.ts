import { parseIrcLine } from "./irc-line.ts";
import { readLines } from "./read-lines.ts";
import { type ImportSource, type Said, Unreadable } from "./said.ts";

const DAY_MS = 86_400_000;
/** A clock that goes back by more than this has passed midnight; by less, it was set back. */
const PASSED_MIDNIGHT_MS = 7_200_000;
/** What clients note of days: `--- Log opened Tue Mar 05 10:00:12 2024`, `--- Day changed Tue Mar 05 2024`. */
const DAY_NOTE = /^--- (?:Log opened|Day changed) \w{3} (\w{3} \d{1,2})(?: [\d:]{8})? (\d{4})/u;

/**
 * Reads an IRC client's log. Its lines tell the time of day, in UTC; the day is told by the client's notes,
 * or begins at `date` and moves on at midnight.
 */
export async function* readIrc(source: ImportSource): AsyncGenerator<Said> {
  const { date } = source.options;
  let day = date === undefined ? null : Date.parse(date);
  let at = -Infinity;
  for await (const { number, text } of readLines(source)) {
    const [, monthAndDay, year] = DAY_NOTE.exec(text) ?? [];
    if (monthAndDay !== undefined) {
      day = Date.parse(`${monthAndDay} ${year} UTC`);
      source.onSkipped(null);
      continue;
    }
    const line = parseIrcLine(text);
    if (line === null) {
      source.onSkipped(
        `Line ${number} is neither \`12:34 <nick> text\` nor \`12:34 * nick waves\`.`,
      );
      continue;
    }
    if (day === null) {
      throw new Unreadable("The log does not say on which day it begins: name it as `date`.");
    }
    if (line.time !== null) {
      const timeMs = line.time.seconds * 1_000;
      if (day + timeMs < at - PASSED_MIDNIGHT_MS) day += DAY_MS;
      at = Math.max(at, day + timeMs);
    }
    if (line.kind === "system") {
      source.onSkipped(null);
      continue;
    }
    const author = { key: line.user, name: line.user };
    const said = line.kind === "action" ? `* ${line.user} ${line.text}` : line.text;
    yield { key: null, replyTo: null, at: Math.max(at, day), author, text: said, editedAt: null };
  }
}
