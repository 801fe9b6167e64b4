import { expect, test } from "@jest/globals";
import fc from "fast-check";

import type { Fact } from "../../protocol/facts.ts";
import { cutBatch } from "../../server/feed/batch.ts";

const MOST_BYTES = 8_192;

function said(seq: number, text: string): Fact {
  const by = { id: "0190c5a4-0000-7000-8000-0000000000ad", name: "Ada" };
  const clientId = "0190c5a4-0000-7000-8000-0000000000ae";
  const at = "2026-11-23T00:00:00.000Z";
  return { seq, type: "message.sent", at, by, clientId, text, mentions: [] } as unknown as Fact;
}

test("[G5] the pieces of a batch are the batch, each after the one before it, in frames that fit", () => {
  // Letters of one, two, three and four bytes in UTF-8.
  const unit = fc.constantFrom("a", "ß", "語", "🌊");
  const texts = fc.array(fc.string({ unit, maxLength: 300, size: "max" }), {
    minLength: 1,
    maxLength: 20,
    size: "max",
  });
  fc.assert(
    fc.property(texts, fc.nat(), (lines, prev) => {
      const events = lines.map((text, i) => said(prev + 1 + i, text));
      const pieces = cutBatch({ epoch: 1, prev, events }, MOST_BYTES);
      expect(pieces.flatMap((piece) => piece.events)).toEqual(events);
      let last = prev;
      for (const piece of pieces) {
        expect(piece.prev).toBe(last);
        last = piece.events.at(-1)?.seq ?? last;
      }
      const tooLarge = pieces.filter(
        (piece) =>
          piece.events.length > 1 && Buffer.byteLength(JSON.stringify(piece.events)) > MOST_BYTES,
      );
      expect(tooLarge).toEqual([]);
    }),
    { endOnFailure: true },
  );
});

test("a batch that fits is one frame", () => {
  const events = Array.from({ length: 10 }, (_, i) => said(i + 1, "hello"));
  expect(cutBatch({ epoch: 1, prev: 0, events })).toEqual([{ epoch: 1, prev: 0, events }]);
});
