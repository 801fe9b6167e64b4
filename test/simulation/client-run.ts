import fc from "fast-check";

import { createClient } from "../../client/client.ts";
import type { OutgoingMessage } from "../../client/outgoing.ts";
import type { RoomHandle } from "../../client/room-handle.ts";
import { applyFacts, emptyView } from "../../client/room-view.ts";
import type { Fact } from "../../protocol/facts.ts";
import { draftOf, happening, people, type Happening } from "./happenings.ts";
import { shown } from "./shown.ts";
import { calm, SimServer, type Forgets, type Trouble } from "./sim-server.ts";
import { virtualClock } from "./virtual-clock.ts";

/** What happens to some clients in one room: who says what when, and how bad the world is. */
export interface ClientScript {
  chance: number;
  trouble: Trouble;
  said: { who: number; atMs: number; spam: boolean }[];
  happened: { what: Happening; atMs: number }[];
  catchUp: "all" | "newest";
  limit: number;
}

const TROUBLED_MS = 60_000;
const CALM_MS = 150_000;

const often = (most: number) => fc.double({ min: 0, max: most, noNaN: true });

export const clientScript: fc.Arbitrary<ClientScript> = fc.record({
  chance: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  trouble: fc.record({
    cut: often(0.08),
    silence: often(0.02),
    lostPush: often(0.3),
    doubledPush: often(0.3),
    refusal: often(0.4),
    handshake: often(0.6),
    loss: often(0.1),
    delayMs: fc.integer({ min: 1, max: 3_000 }),
  }),
  said: fc.array(
    fc.record({
      who: fc.nat(people.length - 1),
      atMs: fc.nat(TROUBLED_MS),
      spam: fc.nat(9).map((n) => n === 0),
    }),
    { minLength: 3, maxLength: 40 },
  ),
  happened: fc.array(fc.record({ what: happening, atMs: fc.nat(TROUBLED_MS) }), { maxLength: 30 }),
  catchUp: fc.constantFrom("all" as const, "all" as const, "newest" as const),
  limit: fc.integer({ min: 1, max: 10 }),
});

interface Person {
  name: string;
  room: RoomHandle;
  heard: Fact[];
  position: number;
  sent: OutgoingMessage[];
  close(): void;
}

/**
 * Lets real clients live through a script in virtual time, then heals the world, and holds what
 * each of them heard, shows and sent against the log. Throws at what should not be.
 */
export async function runClients(script: ClientScript, forgets: Forgets = {}): Promise<void> {
  const clock = virtualClock();
  const random = chanceFrom(script.chance);
  const server = new SimServer(clock, random, forgets);
  const start = clock.now();
  const problems: string[] = [];
  server.trouble = script.trouble;

  const enter = (user: (typeof people)[number]): Person => {
    let made = 0;
    const client = createClient({
      url: "http://eddy.example",
      token: user.name,
      user,
      transport: server.transportFor(user),
      clock,
      random,
      newClientId: () => {
        made += 1;
        return `${user.id.slice(0, 24)}${String(made).padStart(12, "0")}`.replace(
          "-8000-",
          `-9${user.id.slice(-1)}00-`,
        );
      },
    });
    const { catchUp, limit } = script;
    const room = client.enter("watercooler", { catchUp, limit });
    const person: Person = {
      name: user.name,
      room,
      heard: [],
      position: -1,
      sent: [],
      close: () => client.close(),
    };
    room.on("reset", ({ to }) => {
      person.heard = person.heard.filter(({ seq }) => seq <= to);
      person.position = Math.min(person.position, to);
    });
    room.on("skipped", ({ to }) => {
      person.heard = [];
      person.position = to;
    });
    room.on("facts", ({ facts }) => {
      for (const fact of facts) {
        const prev = server.room.prevOf.get(fact.seq);
        if (person.position !== -1 && prev !== person.position) {
          problems.push(`${user.name} heard ${fact.seq} after ${person.position}, not ${prev}`);
        }
        person.position = fact.seq;
        person.heard.push(fact);
      }
    });
    return person;
  };

  const here = people.map(enter);
  for (const [index, { who, atMs, spam }] of script.said.entries()) {
    const person = here[who % here.length];
    clock.after(atMs, () =>
      person?.sent.push(person.room.send(`${spam ? "spam" : "word"} ${index}`)),
    );
  }
  for (const { what, atMs } of script.happened) {
    clock.after(atMs, () => {
      const { head } = server.room;
      const draft = draftOf(server.room, what);
      if (draft === null) return;
      server.room.append(draft);
      server.tell(head);
    });
  }
  clock.after(TROUBLED_MS, () => (server.trouble = calm));
  const end = start + TROUBLED_MS + CALM_MS;
  while (clock.tick(end)) await settled();

  for (const person of here) problems.push(...wrongWith(person, server));
  for (const person of here) person.close();
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

function wrongWith({ name, room, heard, sent }: Person, server: SimServer): string[] {
  const problems: string[] = [];
  const differ = (what: string, is: unknown, should: unknown) => {
    const [a, b] = [JSON.stringify(is), JSON.stringify(should)];
    if (a !== b) problems.push(`${name}: ${what} is\n${a}\nand should be\n${b}`);
  };
  const { facts, epoch, head, stored } = server.room;
  differ("state", room.state, "live");
  differ("cursor", room.cursor, { epoch, seq: head });
  differ("stored mark", room.stored, { epoch, seq: stored });
  const from = heard[0]?.seq ?? Infinity;
  differ(
    "what was heard",
    heard.map(({ seq }) => seq),
    facts.map(({ seq }) => seq).filter((seq) => seq >= from),
  );
  const start = room.view.start;
  const whole = facts.filter(({ seq }) => seq > start);
  differ("view", shown(room.view), shown(applyFacts(emptyView(start), whole)));

  const mine = facts.flatMap((fact) => (fact.type === "message.sent" ? [fact.clientId] : []));
  for (const { clientId, text, state, refusal, inDoubt } of sent) {
    const copies = mine.filter((id) => id === clientId).length;
    const refused = state === "failed" && refusal?.code === "filtered" && text.startsWith("spam");
    if (refused && (copies === 0 || inDoubt)) continue;
    if (state !== "stored" || copies !== 1) {
      problems.push(`${name}: ${text} is ${state}, and ${copies} times in the log`);
    }
  }
  differ("unfinished", room.outgoing.filter(({ state }) => state !== "failed").length, 0);
  const kept = sent.filter((m) => m.state === "stored" && !server.room.lostOnce.has(m.clientId));
  const ids = kept.map(({ clientId }) => clientId);
  differ(
    "order",
    mine.filter((id) => ids.includes(id)),
    ids,
  );
  return problems;
}

/** Promises that are due get their turn. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
}

/** The same chances for the same seed (mulberry32). */
function chanceFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
