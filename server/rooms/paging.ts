import { Refusal } from "../../protocol/errors.ts";

/** A list's cursor: opaque to clients, so that what it holds may change. */
export function encodeCursor(values: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(values)).toString("base64url");
}

/** What a cursor holds; null when there is none. Errors: `invalid`. */
export function decodeCursor(cursor: string | undefined): unknown[] | null {
  if (cursor === undefined) return null;
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (Array.isArray(values)) return values;
  } catch {
    // Falls through: whatever it is, it is not one of ours.
  }
  throw notOurs();
}

/** The id in a cursor that holds just one. Errors: `invalid`. */
export function decodeIdCursor<T extends string>(
  cursor: string | undefined,
  id: { safeParse: (value: unknown) => { success: true; data: T } | { success: false } },
): T | null {
  const values = decodeCursor(cursor);
  if (values === null) return null;
  const parsed = id.safeParse(values[0]);
  if (!parsed.success) throw notOurs();
  return parsed.data;
}

/** Refuses a cursor that no list of ours has given out. */
export function notOurs(): Refusal {
  return new Refusal("invalid", "This cursor is not one of ours.", {
    issues: [{ path: "cursor", message: "Use the nextCursor of the page before" }],
  });
}

/** A page of a list that was read with one item more than asked for. */
export function pageOf<T>(
  items: readonly T[],
  limit: number,
  cursorOf: (last: T) => readonly (string | number)[],
): { items: T[]; nextCursor: string | null } {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  const more = items.length > limit && last !== undefined;
  return { items: page, nextCursor: more ? encodeCursor(cursorOf(last)) : null };
}
