import type { Fact } from "../../protocol/facts.ts";

/** Facts in order, as they go to everyone who is live. */
export interface Batch {
  epoch: number;
  /** The seq just before the first. */
  prev: number;
  events: Fact[];
}

/** Frames stay well under what proxies and clients bear, whatever a burst holds (bytes). */
const MOST_BYTES = 128 * 1024;
/** Of a fact in JSON, beside its text: ids, names, times. */
const ENVELOPE_BYTES = 512;
/** Of one UTF-16 unit in JSON, at most: as a three-byte character; escapes of six are rare. */
const BYTES_PER_UNIT = 3;

/**
 * Cuts a batch into pieces that fit a frame each, in order, each with its own `prev`. A fact that is
 * larger than a frame stands alone.
 */
export function cutBatch(batch: Batch, mostBytes = MOST_BYTES): Batch[] {
  const pieces: Batch[] = [];
  let piece: Batch = { ...batch, events: [] };
  let bytes = 0;
  for (const fact of batch.events) {
    const size = sizeOf(fact);
    if (piece.events.length > 0 && bytes + size > mostBytes) {
      pieces.push(piece);
      piece = { epoch: batch.epoch, prev: piece.events.at(-1)?.seq ?? batch.prev, events: [] };
      bytes = 0;
    }
    piece.events.push(fact);
    bytes += size;
  }
  pieces.push(piece);
  return pieces;
}

function sizeOf(fact: Fact): number {
  const { length } = "text" in fact && fact.text !== undefined ? fact.text : "";
  return ENVELOPE_BYTES + length * BYTES_PER_UNIT;
}
