import { parseArgs } from "node:util";

import { RoomRef, UserId } from "../protocol/ids.ts";
import { type AuditFilter, listAudit, PLATFORM_CHAIN, verifyAudit } from "./postgres/audit.ts";
import { openStore, type Store } from "./postgres/connection.ts";
import { findRoom } from "./postgres/rooms.ts";
import { sharedSettings } from "./settings.ts";

const USAGE = `npm run audit -- verify
npm run audit -- export (--room ID-OR-SLUG | --platform) [--format jsonl|csv]
                 [--actor ID] [--target ID] [--action NAME] [--since TIME] [--until TIME]`;

const PAGE = 1_000;
const COLUMNS = "id,at,actor,action,target,seq,rule,reason,before,after,hash".split(",");

process.exitCode = await main(process.argv.slice(2));

/** Checks the audit log, or writes entries of it to the standard output; answers an exit code. */
async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      room: { type: "string" },
      platform: { type: "boolean", default: false },
      format: { type: "string", default: "jsonl" },
      actor: { type: "string" },
      target: { type: "string" },
      action: { type: "string" },
      since: { type: "string" },
      until: { type: "string" },
    },
  });
  const url = sharedSettings.DATABASE_URL.schema.safeParse(process.env["DATABASE_URL"]);
  if (!url.success) {
    console.error(`DATABASE_URL ${url.error.issues[0]?.message ?? "is wrong"}.`);
    return 1;
  }
  const store = openStore({ url: url.data, name: "eddy-audit", connections: 2 });
  try {
    if (positionals[0] === "verify") return await verify(store);
    if (positionals[0] === "export") return await exportEntries(store, values);
    console.error(USAGE);
    return 2;
  } finally {
    await store.close();
  }
}

async function verify({ sql }: Store): Promise<number> {
  const { chains, entries, problems } = await verifyAudit(sql);
  for (const { chain, n, message } of problems) {
    console.error(`chain ${chain}: ${n === null ? "it" : `entry ${n}`} ${message}`);
  }
  console.info(`${entries} entries of ${chains} chains, ${problems.length} problems`);
  return problems.length === 0 ? 0 : 1;
}

interface ExportOptions {
  room?: string | undefined;
  platform: boolean;
  format: string;
  actor?: string | undefined;
  target?: string | undefined;
  action?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

async function exportEntries(store: Store, options: ExportOptions): Promise<number> {
  const { room, platform, format, actor, target, ...rest } = options;
  const found = room === undefined ? null : await findRoom(store, RoomRef.parse(room));
  const chain = platform ? PLATFORM_CHAIN : found?.id;
  if (chain === undefined || (format !== "jsonl" && format !== "csv")) {
    console.error(USAGE);
    return 2;
  }
  const filter: AuditFilter = {
    ...rest,
    actor: actor === undefined ? undefined : UserId.parse(actor),
    target: target === undefined ? undefined : UserId.parse(target),
  };
  if (format === "csv") console.info(COLUMNS.join(","));
  for (let before: number | null = null; ;) {
    const page = await listAudit(store.sql, { ...filter, chain, before, limit: PAGE });
    for (const { entry } of page) {
      console.info(format === "csv" ? csvLine(entry) : JSON.stringify(entry));
    }
    before = page.at(-1)?.n ?? null;
    if (page.length < PAGE) return 0;
  }
}

function csvLine(entry: Record<string, unknown>): string {
  return COLUMNS.map((column) => csvField(entry[column])).join(",");
}

/** RFC 4180; what a spreadsheet would take for a formula is told to be text. */
function csvField(value: unknown): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const safe = /^[=+\-@\t\r]/u.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
