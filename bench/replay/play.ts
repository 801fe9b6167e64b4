import { setTimeout } from "node:timers/promises";

import { type DroppedIn, dropIn, Refusal, type RoomHandle } from "../../client/index.ts";
import type { ChatLog, Line } from "./parse-log.ts";
import { openRecord } from "./record.ts";

export interface PlayOptions {
  url: string;
  /** Slug of the room; made when it is not there. */
  room: string;
  /** Times faster than the log; Infinity for as fast as it goes. */
  speed: number;
  record: string;
  onProgress: (done: number, speakers: number) => void;
}

/** What was played. */
export interface Played {
  lines: number;
  speakers: number;
  seconds: number;
  /** Lines whose first answer did not come: they were sent again with the same clientId. */
  inDoubt: number;
}

/** The times of many logs are whole minutes: lines of one are spread over it. */
const MINUTE_SECONDS = 60;
/** Messages of a name that the contract allows. */
const MOST_NAME = 64;

/**
 * Plays a log through real sockets, one client for each speaker, and lets one more listen. A line is
 * sent when its time has come and the one before it was accepted, so that the log's order is the
 * room's. Errors: what the server refuses.
 */
export async function play(log: ChatLog, options: PlayOptions): Promise<Played> {
  const listener = await enter(options, "Replay");
  const record = openRecord(options.record, {
    url: options.url,
    room: options.room,
    token: listener.token,
  });
  listener.handle.on("facts", ({ facts }) => {
    for (const fact of facts) {
      if (fact.type !== "message.sent") continue;
      record.live({ seq: fact.seq, clientId: fact.clientId, text: fact.text ?? "" });
    }
  });
  listener.handle.on("reset", ({ to }) => record.reset(to));

  const speakers = new Map<string, Speaker>();
  const due = schedule(log.lines, options.speed);
  const startedAt = performance.now();
  let inDoubt = 0;
  for (const [i, line] of log.lines.entries()) {
    const speaker = speakers.get(line.who) ?? (await enter(options, line.who));
    speakers.set(line.who, speaker);
    const wait = startedAt + (due[i] ?? 0) - performance.now();
    if (wait > 0) await setTimeout(wait);
    const message = speaker.handle.send(line.text);
    record.sent({ clientId: message.clientId, who: line.who, text: line.text });
    await message.until("accepted");
    if (message.inDoubt) inDoubt += 1;
    options.onProgress(i + 1, speakers.size);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  // Stored is what lets everyone go home: until then a speaker would have to say it again.
  const unstored = [...speakers.values()].flatMap(({ handle }) => handle.outgoing.at(-1) ?? []);
  await Promise.all(unstored.map((message) => message.until("stored")));
  const last = Math.max(0, ...[...speakers.values()].map(({ handle }) => handle.cursor?.seq ?? 0));
  while ((listener.handle.cursor?.seq ?? 0) < last) await setTimeout(20);
  for (const { client } of [listener, ...speakers.values()]) client.close();
  return { lines: log.lines.length, speakers: speakers.size, seconds, inDoubt };
}

type Speaker = DroppedIn & { handle: RoomHandle };

async function enter({ url, room }: PlayOptions, name: string): Promise<Speaker> {
  const guest = await dropIn(url, Array.from(name).slice(0, MOST_NAME).join(""));
  await ensureRoom(guest, room);
  // Nobody looks at a speaker's view; the listener sees it all.
  const handle = guest.client.enter(room, {
    limit: 1,
    maxViewFacts: 0,
    ...(name === "Replay" ? { since: { epoch: 0, seq: 0 }, limit: 500 } : {}),
  });
  await handle.entered;
  return { ...guest, handle };
}

const made = new Set<string>();

async function ensureRoom({ client }: DroppedIn, slug: string): Promise<void> {
  if (made.has(slug)) return;
  try {
    await client.call("room:create", { slug, title: slug, visibility: "public" });
  } catch (error) {
    // It is there already: the replay goes on where the last one ended.
    if (!(error instanceof Refusal && error.code === "conflict")) throw error;
  }
  made.add(slug);
}

/** When each line is due, in milliseconds from the start. */
function schedule(lines: readonly Line[], speed: number): number[] {
  const first = lines[0]?.at ?? 0;
  const perMinute = new Map<number, number>();
  for (const { at } of lines) perMinute.set(at, (perMinute.get(at) ?? 0) + 1);
  const seen = new Map<number, number>();
  return lines.map(({ at }) => {
    const nth = seen.get(at) ?? 0;
    seen.set(at, nth + 1);
    const spread =
      at % MINUTE_SECONDS === 0 ? (nth / (perMinute.get(at) ?? 1)) * MINUTE_SECONDS : 0;
    return ((at - first + spread) * 1_000) / speed;
  });
}
