import type { TransactionSql } from "postgres";
import { v7 as uuidv7 } from "uuid";

import { Refusal } from "../../protocol/errors.ts";
import type { ImportId, RoomId, UserId } from "../../protocol/ids.ts";
import { MAX_IMPORT_BYTES } from "../../protocol/limits.ts";
import type { Import, ImportFormat, Visibility } from "../../protocol/shapes.ts";
import type { Store } from "./connection.ts";
import { changeRoom } from "./rooms.ts";

/** What the reader of a file has to be told. */
export interface ImportOptions {
  /** Which channel of an export that has several. */
  channel?: string | undefined;
  /** On which day a log without dates begins: YYYY-MM-DD. */
  date?: string | undefined;
}

/** An import as the worker that carries it out knows it. */
export interface ImportTask extends Import {
  options: ImportOptions;
}

interface ImportRow {
  id: ImportId;
  room_id: RoomId;
  format: ImportFormat;
  options: ImportOptions;
  visibility: Visibility;
  state: Import["state"];
  bytes: number;
  messages: number;
  skipped: number;
  progress: number;
  problems: string[];
  created_at: string;
  finished_at: string | null;
}

/** Begins an import into a room that was made for it. */
export async function createImport(
  { sql }: Store,
  wanted: { room: RoomId; format: ImportFormat; options: ImportOptions; visibility: Visibility },
): Promise<Import> {
  const { room, format, options, visibility } = wanted;
  const [row] = await sql<ImportRow[]>`
    INSERT INTO imports (id, room_id, format, options, visibility)
    VALUES (${uuidv7()}, ${room}, ${format}, ${JSON.stringify(options)}::text::jsonb, ${visibility})
    RETURNING *`;
  return importOf(required(row));
}

/** An import. Errors: `not_found`. */
export async function readImport({ sql }: Store, id: ImportId): Promise<ImportTask> {
  const [row] = await sql<ImportRow[]>`SELECT * FROM imports WHERE id = ${id}`;
  return { ...importOf(required(row)), options: required(row).options };
}

/**
 * Keeps a part of the file; the same part again replaces it. Errors: `not_found`, `conflict` when it was
 * started already, `too_large`.
 */
export async function writePart({ sql }: Store, id: ImportId, part: number, bytes: Buffer) {
  await sql.begin(async (tx) => {
    await lockUploading(tx, id);
    await tx`
      INSERT INTO import_parts (import_id, part, bytes) VALUES (${id}, ${part}, ${bytes})
      ON CONFLICT (import_id, part) DO UPDATE SET bytes = excluded.bytes`;
    const [total] = await tx<{ bytes: number }[]>`
      UPDATE imports SET touched_at = clock_timestamp(),
        bytes = (SELECT coalesce(sum(length(bytes)), 0) FROM import_parts WHERE import_id = ${id})
      WHERE id = ${id} RETURNING bytes`;
    if ((total?.bytes ?? 0) > MAX_IMPORT_BYTES) {
      throw new Refusal(
        "too_large",
        `A file of over ${MAX_IMPORT_BYTES} bytes cannot be imported.`,
      );
    }
  });
}

/** Hands an import to the workers. Errors: `not_found`, `conflict`, `invalid` when a part is missing. */
export async function startImport({ sql }: Store, id: ImportId): Promise<Import> {
  return sql.begin(async (tx) => {
    await lockUploading(tx, id);
    const [parts] = await tx<{ count: number; last: number | null }[]>`
      SELECT count(*)::int AS count, max(part) AS last FROM import_parts WHERE import_id = ${id}`;
    const { count = 0, last = null } = parts ?? {};
    if (count === 0 || last !== count) {
      throw new Refusal("invalid", "Parts are numbered from 1 on, and none may be missing.", {
        issues: [{ path: "parts", message: `${count} of ${last ?? "at least 1"} are here` }],
      });
    }
    const [row] = await tx<ImportRow[]>`
      UPDATE imports SET state = 'waiting', touched_at = clock_timestamp() WHERE id = ${id} RETURNING *`;
    return importOf(required(row));
  });
}

async function lockUploading(tx: TransactionSql, id: ImportId): Promise<void> {
  const [row] = await tx<Pick<ImportRow, "state">[]>`
    SELECT state FROM imports WHERE id = ${id} FOR UPDATE`;
  if (required(row).state !== "uploading") {
    throw new Refusal("conflict", "This import was started already.");
  }
}

/** Imports that no worker has touched for so long (ms), and those that none has begun. */
export async function importsToDo({ sql }: Store, untouchedMs: number): Promise<ImportId[]> {
  const rows = await sql<{ id: ImportId }[]>`
    SELECT id FROM imports WHERE state = 'waiting' OR state = 'running'
      AND touched_at < clock_timestamp() - ${untouchedMs} * interval '1 millisecond'
    ORDER BY touched_at LIMIT 10`;
  return rows.map(({ id }) => id);
}

/** The parts of a file, in order, one at a time. */
export async function* readParts({ sql }: Store, id: ImportId): AsyncGenerator<Buffer> {
  for (let part = 1; ; part += 1) {
    const [row] = await sql<{ bytes: Buffer }[]>`
      SELECT bytes FROM import_parts WHERE import_id = ${id} AND part = ${part}`;
    if (row === undefined) return;
    yield row.bytes;
  }
}

/**
 * Notes how far an import has come, in the transaction that brought it there. False when another worker
 * brought it further meanwhile: then this one must stop.
 */
export async function advanceImport(
  tx: TransactionSql,
  id: ImportId,
  how: { from: number; to: number; skipped: number; progress: number; problems: string[] },
): Promise<boolean> {
  const rows = await tx`
    UPDATE imports SET state = 'running', messages = ${how.to}, skipped = ${how.skipped},
      progress = ${how.progress}, problems = ${how.problems}::text[], touched_at = clock_timestamp()
    WHERE id = ${id} AND messages = ${how.from} AND state IN ('waiting', 'running') RETURNING id`;
  return rows.length > 0;
}

/** Ends an import: its room opens, when there is anything in it. */
export async function endImport(
  { sql }: Store,
  id: ImportId,
  how: { state: "done" | "failed"; skipped: number; problems: string[] },
): Promise<void> {
  await sql.begin(async (tx) => {
    const [row] = await tx<ImportRow[]>`
      UPDATE imports SET state = ${how.state}, skipped = ${how.skipped}, finished_at = clock_timestamp(),
        problems = ${how.problems}::text[], progress = CASE WHEN ${how.state} = 'done' THEN 1 ELSE progress END
      WHERE id = ${id} AND state IN ('waiting', 'running') RETURNING *`;
    if (row === undefined) return;
    await tx`DELETE FROM import_parts WHERE import_id = ${id}`;
    // What failed halfway stays private: whoever imports looks at it, and tries again in another room.
    if (how.state === "done") await changeRoom(tx, row.room_id, { visibility: row.visibility });
    await tx`UPDATE rooms SET importing = false WHERE id = ${row.room_id}`;
  });
}

/** Someone who speaks in a file: by the file's own id of them. */
export interface ImportedAuthor {
  key: string;
  name: string;
}

/**
 * Who the authors of a file are here: users of this server that it names by their id or the host's, and
 * for the others someone of the room's own, made at first sight.
 */
export async function ensureAuthors(
  tx: TransactionSql,
  room: RoomId,
  authors: readonly ImportedAuthor[],
): Promise<Map<string, UserId>> {
  const keys = authors.map(({ key }) => key);
  const known = await tx<{ id: UserId; key: string }[]>`
    SELECT u.id, k.key FROM unnest(${keys}::text[]) AS k (key)
    JOIN users u ON u.external_id = k.key OR u.id::text = k.key`;
  const found = new Map(known.map(({ id, key }) => [key, id]));
  const strangers = authors.filter(({ key }) => !found.has(key));
  if (strangers.length === 0) return found;
  const made = await tx<{ id: UserId; external_id: string }[]>`
    INSERT INTO users (id, external_id, kind, name)
    SELECT s.id, s.external_id, 'guest', s.name FROM unnest(
      ${strangers.map(() => uuidv7())}::uuid[],
      ${strangers.map(({ key }) => externalId(room, key))}::text[],
      ${strangers.map(({ name }) => name)}::text[]) AS s (id, external_id, name)
    ON CONFLICT (external_id) DO UPDATE SET external_id = excluded.external_id
    RETURNING id, external_id`;
  const byExternalId = new Map(made.map(({ id, external_id: external }) => [external, id]));
  for (const { key } of strangers) {
    const id = byExternalId.get(externalId(room, key));
    if (id !== undefined) found.set(key, id);
  }
  return found;
}

function externalId(room: RoomId, key: string): string {
  return `import:${room}:${key}`;
}

function importOf(row: ImportRow): Import {
  return {
    id: row.id,
    room: row.room_id,
    format: row.format,
    state: row.state,
    bytes: row.bytes,
    messages: row.messages,
    skipped: row.skipped,
    progress: row.progress,
    problems: row.problems,
    createdAt: new Date(row.created_at).toISOString(),
    finishedAt: row.finished_at === null ? null : new Date(row.finished_at).toISOString(),
  };
}

function required<T>(row: T | undefined): T {
  if (row === undefined) throw new Refusal("not_found", "There is no such import.");
  return row;
}
