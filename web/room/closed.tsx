import type { RoomClosed } from "../../client/index.ts";
import { Link } from "../navigation/link.tsx";
import { embedded } from "../navigation/route.ts";
import { fullTimeOf } from "../parts/clock.ts";
import { later } from "../parts/later.tsx";
import type { OpenRoom } from "./open-room.ts";

const AtTheDoor = later(() => import("./at-the-door.tsx").then((m) => m.AtTheDoor));

/** Stands where one would write, when one may not any more; says why. */
export function Closed({ room, onComeBack }: { room: OpenRoom; onComeBack: () => void }) {
  const closed = room.closed.value;
  if (closed === null) return null;
  const { refusal } = closed;
  return (
    <div class="closed" role="alert">
      {closed.reason === "refused" && closed.refusal.code === "not_found" ? (
        <AtTheDoor room={room} onComeBack={onComeBack} />
      ) : (
        <p>
          <b>{headlineOf(closed)}</b> {detailOf(closed)}
        </p>
      )}
      {refusal.sanction !== undefined && <Why sanction={refusal.sanction} />}
      <div class="closed-ways">
        {closed.reason === "kicked" && (
          <button type="button" class="primary" onClick={onComeBack}>
            Come back in
          </button>
        )}
        {!embedded && (
          <Link to="/" class="button">
            See other rooms
          </Link>
        )}
      </div>
    </div>
  );
}

type Notice = NonNullable<RoomClosed["refusal"]["sanction"]>;

/** Why, and what can be done about it. */
function Why({ sanction: { reason, appeal } }: { sanction: Notice }) {
  return (
    <p class="closed-why">
      {reason !== undefined && reason !== "" && <>Reason: {reason} </>}
      {URL.canParse(appeal) && /^https?:/u.test(appeal) ? (
        <a href={appeal} target="_blank" rel="noopener nofollow ugc">
          Appeal
        </a>
      ) : (
        appeal
      )}
    </p>
  );
}

function headlineOf({ reason, refusal }: RoomClosed): string {
  switch (reason) {
    case "kicked":
      return "You were shown out.";
    case "banned":
      return "You are banned from this room.";
    case "archived":
      return "This room is closed.";
    case "removed":
      return "This room was removed.";
    case "left":
      return "You have left.";
    case "refused":
      if (refusal.code === "banned") return "You are banned from this room.";
      return refusal.code === "not_found" ? "There is no such room." : refusal.message;
  }
}

function detailOf({ reason, until: told, refusal }: RoomClosed): string {
  if (reason === "archived") return "What was said stays readable.";
  if (reason !== "banned" && refusal.code !== "banned") return "";
  const until = told ?? refusal.sanction?.until;
  return until === null || until === undefined
    ? "For good."
    : `You may return after ${fullTimeOf(until)}.`;
}
