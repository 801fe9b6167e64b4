import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { coverOf, LEAF_MESSAGES, parentsOf, sizeOf } from "../../db/digest/cover.ts";
import { digestOf, mergeDigests, MOST, NOTHING, type Placed } from "../../db/digest/digest.ts";
import type { UserId } from "../../protocol/ids.ts";
import { loadModel } from "../../workers/conversations/model.ts";
import { asks, gistOf } from "../../workers/digest/gist.ts";

const model = loadModel();

function placed(seq: number, more: Partial<Placed> = {}): Placed {
  return {
    seq,
    author: `user ${seq % 3}` as UserId,
    conversation: 1,
    question: false,
    openQuestion: false,
    reactions: 0,
    gist: { readingMs: 1_000, terms: [], links: [] },
    ...more,
  };
}

describe("covering a stretch of messages with blocks", () => {
  test("each message is covered once, in order, by few blocks and two edges at most", () => {
    fc.assert(
      fc.property(fc.nat({ max: 3_000_000 }), fc.nat({ max: 3_000_000 }), (one, other) => {
        const [after, upTo] = [Math.min(one, other), Math.max(one, other)];
        const { blocks, edges } = coverOf(after, upTo);
        const pieces = [
          ...blocks.map(({ level, block }) => [block * sizeOf(level), (block + 1) * sizeOf(level)]),
          ...edges.map((edge) => [edge.after, edge.upTo]),
        ].toSorted(([a = 0], [b = 0]) => a - b);
        let at = after;
        for (const [from, to = 0] of pieces) {
          expect(from).toBe(at);
          at = to;
        }
        expect(at).toBe(upTo);
        expect(edges.length).toBeLessThanOrEqual(2);
        for (const edge of edges) expect(edge.upTo - edge.after).toBeLessThan(LEAF_MESSAGES);
        const levels = new Set(blocks.map(({ level }) => level)).size;
        expect(blocks.length).toBeLessThanOrEqual(6 * levels);
        expect(levels).toBeLessThanOrEqual(9);
      }),
    );
  });

  test("a block is digested when it is full, not before", () => {
    const leaves = [3, 4, 7].map((block) => ({ level: 0, block }));
    expect(parentsOf(leaves, 8 * LEAF_MESSAGES)).toEqual([
      { level: 1, block: 0 },
      { level: 1, block: 1 },
    ]);
    expect(parentsOf(leaves, 8 * LEAF_MESSAGES - 1)).toEqual([{ level: 1, block: 0 }]);
  });
});

describe("digests", () => {
  test("a digest of digests is the digest of all messages, as long as nothing is too many", () => {
    const messages = Array.from({ length: 40 }, (_, i) =>
      placed(i + 1, {
        conversation: (i % 4) + 1,
        question: i % 5 === 0,
        openQuestion: i % 10 === 0,
        reactions: i % 7,
        gist:
          i % 9 === 0
            ? null
            : { readingMs: i, terms: [[`term${i % 5}`, 1]], links: i % 6 === 0 ? ["x:y"] : [] },
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 })), (cuts) => {
        const places = [...new Set([0, ...cuts, 40])].toSorted((a, b) => a - b);
        const parts = places.slice(1).map((to, i) => digestOf(messages.slice(places[i], to)));
        expect(mergeDigests(parts)).toEqual(digestOf(messages));
      }),
    );
  });

  test("its size is bounded, whatever is said", () => {
    const messages = Array.from({ length: 2_000 }, (_, i) =>
      placed(i + 1, {
        author: `user ${i}` as UserId,
        conversation: i,
        openQuestion: true,
        question: true,
        gist: { readingMs: 1, terms: [[`term${i}`, 1]], links: [`https://example.org/${i}`] },
      }),
    );
    const digest = digestOf(messages);
    expect(digest.messages).toBe(2_000);
    expect(digest.people).toHaveLength(MOST.people);
    expect(digest.conversations).toHaveLength(MOST.conversations);
    expect(digest.links).toHaveLength(MOST.links);
    expect(digest.questions).toHaveLength(MOST.questions);
    expect(digest.questions.at(-1)).toBe(2_000);
  });

  test("what was taken back leaves nothing behind", () => {
    expect(digestOf([placed(1, { gist: null, question: true, reactions: 9 })])).toEqual(NOTHING);
  });
});

describe("the gist of a message", () => {
  test("tells by its rare words, not by those of every message, nor by whom it speaks to", () => {
    const { terms } = gistOf("grace: you have to install the alsamixer for the kernel", model);
    const words = terms.map(([term]) => term);
    expect(words).toContain("alsamixer");
    expect(words).not.toContain("grace");
    expect(words).not.toContain("the");
    expect(words).not.toContain("you");
  });

  test("has links without what stands around them", () => {
    expect(gistOf("(see https://example.org/a?b=c). or http://example.com!", model).links).toEqual([
      "https://example.org/a?b=c",
      "http://example.com",
    ]);
  });

  test("takes time to read, in every script", () => {
    expect(gistOf("one two three four", model).readingMs).toBe(1_000);
    expect(gistOf("散歩に行く", model).readingMs).toBe(625);
    expect(gistOf("https://example.org/words/that/nobody/reads", model).readingMs).toBe(0);
  });

  test("a question is known by its mark, which a link may not lend", () => {
    expect(asks("why?")).toBe(true);
    expect(asks("なぜ？")).toBe(true);
    expect(asks("see https://example.org/?")).toBe(false);
    expect(asks("what? no.")).toBe(false);
  });
});
