import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { explain } from "./explain.ts";
import { InputError } from "./input-error.ts";
import { parseLog } from "./parse-log.ts";
import { play } from "./play.ts";
import { openProgress } from "./progress.ts";
import { showPlayed, showScript } from "./show-played.ts";
import { showVerdict } from "./show-verdict.ts";
import { verify } from "./verify.ts";
import { writeScript } from "./write-script.ts";

const USAGE = `Plays a chat log into a room, through real sockets, one for each speaker:

  npm run replay -- FILE [--speed 50] [--url http://localhost:3000] [--room SLUG] [--record FILE]

FILE holds JSON lines {time, user, text} or IRC text: [12:34] <nick> text. A line is sent when its
time has come and the line before it is accepted. --speed is how many times faster than it was said,
or max. Start the server with LIMITS=off: it would slow such speakers down.

Then proves that every line arrived exactly once and in order: live, over REST, in PostgreSQL:

  npm run replay -- --verify RECORD [--database DATABASE_URL] [--url http://localhost:3000]
`;

const WITHOUT_DATABASE = `
PostgreSQL was not looked into: name it with --database. The one that npm start brings along:
  postgres://eddy:$(cat .data/postgres.password)@127.0.0.1:PORT/eddy
with the port that \`ps ax | grep 'postgres.*port='\` shows.`;

const DEFAULT_URL = "http://localhost:3000";

process.exitCode = await main();

/** Plays or verifies, as the command line says; answers an exit code. */
async function main(): Promise<number> {
  try {
    const { values, positionals } = parseArguments();
    const [file, ...tooMany] = positionals;
    if (values.verify !== undefined) return await prove(values.verify, values);
    if (file === undefined || tooMany.length > 0) {
      console.info(USAGE);
      return file === undefined ? 0 : 2;
    }
    await replay(file, values);
    return 0;
  } catch (error) {
    console.error(explain(error));
    return 2;
  }
}

type Values = ReturnType<typeof parseArguments>["values"];

function parseArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      speed: { type: "string", default: "50" },
      url: { type: "string" },
      room: { type: "string" },
      record: { type: "string" },
      verify: { type: "string" },
      database: { type: "string" },
    },
  });
}

async function replay(file: string, values: Values): Promise<void> {
  const speed = readSpeed(values.speed);
  const url = values.url ?? DEFAULT_URL;
  const script = writeScript(parseLog(await readFile(file, "utf8")));
  const slug = values.room ?? `replay-${randomBytes(4).toString("hex")}`;
  const record = values.record ?? path.join(tmpdir(), `${slug}.record`);
  console.info(showScript(script));
  console.info(
    `into room ${slug} of ${url}, ${values.speed === "max" ? "at full speed" : `${speed}×`}`,
  );
  const progress = openProgress(script.lines.length);
  const played = await play(script, {
    url,
    slug,
    log: path.basename(file),
    speed,
    record,
    onProgress: progress.show,
    onRefusal: (code) => {
      const cure = code === "rate_limited" ? ": start the server with LIMITS=off" : "";
      progress.say(`The server answers ${code}${cure}. Going on as fast as it lets us.`);
    },
  }).finally(progress.close);
  console.info(
    `${showPlayed(script, played)}\n\nNow prove it: npm run replay -- --verify ${record}`,
  );
}

function readSpeed(text: string): number {
  const speed = text === "max" ? Infinity : Number(text);
  if (speed > 0) return speed;
  throw new InputError(`--speed takes a number above 0, or max; not "${text}".`);
}

async function prove(record: string, values: Values): Promise<number> {
  const databaseUrl = values.database ?? process.env["DATABASE_URL"];
  const verdict = await verify(record, { url: values.url, databaseUrl });
  console.info(showVerdict(verdict));
  if (databaseUrl === undefined) console.info(WITHOUT_DATABASE);
  return verdict.holds ? 0 : 1;
}
