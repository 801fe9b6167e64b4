import fc from "fast-check";

import type { LogPage } from "../../db/history.ts";
import type { Fact } from "../../protocol/facts.ts";
import { attachMember, holdMember } from "../../server/feed/attach-member.ts";
import type { Batch } from "../../server/feed/batch.ts";
import { Eras } from "../../server/feed/eras.ts";
import { LiveRoom, type Member } from "../../server/feed/live-room.ts";
import { RoomFeed } from "../../server/feed/room-feed.ts";
import { HeldBytes, SharedLog } from "../../server/feed/shared-log.ts";
import { Outflow, type Wire } from "../../server/transport/sockets/outflow.ts";
import { people } from "./happenings.ts";
import { WATERCOOLER } from "./sim-room.ts";

const unasked = () => Promise.reject(new Error("Nobody reads the shared log here"));

/** Something that happens to a room, or to one of the sockets in it. */
export type SlowStep =
  | { do: "append"; count: number; heard: boolean }
  | { do: "deliver" | "serve" | "look" | "head" | "lose" }
  | { do: "drain"; who: number; packets: number }
  | { do: "pass"; ms: number }
  | { do: "leave" | "enter"; who: number };

const who = fc.nat(people.length - 1);

/** Any order of what may happen; sockets are drained in bits, so that most are slow at some time. */
export const slowScript: fc.Arbitrary<SlowStep[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("append" as const),
        count: fc.integer({ min: 1, max: 6 }),
        heard: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.boolean()),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("deliver" as const, "serve") }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("look" as const, "head") }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("lose" as const) }) },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant("drain" as const), who, packets: fc.nat(6) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("pass" as const),
        ms: fc.constantFrom(100, 1_000, 9_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("leave" as const, "enter"), who }) },
  ),
  { minLength: 20, maxLength: 150, size: "max" },
);

const caps = { softBytes: 2_000, hardBytes: 40_000, patienceMs: 10_000 };
/** Facts in the reply of an entering. */
const PAGE = 5;

/** What sits between the log and a client; a mutant takes a mechanism out. */
export interface SlowParts {
  holdMember: typeof holdMember;
  attachMember: typeof attachMember;
}

/**
 * Plays a room whose members read as they please, with the real feed, seats and outflows. Throws when a
 * client is given a gap, a double or a step back, or anything at all while it does not read or after it
 * left; and when one that reads again is not led back to the head.
 */
export async function runSlow(
  script: SlowStep[],
  parts: SlowParts = { holdMember, attachMember },
): Promise<{ held: number; cut: number }> {
  const log = new SimLog();
  let nowMs = 0;
  let scheduled: (() => void)[] = [];
  let reads: (() => void)[] = [];
  const outcome = { held: 0, cut: 0 };
  const problems: unknown[] = [];
  const fail = (error: unknown) => void problems.push(error);

  const read = (after: number, limit: number) =>
    new Promise<LogPage>((resolve) => {
      // What is read is what stands when it is answered, not when it was asked for.
      reads.push(() => resolve(log.pageAfter(after, limit)));
    });
  const feed = new RoomFeed({
    readAfter: read,
    readHead: () => Promise.resolve({ epoch: log.epoch, head: log.head }),
    readLost: () => Promise.resolve(null),
    deliver: (batch) => everyoneLive((client) => client.send("events", batch)),
    reset: (epoch) => {
      everyoneLive((client) => client.send("reset", { epoch }));
      room.quietAll();
    },
    schedule: (run) => scheduled.push(run),
    onGap: () => {},
    onError: fail,
  });
  // Nobody enters here: all have their place already.
  const unread = { standing: unasked, after: unasked, newest: unasked };
  const ports = { ...unread, now: () => nowMs, held: new HeldBytes(Infinity) };
  const shared = { log: new SharedLog(ports), eras: new Eras(() => Promise.resolve([])) };
  const room = new LiveRoom(WATERCOOLER, { feed, ...shared }, 0);

  const clients = people.map((user, index) => {
    const wire: SimWire = {
      readyState: "open",
      writeBuffer: [],
      transport: { name: "polling" },
      close: () => {
        wire.readyState = "closed";
        wire.writeBuffer = [];
        room.stand(member, nowMs);
      },
    };
    const outflow = new Outflow(wire as unknown as Wire, {
      caps,
      now: () => nowMs,
      onVerdict: (verdict) => {
        if (verdict === "hold") outcome.held += 1;
        if (verdict === "cut") outcome.cut += 1;
      },
    });
    const send = (name: string, data: object) => {
      if (wire.readyState === "closed") return;
      wire.writeBuffer = [...wire.writeBuffer, { data: JSON.stringify({ name, data }) }];
    };
    const member: Member = {
      id: `socket ${index}`,
      user: { ...user, kind: "member" },
      push: (name, data) => {
        if (name === "room.events" && outflow.unreadBytes > caps.softBytes) {
          problems.push(new Error(`${index} was sent more while it does not read`));
        }
        if (!client.sits) problems.push(new Error(`${index} had left`));
        send(name === "room.events" ? "events" : "reset", data);
      },
      goLive: () => {
        client.live = true;
      },
      goQuiet: () => {
        client.live = false;
      },
      isReading: () => outflow.isReading(),
      whenReading: () => outflow.whenReading(),
    };
    outflow.owner = {
      onHold: () => void parts.holdMember(room, member).catch(fail),
      onResume: () => {},
    };
    const client = {
      index,
      wire,
      outflow,
      member,
      send,
      live: false,
      sits: false,
      /** What the client itself holds. */
      cursor: null as { epoch: number; seq: number } | null,
      /** Entries of the client that are not answered any more. */
      entering: 0,
    };
    return client;
  });
  type Client = (typeof clients)[number];

  const everyoneLive = (tell: (client: Client) => void) => {
    for (const client of clients) if (client.live) tell(client);
  };

  const enter = async (client: Client) => {
    if (client.wire.readyState === "closed") return;
    client.sits = true;
    client.entering += 1;
    const { entering, cursor, member } = client;
    const { visit } = room.sit(member, false);
    const stands = cursor === null ? log.head : log.stands(cursor);
    const asked = log.epoch;
    const page = await read(stands, PAGE);
    const isOver = () => client.entering !== entering || !client.sits;
    if (isOver()) return;
    // Lost while it was read: what of the cursor stands is another question now.
    if (page.epoch !== asked) return enter(client);
    const { epoch, prev, facts, more } = page;
    client.send("entered", { epoch, prev, facts, more });
    if (more) return;
    await parts.attachMember(room, { member, visit }, { epoch, prev, facts });
  };

  /** What the client does with a packet that it has read at last. */
  const take = (client: Client, packet: string) => {
    const { name, data } = JSON.parse(packet) as { name: string; data: Batch & EnterReply };
    const label = `${client.index} at ${JSON.stringify(client.cursor)}: ${packet}`;
    if (name === "reset") {
      enter(client).catch(fail);
      return;
    }
    if (name === "entered") {
      // Drops what did not survive; only an older epoch may take something away.
      if (client.cursor !== null && data.prev !== client.cursor.seq) {
        if (data.epoch === client.cursor.epoch) throw new Error(`entered elsewhere: ${label}`);
      }
      client.cursor = { epoch: data.epoch, seq: data.prev };
      follow(client, data.facts, label);
      if (data.more) enter(client).catch(fail);
      return;
    }
    if (
      client.cursor === null ||
      data.epoch !== client.cursor.epoch ||
      data.prev !== client.cursor.seq
    ) {
      throw new Error(`does not follow: ${label}`);
    }
    follow(client, data.events, label);
  };

  const follow = (client: Client, facts: Fact[], label: string) => {
    for (const { seq } of facts) {
      if (client.cursor === null || log.prevOf.get(seq) !== client.cursor.seq) {
        throw new Error(`a gap or a double before ${seq}: ${label}`);
      }
      client.cursor.seq = seq;
    }
  };

  const drain = (client: Client, packets: number) => {
    const { wire } = client;
    const taken = wire.writeBuffer.slice(0, packets);
    wire.writeBuffer = wire.writeBuffer.slice(packets);
    for (const { data } of taken) take(client, data);
  };

  const carryOut = (step: SlowStep) => {
    switch (step.do) {
      case "append": {
        const prev = log.head;
        const facts = Array.from({ length: step.count }, () => log.append());
        if (!step.heard) return;
        const hint = { epoch: log.epoch, prev, seq: log.head, json: JSON.stringify(facts) };
        return feed.onHint({ kind: "facts", ...hint });
      }
      case "deliver": {
        const due = scheduled;
        scheduled = [];
        for (const run of due) run();
        return;
      }
      case "serve":
        return reads.shift()?.();
      case "look":
        for (const { outflow } of clients) outflow.look();
        return;
      case "head":
        return feed.onHead(log.epoch, log.head);
      case "lose":
        return log.lose();
      case "drain": {
        const client = clients[step.who];
        return client === undefined ? undefined : drain(client, step.packets);
      }
      case "pass":
        nowMs += step.ms;
        return;
      case "leave":
      case "enter": {
        const client = clients[step.who];
        if (client === undefined || client.wire.readyState === "closed") return;
        if (step.do === "enter" && !client.sits && client.wire.writeBuffer.length === 0) {
          enter(client).catch(fail);
        } else if (step.do === "leave" && client.sits) {
          client.sits = false;
          room.stand(client.member, nowMs);
          // What is under way to it is not for a later visit.
          client.cursor = null;
          client.wire.writeBuffer = [];
        }
      }
    }
  };

  const opening = feed.open();
  await settle();
  await opening;
  for (const client of clients) enter(client).catch(fail);
  for (const client of clients) {
    carryOut({ do: "serve" });
    await settle();
    drain(client, 1);
  }
  for (const step of script) {
    carryOut(step);
    await settle();
    if (problems.length > 0) throw problems[0];
  }
  // The world heals: everyone reads, every read is answered, and a head tells of what is missing.
  const isAtHead = ({ cursor }: Client) => cursor?.seq === log.head && cursor.epoch === log.epoch;
  for (let round = 0; round < 400; round += 1) {
    const open = clients.filter(({ wire, sits }) => sits && wire.readyState === "open");
    if (open.every((client) => client.live && isAtHead(client))) break;
    for (const client of clients) drain(client, 50);
    for (const step of ["look", "serve", "deliver", "head"] as const) {
      carryOut({ do: step });
      await settle();
    }
  }
  if (problems.length > 0) throw problems[0];
  for (const client of clients) {
    const { index, wire, sits, cursor } = client;
    if (sits && wire.readyState === "open" && !(client.live && isAtHead(client))) {
      throw new Error(`${index} was not led back to ${log.head}: ${JSON.stringify(cursor)}`);
    }
  }
  return outcome;
}

interface SimWire {
  readyState: string;
  writeBuffer: { data: string }[];
  transport: { name: string };
  close: () => void;
}

interface EnterReply {
  epoch: number;
  prev: number;
  facts: Fact[];
  more: boolean;
}

/** A log of facts, each about 300 bytes. */
class SimLog {
  epoch = 1;
  readonly prevOf = new Map<number, number>();
  #facts: Fact[] = [];
  #top = 0;
  /** Up to where each earlier epoch still stands. */
  readonly #ends = new Map<number, number>();

  get head(): number {
    return this.#facts.at(-1)?.seq ?? 0;
  }

  append(): Fact {
    this.#top += 1;
    this.prevOf.set(this.#top, this.head);
    const [by] = people;
    const text = "x".repeat(150);
    const fact = { seq: this.#top, type: "message.sent", by, text } as unknown as Fact;
    this.#facts.push(fact);
    return fact;
  }

  /** Loses about a third of what it has, never what is older. */
  lose(): void {
    this.#facts = this.#facts.slice(0, Math.ceil(this.#facts.length * 0.7));
    for (const [epoch, end] of this.#ends) this.#ends.set(epoch, Math.min(end, this.head));
    this.#ends.set(this.epoch, this.head);
    this.epoch += 1;
    this.#top += 1_000;
  }

  /** How much of what a cursor has read still stands. */
  stands({ epoch, seq }: { epoch: number; seq: number }): number {
    return Math.min(seq, this.#ends.get(epoch) ?? seq);
  }

  pageAfter(after: number, limit: number): LogPage {
    const facts = this.#facts.filter(({ seq }) => seq > after);
    return {
      epoch: this.epoch,
      head: this.head,
      stored: 0,
      n: 0,
      prev: after,
      facts: facts.slice(0, limit),
      more: facts.length > limit,
    };
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
