import type { RoomId } from "../protocol/ids.ts";
import type { AuditEntry } from "../protocol/shapes.ts";
import { type AuditFilter, type AuditProof, listAudit } from "./postgres/audit.ts";
import type { Store } from "./postgres/connection.ts";

/** What an export of the audit log is written as. */
export const auditFormats = ["jsonl", "csv"] as const;
export type AuditFormat = (typeof auditFormats)[number];

const PAGE = 1_000;
const COLUMNS = [
  "n",
  "id",
  "at",
  "actor",
  "action",
  "target",
  "seq",
  "rule",
  "reason",
  "before",
  "after",
  "hash",
];

/**
 * Entries of a chain as lines, the newest first, a page at a time. JSON Lines hold what it takes to check
 * the chain without Postgres (`npm run audit -- verify --file`), as long as no filter leaves some out.
 */
export async function* auditLines(
  { sql }: Store,
  { chain, format, filter }: { chain: RoomId; format: AuditFormat; filter: AuditFilter },
): AsyncGenerator<string> {
  if (format === "csv") yield `${COLUMNS.join(",")}\r\n`;
  for (let before: number | null = null; ;) {
    const page = await listAudit(sql, { ...filter, chain, before, limit: PAGE });
    const line = format === "csv" ? csvLine : jsonLine;
    if (page.length > 0)
      yield page.map(({ entry, proof }) => line({ ...entry, ...proof })).join("");
    before = page.at(-1)?.n ?? null;
    if (page.length < PAGE) return;
  }
}

function jsonLine(entry: AuditEntry & AuditProof): string {
  return `${JSON.stringify(entry)}\n`;
}

function csvLine(entry: AuditEntry & AuditProof): string {
  const fields: Record<string, unknown> = { ...entry, actor: entry.actor.id };
  return `${COLUMNS.map((column) => csvField(fields[column])).join(",")}\r\n`;
}

/** RFC 4180; what a spreadsheet would take for a formula is told to be text. */
function csvField(value: unknown): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const safe = /^[=+\-@\t\r\n＝＋－＠]/u.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
