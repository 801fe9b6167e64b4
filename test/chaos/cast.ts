import { SignJWT } from "jose";

import { callRest } from "../../client/rest.ts";
import { comeAndGo } from "./people/leaver.ts";
import { moderate } from "./people/moderator.ts";
import {
  type Guest,
  makeGuest,
  makePerson,
  noteView,
  type Person,
  type Scene,
} from "./people/person.ts";
import { readBehind } from "./people/rest-reader.ts";
import { StockClient, writeStock } from "./people/stock-client.ts";
import { makeWriter, write, type Writing } from "./people/writer.ts";
import { chanceOf } from "./random.ts";

/** How much goes on in a run. */
export interface Load {
  writers: number;
  readers: number;
  /** Between two messages of one writer (ms). */
  everyMs: number;
}

/** Everyone who takes part in a run. */
export interface Cast {
  /** The room where most of it happens, and all of them. */
  room: string;
  rooms: string[];
  /** Those with Eddy's own client, and those with a stock one, who are to see everything at the end. */
  people: Person[];
  stock: StockClient[];
  /** Someone who reads over REST. */
  auditor: Guest;
  /** Resolves when everyone has noticed that the run is over. */
  done: Promise<unknown>;
  close: () => void;
}

/** How long a visitor's token lasts (s). */
const VISIT_SECONDS = 8;

/** Opens the rooms and lets everyone begin. */
export async function raiseCurtain(scene: Scene, seed: number, load: Load): Promise<Cast> {
  const owner = await makeGuest(scene, "owner");
  const open = async (title: string) => {
    const { id } = await callRest(owner.rest, "room:create", { title, visibility: "public" });
    return id as string;
  };
  const room = await open("Hot room");
  const side = await open("Side room");
  const auditor = await makeGuest(scene, "auditor");
  const chance = (n: number) => chanceOf(seed * 1_000 + n);
  const { everyMs } = load;

  const writings: Writing[] = Array.from({ length: load.writers }, (_, i) => ({
    room: i % 4 === 3 ? side : room,
    everyMs,
    ...(i % 2 === 0 ? { sendWindow: 8 } : {}),
  }));
  const writers = await all(writings, (writing, i) => makeWriter(scene, `writer ${i}`, writing));
  const victims = await all([0, 1], (i) => makePerson(scene, `victim ${i}`));
  const readers = await all(Array(load.readers), (_, i) => makePerson(scene, `reader ${i}`));
  const leavers = await all([0, 1, 2], (i) => makePerson(scene, `leaver ${i}`));
  const stock = await all([0, 1, 2, 3], async (i) => {
    const { who, user, token } = await makeGuest(scene, `stock ${i}`);
    return new StockClient(scene, { who, user }, { room: i === 3 ? side : room, token });
  });
  for (const [i, reader] of readers.entries()) reader.enter(i % 4 === 3 ? side : room);
  const visitors = new Set<StockClient>();
  const stopInviting = invite(scene, room, visitors);

  const done = Promise.all([
    ...writers.map((person, i) => write(scene, person, pick(writings, i), chance(i))),
    ...victims.map((person, i) => write(scene, person, { room, everyMs }, chance(100 + i))),
    ...leavers.map((person, i) => comeAndGo(scene, person, room, chance(200 + i))),
    ...stock.slice(0, 2).map((client, i) => writeStock(scene, client, everyMs, chance(300 + i))),
    moderate(scene, owner, { room, victims, chance: chance(400) }),
    readBehind(scene, auditor, room, chance(500)),
  ]);
  return {
    room,
    rooms: [room, side],
    people: [...writers, ...victims, ...readers],
    stock,
    auditor,
    done,
    close: () => {
      stopInviting();
      for (const { client } of [...writers, ...victims, ...readers, ...leavers]) client.close();
      for (const client of [...stock, ...visitors]) client.close();
    },
  };
}

function all<T, R>(from: readonly T[], make: (one: T, i: number) => R): Promise<Awaited<R>[]> {
  return Promise.all(Array.from(from, make));
}

function pick<T>(from: readonly T[], i: number): T {
  const one = from[i];
  if (one === undefined) throw new Error(`There is no number ${i}`);
  return one;
}

/** People whose token ends while they are there, one after the other. */
function invite(scene: Scene, room: string, visitors: Set<StockClient>): () => void {
  const key = new TextEncoder().encode(scene.jwtSecret);
  const come = async () => {
    const who = `visitor ${visitors.size}`;
    const endsAtSeconds = Math.floor(Date.now() / 1_000) + VISIT_SECONDS;
    const token = await new SignJWT({ name: who })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(who)
      .setExpirationTime(endsAtSeconds)
      .sign(key);
    const endsAt = scene.recorder.at(endsAtSeconds * 1_000);
    scene.recorder.add({ kind: "session", who, user: who, endsAt });
    visitors.add(new StockClient(scene, { who, user: who }, { room, token }));
  };
  void come();
  const timer = setInterval(() => scene.over.aborted || void come(), VISIT_SECONDS * 1_000);
  return () => clearInterval(timer);
}

/** Who has not all that was said, or does not know yet that what they said is stored. */
export function unsettled({ people, stock }: Cast, heads: ReadonlyMap<string, number>): string[] {
  const waiting = people.filter(({ handle }) => {
    const at = handle();
    if (at === null || at.state === "closed") return false;
    const waits = at.outgoing.some(({ state }) => state !== "failed" && state !== "stored");
    return waits || at.id === null || at.view.head !== heads.get(at.id);
  });
  const behind = stock.filter(({ room, cursor }) => cursor?.seq !== heads.get(room));
  return [...waiting.map(({ who }) => who), ...behind.map(({ identity }) => identity.who)];
}

/** Notes what everyone sees at the end, and who stayed. */
export function noteViews(scene: Scene, { people, stock }: Cast): void {
  for (const person of people) {
    const { who, user } = person;
    noteView(scene, person);
    if (person.neverClosed()) scene.recorder.add({ kind: "stayed", who, user });
  }
  for (const { identity, room, cursor } of stock) {
    const head = cursor?.seq ?? 0;
    const { who } = identity;
    scene.recorder.add({ kind: "view", who, room, start: 0, head, messages: null });
  }
}
