import { readFileSync, statSync } from "node:fs";

import { describe, expect, test } from "@jest/globals";

import type { AnnotatedLog } from "../../bench/conversations/annotated-log.ts";
import { BOOST } from "../../bench/conversations/training/boost.ts";
import { trainModel } from "../../bench/conversations/training/train.ts";
import { RoomGrouper } from "../../workers/conversations/grouper.ts";
import { decodeModel, loadModel, MODEL_FILE } from "../../workers/conversations/model.ts";
import { talkOf } from "../support/chatter.ts";

const options = { ...BOOST, trees: 15, learningRate: 0.3 };
const source = { data: "talk of nobody", licence: "none" };

/** Logs in which everyone answers who spoke before, or starts anew with a question. */
function annotatedTalk(logs: number): AnnotatedLog[] {
  return Array.from({ length: logs }, (_, log) => {
    const numbers = Array.from({ length: 150 }, (_number, i) => (i + 1) * 7_919 * (log + 3));
    const lines = talkOf(numbers).map(({ seq, atMs, author, text }) => ({
      id: seq,
      time: atMs / 1_000,
      user: author.name,
      text,
      system: seq % 10 === 0,
      annotated: seq > 50,
      parents: [text.includes("?") ? seq : seq - 1],
    }));
    return { name: `log${log}`, lines };
  });
}

function train(logs: AnnotatedLog[]): Uint8Array {
  return trainModel(logs, { source, options, onProgress: () => {} });
}

describe("training", () => {
  test("the same logs make the same file, byte for byte", () => {
    expect(Buffer.from(train(annotatedTalk(4)))).toEqual(Buffer.from(train(annotatedTalk(4))));
  });

  test("what was learnt is what is done", () => {
    const model = decodeModel(train(annotatedTalk(6)));
    expect(model.header).toMatchObject({ ...source, logs: 6 });
    const grouper = new RoomGrouper(model);
    const talk = talkOf(Array.from({ length: 120 }, (_, i) => (i + 5) * 104_729));
    const right = talk.filter((message) => {
      const { parent } = grouper.place(message);
      return parent === (message.text.includes("?") ? message.seq : message.seq - 1);
    });
    expect(right.length / talk.length).toBeGreaterThan(0.9);
  });

  test("a file for other features or of another format is refused", () => {
    const bytes = Buffer.from(readFileSync(MODEL_FILE));
    const renamed = bytes.toString("latin1").replace('"seconds"', '"minutes"');
    expect(() => decodeModel(Buffer.from(renamed, "latin1"))).toThrow(/train it anew/u);
    const other = bytes.toString("latin1").replace("eddy-conversations", "eddy-conversatoins");
    expect(() => decodeModel(Buffer.from(other, "latin1"))).toThrow(/unknown model format/u);
    expect(() => decodeModel(bytes.subarray(0, -1))).toThrow(RangeError);
  });

  test("the model that Eddy comes with is small, and names its data and their licence", () => {
    expect(statSync(MODEL_FILE).size).toBeLessThanOrEqual(50_000);
    const { header } = loadModel();
    expect(header.data).toContain("Kummerfeld");
    expect(header.licence).toContain("CC BY 4.0");
    expect(header.messages).toBeGreaterThan(10_000);
  });
});
