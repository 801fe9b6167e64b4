import type { Since } from "../../../db/postgres/contacts.ts";
import { UserId } from "../../../protocol/ids.ts";
import { decodeCursor, notOurs } from "../paging.ts";

/** Latest that a date of JavaScript can be (ms since 1970). */
const LAST_DATE_MS = 8.64e15;

/** The place that a cursor of a list by time names; null when there is none. Errors: `invalid`. */
export function decodeSince(cursor: string | undefined): Since | null {
  const values = decodeCursor(cursor);
  if (values === null) return null;
  const [sinceMs, user] = values;
  const id = UserId.safeParse(user);
  if (!Number.isInteger(sinceMs) || !id.success) throw notOurs();
  const ms = Number(sinceMs);
  if (ms < 0 || ms > LAST_DATE_MS) throw notOurs();
  return { sinceMs: ms, id: id.data };
}
