import { Conversation } from "../crowd/conversation.ts";
import type { Talk } from "../crowd/dialect.ts";
import { ask, signIn, SOCKET_IO_PATH } from "../crowd/socket-io.ts";
import { openWebSocket } from "../crowd/web-socket.ts";

/** A client of a storm. */
export interface Client {
  token: string;
  /** How far it has read, as its server says it; null when it was never there. */
  cursor: object | null;
}

/** Where a storm goes, and how it is asked there. */
export interface Destination {
  port: number;
  room: string;
  event: string;
  input: (room: string, cursor: object | null) => object;
  /** Where a client stands that has this reply. */
  cursorOf: (reply: string) => object;
}

/** Answers the reply to a client that connects and enters, and closes its connection when told. */
export async function comeBack(
  client: Client,
  to: Destination,
): Promise<{ reply: string; leave: () => void }> {
  let conversation: Conversation | null = null;
  const early: string[] = [];
  const link = await openWebSocket({
    port: to.port,
    path: SOCKET_IO_PATH,
    onText: (bytes, start, end) => {
      const frame = bytes.toString("utf8", start, end);
      if (conversation === null) early.push(frame);
      else conversation.take(frame);
    },
    onClose: () => {},
  });
  conversation = new Conversation((frame) => link.send(frame));
  for (const frame of early) conversation.take(frame);
  const talk: Talk = conversation;
  await signIn(talk, client.token);
  const reply = await ask(talk, to.event, to.input(to.room, client.cursor));
  return { reply, leave: () => link.close() };
}
