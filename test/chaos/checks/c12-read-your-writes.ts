import { announcedLost } from "../announced.ts";
import type { RowOf } from "../history.ts";
import type { Check } from "./check.ts";

/** C12: history that is read after an acknowledgement contains it, on any gateway. */
export const readYourWrites: Check = (history) => {
  const isLost = announcedLost(history);
  const byRoom = new Map<string, RowOf<"answer">[]>();
  for (const answer of history.of("answer")) {
    if (answer.place === undefined) continue;
    const answers = byRoom.get(answer.room) ?? [];
    byRoom.set(answer.room, answers);
    answers.push(answer);
  }
  return history.of("read").flatMap(({ who, room, calledAt, from, to, seqs }) => {
    const read = new Set(seqs);
    return (byRoom.get(room) ?? []).flatMap(({ t, place, clientId }) => {
      if (place === undefined || t >= calledAt || place.seq <= from || place.seq > to) return [];
      if (read.has(place.seq) || isLost({ room, ...place })) return [];
      return [
        `${who} read ${room} after ${clientId} was accepted at ${place.seq}: it is not there`,
      ];
    });
  });
};
