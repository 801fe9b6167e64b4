import { announcedLost } from "../announced.ts";
import type { Check } from "./check.ts";

/**
 * C3: every stored send is in PostgreSQL; an accepted one may be missing only inside an announced lost
 * range, and not even there when its sender stayed: it sends it again.
 */
export const nothingLost: Check = (history) => {
  const isLost = announcedLost(history);
  const problems: string[] = [];
  const kept = new Set(
    history
      .of("kept")
      .flatMap(({ room, facts }) =>
        facts.flatMap(({ by, clientId }) =>
          clientId === undefined ? [] : [`${room} ${by} ${clientId}`],
        ),
      ),
  );
  const stayed = new Set(history.of("stayed").map(({ who }) => who));
  for (const { room, user, clientId } of history.of("stored")) {
    const send = `${room} ${user} ${clientId}`;
    if (!kept.has(send)) problems.push(`${send} was told to be stored and is not`);
  }
  for (const { who, room, user, clientId, place } of history.of("answer")) {
    const send = `${room} ${user} ${clientId}`;
    if (place === undefined || kept.has(send)) continue;
    if (stayed.has(who)) {
      problems.push(`${send} was accepted at ${place.seq} and is gone, although its sender stayed`);
    } else if (!isLost({ room, ...place })) {
      problems.push(`${send} was accepted at ${place.seq} and is gone unannounced`);
    }
  }
  for (const { room, facts, epochs } of history.of("kept")) {
    for (const { seq } of facts) {
      // A seq that an epoch skipped was declared lost: it must not stand after all.
      if (
        epochs.some(({ seeded, base, previousEnd }) => seeded && seq > previousEnd && seq <= base)
      )
        problems.push(`${room} ${seq} was announced as lost and stands`);
    }
  }
  return problems;
};
