import { v7 as uuidv7 } from "uuid";

import { ClientId, RoomRef } from "../../../protocol/ids.ts";
import type { Caller, Deps } from "../act.ts";
import { roomFacts } from "../append-speech.ts";
import { mayCommand } from "../policy.ts";
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
  const decision = mayCommand("speaker", roomFacts(rules), rank);
  await sendMessage(
    deps,
    { caller, rules, rank, who: "speaker", decision },
    { room: RoomRef.parse(rules.row.id), clientId: ClientId.parse(uuidv7()), text },
  );
}
