import { announcedLost } from "../announced.ts";
import type { Check } from "./check.ts";

/** C2: one seq per clientId: a send stands in the log once, and its answers say where. */
export const oneSeq: Check = (history) => {
  const isLost = announcedLost(history);
  const problems: string[] = [];
  const keptAt = new Map<string, number>();
  for (const { room, facts } of history.of("kept")) {
    for (const { by, clientId, seq } of facts) {
      if (clientId === undefined) continue;
      const send = `${room} ${by} ${clientId}`;
      const other = keptAt.get(send);
      if (other !== undefined) problems.push(`${send} stands at ${other} and at ${seq}`);
      keptAt.set(send, seq);
    }
  }
  const answeredAt = new Map<string, number>();
  for (const { room, user, clientId, place } of history.of("answer")) {
    if (place === undefined || isLost({ room, ...place })) continue;
    const send = `${room} ${user} ${clientId}`;
    const seq = answeredAt.get(send) ?? place.seq;
    answeredAt.set(send, seq);
    if (seq !== place.seq) problems.push(`${send} was answered with ${seq} and with ${place.seq}`);
    const kept = keptAt.get(send);
    if (kept !== undefined && kept !== place.seq) {
      problems.push(`${send} was answered with ${place.seq} and stands at ${kept}`);
    }
  }
  return problems;
};
