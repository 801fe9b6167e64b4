import type { Batch, Dialect, Talk } from "./dialect.ts";

/** What differs between servers that speak Socket.IO. */
export interface SocketIoEvents {
  enter: { event: string; input: (room: string) => object };
  say: string;
  /** The event that carries messages. */
  heard: string;
  readData: (data: unknown) => Batch;
}

export const SOCKET_IO_PATH = "/socket.io/?EIO=4&transport=websocket";
const PING = "2";
const PONG = "3";
/** No message has it: messages count from 0. */
const ASK = 999_999_999;

/** Socket.IO by hand, over Engine.IO's WebSocket alone. */
export function socketIo({ enter, say, heard, readData }: SocketIoEvents): Dialect {
  const eventPrefix = `42["${heard}",`;
  return {
    path: SOCKET_IO_PATH,
    enter: async (talk, { token, room }) => {
      await signIn(talk, token);
      await ask(talk, enter.event, enter.input(room));
    },
    say: ({ number, ...message }) => `42${number}${JSON.stringify([say, message])}`,
    messagePrefix: Buffer.from(eventPrefix),
    // With connection state recovery an offset stands behind the data.
    readMessages: (frame) => readData((JSON.parse(frame.slice(2)) as unknown[])[1]),
    readAck: (frame) => {
      if (!frame.startsWith("43")) return null;
      const end = frame.indexOf("[");
      if (!frame.startsWith(`[{"ok":true`, end)) throw new Error(`Refused: ${frame}`);
      return Number(frame.slice(2, end));
    },
    answer: (frame) => (frame === PING ? PONG : null),
  };
}

/** Signs in over a WebSocket that has just opened. Errors: when the server does not take the token. */
export async function signIn(talk: Talk, token: string): Promise<void> {
  await talk.hear("0{");
  const connected = talk.hear("4");
  talk.send(`40${JSON.stringify({ token })}`);
  const reply = await connected;
  if (!reply.startsWith("40")) throw new Error(`Not connected: ${reply}`);
}

/** Asks for something and answers the reply's JSON, unread. Errors: when it is refused. */
export async function ask(talk: Talk, event: string, input: object): Promise<string> {
  const ack = `43${ASK}`;
  const answered = talk.hear(ack);
  talk.send(`42${ASK}${JSON.stringify([event, input])}`);
  const reply = (await answered).slice(ack.length);
  if (!reply.startsWith(`[{"ok":true`)) throw new Error(`${event} was refused: ${reply}`);
  return reply;
}
