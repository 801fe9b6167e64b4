import { v7 as uuidv7 } from "uuid";

import { ClientId, RoomRef } from "../../../protocol/ids.ts";
import type { Caller, Deps } from "../act.ts";
import { decide } from "../decide.ts";
import type { RoomRules } from "../room-rules.ts";
import { sendMessage } from "../send-message.ts";

/** Says a line in a room, as whoever opens it: by the same rules as any other message. */
export async function sayIn(
  deps: Deps,
  caller: Caller,
  rules: RoomRules,
  text: string,
): Promise<void> {
  const rank = await deps.rules.rankOf(rules, caller);
  const decision = await decide(deps, { caller, rules, rank, who: "speaker" });
  await sendMessage(
    deps,
    { caller, rules, rank, who: "speaker", decision },
    { room: RoomRef.parse(rules.row.id), clientId: ClientId.parse(uuidv7()), text },
  );
}
