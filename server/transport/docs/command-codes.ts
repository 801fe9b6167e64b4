import type { Command } from "../../../protocol/command.ts";
import type { ErrorCode } from "../../../protocol/errors.ts";
import { restInput } from "./rest-input.ts";
import { tableRows } from "./table-rows.ts";

/**
 * The refusals that a caller of this command has to reckon with, in the order of the table below.
 *
 * They follow from what the command is (who may, what it takes, whether it writes), so no command
 * lists its codes; a code that nobody gave a rule does not compile.
 */
export function codesOf(command: Command): ErrorCode[] {
  return tableRows(mayAnswer).flatMap(([code, rule]) => (rule(command) ? [code] : []));
}

const mayAnswer: Record<ErrorCode, (command: Command) => boolean> = {
  invalid: () => true,
  unauthenticated: ({ who }) => who !== "anyone",
  forbidden: (command) =>
    (isOnRoom(command) && command.who !== "signed-in") ||
    (isOnPeople(command) && command.rest?.method !== "GET") ||
    takes(command, "handle"),
  muted: ({ who }) => who === "speaker",
  banned: (command) => isOnRoom(command) && command.who !== "signed-in",
  not_found: (command) => isOnRoom(command) || isOnPeople(command),
  conflict: (command) =>
    takes(command, "clientId", "slug", "displayName", "handle") || isOnCase(command),
  too_large: (command) => command.rest !== null && restInput(command, command.rest).body.length > 0,
  filtered: (command) => command.who === "speaker" && takes(command, "text"),
  locked: (command) => command.who === "speaker" || changesRoom(command),
  slow_mode: ({ rate }) => rate === "message",
  rate_limited: () => true,
  busy: changesRoom,
  unavailable: () => true,
};

function isOnRoom(command: Command): boolean {
  return takes(command, "room");
}

function isOnPeople(command: Command): boolean {
  return takes(command, "user", "users", "code");
}

/** Whether two moderators may clash over it. */
function isOnCase({ rest }: Command): boolean {
  return rest !== null && /\/reports\/:id\/\w/u.test(rest.path);
}

/** Whether facts may come of it. Without a REST twin there are none: typing is only pushed. */
function changesRoom(command: Command): boolean {
  return isOnRoom(command) && command.rest !== null && command.rest.method !== "GET";
}

function takes({ input }: Command, ...fields: string[]): boolean {
  return fields.some((field) => field in input.shape);
}
