import type { PeerMessage } from "../peers/message.ts";
import type { Dialect } from "./dialect.ts";
import { socketIo } from "./socket-io.ts";

/** The peers that speak Socket.IO: one event for each message. */
export const peerDialect: Dialect = socketIo({
  enter: { event: "join", input: (room) => ({ room }) },
  say: "message",
  heard: "message",
  readData: (data) => ({ texts: [(data as PeerMessage).text], order: null }),
});

const MESSAGE = "m";
const ACK = "a";

/** The peer over plain WebSocket: a letter, then JSON. */
export const plainDialect: Dialect = {
  path: "/",
  enter: async (talk, who) => {
    const joined = talk.hear("j");
    talk.send(`j${JSON.stringify(who)}`);
    await joined;
  },
  say: (message) => `${MESSAGE}${JSON.stringify(message)}`,
  messagePrefix: Buffer.from(MESSAGE),
  readMessages: (frame) => ({
    texts: [(JSON.parse(frame.slice(1)) as PeerMessage).text],
    order: null,
  }),
  readAck: (frame) => (frame.startsWith(ACK) ? Number(frame.slice(1)) : null),
  answer: () => null,
};
