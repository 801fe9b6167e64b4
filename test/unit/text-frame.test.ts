import { once } from "node:events";
import type { Writable } from "node:stream";

import { expect, test } from "@jest/globals";
import fc from "fast-check";
import * as ws from "ws";

import { textFrame } from "../../server/transport/sockets/text-frame.ts";

// ws exports it, its types do not.
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };

/** What a WebSocket client makes of a frame. */
async function read(frame: Buffer): Promise<string> {
  const receiver = new Receiver({ isServer: false, maxPayload: 10_000_000 });
  const message = once(receiver, "message") as Promise<[Buffer]>;
  receiver.write(frame);
  const [data] = await message;
  return data.toString();
}

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000])(
  "a text of %i bytes is read as it was written",
  async (length) => {
    const text = "x".repeat(length);
    expect(await read(textFrame(text))).toBe(text);
  },
);

test("any text is read as it was written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 300 }), async (text) => {
      expect(await read(textFrame(text))).toBe(text);
    }),
  );
});
