import type { CommandOutput } from "../../protocol/commands.ts";
import type { Case, CaseChanged, Notice, Report } from "../../protocol/reports.ts";
import type { Room } from "../../protocol/shapes.ts";
import type { Gateway } from "../../server/gateway.ts";
import { type Person, say } from "./world.ts";

/** Reports a message, and answers what came of it. */
export function report(
  person: Person,
  room: Room,
  seq: number,
  more: { category?: string; note?: string; gateway?: Gateway } = {},
) {
  const { gateway, category = "spam", note } = more;
  const body = { seq, category, ...(note === undefined ? {} : { note }) };
  const options = gateway === undefined ? {} : { gateway };
  return person.rest<Report>("POST", `/rooms/${room.id}/reports`, body, options);
}

/** Says something as someone, and answers its seq. */
export async function said(person: Person, room: Room, text: string): Promise<number> {
  return (await say(await person.connect(), room.id, text)).seq;
}

/** A room's review queue, as a moderator sees it. */
export async function queueOf(moderator: Person, room: Room, query = ""): Promise<Case[]> {
  const path = `/rooms/${room.id}/reports${query}`;
  return (await moderator.rest<CommandOutput<"report:list">>("GET", path)).body.items;
}

/** Does something with a case: claim, resolve. */
export function onCase(
  moderator: Person,
  room: Room,
  id: string,
  what: "claim" | "resolve",
  body: object = {},
  gateway?: Gateway,
) {
  const path = `/rooms/${room.id}/reports/${id}/${what}`;
  return moderator.rest<Case>("POST", path, body, gateway === undefined ? {} : { gateway });
}

/** What someone was told of their reports and held messages. */
export async function noticesOf(person: Person): Promise<Notice[]> {
  return (await person.rest<CommandOutput<"notice:list">>("GET", "/notices")).body.items;
}

/** What is pushed to someone from now on. */
export async function heardBy(person: Person, gateway?: Gateway) {
  const socket = await person.connect(gateway);
  const cases: CaseChanged[] = [];
  const notices: Notice[] = [];
  socket.on("case.changed", (push: CaseChanged) => cases.push(push));
  socket.on("notice.added", ({ item }: { item: Notice }) => notices.push(item));
  return { socket, cases, notices };
}
