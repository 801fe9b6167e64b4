import { describe, expect, test } from "@jest/globals";

import { parseLog } from "../../bench/replay/parse-log.ts";
import { writeScript } from "../../bench/replay/write-script.ts";
import { DisplayName, MessageText } from "../../protocol/text.ts";
import { cleanName } from "../../workers/imports/clean-line.ts";

/** One message of somebody's, at noon. */
const scriptOf = (text: string) =>
  writeScript(parseLog(JSON.stringify({ time: 60, user: "ada", text })));

const timesOf = (content: string) => writeScript(parseLog(content)).lines.map(({ dueMs }) => dueMs);

describe("reading a log", () => {
  test("IRC text: with brackets and without, with ranks, deeds, notes, and times past midnight", () => {
    const log = parseLog(
      [
        "--- Log opened Fri Nov 20 23:58:00 2026",
        "[23:59] <ada> still there?",
        "23:59 <@grace> just about: <3 > all",
        "23:59 -!- linus [~l@harbour] has joined #eddy",
        "00:01  * linus waves",
        "",
        "[0:02] < ada> hi linus",
        "<grace> no time, no worry",
      ].join("\r\n"),
    );
    expect(log).toEqual({
      systemLines: 2,
      resolution: 60,
      lines: [
        { number: 2, user: "ada", text: "still there?", at: 86_340 },
        { number: 3, user: "grace", text: "just about: <3 > all", at: 86_340 },
        { number: 5, user: "linus", text: "* linus waves", at: 86_460 },
        { number: 7, user: "ada", text: "hi linus", at: 86_520 },
        { number: 8, user: "grace", text: "no time, no worry", at: 86_520 },
      ],
    });
  });

  test("JSON lines: what nobody said is left out, what somebody does is told", () => {
    const rows = [
      { id: 0, time: 1_100_477_880, user: "ada", text: "hi", system: false, parents: [] },
      { id: 1, time: 1_100_477_880, user: "bob", text: "bob has joined", system: true },
      { id: 2, time: 1_100_477_940, user: "bob", text: "nods", system: false, action: true },
    ];
    expect(parseLog(rows.map((row) => JSON.stringify(row)).join("\n"))).toEqual({
      systemLines: 1,
      resolution: 60,
      lines: [
        { number: 1, user: "ada", text: "hi", at: 1_100_477_880 },
        { number: 3, user: "bob", text: "* bob nods", at: 1_100_477_940 },
      ],
    });
  });

  test("a clock that is set back by less than two hours does not begin a new day", () => {
    const { lines } = parseLog("02:59 <ada> one\n02:00 <ada> two\n02:10 <ada> three\n");
    expect(lines.map(({ at }) => at)).toEqual([10_740, 10_740, 10_740]);
  });

  test.each([
    ["12:00 <ada> hi\n\nwhat is this", "Line 3 is neither"],
    ["12:00 <ada> hi\n25:00 <ada> hi", "Line 2 is neither"],
    ['{"time":60,"user":"ada","text":"hi"}\n{"time":60}', "Line 2 is no row"],
    ['{"time":60,"user":"ada","text":"hi"}\nhi', "Line 2 is no row"],
    ["", "Nobody says anything"],
    ["12:00 -!- ada has joined", "Nobody says anything"],
  ])("what is not understood is named with its number: %j", (content, message) => {
    expect(() => parseLog(content)).toThrow(message);
  });
});

describe("making messages of it", () => {
  test("lines of one minute are spread over it; a log that tells seconds is left as it is", () => {
    expect(timesOf("12:00 <a> 1\n12:00 <b> 2\n12:00 <a> 3\n12:01 <a> 4")).toEqual([
      0, 20_000, 40_000, 60_000,
    ]);
    expect(timesOf("12:00:10 <a> 1\n12:00:10 <b> 2\n12:00:12 <a> 3")).toEqual([0, 500, 2_000]);
  });

  test("IRC's colours and control characters go, and that is counted", () => {
    const script = scriptOf(
      "\u000304,12red\u0003 and \u0002bold\u000F\u0000, half \ud83d, e\u0301",
    );
    expect(script.lines.map(({ text }) => text)).toEqual(["red and bold, half \ufffd, é"]);
    expect(script.counts).toEqual({ lines: 1, systemLines: 0, cleaned: 1, split: 0, blank: 0 });
  });

  test("a line of which nothing is left is not sent, and that is counted", () => {
    expect(scriptOf(" \u0003 ")).toMatchObject({ lines: [], counts: { cleaned: 1, blank: 1 } });
  });

  test.each([
    ["words", "palaver ".repeat(2_000)],
    ["one word", "x".repeat(9_001)],
    ["emojis, which are over in bytes first", "🎉".repeat(5_000)],
  ])("what is too long is split, and nothing of it is lost: %s", (_, text) => {
    const { lines, counts } = scriptOf(text);
    expect(lines.length).toBeGreaterThan(1);
    expect(counts).toMatchObject({ cleaned: 0, split: 1 });
    for (const line of lines) expect(MessageText.parse(line.text)).toBe(line.text);
    expect(lines.map((line) => line.part)).toEqual(lines.map((_line, i) => i));
    const kept = lines.map((line) => line.text).join("");
    expect(kept.replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
  });

  test.each(["", "a\tb\u0003", "x".repeat(200), "e\u0301 \ud83d"])(
    "a nick becomes a name that the contract takes: %j",
    (nick) => {
      expect(DisplayName.parse(cleanName(nick))).toBe(cleanName(nick));
    },
  );
});
