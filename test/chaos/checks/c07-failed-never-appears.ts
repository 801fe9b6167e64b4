import type { Check } from "./check.ts";

/** C7: a send all of whose attempts failed for certain appears nowhere. */
export const failedNeverAppears: Check = (history) => {
  const failed = new Set<string>();
  const mayStand = new Set<string>();
  for (const { user, clientId, outcome } of history.of("answer")) {
    (outcome === "fail" ? failed : mayStand).add(`${user} ${clientId}`);
  }
  for (const send of mayStand) failed.delete(send);
  const told = [
    ...history.of("fact").map(({ fact }) => fact),
    ...history.of("kept").flatMap(({ facts }) => facts),
  ];
  const shown = new Set(
    told.map(({ by, clientId }) => `${by} ${clientId ?? ""}`).filter((send) => failed.has(send)),
  );
  return [...shown].map((send) => `${send} was refused and is in the log`);
};
