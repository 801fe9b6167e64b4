import {
  type CommandName,
  type CommandOutput,
  commands,
  type ParsedInput,
} from "../../protocol/commands.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { Caller, Deps, RoomCall } from "../rooms/act.ts";
import { type ActName, acts, isRoomCommand } from "../rooms/acts.ts";
import { decide } from "../rooms/decide.ts";
import { refuseBanned } from "../rooms/refuse-banned.ts";
import { signedIn } from "../rooms/signed-in.ts";

/** Runs a command that needs no connection: the same way whichever transport it came over. */
export async function carryOut<N extends ActName>(
  deps: Deps,
  caller: Caller | null,
  name: N,
  input: ParsedInput<N>,
): Promise<CommandOutput<N>> {
  if (commands[name].who !== "anyone") signedIn(caller);
  // The table pairs each name with its own act; a union of names loses that pairing.
  const act = acts[name] as unknown as (
    deps: Deps,
    on: RoomCall | Caller | null,
    input: ParsedInput<N>,
  ) => Promise<CommandOutput<N>>;
  if (!isRoomCommand(name)) return act(deps, caller, input);
  const { room } = input as { room: Parameters<Deps["rules"]["get"]>[0] };
  const call = await openCall(deps, signedIn(caller), name, room);
  if (call.who === "reader") await refuseBanned(deps, call);
  return act(deps, call, input);
}

/** What a command in a room goes by. Errors: `not_found`, and what the room's rules refuse with. */
export async function openCall(
  deps: Deps,
  caller: Caller,
  name: CommandName,
  ref: Parameters<Deps["rules"]["get"]>[0],
): Promise<RoomCall> {
  const { who } = commands[name];
  // What a speaker does goes through the append script, which knows of newer rules; typing does not.
  const isAppended = who === "speaker" && name !== "typing:start";
  let rules = await (isAppended ? deps.rules.getForAppend(ref) : deps.rules.get(ref));
  // A private room is authorized by what Postgres says now, not by what was true a second ago.
  if (rules.row.visibility === "private" && who !== "speaker") {
    rules = await deps.rules.reload(rules.row.id);
  }
  const rank = await deps.rules.rankOf(rules, caller);
  const decision = await decide(deps, { caller, rules, rank, who });
  if (!decision.allowed && !isAppended) throw new Refusal(decision.code, decision.message);
  return { caller, rules, rank, who, decision };
}
