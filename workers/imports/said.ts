import type { ImportOptions } from "../../db/postgres/imports.ts";

/** A message of a file, as it was said. */
export interface Said {
  /** The file's own id of it; null when it has none. */
  key: string | null;
  /** The key of the message that it answers. */
  replyTo: string | null;
  /** Milliseconds since 1970. */
  at: number;
  author: { key: string; name: string };
  text: string;
  /** When its text was last changed (ms); null when it was not. */
  editedAt: number | null;
}

/** A file that is imported, and whom to tell how it goes. */
export interface ImportSource {
  /** Its length. */
  bytes: number;
  /** From its beginning; may be asked for more than once. */
  chunks: () => AsyncIterable<Buffer>;
  options: ImportOptions;
  /** How much of it is read, from 0 to 1. */
  onProgress: (progress: number) => void;
  /** An entry that is no message is left out; with a problem when it should have been one. */
  onSkipped: (problem: string | null) => void;
}

/** Reads the messages of a file, oldest first. Errors: `Unreadable` when the file is not of this format. */
export type ReadImport = (source: ImportSource) => AsyncIterable<Said>;

/** A file that cannot be imported, and what to do about it. */
export class Unreadable extends Error {
  override name = "Unreadable";
}
