import type { RoomId } from "../../protocol/ids.ts";
import type { ChatMessage } from "../chat-message.ts";

/** A way to append a message to a room's log. */
export interface Appender {
  name: string;
  /** Gives a room what it needs before its first message. */
  open: (room: RoomId) => Promise<void>;
  /** Answers the message's seq. */
  append: (message: ChatMessage) => Promise<number>;
  /** The seqs that the log holds, in its order. */
  readSeqs: (room: RoomId) => Promise<number[]>;
  close: () => void;
}
