import type { Role } from "../../client/index.ts";
import type { Desk } from "../room/desk.ts";
import type { OpenRoom, Person } from "../room/open-room.ts";

/** Someone in a room, with all that is known of them. */
export function personIn(room: OpenRoom, desk: Desk, id: string): Person | undefined {
  const member = desk.members.value.find(({ user }) => user.id === id);
  return member?.user ?? room.people.value.get(id);
}

/** Everyone of a room whom we know: those who are or spoke here, and those who belong here. */
export function everyoneIn(room: OpenRoom, desk: Desk): ReadonlyMap<string, Person> {
  const members = desk.members.value.map(({ user }) => [user.id, user] as const);
  return new Map<string, Person>([...room.people.value, ...members]);
}

/** What someone may do in a room; null when it is not known. */
export function roleIn(room: OpenRoom, desk: Desk, id: string): Role | null {
  if (id === room.me.id) return room.role.value;
  const member = desk.members.value.find(({ user }) => user.id === id);
  return room.view.value.roles[id] ?? member?.role ?? null;
}
