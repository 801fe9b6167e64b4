import { Refusal, type ErrorReply } from "../protocol/errors.ts";
import type { Push, PushName } from "../protocol/facts.ts";
import type { Presence } from "../protocol/shapes.ts";
import { given } from "./given.ts";
import { refusalFromReply } from "./refusal.ts";
import type { RoomClosed } from "./room-handle.ts";

/** The pushes that are about one room. */
export type RoomPushName = Extract<PushName, `room.${string}`>;
export type RoomPush = { [N in RoomPushName]: { name: N; data: Push<N> } }[RoomPushName];

/** Why a room is over, as the app hears it. */
export function closedBy(reason: Push<"room.closed"> | ErrorReply | "left"): RoomClosed {
  if (reason === "left") {
    return { reason, refusal: new Refusal("forbidden", "You have left the room") };
  }
  if ("code" in reason) return { reason: "refused", refusal: refusalFromReply(reason) };
  const { until, sanction } = reason;
  return {
    reason: reason.reason,
    refusal: closings[reason.reason](sanction),
    ...given({ until }),
  };
}

const closings = {
  kicked: (sanction) =>
    new Refusal("forbidden", "You were kicked from the room", given({ sanction })),
  banned: (sanction) => new Refusal("banned", undefined, given({ sanction })),
  archived: () => new Refusal("locked", "The room was archived"),
  removed: () => new Refusal("not_found", "The room was removed"),
} satisfies Record<
  Push<"room.closed">["reason"],
  (sanction: Push<"room.closed">["sanction"]) => Refusal
>;

/** Who is here after a change. The count is exact, the faces are a sample. */
export function updatePresence(presence: Presence, change: Push<"room.presence">): Presence {
  const gone = new Set<string>([...change.left, ...change.joined.map(({ id }) => id)]);
  const staying = presence.users.filter(({ id }) => !gone.has(id));
  return { count: change.count, users: [...staying, ...change.joined].slice(0, MAX_FACES) };
}

const MAX_FACES = 50;
