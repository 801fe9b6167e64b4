/** What clients and one kind of server say to each other over a WebSocket. */
export interface Dialect {
  /** Path and query of the WebSocket. */
  path: string;
  /** Signs in and enters a room; when it resolves, everything said there will be heard. */
  enter: (talk: Talk, who: { token: string; room: string }) => Promise<void>;
  /** The frame that says something; `number` comes back with its acknowledgement. */
  say: (message: { room: string; clientId: string; text: string; number: number }) => string;
  /** How every frame that carries messages begins, and no other does. */
  messagePrefix: Buffer;
  /** What a frame with messages carries. */
  readMessages: (frame: string) => Batch;
  /** Which message a frame acknowledges; null when it is something else. Errors: when it was refused. */
  readAck: (frame: string) => number | null;
  /** What a frame has to be answered with at once; null when nothing. */
  answer: (frame: string) => string | null;
}

/** A conversation before the load begins. */
export interface Talk {
  send: (frame: string) => void;
  /** The next frame that begins so. */
  hear: (prefix: string) => Promise<string>;
}

/** Messages of one frame, in order. */
export interface Batch {
  texts: string[];
  /** Their places in the room's one order, where there is one: the place before the first, and each. */
  order: { prev: number; seqs: number[] } | null;
}
