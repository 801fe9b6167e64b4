/** Marks in a message's text, by which a benchmark knows it again. */
export interface Mark {
  /** Which message of the load it is. */
  number: number;
  speaker: number;
  /** Which message of its speaker it is, from 0. */
  turn: number;
  /** When it was to be sent (ms): what waits behind a slow server counts as late. */
  scheduledMs: number;
}

/** About what a line of chat is. */
export const LINE_BYTES = 120;

const LINE =
  "The kettle in the kitchen on the third floor is broken again; does anyone have a spare one, or the number of a fixer? ";

/** A text of so many bytes with its marks. */
export function writeText({ number, speaker, turn, scheduledMs }: Mark, bytes: number): string {
  const marks = `~${number}~${speaker}~${turn}~${Math.round(scheduledMs * 1_000)}~`;
  return marks + LINE.repeat(Math.ceil(bytes / LINE.length)).slice(0, bytes - marks.length);
}

/** Errors: when the text is none of a benchmark's. */
export function readText(text: string): Mark {
  const [, number, speaker, turn, scheduledUs] = text.split("~");
  if (scheduledUs === undefined) throw new Error(`Not said by a benchmark: ${text}`);
  return {
    number: Number(number),
    speaker: Number(speaker),
    turn: Number(turn),
    scheduledMs: Number(scheduledUs) / 1_000,
  };
}
