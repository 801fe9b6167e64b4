import type { CommandInput, CommandName, CommandOutput } from "../protocol/commands.ts";
import type { Clock } from "./clock.ts";
import type { Request } from "./connection.ts";
import type { OutboxStore } from "./outbox-store.ts";

/** What a room needs of its client. */
export interface RoomLine {
  clock: Clock;
  random: () => number;
  newClientId(): string;
  /** My user id, when known: whose facts are answers to my sends. */
  userId: string | null;
  store: OutboxStore | null;
  sendWindow: number;
  request: Request;
  call<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>>;
  /** The token was refused. */
  signInAgain(): void;
  /** The room is over. */
  forget(): void;
  /** The room is to be left. */
  leave(): void;
}
