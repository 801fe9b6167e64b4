import {
  commands,
  type CommandInput,
  type CommandName,
  type CommandOutput,
} from "../protocol/commands.ts";
import type { ErrorReply } from "../protocol/errors.ts";
import { pushes, type Push, type PushName } from "../protocol/facts.ts";
import type { UnreadRoom } from "../protocol/shapes.ts";
import { atItsWord } from "./at-its-word.ts";
import { newClientId } from "./client-id.ts";
import { systemClock, type Clock } from "./clock.ts";
import { createConnection, type ConnectionState } from "./connection.ts";
import { createEmitter, type Listenable } from "./emitter.ts";
import { given } from "./given.ts";
import { openRoom, type OpenRoom } from "./open-room.ts";
import { outboxStore, type OutboxStorage } from "./outbox-store.ts";
import { refusalFromReply } from "./refusal.ts";
import { callRest } from "./rest.ts";
import type { EnterOptions, RoomHandle } from "./room-handle.ts";
import type { RoomPush } from "./room-push.ts";
import { createSession } from "./session.ts";
import { socketTransport, type Transport } from "./transport.ts";

export interface ClientOptions {
  /** Where Eddy is: `https://chat.example`. */
  url: string;
  /** A token to begin with, or for good when there is no `getToken`. */
  token?: string;
  /** Brings a newer token: at the start without `token`, before it expires, when it was refused. */
  getToken?: () => Promise<string> | string;
  /** Who the token is for, when the app knows: then a fact of mine counts as the answer to its send. */
  user?: { id: string };
  /** Keeps unsent messages across page loads. Needs `user`, so that nobody sends another's. */
  storage?: OutboxStorage;
  /** How many sends of one room may be unanswered at a time (see `Outbox`). Default: 1. */
  sendWindow?: number;
  /** How long a command may go unanswered. Default: 10 s. */
  answerTimeoutMs?: number;
  /** For tests and simulations: the world that the client lives in. */
  transport?: Transport;
  fetch?: typeof globalThis.fetch;
  clock?: Clock;
  random?: () => number;
  newClientId?: () => string;
}

/** What a client tells: its state, what goes wrong beside any command, and every push as it came. */
export type ClientEvents = { [N in PushName]: Push<N> } & {
  state: ConnectionState;
  error: Error;
};

export interface Client extends Listenable<ClientEvents> {
  readonly state: ConnectionState;
  /** Why it is closed, when the server refused us. */
  readonly refusal: Error | null;
  /** Resolves when online; rejects when closed. */
  online(): Promise<void>;
  /**
   * Gives a command: over the socket when it is one that sockets offer and we are online, else
   * over REST. Throws a Refusal; `unavailable` may mean that it was carried out unanswered.
   */
  call<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>>;
  /** What I have not read in the rooms I am in. Throws a Refusal. */
  unread(): Promise<UnreadRoom[]>;
  /** Enters a room, now or when online. The same room again is the same handle. */
  enter(room: string, options?: EnterOptions): RoomHandle;
  /** Tries to connect at once: the network is back, or the page is seen again. */
  retryNow(): void;
  /** Ends the connection. Unsent messages stay in the storage. */
  close(): void;
}

/** A client of one server, for one person. It connects at once and stays so until closed. */
export function createClient(options: ClientOptions): Client {
  const { clock = systemClock, random = Math.random, storage, user } = options;
  if (storage !== undefined && user === undefined) {
    throw new TypeError(
      "A storage needs a user, or one person's messages could go out as another's",
    );
  }
  const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  const events = createEmitter<ClientEvents>();
  const session = createSession({ token: options.token, getToken: options.getToken });
  const rooms = new Map<string, OpenRoom>();
  const leaving = new Set<string>();
  let refusal: Error | null = null;

  const report = (error: unknown) =>
    events.emit("error", error instanceof Error ? error : new Error(String(error)));

  const onState = (state: ConnectionState, error?: ErrorReply) => {
    if (error !== undefined) refusal = refusalFromReply(error);
    for (const room of Array.from(rooms.values())) {
      if (state === "online") room.connected();
      else if (state !== "connecting") room.disconnected();
      if (state === "closed") room.abandon(error ?? CLOSED);
    }
    events.emit("state", state);
    if (refusal !== null && state === "closed") report(refusal);
  };

  const onPush = (name: string, data: unknown) => {
    // A newer server may push what we do not know.
    if (!Object.hasOwn(pushes, name)) return;
    if (name === "session.expiring") void renew();
    else toRooms(atItsWord<RoomPush>({ name, data }));
    events.emit(atItsWord<PushName>(name), atItsWord<Push<PushName>>(data));
  };

  const toRooms = (push: RoomPush) => {
    for (const room of Array.from(rooms.values())) {
      const { id, ref } = room.handle;
      // A room learns its id from the reply, which a push may overtake: a batch, or the end of it all.
      const mayBeIts = ref === push.data.room || push.name === "room.events";
      if (id === push.data.room || (id === null && mayBeIts)) room.pushed(push);
    }
  };

  const renew = async () => {
    if (!session.renewable) return;
    try {
      const token = await session.token(true);
      if (token !== null) await call("session:renew", { token });
    } catch (error) {
      report(error);
    }
  };

  const connection = createConnection({
    transport: options.transport ?? socketTransport(options.url),
    token: (fresh) => session.token(fresh),
    renewable: session.renewable,
    clock,
    random,
    answerTimeoutMs: options.answerTimeoutMs ?? 10_000,
    onState: (state, error) => onState(state, error),
    onPush: (name, data) => onPush(name, data),
  });

  const call: Client["call"] = async (name, input) => {
    if (!commands[name].socket || (connection.state !== "online" && commands[name].rest !== null)) {
      const token = await session.token();
      return callRest({ url: options.url, token, fetch }, name, input);
    }
    return new Promise((resolve, reject) => {
      connection.request(name, input, (answer) => {
        if (answer.ok) resolve(atItsWord<CommandOutput<typeof name>>(answer.data));
        else reject(refusalFromReply(answer.error));
      });
    });
  };

  /** Who comes back at once waits until they have left: the server might do the two in any order. */
  const leave = (room: string) => {
    leaving.add(room);
    connection.request("room:leave", { room }, () => {
      leaving.delete(room);
      if (connection.state === "online") rooms.get(room)?.connected();
    });
  };

  const storeFor = (room: string) =>
    storage === undefined || user === undefined
      ? null
      : outboxStore(storage, `eddy:outbox:${user.id}:${room}`, report);

  return {
    on: events.on,
    get state() {
      return connection.state;
    },
    get refusal() {
      return refusal;
    },
    online: () =>
      new Promise((resolve, reject) => {
        const settle = (state: ConnectionState) => {
          if (state === "online") resolve();
          else if (state === "closed") reject(refusal ?? refusalFromReply(CLOSED));
          else return;
          off();
        };
        const off = events.on("state", settle);
        settle(connection.state);
      }),
    call,
    async unread() {
      const found: UnreadRoom[] = [];
      let cursor: string | null = null;
      do {
        const page: CommandOutput<"unread:list"> = await call(
          "unread:list",
          given({ cursor: cursor ?? undefined }),
        );
        found.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== null);
      return found;
    },
    enter(ref, how = {}) {
      const known = rooms.get(ref);
      if (known !== undefined) return known.handle;
      const room: OpenRoom = openRoom(
        {
          clock,
          random,
          newClientId: options.newClientId ?? (() => newClientId(clock.now())),
          userId: user?.id ?? null,
          store: storeFor(ref),
          sendWindow: options.sendWindow ?? 1,
          request: connection.request,
          call,
          signInAgain: () => connection.signInAgain(),
          forget: () => {
            if (rooms.get(ref) === room) rooms.delete(ref);
          },
          leave: () => leave(ref),
        },
        ref,
        how,
      );
      rooms.set(ref, room);
      if (connection.state === "online" && !leaving.has(ref)) room.connected();
      if (connection.state === "closed") room.abandon(CLOSED);
      return room.handle;
    },
    retryNow: () => connection.retryNow(),
    close: () => connection.close(),
  };
}

const CLOSED: ErrorReply = { code: "unavailable", message: "The client is closed" };
