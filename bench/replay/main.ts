import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { Presets, SingleBar } from "cli-progress";

import { Refusal } from "../../client/index.ts";
import { parseLog } from "./parse-log.ts";
import { play } from "./play.ts";
import { verify } from "./verify.ts";

const USAGE = `Plays a chat log into a room, through real sockets:
  npm run replay -- FILE [--speed N|max] [--url http://localhost:3000] [--room SLUG] [--record FILE]
Proves that every line arrived once and in order:
  npm run replay -- --verify RECORD [--database DATABASE_URL]
The server must not limit such speakers: start it with LIMITS=off.`;

try {
  await main();
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      speed: { type: "string", default: "1" },
      url: { type: "string", default: "http://localhost:3000" },
      room: { type: "string" },
      record: { type: "string" },
      verify: { type: "string" },
      database: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const [file] = positionals;
  if (values.verify !== undefined) return showProof(values.verify, values.database);
  if (values.help || file === undefined) {
    console.info(USAGE);
    return;
  }
  const speed = values.speed === "max" ? Infinity : Number(values.speed);
  if (!(speed > 0)) throw new Error(`--speed takes a number above 0, or max; not ${values.speed}.`);
  const log = parseLog(readFileSync(file, "utf8"));
  const room = values.room ?? `replay-${Date.now().toString(36)}`;
  const record = values.record ?? path.join(tmpdir(), `${room}.record`);
  console.info(
    `${log.lines.length} lines of ${new Set(log.lines.map(({ who }) => who)).size} people into ${values.url}, room ${room}` +
      (log.skipped + log.cleaned > 0
        ? ` (${log.skipped} not said by anyone, ${log.cleaned} cleaned)`
        : ""),
  );
  const bar = new SingleBar(
    {
      format: "{bar} {value}/{total} lines · {speakers} speakers · {eta_formatted} left",
      noTTYOutput: false,
    },
    Presets.shades_classic,
  );
  bar.start(log.lines.length, 0, { speakers: 0 });
  const played = await play(log, {
    url: values.url,
    room,
    speed,
    record,
    onProgress: (done, speakers) => bar.update(done, { speakers }),
  }).finally(() => bar.stop());
  const { lines, speakers, seconds, inDoubt } = played;
  console.info(
    `Played ${lines} lines of ${speakers} people in ${seconds.toFixed(1)} s; ${inDoubt} had to be sent more than once.\n` +
      `Now prove it: npm run replay -- --verify ${record}`,
  );
}

async function showProof(record: string, database: string | undefined): Promise<void> {
  const proofs = await verify(record, database);
  for (const { view, found, problems } of proofs) {
    console.info(
      `${view.padEnd(18)}${String(found).padStart(7)} lines  ${problems.length === 0 ? "all there, once, in order" : `${problems.length} problems`}`,
    );
    for (const problem of problems.slice(0, 10)) console.info(`  - ${problem}`);
  }
  const wrong = proofs.filter(({ problems }) => problems.length > 0).length;
  console.info(
    wrong === 0
      ? "Nothing is lost, doubled or out of order."
      : "The replay did NOT arrive as it was sent.",
  );
  process.exitCode = wrong === 0 ? 0 : 1;
}

function explain(error: unknown): string {
  if (error instanceof Refusal) {
    const hint = error.code === "rate_limited" ? " Start the server with LIMITS=off." : "";
    return `The server refuses: ${error.code}, ${error.message}${hint}`;
  }
  if (!(error instanceof Error)) return String(error);
  if (error.message === "fetch failed")
    return "The server cannot be reached. Is it started, and is --url right?";
  return error.message;
}
