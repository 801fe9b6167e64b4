import fc from "fast-check";

import type { Draft } from "../../protocol/facts.ts";
import { ClientId, UserId } from "../../protocol/ids.ts";
import { roles } from "../../protocol/shapes.ts";
import type { SimRoom } from "./sim-room.ts";

/** The one who speaks where one is enough. */
export const ada = person("ada", 1);
/** And another one. */
export const grace = person("grace", 2);
/** The people of the simulated rooms. */
export const people = [ada, grace, person("edsger", 3)];

function person(name: string, number: number) {
  const id = UserId.parse(`01900000-0000-7000-8000-${String(number).padStart(12, "0")}`);
  return { id, name };
}

/** Something that may happen in a room; what it acts on is picked from the log as it then is. */
export interface Happening {
  kind: (typeof kinds)[number];
  who: number;
  pick: number;
  other: number;
}

const kinds = [
  "send",
  "edit",
  "remove",
  "clean-up",
  "restore",
  "react",
  "unreact",
  "pin",
  "unpin",
  "mute",
  "unmute",
  "kick",
  "ban",
  "unban",
  "role",
  "update",
] as const;

/** Happenings of every kind; every other one is a message, so that there is something to act on. */
export const happening: fc.Arbitrary<Happening> = fc.record({
  kind: fc.oneof(
    { weight: 3, arbitrary: fc.constant("send" as const) },
    { weight: 3, arbitrary: fc.constantFrom("edit" as const, "remove" as const) },
    { weight: 4, arbitrary: fc.constantFrom(...kinds) },
  ),
  who: fc.nat(people.length - 1),
  pick: fc.nat(1_000),
  other: fc.nat(1_000),
});

/** The fact that a happening makes of this log, or null when there is nothing to act on. */
export function draftOf(room: SimRoom, { kind, who, pick, other }: Happening): Draft | null {
  const made = room.prevOf.size + 1;
  const by = people[who % people.length] ?? ada;
  const user = people[pick % people.length]?.id ?? by.id;
  const at = new Date(1_700_000_000_000 + made).toISOString();
  const base = { at, by };
  const sent = room.facts.flatMap((fact) => (fact.type === "message.sent" ? [fact] : []));
  const message = sent[pick % Math.max(1, sent.length)];
  const target = message?.seq ?? 0;
  const emoji = ["👍", "🌊"][other % 2] ?? "👍";
  const text = `${by.name} says ${made}`;
  const until = other % 2 === 0 ? null : at;
  const range: [number, number][] = [[target, target + (other % 7)]];
  if (kind === "send") {
    const clientId = ClientId.parse(`01900000-0000-7000-9000-${String(made).padStart(12, "0")}`);
    return { ...base, type: "message.sent", clientId, text, mentions: [] };
  }
  switch (kind) {
    case "mute":
      return { ...base, type: "member.muted", user, until, reason: "Noise" };
    case "unmute":
      return { ...base, type: "member.unmuted", user };
    case "kick":
      return { ...base, type: "member.kicked", user, reason: "Out" };
    case "ban":
      return { ...base, type: "member.banned", user, until, reason: "Out for good" };
    case "unban":
      return { ...base, type: "member.unbanned", user };
    case "role":
      return { ...base, type: "member.role", user, role: roles[other % roles.length] ?? "guest" };
    case "update": {
      const changes = other % 2 === 0 ? { title: text } : { locked: other % 3 === 0 };
      return { ...base, type: "room.updated", changes };
    }
    case "edit":
      if (message === undefined || room.present(message).removed) return null;
      return { ...base, type: "message.edited", target, text };
    case "remove":
      if (message === undefined) return null;
      return { ...base, type: "message.removed", target };
    case "clean-up":
      if (message === undefined) return null;
      return {
        ...base,
        type: "messages.removed",
        targets: range,
        reason: "Spam",
        ...(other % 2 === 0 ? { author: user } : {}),
      };
    case "restore": {
      const removals = room.facts.flatMap((f) => (f.type === "messages.removed" ? [f] : []));
      const removal = removals[pick % Math.max(1, removals.length)];
      if (removal === undefined) return null;
      return { ...base, type: "messages.restored", targets: removal.targets };
    }
    case "react":
      return message === undefined ? null : { ...base, type: "reaction.added", target, emoji };
    case "unreact": {
      const added = room.facts.flatMap((f) => (f.type === "reaction.added" ? [f] : []));
      const reaction = added[pick % Math.max(1, added.length)];
      if (reaction === undefined) return null;
      const mine = { target: reaction.target, emoji: reaction.emoji };
      return { at, by: reaction.by, type: "reaction.removed", ...mine };
    }
    case "pin":
      return message === undefined ? null : { ...base, type: "message.pinned", target };
    case "unpin":
      return message === undefined ? null : { ...base, type: "message.unpinned", target };
  }
}
