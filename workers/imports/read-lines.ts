import type { ImportSource } from "./said.ts";

/** A line of a file; numbers begin at 1. */
export interface NumberedLine {
  number: number;
  text: string;
}

/** The lines of a file in UTF-8 that are not empty. What is malformed in it becomes U+FFFD. */
export async function* readLines(source: ImportSource): AsyncGenerator<NumberedLine> {
  const decoder = new TextDecoder();
  let rest = "";
  let number = 0;
  let bytes = 0;
  const take = function* (text: string, isLast: boolean): Generator<NumberedLine> {
    const lines = (rest + text).split("\n");
    rest = isLast ? "" : (lines.pop() ?? "");
    for (const line of lines) {
      number += 1;
      const plain = line.endsWith("\r") ? line.slice(0, -1) : line;
      if (plain.trim() !== "") yield { number, text: plain };
    }
  };
  for await (const chunk of source.chunks()) {
    bytes += chunk.length;
    yield* take(decoder.decode(chunk, { stream: true }), false);
    source.onProgress(bytes / source.bytes);
  }
  yield* take(decoder.decode(), true);
}
