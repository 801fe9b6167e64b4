import { openStore } from "../db/postgres/connection.ts";
import {
  findQuarantined,
  listQuarantined,
  type QuarantinedEntry,
} from "../db/postgres/quarantine.ts";
import { connectRedis } from "../db/redis/connection.ts";
import { readSettings } from "../db/settings.ts";
import { retryQuarantined } from "./retry-quarantined.ts";

const USAGE = `Entries of rooms' logs that Postgres refused (with DATABASE_URL and REDIS_URL set):

  npm run quarantine -- list
  npm run quarantine -- show ROOM SEQ     what it holds, and why it was refused
  npm run quarantine -- retry ROOM SEQ    stores it at its seq, once what refused it is mended`;

process.exitCode = await main(process.argv.slice(2));
process.exit();

async function main([command = "", ref = "", seq = ""]: string[]): Promise<number> {
  if (!["list", "show", "retry"].includes(command)) {
    console.info(USAGE);
    return command === "" ? 0 : 2;
  }
  const settings = readSettings(process.env);
  const store = openStore({ url: settings.databaseUrl, name: "eddy-quarantine", connections: 1 });
  if (command === "list") {
    const all = await listQuarantined(store.sql);
    for (const one of all) console.info(headlineOf(one));
    console.info(`${all.length} in quarantine`);
    return 0;
  }
  const found = await findQuarantined(store.sql, ref, Number(seq));
  if (found === null) {
    console.error(`Nothing is in quarantine at seq ${seq} of room ${ref}.`);
    return 1;
  }
  if (command === "show") {
    console.info(`${headlineOf(found)}\n${JSON.stringify(found.entry.toString())}`);
    return 0;
  }
  const link = await connectRedis({
    url: settings.redisUrl,
    name: "eddy-quarantine",
    onError: (error) => console.error(error.message),
  });
  const refusal = await retryQuarantined({ store, link }, found);
  link.close();
  console.info(refusal === null ? "It is stored." : `It stays in quarantine: ${refusal}`);
  return refusal === null ? 0 : 1;
}

function headlineOf({ at, slug, seq, sqlstate, reason }: QuarantinedEntry): string {
  return `${at}  ${slug} ${seq}  ${sqlstate} ${reason}`;
}
