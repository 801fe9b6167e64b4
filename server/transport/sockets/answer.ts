import { sanctionsInForce } from "../../../db/postgres/sanctions.ts";
import { type CommandName, commands } from "../../../protocol/commands.ts";
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
import type { Connection } from "./connection.ts";

/** What socket commands work with. */
export interface SocketDeps {
  deps: Deps;
  hub: FeedHub;
  tokens: Tokens;
  limiter: Limiter;
}

/** A command's answer, and what happens once it is on its way. */
export interface Answered {
  data: object;
  afterwards?: () => Promise<void>;
}

/** Jobs of one connection that may wait for their turn; past that its sender does not read its answers. */
const MOST_WAITING = 500;

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

/** Carries out one socket command. Errors: refusals, and bugs as they are thrown. */
export async function answer(
  on: SocketDeps,
  connection: Connection,
  name: unknown,
  inputs: unknown[],
): Promise<Answered> {
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
  if (isConnectionCommand(name)) return answerAboutConnection(on, connection, name, raw);
  const input = parseInput(name, raw);
  const run = async () => ({ data: await carryOut(on.deps, callerOf(connection), name, input) });
  if (!ORDERED.has(name)) return run();
  if (connection.waiting >= MOST_WAITING) {
    throw new Refusal("rate_limited", `More than ${MOST_WAITING} commands wait for their turn.`, {
      retryAfterMs: 1_000,
    });
  }
  return connection.inOrder(run);
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

async function answerAboutConnection(
  on: SocketDeps,
  connection: Connection,
  name: ConnectionCommand,
  raw: unknown,
): Promise<Answered> {
  const caller = callerOf(connection);
  switch (name) {
    case "room:enter": {
      const input = parseInput(name, raw);
      const call = await openCall(on.deps, caller, name, input.room);
      connection.rooms.add(call.rules.row.id);
      try {
        const { reply, goLive } = await enterRoom(on.deps, on.hub, call, input, connection);
        return { data: reply, afterwards: goLive };
      } finally {
        // When it went meanwhile, the seats of its rooms were taken away before it had this one.
        if (!connection.socket.connected) on.hub.leave(call.rules.row.id, connection);
      }
    }
    case "room:leave": {
      const { room } = parseInput(name, raw);
      const { row } = await on.deps.rules.get(room);
      // Who has no seat there is told no more than someone who would enter.
      if (!connection.rooms.delete(row.id)) await openCall(on.deps, caller, "room:enter", room);
      on.hub.leave(row.id, connection);
      return { data: {} };
    }
    case "typing:start": {
      const call = await openCall(on.deps, caller, name, parseInput(name, raw).room);
      await refuseSanctioned(on.deps, call);
      if (!on.hub.type(call.rules.row.id, connection)) {
        throw new Refusal("forbidden", "Enter the room before you type in it.");
      }
      return { data: {} };
    }
    case "session:renew": {
      const session = await on.tokens.verify(parseInput(name, raw).token);
      if (session.user.id !== connection.session.user.id) {
        throw new Refusal("forbidden", "The new token is someone else's.");
      }
      connection.session = session;
      connection.warned = false;
      return { data: { expiresAt: new Date(session.expiresAtMs).toISOString() } };
    }
  }
}

/** Typing appends nothing, so no append script refuses whom a sanction bars. Errors: `banned`, `muted`. */
async function refuseSanctioned(deps: Deps, call: RoomCall): Promise<void> {
  await refuseBanned(deps, call);
  const inForce = await sanctionsInForce(deps.stores.store, call.rules.row.id, call.caller.user.id);
  const mute = inForce.find(({ kind }) => kind === "mute");
  if (mute === undefined) return;
  const untilMs = mute.until === undefined ? null : Date.parse(mute.until);
  throw await barredBecause(deps, call, { kind: "mute", untilMs });
}
