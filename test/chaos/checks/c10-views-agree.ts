import type { Check } from "./check.ts";

/** C10: when all is healed, every member's view is what PostgreSQL keeps. */
export const viewsAgree: Check = (history) => {
  const kept = new Map(history.of("kept").map((one) => [one.room, one]));
  return history.of("view").flatMap(({ who, room, start, head, messages }) => {
    const log = kept.get(room);
    if (log === undefined) return [`${who} sees ${room}, which PostgreSQL does not know`];
    const last = log.facts.at(-1)?.seq ?? 0;
    if (head !== last) return [`${who} sees ${room} up to ${head}, the log ends at ${last}`];
    if (messages === null) return [];
    const shown = new Map(messages.map((message) => [message.seq, message]));
    const expected = log.messages.filter(({ seq }) => seq > start);
    const wrong = expected.filter((message) => {
      const seen = shown.get(message.seq);
      shown.delete(message.seq);
      return seen?.text !== message.text || seen?.removed !== message.removed;
    });
    return [
      ...wrong.map(({ seq }) => `${who} does not see ${room} ${seq} as it is`),
      ...[...shown.keys()].map((seq) => `${who} sees ${room} ${seq}, which is not there`),
    ];
  });
};
