import type { Check } from "./check.ts";

/** C14: at rest nothing is dirty, no act waits for its fact, and the watermark is the head. */
export const atRest: Check = (history) => {
  const kept = new Map(history.of("kept").map((one) => [one.room, one]));
  return history.of("hot").flatMap(({ room, head, stored, dirty }) => {
    const { storedSeq = -1, facts = [], pending = 0 } = kept.get(room) ?? {};
    const last = facts.at(-1)?.seq ?? 0;
    return [
      ...(dirty ? [`${room} is still dirty`] : []),
      ...(stored === head ? [] : [`${room} is stored up to ${stored} of ${head} in Redis`]),
      ...(storedSeq === head ? [] : [`${room} is stored up to ${storedSeq} of ${head}`]),
      ...(storedSeq === last
        ? []
        : [`${room} is stored up to ${storedSeq}, its last row is ${last}`]),
      ...(pending === 0 ? [] : [`${room} has ${pending} acts whose facts are not in the log`]),
    ];
  });
};
