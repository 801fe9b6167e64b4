const FIN_TEXT = 0x81;
/** Longest payload whose length fits into the second byte; 126 and 127 announce two and eight bytes of it. */
const SHORT = 125;
const MEDIUM = 0xffff;

/** A server's WebSocket frame that holds a whole text (RFC 6455, section 5.2): unmasked, uncompressed. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const start = length <= SHORT ? 2 : length <= MEDIUM ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = FIN_TEXT;
  if (length <= SHORT) {
    frame[1] = length;
  } else if (length <= MEDIUM) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, start);
  return frame;
}
