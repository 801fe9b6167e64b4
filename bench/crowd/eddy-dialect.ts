import type { Fact, Push } from "../../protocol/facts.ts";
import { socketIo } from "./socket-io.ts";

/** Eddy's own commands and pushes. */
export const eddyDialect = socketIo({
  enter: { event: "room:enter", input: (room) => ({ room, limit: 1 }) },
  say: "message:send",
  heard: "room.events",
  readData: (data) => {
    const { prev, events } = data as Push<"room.events">;
    return { texts: events.map(textOf), order: { prev, seqs: events.map(({ seq }) => seq) } };
  },
});

function textOf(fact: Fact): string {
  if (fact.type !== "message.sent" || fact.text === undefined) {
    throw new Error(`Nobody but the benchmark speaks: ${fact.type}`);
  }
  return fact.text;
}
