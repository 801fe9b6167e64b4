import type { ViewMessage } from "../../client/index.ts";
import { isLeader } from "../moderation/rank.ts";
import { sentenceOf } from "../session/refusal.ts";
import type { Desk } from "./desk.ts";
import type { OpenRoom } from "./open-room.ts";

/** Does something in a room; what goes wrong is told on the desk. True when it was done. */
export async function act(desk: Desk, doing: () => Promise<unknown>): Promise<boolean> {
  try {
    await doing();
    return true;
  } catch (error) {
    desk.problem.value = sentenceOf(error);
    setTimeout(() => (desk.problem.value = ""), PROBLEM_SHOWN_MS);
    return false;
  }
}

/** Adds my reaction, or takes it back when it is there. */
export function toggleReaction(
  { handle, me }: OpenRoom,
  { seq, reactions }: ViewMessage,
  emoji: string,
): Promise<unknown> {
  const mine = reactions.some(
    (reaction) => reaction.emoji === emoji && reaction.by.includes(me.id),
  );
  return handle.call(mine ? "reaction:remove" : "reaction:add", { seq, emoji });
}

/** Pins a message, or unpins it. */
export function togglePin({ handle, view }: OpenRoom, { seq }: ViewMessage): Promise<unknown> {
  const isPinned = view.value.pins.includes(seq);
  return handle.call(isPinned ? "message:unpin" : "message:pin", { seq });
}

/** Reads who belongs to the room. */
export function readMembers({ handle }: OpenRoom, desk: Desk): Promise<boolean> {
  return act(desk, async () => {
    const { items } = await handle.call("member:list", { limit: 200 });
    desk.members.value = items;
  });
}

/** Whether whoever looks leads the room. */
export function leads({ role }: OpenRoom): boolean {
  return isLeader(role.value);
}

const PROBLEM_SHOWN_MS = 6_000;
