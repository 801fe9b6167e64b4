import type { EventEmitter } from "node:events";
import { type IncomingMessage, ServerResponse } from "node:http";

import type { Server, Socket } from "socket.io";
import { Decoder } from "socket.io-parser";
import type { WebSocket } from "ws";

// What Socket.IO, Engine.IO and ws keep of every connection and nobody here ever asks for: more than a third of
// what an idle one takes (docs/adr/0019-what-an-idle-connection-costs.md). Most of it is not in their types;
// test/guarantees/g11-idle.test.ts sees whether it still goes.

/**
 * A middleware of Engine.IO's: lets a request to become a WebSocket go once it is one. What stands for its
 * response (it has none) waits for the end of the line, and with it all of the request.
 */
export function letGoOfUpgrade(
  { socket }: IncomingMessage,
  response: ServerResponse,
  next: () => void,
): void {
  // A real one is that of a poll. The other was made just now, so it listens last, and nobody else wants to
  // hear of its end.
  const waits =
    response instanceof ServerResponse ? undefined : socket.rawListeners("close").at(-1);
  if (waits !== undefined) socket.removeListener("close", waits as () => void);
  next();
}

/**
 * Lets go of what a socket keeps of its handshake: request, headers, token, and lists that were made for more
 * than is in them. Nothing is deleted: an object that has lost a property is a dictionary, slow for all
 * that is sent over it.
 */
export function letGoOfHandshake(socket: Socket): void {
  const inside = socket as unknown as InsideSocket;
  const { conn } = inside;
  conn.request = undefined;
  conn.cleanupFn = [...conn.cleanupFn];
  inside.handshake = undefined;
  inside.acks = NO_ACKS;
  const { name, socket: raw } = conn.transport;
  if (name !== "websocket" || raw === undefined) return;
  // It looks after the WebSocket until there is a transport.
  const [first, ...others] = raw.listeners("error");
  if (first?.name === "onUpgradeError" && others.length > 0) {
    raw.removeListener("error", first as () => void);
  }
  for (const emitter of [conn.transport, raw]) packListeners(emitter);
}

/** Node keeps listeners in a dictionary, which takes three times what an object takes that has just these. */
function packListeners(emitter: EventEmitter): void {
  const { _events: listeners } = emitter as unknown as { _events: object };
  Object.assign(emitter, { _events: Object.setPrototypeOf({ ...listeners }, null) as object });
}

/** As `onAny`, with one list of listeners for all sockets. */
export function listenAny(socket: Socket, listeners: ((...args: never[]) => void)[]): void {
  Object.assign(socket, { _anyListeners: listeners });
}

/** Lets go of the room that Socket.IO makes for every socket alone; events still find it by the socket's id. */
export function letGoOfRooms(io: Server): void {
  const { adapter, sockets } = io.of("/");
  Object.assign(adapter, { addAll: ignore, delAll: ignore, rooms: new RoomsOfOne(sockets) });
}

/** Socket.IO's own decoder, with room for its one listener instead of seventeen. */
export class LeanDecoder extends Decoder {
  // A method, though its base's types are no match for one: a property would be a closure of each.
  override on(...[name, listener]: Parameters<Decoder["on"]>): this {
    Object.assign(this, { _callbacks: { [`$${name}`]: [listener] } });
    return this;
  }
}

function ignore(): void {}

/** The rooms of an adapter: each socket's own, made when it is asked for. */
class RoomsOfOne extends Map<string, Set<string>> {
  readonly #sockets: ReadonlyMap<string, unknown>;

  constructor(sockets: ReadonlyMap<string, unknown>) {
    super();
    this.#sockets = sockets;
  }

  override has(id: string): boolean {
    return this.#sockets.has(id);
  }

  override get(id: string): Set<string> | undefined {
    return this.has(id) ? new Set([id]) : undefined;
  }
}

/** Nobody is asked for acknowledgements. */
const NO_ACKS = new Map<number, never>();

interface InsideSocket {
  handshake: unknown;
  acks: ReadonlyMap<number, unknown>;
  conn: {
    request: unknown;
    cleanupFn: (() => void)[];
    transport: EventEmitter & { name: string; socket?: WebSocket };
  };
}
