import { useEffect, useState } from "preact/hooks";

import type { Sanction } from "../../client/index.ts";
import { fullTimeOf, minute } from "../parts/clock.ts";
import { personIn } from "../people/roster.ts";
import { act } from "../room/acts.ts";
import type { Desk } from "../room/desk.ts";
import type { OpenRoom } from "../room/open-room.ts";

/** Who is muted or banned, and how that ends. */
export function Sanctions({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const [sanctions, setSanctions] = useState<readonly Sanction[] | null>(null);
  const read = async () => {
    const { items } = await room.handle.call("sanction:list", { limit: 100 });
    setSanctions(items);
  };
  useEffect(() => void act(desk, read), [room.view.value.mutes, room.view.value.bans]);

  const standing = (sanctions ?? []).filter(
    ({ kind, until, liftedAt }) =>
      kind !== "kick" &&
      liftedAt === undefined &&
      (until === undefined || Date.parse(until) > minute.value),
  );
  if (sanctions !== null && standing.length === 0) {
    return <p class="none">Nobody is muted or banned.</p>;
  }
  return (
    <ul class="sanctions">
      {standing.map(({ id, user, kind, reason, until }) => (
        <li key={id}>
          <p>
            <b>{personIn(room, desk, user)?.name ?? "Someone"}</b>{" "}
            {kind === "ban" ? "is banned" : "is muted"}{" "}
            {until === undefined ? "for good" : `until ${fullTimeOf(until)}`}
            <small>{reason}</small>
          </p>
          <button
            type="button"
            class="quiet small"
            onClick={() =>
              void act(desk, async () => {
                await room.handle.call("sanction:lift", { id });
                await read();
              })
            }
          >
            Lift
          </button>
        </li>
      ))}
    </ul>
  );
}
