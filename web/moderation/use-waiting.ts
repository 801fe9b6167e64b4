import { useEffect, useState } from "preact/hooks";

import { leads } from "../room/acts.ts";
import type { OpenRoom } from "../room/open-room.ts";
import { client } from "../session/session.ts";

/** How many cases of a room wait for its moderators; 0 for everyone else. */
export function useWaiting(room: OpenRoom): number {
  const [waiting, setWaiting] = useState(0);
  const isLeader = leads(room);
  const isLive = room.state.value === "live";
  useEffect(() => {
    if (!isLeader || !isLive) return;
    // A number that cannot be had is not worth a word: the queue itself says what is wrong.
    room.handle.call("report:list", { limit: MOST_COUNTED }).then(
      ({ items }) => setWaiting(items.length),
      () => {},
    );
    return client.value?.on("case.changed", (changed) => {
      if (changed.room === room.handle.id) setWaiting(changed.waiting);
    });
  }, [room, isLeader, isLive]);
  return isLeader ? waiting : 0;
}

const MOST_COUNTED = 50;
