import { WebSocket } from "ws";

import type { Chance } from "../../chaos/random.ts";
import { goodInput, type Playground } from "./good-inputs.ts";
import { spoilText, spoilValue } from "./spoil.ts";

/** What a noisy client found out. */
export interface Noise {
  sent: number;
  answered: number;
  /** Packets that were well formed, asked for an answer, and got none while the connection stood. */
  unanswered: string[];
}

/** Whom to disturb. */
export interface Target {
  url: string;
  playground: Playground;
  chance: Chance;
}

const FRAMES_AT_ONCE = 25;
const FRAMES_OF_ONE_CONNECTION = 2_000;
/** A well-formed packet is answered within this time, or its connection is closed. */
const PATIENCE_MS = 10_000;
/** A connection that broke the protocol, or said goodbye, may never be answered again. */
const BROKEN_PATIENCE_MS = 200;
/** Who asked to join in a wrong way may wait for ever. */
const JOIN_PATIENCE_MS = 500;
/** Names that end their connection: Socket.IO keeps them for itself. */
const RESERVED = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
]);

/** Opens one connection after the other until it is over, and sends whatever comes to its mind. */
export async function makeNoise(target: Target, isOver: () => boolean): Promise<Noise> {
  const noise: Noise = { sent: 0, answered: 0, unanswered: [] };
  while (!isOver()) await oneConnection(noise, target, isOver);
  return noise;
}

async function oneConnection(
  noise: Noise,
  { url, playground, chance }: Target,
  isOver: () => boolean,
): Promise<void> {
  // A connection that breaks the protocol ends soon: most of them only ask strange things.
  const breaks = chance.next() < 0.3;
  const join = `40${JSON.stringify({ token: chance.pick(playground.tokens) })}`;
  const line = openLine(url);
  await line.until(() => line.isOpen(), PATIENCE_MS);
  line.send(breaks && chance.next() < 0.3 ? spoilText(join, chance) : join);
  // A command that comes before the answer breaks the protocol.
  await line.until(() => line.joined(), breaks ? JOIN_PATIENCE_MS : PATIENCE_MS);
  let ack = 0;
  while (line.joined() && line.isOpen() && !isOver() && ack < FRAMES_OF_ONE_CONNECTION) {
    for (let i = 0; i < FRAMES_AT_ONCE; i += 1) {
      ack += 1;
      const [name, frame] = packet(ack, chance, playground);
      if (breaks && chance.next() < 0.1) line.send(maybeBytes(spoilText(frame, chance), chance));
      else if (!RESERVED.has(name)) line.ask(ack, frame);
      noise.sent += 1;
    }
    const asked = line.waiting.size;
    await line.until(() => line.waiting.size === 0, breaks ? BROKEN_PATIENCE_MS : PATIENCE_MS);
    noise.answered += asked - line.waiting.size;
    if (line.waiting.size > 0 && line.isOpen()) {
      if (!breaks) noise.unanswered.push(...line.waiting.values());
      break;
    }
  }
  await line.end();
}

/** A command that asks for an answer, as a well-formed packet: its name and the frame. */
function packet(ack: number, chance: Chance, playground: Playground): [string, string] {
  const good = goodInput(chance, playground);
  const args = [chance.next() < 0.3 ? good.input : spoilValue(good.input, chance)];
  if (chance.next() < 0.02) args.push(spoilValue({}, chance));
  const name = chance.next() < 0.97 ? good.name : spoilText(good.name, chance);
  return [name, `42${ack}${JSON.stringify([name, ...args])}`];
}

function maybeBytes(text: string, chance: Chance): string | Buffer {
  return chance.next() < 0.1 ? Buffer.from(text) : text;
}

const ignore = () => {};

/** A WebSocket that answers pings and keeps what waits for an answer. */
function openLine(url: string) {
  const ws = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
  const waiting = new Map<number, string>();
  let joined = false;
  let look: () => void = ignore;
  const isOpen = () => ws.readyState === WebSocket.OPEN;
  ws.on("open", () => look());
  ws.on("message", (data: Buffer) => {
    const frame = data.toString();
    if (frame === "2") ws.send("3");
    if (frame.startsWith("40")) joined = true;
    waiting.delete(Number(/^43(\d+)\[/u.exec(frame)?.[1] ?? Number.NaN));
    look();
  });
  // Being cut off for what one sent is an answer, too.
  ws.on("error", () => {});
  ws.on("close", () => look());
  const send = (frame: string | Buffer) => {
    if (isOpen()) ws.send(frame);
  };
  return {
    waiting,
    isOpen,
    joined: () => joined,
    send,
    ask: (ack: number, frame: string) => {
      waiting.set(ack, frame);
      send(frame);
    },
    /** Until it holds, the line is closed, or nobody would wait any longer. */
    until: (holds: () => boolean, patienceMs: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, patienceMs);
        look = () => {
          if (!holds() && ws.readyState <= WebSocket.OPEN) return;
          clearTimeout(timer);
          resolve();
        };
        look();
      }),
    end: () =>
      new Promise<void>((resolve) => {
        if (ws.readyState === WebSocket.CLOSED) resolve();
        ws.once("close", () => resolve());
        ws.terminate();
      }),
  };
}
