import type { Server as HttpServer } from "node:http";
import { setTimeout } from "node:timers/promises";

import type { Logger } from "pino";
import { Server, type Socket } from "socket.io";

import type { PersonPush } from "../../../db/redis/person-line.ts";
import { commands } from "../../../protocol/commands.ts";
import { type ErrorReply, Refusal } from "../../../protocol/errors.ts";
import type { Push, PushName } from "../../../protocol/facts.ts";
import type { RoomId, UserId } from "../../../protocol/ids.ts";
import { MAX_FRAME_BYTES } from "../../../protocol/limits.ts";
import type { Config } from "../../config.ts";
import type { Metrics } from "../../metrics.ts";
import { isAllowed } from "../allowed-origin.ts";
import { clientIp } from "../client-ip.ts";
import { somethingWentWrong, toRefusal } from "../to-refusal.ts";
import { type Answered, answer, type SocketDeps } from "./answer.ts";
import { ConnectionCaps } from "./connection-caps.ts";
import { Connection } from "./connection.ts";
import {
  LeanDecoder,
  letGoOfHandshake,
  letGoOfRooms,
  letGoOfUpgrade,
  listenAny,
} from "./let-go.ts";
import { LiveSockets } from "./live-sockets.ts";
import { watchSlowSockets } from "./slow-sockets.ts";
import { sweepSessions } from "./sweep-sessions.ts";
import { ReplyEncoder, WrittenReply } from "./written-reply.ts";

/** The sockets of a gateway. */
export interface Sockets {
  /** To this gateway's own sockets only: every gateway has a feed of the room, so none tells the others. */
  emit: <N extends PushName>(room: RoomId, name: N, data: Push<N>) => void;
  /** To this gateway's connections of one person. */
  tellPerson: (push: PersonPush) => void;
  /** Tells this gateway's connections of one person that they end, and ends them. */
  endSessions: (user: UserId, push: Push<"session.ended">) => void;
  /** Takes commands from now on. */
  serve: (on: SocketDeps) => void;
  /** Refuses new connections and sends from now on; resolves when what was begun is answered. */
  drain: () => Promise<void>;
  close: () => Promise<void>;
}

export interface SocketOptions {
  http: HttpServer;
  config: Config;
  metrics: Metrics;
  log: Logger;
  /** Begins every session's id where gateways share a port; null when this one is alone there. */
  sessionPrefix: string | null;
}

/** Between two looks at which sessions end: twice within the second that they may outlast their token. */
const SWEEP_EVERY_MS = 500;
/** Sockets are closed over this time at a stop, so that they do not all come back at once. */
const STAGGER_MS = 2_000;
const STAGGER_STEP_MS = 50;

/** Opens Socket.IO on an HTTP server: WebSocket first, frames and time-outs bounded. */
export function openSockets(options: SocketOptions): Sockets {
  const { http, config, metrics, log, sessionPrefix } = options;
  const io = new Server(http, {
    serveClient: false,
    parser: { Encoder: ReplyEncoder, Decoder: LeanDecoder },
    maxHttpBufferSize: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    httpCompression: false,
    connectTimeout: 10_000,
    pingInterval: 20_000,
    pingTimeout: 20_000,
    transports: ["websocket", "polling"],
    // CORS alone does not cover the upgrade: browsers send WebSocket requests from any page.
    allowRequest: (request, decide) => {
      const { origin } = request.headers;
      decide(null, origin === undefined || isAllowed(origin, config.allowedOrigins));
    },
    cors: {
      origin: (origin, decide) =>
        decide(null, origin === undefined || isAllowed(origin, config.allowedOrigins)),
    },
  });
  const { engine } = io;
  const generateId = engine.generateId.bind(engine);
  engine.generateId = async (request) => (sessionPrefix ?? "") + (await generateId(request));
  const slowSockets = watchSlowSockets({ caps: config.unread, metrics });
  io.engine.on("connection", slowSockets.watch);
  io.engine.use(letGoOfUpgrade);
  letGoOfRooms(io);
  const live = new LiveSockets(io);
  const house = {
    live,
    hold: (connection: Connection) => {
      for (const room of connection.rooms) serving?.hub.hold(room, connection);
    },
  };
  const connections = new Map<string, Connection>();
  const ofPerson = new Map<UserId, Connection[]>();
  const caps = new ConnectionCaps(config.limits);
  let draining = false;
  let serving: SocketDeps | null = null;
  const commandsUnderWay = new Set<symbol>();

  const admit = async (socket: Socket): Promise<void> => {
    if (draining || serving === null) {
      throw new Refusal("unavailable", "This gateway is stopping; connect again.", {
        retryAfterMs: Math.round(Math.random() * STAGGER_MS),
      });
    }
    const ip = clientIp(socket.request, config.trustProxyHops);
    const { token } = socket.handshake.auth as { token?: unknown };
    if (typeof token !== "string" || token === "") {
      throw new Refusal("unauthenticated", "Send a token in the handshake: auth: { token }.");
    }
    const session = await serving.tokens.verify(token);
    // It may have gone meanwhile; then nothing would ever give its place back.
    if (socket.conn.readyState !== "open") throw new Refusal("unavailable", "It is gone.");
    caps.take({ ip, user: session.user.id });
    const outflow = slowSockets.of(socket.conn);
    socket.data = new Connection(socket, { session, ip, house, outflow });
  };

  const giveBack = ({ ip, user }: Connection) => caps.giveBack({ ip, user: user.id });

  const letIn = async (socket: Socket, next: (error?: Error) => void): Promise<void> => {
    // Whoever is cut off comes back by themselves, to a sibling; who is refused might not.
    if (draining && sessionPrefix !== null) return socket.conn.close();
    try {
      await admit(socket);
    } catch (error) {
      next(handshakeError(refusalOf(error)));
      return;
    }
    next();
    // Socket.IO makes it a connection in the next tick, unless it went before that. A listener of its own for
    // that moment would be kept by every socket.
    setImmediate(() => {
      const connection = socket.data as Connection;
      if (!connection.began) giveBack(connection);
    });
  };
  io.use((socket, next) => void letIn(socket, next));

  const refusalOf = (error: unknown): Refusal => {
    const refusal = toRefusal(error);
    if (refusal !== null) return refusal;
    log.error({ err: error }, "a command failed");
    return somethingWentWrong(error);
  };

  const onCommand = async (
    connection: Connection,
    name: string,
    args: unknown[],
  ): Promise<void> => {
    const last = args.at(-1);
    const acknowledge = typeof last === "function" ? (last as (reply: object) => void) : null;
    const inputs = acknowledge === null ? args : args.slice(0, -1);
    const startedAt = performance.now();
    let outcome = "ok";
    const token = Symbol(name);
    commandsUnderWay.add(token);
    const reply = ({ data, afterwards }: Answered) => {
      acknowledge?.(data instanceof WrittenReply ? data : { ok: true, ...data });
      // Going live waits until that is read. Neither other commands nor a stop wait for it.
      afterwards?.().catch(refusalOf);
    };
    try {
      if (serving === null || draining) throw stopping();
      await answer(serving, connection, { name, inputs, reply });
    } catch (error) {
      const refusal = refusalOf(error);
      outcome = refusal.code;
      acknowledge?.({ ok: false, error: refusal.toReply() });
    } finally {
      commandsUnderWay.delete(token);
      // A name from outside must not become a label: there may be any number of them.
      const command = Object.hasOwn(commands, name) ? name : "unknown";
      metrics.commands.inc({ command, transport: "socket", outcome });
      metrics.ackSeconds.observe({ command }, (performance.now() - startedAt) / 1_000);
    }
  };

  /** Listeners of all sockets: each is called with `this`, and none is made for one of them. */
  const onAny = [
    function onAny(this: Socket, name: string, ...args: unknown[]) {
      void onCommand(this.data as Connection, name, args);
    },
  ];
  function onDisconnect(this: Socket) {
    const connection = this.data as Connection;
    connections.delete(this.id);
    forget(ofPerson, connection);
    metrics.connections.dec();
    giveBack(connection);
    for (const room of connection.rooms) serving?.hub.leave(room, connection);
  }

  io.on("connection", (socket) => {
    const connection = socket.data as Connection;
    connection.began = true;
    connections.set(socket.id, connection);
    ofPerson.set(connection.user.id, [...(ofPerson.get(connection.user.id) ?? []), connection]);
    metrics.connections.inc();
    letGoOfHandshake(socket);
    listenAny(socket, onAny);
    socket.on("disconnect", onDisconnect);
  });

  const sweep = setInterval(() => {
    sweepSessions(connections.values(), Date.now());
  }, SWEEP_EVERY_MS);
  sweep.unref();

  return {
    emit: (room, name, data) => live.emit(room, name, data),
    tellPerson: ({ user, name, data }) => {
      for (const connection of ofPerson.get(user) ?? []) connection.push(name, data);
    },
    endSessions: (user, push) => {
      for (const connection of ofPerson.get(user) ?? []) {
        for (const room of connection.rooms) serving?.hub.leave(room, connection);
        connection.push("session.ended", push);
        connection.socket.disconnect(true);
      }
    },
    serve: (on) => {
      serving = on;
    },
    drain: async () => {
      draining = true;
      // Who does not read would let them wait for as long as it has patience.
      for (const { unordered } of connections.values()) unordered.close(stopping());
      serving?.admission.close(stopping());
      while (commandsUnderWay.size > 0) await setTimeout(5);
      await closeStaggered([...connections.values()]);
    },
    close: async () => {
      // Not before: a token that ends while sockets are closed one after the other ends all the same.
      clearInterval(sweep);
      await io.close();
      slowSockets.close();
    },
  };
}

function forget(ofPerson: Map<UserId, Connection[]>, connection: Connection): void {
  const { id } = connection.user;
  const others = (ofPerson.get(id) ?? []).filter((one) => one !== connection);
  if (others.length === 0) ofPerson.delete(id);
  else ofPerson.set(id, others);
}

function stopping(): Refusal {
  return new Refusal("unavailable", "This gateway is stopping.");
}

function handshakeError(refusal: Refusal): Error & { data: ErrorReply } {
  return Object.assign(new Error(refusal.message), { data: refusal.toReply() });
}

/** Closes sockets over a short time. Their clients come back elsewhere, but not all at once. */
async function closeStaggered(open: Connection[]): Promise<void> {
  const batch = Math.ceil(open.length / (STAGGER_MS / STAGGER_STEP_MS));
  for (let closed = 0; closed < open.length; closed += batch) {
    for (const { socket } of open.slice(closed, closed + batch)) socket.disconnect(true);
    await setTimeout(STAGGER_STEP_MS);
  }
}
