import { Refusal } from "../protocol/errors.ts";
import { loadBars } from "./bars.ts";
import { appendFact } from "./redis/append-fact.ts";
import { type AppendRequest, type AppendResult } from "./redis/append-facts.ts";
import { seedRoomLog } from "./seed-room.ts";
import type { Stores } from "./stores.ts";

/** What an append answers once the room has a hot log. */
export type SettledAppend = Exclude<AppendResult, { status: "unseeded" }>;

const MOST_SEEDS = 3;

/** Appends a fact, giving the room a hot log first when this run of Redis has none. */
export async function appendSeeded(stores: Stores, request: AppendRequest): Promise<SettledAppend> {
  for (let tries = 0; tries <= MOST_SEEDS; tries += 1) {
    const result = await appendFact(stores.link, request);
    if (result.status !== "unseeded") return result;
    await loadBars(stores, request.room);
    await seedRoomLog(stores, request.room);
  }
  throw new Refusal("unavailable", "The room's log is being rebuilt; try again in a moment.");
}
