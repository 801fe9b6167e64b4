const TEXT = 1;
const FIN_AND_TEXT = 0x80 | TEXT;
const FIN_AND_PING = 0x89;
const MASKED = 0x80;
const LONG = 126;
const VERY_LONG = 127;
const MASK_BYTES = 4;

/**
 * Reads the whole frames of a server from a position on; answers where the first one that is not whole
 * begins. Servers that are compared send no fragments, and pings without data; other frames (a close) are
 * passed over.
 */
export function readFrames(
  bytes: Buffer,
  from: number,
  {
    onText,
    onPing,
  }: { onText: (bytes: Buffer, start: number, end: number) => void; onPing: () => void },
): number {
  let at = from;
  while (bytes.length - at >= 2) {
    let length = (bytes[at + 1] ?? 0) & 0x7f;
    let start = at + 2;
    if (length === LONG) {
      start += 2;
      if (bytes.length < start) return at;
      length = bytes.readUInt16BE(at + 2);
    } else if (length === VERY_LONG) {
      start += 8;
      if (bytes.length < start) return at;
      length = bytes.readUInt32BE(at + 6);
    }
    const end = start + length;
    if (bytes.length < end) return at;
    if (bytes[at] === FIN_AND_TEXT) onText(bytes, start, end);
    else if (bytes[at] === FIN_AND_PING) onPing();
    at = end;
  }
  return at;
}

/** A client's answer to a ping. */
export const PONG_FRAME = Buffer.from([0x8a, MASKED, 0, 0, 0, 0]);

/** A client's text frame. Its mask is zero: masking guards proxies, and there is none here. */
export function writeTextFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  if (length > 0xffff) throw new Error("A client's frame of more than 64 KB");
  const start = (length < LONG ? 2 : 4) + MASK_BYTES;
  const frame = Buffer.alloc(start + length);
  frame[0] = FIN_AND_TEXT;
  if (length < LONG) {
    frame[1] = MASKED | length;
  } else {
    frame[1] = MASKED | LONG;
    frame.writeUInt16BE(length, 2);
  }
  frame.write(text, start);
  return frame;
}
