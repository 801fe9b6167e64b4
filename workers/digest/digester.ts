import { setTimeout } from "node:timers/promises";

import type { Logger } from "pino";

import type { Store } from "../../db/postgres/connection.ts";
import { roomsToDigest } from "../../db/postgres/placements.ts";
import type { RoomId } from "../../protocol/ids.ts";
import type { WorkerMetrics } from "../metrics.ts";
import { Groupers } from "./groupers.ts";
import { placeRoom } from "./place-room.ts";

/** Digests what this worker stores, and what others left undone. */
export interface Digester {
  /** These rooms have more stored than before. Returns at once. */
  note: (rooms: readonly RoomId[]) => void;
  /** Finishes the room at hand; the rest is found again in Postgres. */
  stop: () => Promise<void>;
}

/** Facts that come within this time (ms) are placed together. */
const PAUSE_MS = 200;
/** How often a worker looks for what another one stored and did not digest (ms). */
const LOOK_EVERY_MS = 10_000;
const MOST_ROOMS = 200;

/** Starts to digest, one room after the other, after what is stored is committed. */
export function openDigester(options: {
  store: Store;
  metrics: WorkerMetrics;
  log: Logger;
  now: () => number;
}): Digester {
  const { store, metrics, log, now } = options;
  const groupers = new Groupers();
  /** Since when each room waits, those longest first. */
  const waiting = new Map<RoomId, number>();
  const over = new AbortController();
  let lookedAt = 0;
  const note = (rooms: readonly RoomId[]) => {
    for (const room of rooms) if (!waiting.has(room)) waiting.set(room, now());
  };
  const look = async () => {
    if (now() - lookedAt < LOOK_EVERY_MS) return;
    lookedAt = now();
    note(await roomsToDigest(store, MOST_ROOMS));
  };
  const placeWaiting = async () => {
    const rooms = Array.from(waiting.keys());
    for (const room of rooms) {
      if (over.signal.aborted) return;
      const since = waiting.get(room) ?? now();
      metrics.digestLag.set((now() - since) / 1_000);
      waiting.delete(room);
      try {
        const { facts, hasMore } = await placeRoom({ store, groupers }, room);
        metrics.placed.inc(facts);
        // Behind the others: a long history that was imported holds nobody up.
        if (hasMore && !waiting.has(room)) waiting.set(room, since);
      } catch (error) {
        metrics.jobFailures.inc({ job: "digest" });
        log.warn({ err: error, room }, "a room could not be digested; it is tried again");
      }
    }
    metrics.digestLag.set(0);
  };
  const run = async () => {
    while (!over.signal.aborted) {
      const begun = now();
      try {
        await look();
        await placeWaiting();
      } catch (error) {
        metrics.jobFailures.inc({ job: "digest" });
        log.warn({ err: error }, "what is to be digested could not be read; it is tried again");
      }
      // Half of the time at most, so that storing in the same process has its own.
      const pauseMs = Math.max(PAUSE_MS, waiting.size > 0 ? now() - begun : 0);
      await setTimeout(pauseMs, undefined, { signal: over.signal }).catch(() => {});
    }
  };
  const running = run();
  return {
    note,
    stop: async () => {
      over.abort();
      await running;
    },
  };
}
