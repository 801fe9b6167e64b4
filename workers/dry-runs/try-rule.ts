import { setImmediate as otherWork, setTimeout as rest } from "node:timers/promises";

import type { Store } from "../../db/postgres/connection.ts";
import {
  beginDryRun,
  countSaidBefore,
  type DryRunTask,
  type Found,
  noteDryRun,
  readRoles,
  readSaid,
  type SaidBefore,
} from "../../db/postgres/dry-runs.ts";
import { compileFilter } from "../../filters/compile-filter.ts";
import { Repeats } from "../../filters/repeats.ts";
import type { DryRunId, UserId } from "../../protocol/ids.ts";
import type { Role } from "../../protocol/shapes.ts";

/** What trying a rule works with. */
export interface DryRunDeps {
  store: Store;
  /** Told from 0 to 1. */
  onProgress: (progress: number) => void;
  shouldStop: () => boolean;
}

/** Messages that are read at once. */
const PAGE = 1_000;
/** After each page it rests as long as the page took, at most this long (ms): what is live comes first. */
const MOST_REST_MS = 8;
/** Between two notes of how far it is (ms). */
const NOTE_EVERY_MS = 250;
/** Messages between two pauses for what else this process has to do. */
const WITHOUT_PAUSE = 100;
const MOST_PEOPLE = 20;
const MOST_SAMPLES = 10;

/**
 * Tries a draft rule on the stored messages of a room, in their order, with the roles that people have
 * now. Errors: when it is stopped or a store fails; then it begins anew.
 */
export async function tryRule(deps: DryRunDeps, id: DryRunId): Promise<void> {
  const { store, onProgress, shouldStop } = deps;
  const task = await beginDryRun(store, id);
  if (task === null) return;
  const [roles, { before, all }] = await Promise.all([
    readRoles(store, task.room),
    countSaidBefore(store, task.room, task.since),
  ]);
  const tally = new Tally(roles);
  const isHit = ruleOf(task, roles);
  let notedAtMs = performance.now();
  for (let after = before; ;) {
    const beganAtMs = performance.now();
    if (shouldStop()) throw new Error("the worker stops");
    const page = await readSaid(store, { room: task.room, after, limit: PAGE });
    for (const [i, said] of page.entries()) {
      tally.count(said, isHit(said));
      if (i % WITHOUT_PAUSE === 0) await otherWork();
    }
    after = page.at(-1)?.n ?? after;
    if (page.length < PAGE) break;
    const now = performance.now();
    if (now - notedAtMs > NOTE_EVERY_MS) {
      notedAtMs = now;
      const progress = Math.min((after - before) / Math.max(all - before, 1), 1);
      await noteDryRun(store, id, { progress, found: null });
      onProgress(progress);
    }
    await rest(Math.min(now - beganAtMs, MOST_REST_MS));
  }
  await noteDryRun(store, id, { progress: 1, found: tally.found() });
}

/** Whether a rule would have hit a message; one that is on trial is tried as well. */
function ruleOf({ room, rule }: DryRunTask, roles: ReadonlyMap<UserId, Role>) {
  const filter = compileFilter([{ ...rule, shadow: true }]);
  const repeats = new Repeats();
  return ({ by, text, atMs, seq }: SaidBefore): boolean => {
    if (text === null) return false;
    const where = { room, user: by };
    const send = `${seq}`;
    const { shadows } = filter({
      text,
      role: roles.get(by) ?? "member",
      saidBefore: (folded, seconds) => {
        const times = repeats.count(where, { folded, send, seconds, now: atMs });
        repeats.note(where, { folded, send, atMs });
        return times;
      },
    });
    return shadows.length > 0;
  };
}

class Tally {
  readonly #roles: ReadonlyMap<UserId, Role>;
  readonly #people = new Map<UserId, Found["most"][number]>();
  #messages = 0;
  #hits = 0;
  #samples: number[] = [];

  constructor(roles: ReadonlyMap<UserId, Role>) {
    this.#roles = roles;
  }

  count({ seq, by, name }: SaidBefore, isHit: boolean): void {
    this.#messages += 1;
    if (!isHit) return;
    this.#hits += 1;
    this.#people.set(by, { user: by, name, hits: (this.#people.get(by)?.hits ?? 0) + 1 });
    this.#samples = [...this.#samples.slice(1 - MOST_SAMPLES), seq];
  }

  found(): Found {
    const people = [...this.#people.values()];
    const leaders = people.filter(({ user }) => {
      const role = this.#roles.get(user);
      return role === "moderator" || role === "owner";
    });
    return {
      messages: this.#messages,
      hits: this.#hits,
      people: people.length,
      moderators: leaders.length,
      most: people.toSorted((a, b) => b.hits - a.hits).slice(0, MOST_PEOPLE),
      samples: this.#samples,
    };
  }
}
