import type { FilterLedger } from "../../db/filter-ledger.ts";
import type { DrainHint } from "../../db/redis/queues.ts";
import type { Stores } from "../../db/stores.ts";
import type { Repeats } from "../../filters/repeats.ts";
import type { Who } from "../../protocol/command.ts";
import type { CommandName, CommandOutput, ParsedInput } from "../../protocol/commands.ts";
import type { Push, PushName } from "../../protocol/facts.ts";
import type { UserId } from "../../protocol/ids.ts";
import type { User } from "../../protocol/shapes.ts";
import type { Lookups } from "./lookups.ts";
import type { Decision, Rank } from "./policy.ts";
import type { RoomRules, RoomRulesCache } from "./room-rules.ts";

/** What acts work with. */
export interface Deps {
  stores: Stores;
  rules: RoomRulesCache;
  lookups: Lookups;
  hint: DrainHint;
  /** What filters did, to be written down. */
  ledger: FilterLedger;
  /** What people said lately, for rules about repeating it. */
  repeats: Repeats;
  /** Accepted but unstored facts of a room at most. */
  unstoredCap: number;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Makes a guest's token. */
  mintGuestToken: (user: User) => Promise<{ token: string; expiresAt: string }>;
  /** How people reach this server; stands in links. */
  publicUrl: string;
  /** How to appeal against a sanction: a sentence or a URL. */
  appeal: string;
  /** Told of a changed profile, so that the person's sessions speak with it. */
  onProfile: (user: User) => void;
  /** Pushes to all connections of one person, on every gateway. A hint: it may be lost. */
  tellPerson: <N extends PushName>(user: UserId, name: N, data: Push<N>) => void;
  /** Told of every fact that was accepted. */
  onAccepted: () => void;
}

/** Who gives a command. */
export interface Caller {
  user: User;
  admin: boolean;
}

/** A command in a room: who, where, and what the rules say. */
export interface RoomCall {
  caller: Caller;
  rules: RoomRules;
  rank: Rank | null;
  /** Who may give this command, as its table row says. */
  who: Who;
  /**
   * What the policy says. Anything but a speaker's command is refused before its act runs; a
   * speaker's verdict goes with the append, after the dedupe, because a send that was accepted
   * before the room was locked must stay accepted when it is sent again (G4).
   */
  decision: Decision;
}

/** What a command does in a room. */
export type RoomAct<N extends CommandName> = (
  deps: Deps,
  call: RoomCall,
  input: ParsedInput<N>,
) => Promise<CommandOutput<N>>;

/** What a command does outside of any room. The caller is null when no token was needed or given. */
export type PlainAct<N extends CommandName> = (
  deps: Deps,
  caller: Caller | null,
  input: ParsedInput<N>,
) => Promise<CommandOutput<N>>;
