import { SignJWT } from "jose";
import { pino } from "pino";
import { io, type Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";

import type { CommandInput, CommandName, CommandOutput } from "../../protocol/commands.ts";
import type { ErrorReply, Problem } from "../../protocol/errors.ts";
import type { Room, User } from "../../protocol/shapes.ts";
import { readConfig } from "../../server/config.ts";
import { type Gateway, startGateway } from "../../server/gateway.ts";
import { type RunningWorker, startWorker } from "../../workers/worker.ts";
import { openTestStores, type TestStores } from "./stores.ts";

/** One Eddy of a test file's own: real stores, gateways and a worker in this process, and the people in it. */
export interface World {
  stores: TestStores;
  gateways: Gateway[];
  worker: RunningWorker | null;
  /** A new gateway beside the others. */
  addGateway: (env?: Record<string, string>) => Promise<Gateway>;
  addWorker: () => Promise<RunningWorker>;
  /** Someone who dropped in with just a name. */
  person: (name: string) => Promise<Person>;
  /** A platform administrator; only where AUTH_JWT_SECRET is HOST_SECRET. */
  administrator: (name: string) => Promise<Person>;
  close: () => Promise<void>;
}

/** What hosts sign their tokens with, where a test says that they may. */
export const HOST_SECRET = "a secret that is shared with the host application";
/** Some time in the 23rd century (seconds since 1970). */
const NEVER = 9_999_999_999;

/** Someone with a token. */
export interface Person {
  user: User;
  token: string;
  /** A stock socket.io client of theirs, connected. */
  connect: (gateway?: Gateway) => Promise<Socket>;
  /** A REST request of theirs: the status and the body. */
  rest: <T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    options?: { gateway?: Gateway; headers?: Record<string, string> },
  ) => Promise<{ status: number; body: T & Partial<Problem>; headers: Headers }>;
  openRoom: (title?: string, more?: Record<string, unknown>) => Promise<Room>;
}

export type Reply<N extends CommandName> =
  | ({ ok: true } & CommandOutput<N>)
  | { ok: false; error: ErrorReply };

/** Opens a world with its first gateway, and a worker unless it should have none. */
export async function openWorld(
  options: {
    worker?: boolean;
    env?: Record<string, string>;
    appendfsync?: "always" | "everysec";
  } = {},
): Promise<World> {
  const { appendfsync = "everysec" } = options;
  const stores = await openTestStores({ appendfsync });
  const log = pino({ level: process.env["EDDY_TEST_LOG"] ?? "silent" });
  const env = {
    DATABASE_URL: stores.databaseUrl,
    REDIS_URL: stores.redisUrl,
    PORT: "0",
    LIMITS: "off",
    ...options.env,
  };
  const sockets: Socket[] = [];
  const world: World = {
    stores,
    gateways: [],
    worker: null,
    addGateway: async (more = {}) => {
      const gateway = await startGateway(readConfig({ ...env, ...more }), log);
      world.gateways.push(gateway);
      return gateway;
    },
    addWorker: async () => {
      world.worker = await startWorker(readConfig(env), log);
      return world.worker;
    },
    person: async (name) => personWith(world, sockets, await dropIn(world, name)),
    administrator: async (name) => {
      const token = await new SignJWT({ sub: name, name, eddy_admin: true, exp: NEVER })
        .setProtectedHeader({ alg: "HS256" })
        .sign(new TextEncoder().encode(HOST_SECRET));
      const { rest } = personWith(world, sockets, { token, user: null as never });
      return personWith(world, sockets, { token, user: (await rest<User>("GET", "/me")).body });
    },
    close: async () => {
      for (const socket of sockets) socket.disconnect();
      await Promise.all(world.gateways.map((gateway) => gateway.stop()));
      await world.worker?.stop();
      await stores.close();
    },
  };
  try {
    await world.addGateway();
    if (options.worker !== false) await world.addWorker();
  } catch (error) {
    await world.close();
    throw error;
  }
  return world;
}

/** The first gateway of a world. */
export function firstGateway({ gateways: [gateway] }: World): Gateway {
  if (gateway === undefined) throw new Error("The world has no gateway");
  return gateway;
}

async function dropIn(world: World, displayName: string): Promise<Pick<Person, "user" | "token">> {
  const response = await fetch(`${firstGateway(world).url}/v1/guests`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ displayName }),
  });
  if (response.status !== 201) throw new Error(`No guest: ${await response.text()}`);
  return (await response.json()) as CommandOutput<"guest:create">;
}

function personWith(
  world: World,
  sockets: Socket[],
  { user, token }: Pick<Person, "user" | "token">,
): Person {
  const person: Person = {
    user,
    token,
    connect: async (gateway = firstGateway(world)) => {
      const socket = await connectSocket(gateway.url, token);
      sockets.push(socket);
      return socket;
    },
    rest: async (method, path, body, { gateway = firstGateway(world), headers = {} } = {}) => {
      const answer = await fetch(`${gateway.url}/v1${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return {
        status: answer.status,
        body: (text === "" ? {} : JSON.parse(text)) as never,
        headers: answer.headers,
      };
    },
    openRoom: async (title = "Watercooler", more = {}) => {
      const { status, body } = await person.rest<Room>("POST", "/rooms", {
        title,
        visibility: "public",
        ...more,
      });
      if (status !== 201) throw new Error(`No room: ${JSON.stringify(body)}`);
      return body;
    },
  };
  return person;
}

/** Connects a stock socket.io client over WebSocket. Errors: what the handshake refused with. */
export async function connectSocket(url: string, token: unknown): Promise<Socket> {
  const socket = io(url, {
    auth: { token },
    transports: ["websocket"],
    reconnection: false,
    forceNew: true,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  return socket;
}

/** Gives a command over a socket and answers its reply, whatever it is. */
export async function ask<N extends CommandName>(
  socket: Socket,
  name: N,
  input: CommandInput<N>,
): Promise<Reply<N>> {
  // Made here, where the stack still says who asked.
  const unanswered = new Error(`${name} was not answered`);
  try {
    return (await socket.timeout(10_000).emitWithAck(name, input)) as Reply<N>;
  } catch (error) {
    unanswered.cause = error;
    throw unanswered;
  }
}

/** Gives a command and answers what it yields. Errors: when it is refused. */
export async function command<N extends CommandName>(
  socket: Socket,
  name: N,
  input: CommandInput<N>,
): Promise<CommandOutput<N>> {
  const reply = await ask(socket, name, input);
  if (!reply.ok) throw new Error(`${name}: ${reply.error.code} ${reply.error.message}`);
  return reply;
}

/** Says something with a fresh clientId. */
export function say(
  socket: Socket,
  room: string,
  text: string,
): Promise<CommandOutput<"message:send">> {
  return command(socket, "message:send", { room, clientId: uuidv7(), text });
}
