/** A message as it is grouped. What its author took back has no text. */
export interface Message {
  seq: number;
  /** Unix time, ms. */
  atMs: number;
  author: { id: string; name: string };
  text: string;
  /** Ids of those whom the client says it mentions. */
  mentions?: readonly string[];
  /** The message it says that it answers, with its conversation if that is known. */
  replyTo?: { seq: number; conversation?: number | undefined } | undefined;
}

/** The place of a message among the conversations of its room. */
export interface Placement {
  /** Seq of the message that it answers; its own when it starts a conversation. */
  parent: number;
  /** Seq of the message that started its conversation. */
  conversation: number;
}
