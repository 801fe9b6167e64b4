import type { RoomId } from "../../protocol/ids.ts";

/**
 * Every Redis key of Eddy is made here.
 *
 * Rooms are spread over 64 buckets. A bucket is a hash tag, so all keys that one script touches
 * share a Redis Cluster slot, and the dirty index of a bucket covers the rooms of that bucket.
 */
export const BUCKETS = 64;

/** The bucket of a room: FNV-1a over its id, so that every process agrees without asking. */
export function bucketOf(room: RoomId): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < room.length; i += 1) {
    hash = Math.imul(hash ^ room.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % BUCKETS;
}

const tag = (bucket: number) => `eddy:{b${bucket}}`;
const ofRoom = (what: string) => (room: RoomId) => `${tag(bucketOf(room))}:${what}:${room}`;

/** The tag that all keys of a room share. */
export const tagOf = (room: RoomId): string => tag(bucketOf(room));

/**
 * For scripts that touch many rooms: `roomKeys(tag, room)`, which makes a room's keys where they are
 * used. Sent from here they would be half of what an append sends and parses.
 */
export const luaRoomKeys = `
local function roomKeys(tag, room)
  return tag .. ':log:' .. room, tag .. ':body:' .. room, tag .. ':meta:' .. room,
    tag .. ':dedupe0:' .. room, tag .. ':dedupe1:' .. room, tag .. ':sanctions:' .. room,
    tag .. ':slow:' .. room, tag .. ':changes:' .. room, tag .. ':feed:' .. room, tag .. ':dirty',
    tag .. ':ahead:' .. room, tag .. ':barred'
end
`;

export const keys = {
  /** Stream `epoch-seq` → {n: messages so far, t: target of a change, * for many}. Trimmed by the worker. */
  log: ofRoom("log"),
  /** Hash seq → the fact as JSON; rewritten in place when text is taken back. Trimmed with the log. */
  body: ofRoom("body"),
  /** Hash: run, epoch, head, stored, base, gap, n, policy, eras, dedupe window, ahead. Lives as long as Redis. */
  meta: ofRoom("meta"),
  /** Two hashes `author:clientId` → `seq|hash|at`, rotated by the append script. */
  dedupe: (room: RoomId, which: 0 | 1) => `${tag(bucketOf(room))}:dedupe${which}:${room}`,
  /** Hash user → newest time (ms) in a clientId of theirs that ran ahead. Goes when the windows reach past it. */
  ahead: ofRoom("ahead"),
  /** Hash target → `seq json`: what the last change made of it. Trimmed with the change. */
  changes: ofRoom("changes"),
  /** Hash `ban:user`, `mute:user` → until (ms) or -1; `loaded` says that Postgres was read. */
  sanctions: ofRoom("sanctions"),
  /** Hash user → when they last spoke (ms), in rooms with slow mode. Expires with the slow mode. */
  slow: ofRoom("slow"),
  /** Sorted set user → until when (ms) they count as here. Expires by itself. */
  presence: ofRoom("presence"),
  /** Sorted set room → until when (ms) someone counts as there. Entries that are over go when it is read. */
  here: "eddy:here",
  /** Sorted set room → since when (ms) it has facts that are not stored. Cleared after COMMIT. */
  dirty: (bucket: number) => `${tag(bucket)}:dirty`,
  /** Hash user → until (ms) or -1: barred from the platform. `loaded` is the run that was told of all. */
  barred: (bucket: number) => `${tag(bucket)}:barred`,
  /** Channel of a room's new facts: a hint, the log is the truth. */
  feed: ofRoom("feed"),
  /** Channel of what single people are told on all their connections: a hint. */
  people: "eddy:people",
  /** Channel of who is barred: a hint to look in Postgres. */
  control: "eddy:control",
  /** Run id of the Redis that was stopped after its last writer, by whoever stopped both. */
  cleanStop: "eddy:clean-stop",
} as const;
