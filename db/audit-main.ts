import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { RoomRef, UserId } from "../protocol/ids.ts";
import type { AuditEntry } from "../protocol/shapes.ts";
import { auditLines } from "./audit-lines.ts";
import {
  type AuditFilter,
  type AuditProof,
  PLATFORM_CHAIN,
  verifyAudit,
  verifyExported,
} from "./postgres/audit.ts";
import { openStore, type Store } from "./postgres/connection.ts";
import { findRoom } from "./postgres/rooms.ts";
import { sharedSettings } from "./settings.ts";

const USAGE = `npm run audit -- verify [--file EXPORT.jsonl]
npm run audit -- export (--room ID-OR-SLUG | --platform) [--format jsonl|csv]
                 [--actor ID] [--target ID] [--action NAME] [--rule NAME]
                 [--since TIME] [--until TIME]`;

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
      rule: { type: "string" },
      file: { type: "string" },
      since: { type: "string" },
      until: { type: "string" },
    },
  });
  if (positionals[0] === "verify" && values.file !== undefined) return verifyFile(values.file);
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

/** Checks an export of one chain, wherever it is read; a filtered one has gaps, and fails. */
async function verifyFile(file: string): Promise<number> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  const entries = lines.map((line) => JSON.parse(line) as AuditEntry & AuditProof);
  const problem = verifyExported(entries);
  if (problem !== null) console.error(`entry ${problem.n} ${problem.message}`);
  console.info(`${entries.length} entries, ${problem === null ? 0 : 1} problems`);
  return problem === null ? 0 : 1;
}

interface ExportOptions {
  room?: string | undefined;
  platform: boolean;
  format: string;
  actor?: string | undefined;
  target?: string | undefined;
  action?: string | undefined;
  rule?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

async function exportEntries(store: Store, options: ExportOptions): Promise<number> {
  const { room, platform, format, actor, target, action, rule, since, until } = options;
  const found = room === undefined ? null : await findRoom(store, RoomRef.parse(room));
  const chain = platform ? PLATFORM_CHAIN : found?.id;
  if (chain === undefined || (format !== "jsonl" && format !== "csv")) {
    console.error(USAGE);
    return 2;
  }
  const filter: AuditFilter = {
    action,
    rule,
    since,
    until,
    actor: actor === undefined ? undefined : UserId.parse(actor),
    target: target === undefined ? undefined : UserId.parse(target),
  };
  for await (const lines of auditLines(store, { chain, format, filter }))
    process.stdout.write(lines);
  return 0;
}
