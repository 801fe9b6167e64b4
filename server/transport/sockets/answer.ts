import { sanctionsInForce } from "../../../db/postgres/sanctions.ts";
import { type CommandName, commands, type ParsedInput } from "../../../protocol/commands.ts";
import { Refusal } from "../../../protocol/errors.ts";
import type { Tokens } from "../../auth/tokens.ts";
import { enterRoom } from "../../feed/enter-room.ts";
import type { FeedHub } from "../../feed/feed-hub.ts";
import type { Caller, Deps, RoomCall } from "../../rooms/act.ts";
import type { ConnectionCommand } from "../../rooms/acts.ts";
import { barredBecause, refuseBanned } from "../../rooms/refuse-banned.ts";
import { carryOut, openCall } from "../carry-out.ts";
import type { Limiter } from "../limiter.ts";
import { parseInput } from "../parse-input.ts";
import type { Admission } from "./admission.ts";
import type { Connection } from "./connection.ts";
import { WrittenReply } from "./written-reply.ts";

/** What socket commands work with. */
export interface SocketDeps {
  deps: Deps;
  hub: FeedHub;
  tokens: Tokens;
  limiter: Limiter;
  admission: Admission;
}

/** A command's answer, and what happens once it is on its way. */
export interface Answered {
  /** A reply that is partly written already holds all of it, `ok` included. */
  data: object;
  afterwards?: () => Promise<void>;
}

type Run = () => Promise<Answered>;

/** A command as it came in. */
export interface Asked {
  name: unknown;
  inputs: unknown[];
  reply: (answered: Answered) => void;
}

/** Commands whose effects must come in the order in which one connection gave them. */
const ORDERED: ReadonlySet<CommandName> = new Set<CommandName>([
  "message:send",
  "message:edit",
  "message:remove",
  "reaction:add",
  "reaction:remove",
  "message:pin",
  "message:unpin",
]);

/** Carries out one socket command when its turn comes. Errors: refusals, and bugs as they are thrown. */
export async function answer(
  on: SocketDeps,
  connection: Connection,
  { name, inputs, reply }: Asked,
): Promise<void> {
  const { user } = connection.session;
  // What is no command counts, too: it would be the way to send without any limit.
  const rate = isSocketCommand(name) ? commands[name].rate : "command";
  await on.limiter.take(rate, { user, ip: connection.ip });
  if (!isSocketCommand(name)) {
    const shown = String(name).slice(0, 64).toWellFormed();
    throw new Refusal("invalid", `There is no command ${shown}; see /docs.`);
  }
  if (inputs.length > 1) {
    throw new Refusal("invalid", "A command takes one input and an acknowledgement.");
  }
  const [raw] = inputs;
  // Parsed before it waits for its turn: what waits is small then.
  const run = isConnectionCommand(name)
    ? aboutConnection(on, connection, name, raw)
    : aboutAll(on, connection, name, raw);
  const gate = ORDERED.has(name) ? connection.ordered : connection.unordered;
  // Replied to within its turn: whether the next one may begin depends on how much of the reply is read.
  await gate.run(async () => reply(await run()));
}

/** Socket.IO lets numbers be names, too. */
function isSocketCommand(name: unknown): name is CommandName {
  return (
    typeof name === "string" &&
    Object.hasOwn(commands, name) &&
    commands[name as CommandName].socket
  );
}

function isConnectionCommand(name: CommandName): name is ConnectionCommand {
  return commands[name].rest === null;
}

function callerOf({ session }: Connection): Caller {
  return { user: session.user, admin: session.admin };
}

function aboutAll(
  on: SocketDeps,
  connection: Connection,
  name: Exclude<CommandName, ConnectionCommand>,
  raw: unknown,
): Run {
  const input = parseInput(name, raw);
  return async () => ({ data: await carryOut(on.deps, callerOf(connection), name, input) });
}

function aboutConnection(
  on: SocketDeps,
  connection: Connection,
  name: ConnectionCommand,
  raw: unknown,
): Run {
  switch (name) {
    case "room:enter": {
      const input = parseInput(name, raw);
      return () => on.admission.enter(() => enter(on, connection, input));
    }
    case "room:leave": {
      const input = parseInput(name, raw);
      return () => leave(on, connection, input);
    }
    case "typing:start": {
      const input = parseInput(name, raw);
      return () => type(on, connection, input);
    }
    case "session:renew": {
      const input = parseInput(name, raw);
      return () => renew(on, connection, input);
    }
  }
}

async function enter(
  on: SocketDeps,
  connection: Connection,
  input: ParsedInput<"room:enter">,
): Promise<Answered> {
  // Its turn may have come too late for it.
  if (!connection.socket.connected) throw new Refusal("unavailable", "It is gone.");
  const call = await openCall(on.deps, callerOf(connection), "room:enter", input.room);
  connection.rooms.add(call.rules.row.id);
  try {
    const entered = await enterRoom(on.deps, on.hub, call, input, connection);
    const own = { ok: true, ...entered.reply };
    return {
      data: new WrittenReply(own, "events", entered.eventsJson),
      afterwards: entered.goLive,
    };
  } finally {
    // When it went meanwhile, the seats of its rooms were taken away before it had this one.
    if (!connection.socket.connected) on.hub.leave(call.rules.row.id, connection);
  }
}

async function leave(
  on: SocketDeps,
  connection: Connection,
  { room }: ParsedInput<"room:leave">,
): Promise<Answered> {
  const { row } = await on.deps.rules.get(room);
  // Who has no seat there is told no more than someone who would enter.
  if (!connection.rooms.delete(row.id)) {
    await openCall(on.deps, callerOf(connection), "room:enter", room);
  }
  on.hub.leave(row.id, connection);
  return { data: {} };
}

async function type(
  on: SocketDeps,
  connection: Connection,
  { room }: ParsedInput<"typing:start">,
): Promise<Answered> {
  const call = await openCall(on.deps, callerOf(connection), "typing:start", room);
  await refuseSanctioned(on.deps, call);
  if (!on.hub.type(call.rules.row.id, connection)) {
    throw new Refusal("forbidden", "Enter the room before you type in it.");
  }
  return { data: {} };
}

async function renew(
  on: SocketDeps,
  connection: Connection,
  { token }: ParsedInput<"session:renew">,
): Promise<Answered> {
  const session = await on.tokens.verify(token);
  if (session.user.id !== connection.session.user.id) {
    throw new Refusal("forbidden", "The new token is someone else's.");
  }
  connection.session = session;
  connection.warned = false;
  return { data: { expiresAt: new Date(session.expiresAtMs).toISOString() } };
}

/** Typing appends nothing, so no append script refuses whom a sanction bars. Errors: `banned`, `muted`. */
async function refuseSanctioned(deps: Deps, call: RoomCall): Promise<void> {
  await refuseBanned(deps, call);
  const { id } = call.caller.user;
  const inForce = await sanctionsInForce(deps.stores.store, call.rules.row.id, [id]);
  const mute = inForce.get(id)?.find(({ kind }) => kind === "mute");
  if (mute === undefined) return;
  const untilMs = mute.until === undefined ? null : Date.parse(mute.until);
  throw await barredBecause(deps, call, { kind: "mute", untilMs });
}
