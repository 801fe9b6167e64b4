import { barredFromPlatform, platformNotice } from "../../db/barred-from-platform.ts";
import { type KnownBar, barsChanged } from "../../db/postgres/bars.ts";
import type { Store } from "../../db/postgres/connection.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Push } from "../../protocol/facts.ts";
import type { UserId } from "../../protocol/ids.ts";

/** Between two looks at who is barred: twice within the second in which their sockets are closed. */
const LOOK_EVERY_MS = 500;
/** How far each look reaches back: a transaction may be seen later than it says. */
const OVERLAP_SECONDS = 15;

/** Who may not be here at all, as this gateway knows it. */
export interface Bars {
  /** Errors: `banned`, `unauthenticated`. */
  refuse: (user: UserId) => void;
  /** Looks at once: something may have changed. */
  look: () => Promise<void>;
  close: () => void;
}

/**
 * Keeps who is barred from the platform, so that no request waits for Postgres to say so. The append
 * script has a list of its own; this one closes sockets and refuses what appends nothing. While Postgres
 * is away, what was known stays in force.
 */
export async function openBars(options: {
  store: Store;
  appeal: string;
  now: () => number;
  /** Told of everyone who is barred from now on. */
  onBarred: (user: UserId, push: Push<"session.ended">) => void;
  onError: (error: unknown) => void;
}): Promise<Bars> {
  const { store, appeal, now, onBarred, onError } = options;
  const known = new Map<UserId, KnownBar[]>();
  const standing = (user: UserId): KnownBar | null =>
    known.get(user)?.find((bar) => isInForce(bar, now())) ?? null;

  const learn = async (withinSeconds: number | null): Promise<void> => {
    const changed = await barsChanged(store.sql, withinSeconds);
    // Of each person, all that changed lately: lifted ones take back what is known.
    const people = new Map<UserId, KnownBar[]>();
    for (const bar of changed) people.set(bar.user, [...(people.get(bar.user) ?? []), bar]);
    for (const [user, bars] of people) {
      const others = (known.get(user) ?? []).filter(
        (old) => !bars.some((bar) => bar.id === old.id) && isInForce(old, now()),
      );
      const all = [...others, ...bars.filter(({ lifted }) => !lifted)];
      if (all.length === 0) known.delete(user);
      else known.set(user, all);
      const bar = standing(user);
      if (bar !== null) onBarred(user, endOf(bar, appeal));
    }
  };
  await learn(null);

  let looking: Promise<void> | null = null;
  const look = () => {
    looking ??= learn(OVERLAP_SECONDS)
      .catch(onError)
      .finally(() => {
        looking = null;
      });
    return looking;
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  timer.unref();

  return {
    refuse: (user) => {
      const bar = standing(user);
      if (bar === null) return;
      if (bar.kind === "erased") {
        throw new Refusal("unauthenticated", "This account was erased.");
      }
      throw barredFromPlatform(bar, appeal);
    },
    look,
    close: () => clearInterval(timer),
  };
}

function isInForce({ until, lifted }: KnownBar, nowMs: number): boolean {
  return !lifted && (until === null || Date.parse(until) > nowMs);
}

function endOf(bar: KnownBar, appeal: string): Push<"session.ended"> {
  return bar.kind === "erased"
    ? { reason: "erased" }
    : { reason: "banned", sanction: platformNotice(bar, appeal) };
}
