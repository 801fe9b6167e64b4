import { setTimeout } from "node:timers/promises";

import { type Client, createClient, type RoomHandle } from "../../../client/index.ts";
import { callRest, type RestOptions } from "../../../client/rest.ts";
import type { Cursor } from "../../../protocol/ids.ts";
import { hashOf, type Shown } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import { recordingTransport } from "./recording-transport.ts";

/** What everyone in a run works with. */
export interface Scene {
  url: string;
  recorder: Recorder;
  /** Aborted when nobody is to begin anything any more. */
  over: AbortSignal;
  jwtSecret: string;
}

/** Longest wait for anything over REST (ms). */
const REST_DEADLINE_MS = 8_000;

/** A guest with a token, who may be any kind of client. */
export interface Guest {
  who: string;
  user: string;
  token: string;
  rest: RestOptions;
}

/** Someone in a room through Eddy's own client. */
export interface Person extends Guest {
  client: Client;
  /** Enters a room; what is handed on is noted. */
  enter: (room: string, since?: Cursor | null) => RoomHandle;
  /** The handle entered last. */
  handle: () => RoomHandle | null;
  /** The room was never closed to them: their outbox has kept everything. */
  neverClosed: () => boolean;
}

const patientFetch: typeof globalThis.fetch = (input, init) =>
  fetch(input, { ...init, signal: AbortSignal.timeout(REST_DEADLINE_MS) });

/** Makes a guest. */
export async function makeGuest({ url }: Scene, who: string): Promise<Guest> {
  const nobody = { url, token: null, fetch: patientFetch };
  const { user, token } = await callRest(nobody, "guest:create", { displayName: who });
  return { who, user: user.id, token, rest: { url, token, fetch: patientFetch } };
}

/** Makes someone with Eddy's own client. */
export async function makePerson(
  scene: Scene,
  who: string,
  options: { sendWindow?: number } = {},
): Promise<Person> {
  const guest = await makeGuest(scene, who);
  const { recorder, url } = scene;
  const client = createClient({
    ...options,
    url,
    token: guest.token,
    user: { id: guest.user },
    transport: recordingTransport(url, recorder, { who, user: guest.user }),
  });
  // Troubles of the network are what this is about.
  client.on("error", () => {});
  let handle: RoomHandle | null = null;
  let closed = false;
  return {
    ...guest,
    client,
    handle: () => handle,
    neverClosed: () => !closed,
    enter: (room, since = null) => {
      const entered = client.enter(room, since === null ? {} : { since });
      handle = entered;
      entered.entered.catch(() => {});
      entered.on("closed", () => {
        closed = true;
        recorder.add({ kind: "leave", who, user: guest.user, room });
      });
      follow(recorder, guest, room, entered);
      return entered;
    },
  };
}

/** Notes what a room hands on. */
function follow(recorder: Recorder, { who, user }: Guest, room: string, handle: RoomHandle): void {
  const told = new Set<string>();
  handle.on("facts", ({ facts, live }) => {
    const epoch = handle.cursor?.epoch ?? 0;
    for (const fact of facts) {
      const way = live ? "live" : "catch-up";
      recorder.add({ kind: "fact", who, user, room, epoch, way, fact: recorder.told(fact) });
    }
  });
  handle.on("reset", ({ to }) => recorder.add({ kind: "reset", who, room, to }));
  handle.on("skipped", ({ from, to }) => recorder.add({ kind: "skipped", who, room, from, to }));
  handle.on("outgoing", ({ state, clientId }) => {
    if (state !== "stored" || told.has(clientId)) return;
    told.add(clientId);
    recorder.add({ kind: "stored", who, user, room, clientId });
  });
}

/** What someone sees of a room. */
export function noteView({ recorder }: Scene, { who, handle }: Person): void {
  const room = handle();
  if (room === null || room.id === null || room.state === "closed") return;
  const { start, head } = room.view;
  const messages = room.view.messages.map(({ seq, text, removed }): Shown => ({
    seq,
    text: text === undefined ? null : hashOf(text),
    removed,
  }));
  recorder.add({ kind: "view", who, room: room.id, start, head, messages });
}

/** Waits, but not longer than the run goes on. Answers whether it still does. */
export async function pause({ over }: Scene, milliseconds: number): Promise<boolean> {
  await setTimeout(milliseconds, undefined, { signal: over }).catch(() => {});
  return !over.aborted;
}
