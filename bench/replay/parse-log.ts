/** One line that somebody said. */
export interface Line {
  /** Seconds on the log's own clock. */
  at: number;
  who: string;
  text: string;
}

/** A log as it can be played, and what was done to it. */
export interface ChatLog {
  lines: Line[];
  /** Lines that nobody said: joins, parts, notices. */
  skipped: number;
  /** Lines that had to be changed to be sent at all: control characters, blanks, length. */
  cleaned: number;
}

const MOST_CODE_POINTS = 4_000;
const MOST_BYTES = 8_192;
const DAY_SECONDS = 86_400;

/**
 * Reads a chat log: JSON lines `{time, user, text, system?}`, or plain text as IRC clients write it,
 * `[12:34] <nick> text`. Times of the day may pass midnight. Errors: with the number of a line that is
 * neither.
 */
export function parseLog(content: string): ChatLog {
  const log: ChatLog = { lines: [], skipped: 0, cleaned: 0 };
  let days = 0;
  let last = 0;
  for (const [i, raw] of content.split(/\r?\n/u).entries()) {
    if (raw.trim() === "") continue;
    const line = raw.startsWith("{") ? parseJson(raw, i + 1) : parseText(raw, i + 1);
    const text = line === null ? "" : clean(line.text);
    if (line === null || text === "") {
      log.skipped += 1;
      continue;
    }
    if (text !== line.text) log.cleaned += 1;
    // A clock that goes back by hours has passed midnight.
    if (line.at < DAY_SECONDS && line.at + days * DAY_SECONDS < last - DAY_SECONDS / 2) days += 1;
    last = line.at + days * DAY_SECONDS;
    log.lines.push({ at: last, who: line.who, text });
  }
  return log;
}

function parseJson(raw: string, number: number): Line | null {
  let row: { time?: unknown; user?: unknown; text?: unknown; system?: unknown };
  try {
    row = JSON.parse(raw) as typeof row;
  } catch (error) {
    throw new Error(`Line ${number} is not JSON.`, { cause: error });
  }
  if (row.system === true) return null;
  if (
    typeof row.time !== "number" ||
    typeof row.user !== "string" ||
    typeof row.text !== "string"
  ) {
    throw new Error(`Line ${number} has no time, user and text.`);
  }
  return { at: row.time, who: row.user, text: row.text };
}

const TEXT_LINE =
  /^\[?(\d{1,2}):(\d{2})(?::(\d{2}))?\]?\s+(?:<[@+ ]?([^>]+)>\s?(.*)|\*\s+(\S+)\s+(.*)|(?:-|=|\*\*).*)$/u;

function parseText(raw: string, number: number): Line | null {
  const match = TEXT_LINE.exec(raw);
  if (match === null) {
    throw new Error(
      `Line ${number} is neither JSON nor like "[12:34] <nick> text": ${raw.slice(0, 60)}`,
    );
  }
  const [, hours, minutes, seconds = "0", nick, said, actor, action] = match;
  const at = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  if (nick !== undefined) return { at, who: nick.trim(), text: said ?? "" };
  // What somebody does is said in the third person, as IRC clients show it.
  return actor === undefined ? null : { at, who: actor, text: `* ${actor} ${action ?? ""}` };
}

/** What of a line the contract carries: no control characters, well-formed, NFC, not too long. */
function clean(text: string): string {
  const plain = text
    .toWellFormed()
    .replaceAll(/[^\P{Cc}\n\t]/gu, "")
    .normalize("NFC")
    .trim();
  let kept = Array.from(plain).slice(0, MOST_CODE_POINTS).join("");
  while (Buffer.byteLength(kept) > MOST_BYTES) kept = Array.from(kept).slice(0, -1).join("");
  return kept;
}
