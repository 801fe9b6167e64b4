import { Refusal } from "../protocol/errors.ts";
import type { RoomId, UserId } from "../protocol/ids.ts";
import { type Bar, barsInForce, holdBars, lockBars, noteToldBars } from "./postgres/bars.ts";
import { BUCKETS, bucketOf, keys } from "./redis/keys.ts";
import { loadScript } from "./redis/script.ts";
import type { Stores } from "./stores.ts";

const runBar = loadScript("bar");
/** Well before Postgres ends a transaction that does nothing. */
const DEADLINE_MS = 2_000;

/**
 * Tells Redis who is barred from the platform where the append script asked for it: after a loss or a
 * restart it refuses everyone until it knows. Nothing to do where it does know.
 */
export async function loadBars(stores: Stores, room: RoomId): Promise<void> {
  const { link, store } = stores;
  const bucket = bucketOf(room);
  const run = link.run();
  if ((await link.redis.hget(keys.barred(bucket), "loaded")) === run) return;
  await store.sql.begin(async (tx) => {
    await holdBars(tx);
    await tell(stores, [bucket], { run, what: "all", bars: argsOf(await barsInForce(tx, null)) });
  });
}

/** Tells Redis what has become of one person, in all buckets; when it resolves, the next append knows. */
export async function tellBars(stores: Stores, user: UserId): Promise<void> {
  const { link, store } = stores;
  const run = link.run();
  const everywhere = Array.from({ length: BUCKETS }, (_, bucket) => bucket);
  await store.sql.begin(async (tx) => {
    await lockBars(tx);
    const bars = argsOf(await barsInForce(tx, [user]));
    await tell(stores, everywhere, {
      run,
      what: "one",
      bars: bars.length === 0 ? [user, ""] : bars,
    });
    await noteToldBars(tx, user);
  });
  await link.redis.publish(keys.control, "bars");
}

function argsOf(bars: readonly Bar[]): (string | number)[] {
  return bars.flatMap(({ user, untilMs }) => [user, untilMs ?? -1]);
}

async function tell(
  { link }: Stores,
  buckets: readonly number[],
  { run, what, bars }: { run: string; what: "all" | "one"; bars: (string | number)[] },
): Promise<void> {
  const [seconds = "0"] = (await link.redis.time()).map(String);
  const deadline = Number(seconds) * 1_000 + DEADLINE_MS;
  const replies = await Promise.all(
    buckets.map((bucket) =>
      runBar(link.redis, [keys.barred(bucket)], [run, deadline, what, ...bars]),
    ),
  );
  if (replies.some(([status]) => status === "LATE")) {
    throw new Refusal("unavailable", "Redis is slow; try again in a moment.");
  }
}
