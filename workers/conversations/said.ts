import type { Manner } from "./manner.ts";

/** A message as it is remembered: what its place is judged by, and no text. */
export interface Said {
  seq: number;
  atMs: number;
  author: { id: string; name: string };
  /** Whom it addresses, and how plainly, by id. */
  targets: ReadonlyMap<string, number>;
  addressesUnknown: boolean;
  /** Buckets of its words that are no names, each once. */
  words: readonly number[];
  /** Buckets of all its words, each once: what is counted must not hang on who was known. */
  counted: readonly number[];
  /** In words. */
  length: number;
  /** 0: no question mark; 1: inside; 2: at the end. */
  question: number;
  hasLink: boolean;
  /** Calls a bot: `!word`. */
  isCommand: boolean;
  isByBot: boolean;
  manners: Readonly<Record<Manner, number>>;
  /** What it answers, and the start of its conversation; its own seq when it starts one. */
  parent: number;
  conversation: number;
  /** How many messages answer it, and whose they are. */
  replies: number;
  repliers: Set<string>;
}
