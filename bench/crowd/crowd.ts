import { mintToken } from "../peers/tokens.ts";
import { Deliveries } from "./deliveries.ts";
import type { Dialect } from "./dialect.ts";
import { Member, type Place } from "./member.ts";
import { Sequence } from "./sequence.ts";
import { LINE_BYTES, writeText } from "./spoken.ts";

/** How many people are where, and who of them speaks. */
export interface Seating {
  /** Rooms that exist on the server. */
  rooms: string[];
  membersPerRoom: number;
  /** Members of each room who speak, in turn. */
  speakersPerRoom: number;
  /** Of each message's text; a line of chat when it is not given. */
  textBytes?: number;
}

/** Clients in rooms: they speak as they are told, and all that they hear is counted and checked. */
export interface Crowd {
  members: readonly Member[];
  /** Clears what was heard and says from now on who counts it. */
  listen: (deliveries: Deliveries) => void;
  /** The next one says something in the next room. */
  say: (scheduledMs: number) => void;
  /** Messages said since `listen`. */
  readonly said: number;
  /** Times from due to acknowledged (ms), of messages due from a time on. */
  ackLatencies: (fromMs: number) => number[];
  /** Deliveries that must have come when everyone has everything that was said. */
  readonly expected: number;
  /** What was wrong with what was heard, in sentences; empty when all is well. */
  problems: () => string[];
  close: () => void;
}

/** Clients that connect at the same time. */
const CONNECTING = 40;

/** Lets everyone in, spread over the gateways in turn. Errors: when somebody is not let in. */
export async function gatherCrowd(options: {
  ports: number[];
  dialect: Dialect;
  seating: Seating;
}): Promise<Crowd> {
  const { ports, dialect, seating } = options;
  let deliveries = new Deliveries({ expected: 0, fromMs: Infinity });
  let said: { dueMs: number; ackMs: number }[] = [];
  const failures: Error[] = [];
  const sequences: Sequence[] = [];
  const rooms = seating.rooms.map((room) => {
    const places = ports.map((port): Place => {
      const sequence = new Sequence(dialect);
      sequences.push(sequence);
      return { port, room, sequence };
    });
    const members = Array.from({ length: seating.membersPerRoom }, (_, i) => {
      const place = places[i % places.length];
      if (place === undefined) throw new Error("There is no gateway");
      return new Member(place, dialect, {
        onHeard: (frame) => deliveries.take(frame),
        onAck: (number) => {
          const message = said[number];
          if (message !== undefined) message.ackMs = performance.now();
        },
        onProblem: (problem) => failures.push(problem),
      });
    });
    return { members, said: 0 };
  });
  const members = rooms.flatMap((room) => room.members);
  await enterAll(members);

  return {
    members,
    listen: (by) => {
      deliveries = by;
      said = [];
      for (const room of rooms) room.said = 0;
      for (const sequence of sequences) sequence.clear();
      for (const member of members) member.clear();
    },
    say: (scheduledMs) => {
      const number = said.length;
      const which = number % rooms.length;
      const room = rooms[which];
      const speaker = (room?.said ?? 0) % seating.speakersPerRoom;
      const member = room?.members[speaker];
      if (room === undefined || member === undefined) throw new Error("Nobody is there to speak");
      const turn = Math.floor(room.said / seating.speakersPerRoom);
      room.said += 1;
      said.push({ dueMs: scheduledMs, ackMs: NaN });
      member.say({
        clientId: clientIdOf(number),
        number,
        text: writeText(
          { number, speaker: which * seating.speakersPerRoom + speaker, turn, scheduledMs },
          seating.textBytes ?? LINE_BYTES,
        ),
      });
    },
    get said() {
      return said.length;
    },
    ackLatencies: (fromMs) =>
      said
        .filter(({ dueMs, ackMs }) => dueMs >= fromMs && !Number.isNaN(ackMs))
        .map(({ dueMs, ackMs }) => ackMs - dueMs),
    get expected() {
      return said.length * seating.membersPerRoom;
    },
    problems: () => {
      const disorder = sequences.map(({ order }) => order.problems);
      const own = members.map((member) => member.orderProblems);
      const sum = [...disorder, ...own].reduce((total, each) => total + each, 0);
      return [
        ...failures.slice(0, 3).map(({ message }) => message),
        ...(sum > 0 ? [`${sum} times the order was broken`] : []),
        ...rooms.flatMap((room) =>
          room.members.every(({ heard }) => heard === room.said)
            ? []
            : ["not every member has every message"],
        ),
      ].filter((line, i, lines) => lines.indexOf(line) === i);
    },
    close: () => {
      for (const member of members) member.leave();
    },
  };
}

async function enterAll(members: readonly Member[]): Promise<void> {
  let next = 0;
  const enterSome = async () => {
    for (let member = members[next]; member !== undefined; member = members[next]) {
      next += 1;
      await member.enter(await mintToken(`Guest ${next}`));
    }
  };
  await Promise.all(Array.from({ length: CONNECTING }, enterSome));
}

/**
 * A UUIDv7 without its randomness: the number in it keeps ids of one load apart, the time those of two.
 */
function clientIdOf(number: number): string {
  const time = Date.now().toString(16).padStart(12, "0");
  const rest = number.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${rest}`;
}
