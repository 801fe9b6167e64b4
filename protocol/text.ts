import * as z from "zod";

import {
  MAX_LINE_CODE_POINTS,
  MAX_NAME_CODE_POINTS,
  MAX_TEXT_BYTES,
  MAX_TEXT_CODE_POINTS,
  MAX_TITLE_CODE_POINTS,
} from "./limits.ts";

/**
 * Why a string cannot be stored and shown unchanged, or null when it can.
 *
 * A lone surrogate would be live text that Postgres cannot hold (it becomes U+FFFD), and a NUL
 * fails a whole insert: both are refused at the door, so stored text equals live text (G17).
 */
export function illFormedBecause(text: string): string | null {
  if (!text.isWellFormed()) return "holds half of a surrogate pair";
  if (CONTROL.test(text)) return "holds a control character";
  return null;
}

/** Text that is looked for; it may be blank. */
export const sought = (maxUnits: number) =>
  z
    .string()
    .max(maxUnits)
    .refine((text) => illFormedBecause(text) === null, "Holds what no text may hold");

/** Unicode control characters (Cc) except newline and tab. */
const CONTROL = /[^\P{Cc}\n\t]/u;

const encoder = new TextEncoder();

interface TextRule {
  what: string;
  maxCodePoints: number;
  maxBytes?: number;
}

/** A non-blank string in NFC, checked after normalization. Over its size it is `too_large`. */
function wellFormedText({ what, maxCodePoints, maxBytes }: TextRule) {
  return z
    .string()
    .normalize("NFC")
    .check((context) => {
      const text = context.value;
      const reason = illFormedBecause(text);
      if (reason !== null) {
        context.issues.push({ code: "custom", message: `${what} ${reason}`, input: text });
      } else if (isTooLong(text, maxCodePoints, maxBytes)) {
        context.issues.push({
          code: "custom",
          message: `${what} is over ${maxCodePoints} code points${maxBytes === undefined ? "" : ` or ${maxBytes} bytes`}`,
          input: text,
          params: { eddyCode: "too_large" },
        });
      } else if (text.trim() === "") {
        context.issues.push({ code: "custom", message: `${what} is blank`, input: text });
      }
    });
}

function isTooLong(text: string, maxCodePoints: number, maxBytes = Infinity): boolean {
  // A code point takes one or two UTF-16 units, so most texts are decided without a walk.
  if (text.length > maxCodePoints) {
    if (text.length > maxCodePoints * 2) return true;
    let codePoints = 0;
    for (const _ of text) codePoints += 1;
    if (codePoints > maxCodePoints) return true;
  }
  return text.length * 3 > maxBytes && encoder.encode(text).length > maxBytes;
}

/** What a message says. */
export const MessageText = wellFormedText({
  what: "The text",
  maxCodePoints: MAX_TEXT_CODE_POINTS,
  maxBytes: MAX_TEXT_BYTES,
}).meta({ description: `1 to ${MAX_TEXT_CODE_POINTS} code points, at most 8 KiB, NFC` });

const oneLine = (what: string, maxCodePoints: number) =>
  wellFormedText({ what, maxCodePoints }).refine((text) => !/[\n\t]/u.test(text), {
    message: `${what} must be one line`,
  });

/** What people see a person called. */
export const DisplayName = oneLine("The name", MAX_NAME_CODE_POINTS);
/** What a room is called. */
export const Title = oneLine("The title", MAX_TITLE_CODE_POINTS);
/** A topic, a headline, a reason or a note. */
export const Line = wellFormedText({ what: "The text", maxCodePoints: MAX_LINE_CODE_POINTS });

/** One emoji, as a person would pick it. */
export const Emoji = z
  .string()
  .max(64)
  // The constructor, because TypeScript's es2023 target does not know the v flag of the literal.
  .regex(new RegExp("^(?:\\p{RGI_Emoji}|\\p{Extended_Pictographic})$", "v"), "Not one emoji");
