import type { Told } from "../history.ts";
import type { Check } from "./check.ts";

/** C1: one (room, seq) means one content, whoever was told it and on whatever way. */
export const oneContent: Check = (history) => {
  const known = new Map<string, { identity: string; text: string | null }>();
  const problems: string[] = [];
  const see = (room: string, { seq, identity, text }: Told, where: string) => {
    const place = `${room} ${seq}`;
    const first = known.get(place);
    if (first === undefined) {
      known.set(place, { identity, text });
      return;
    }
    if (first.identity !== identity) problems.push(`${place} is another fact ${where}`);
    // An edited or removed one has no text to compare.
    else if (first.text !== null && text !== null && first.text !== text) {
      problems.push(`${place} has another text ${where}`);
    }
    first.text ??= text;
  };
  for (const { room, who, way, fact } of history.of("fact")) see(room, fact, `for ${who}, ${way}`);
  for (const { room, facts } of history.of("kept")) {
    for (const fact of facts) see(room, fact, "in PostgreSQL");
  }
  for (const { room, facts } of history.of("hot")) {
    for (const fact of facts) see(room, fact, "in the hot log");
  }
  return problems;
};
