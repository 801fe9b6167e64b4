import * as z from "zod";

import { type Push, type PushName, pushes } from "../../protocol/facts.ts";
import { UserId } from "../../protocol/ids.ts";

/** Something for one person, on all their connections. */
export type PersonPush = { [N in PushName]: { user: UserId; name: N; data: Push<N> } }[PushName];

const Message = z.object({ user: UserId, name: z.string(), data: z.unknown() });

/** What is published for one person. */
export function writePersonPush(push: PersonPush): string {
  return JSON.stringify(push);
}

/** What was published for one person; null for what is not ours: anyone who reaches Redis can publish. */
export function readPersonPush(message: string): PersonPush | null {
  try {
    const { user, name, data } = Message.parse(JSON.parse(message));
    if (!Object.hasOwn(pushes, name)) return null;
    return { user, name, data: pushes[name as PushName].parse(data) } as PersonPush;
  } catch {
    return null;
  }
}
