import { readFile } from "node:fs/promises";

import { compileFilter } from "../../filters/compile-filter.ts";
import { foldText } from "../../filters/fold-text.ts";
import type { FilterRule } from "../../protocol/shapes.ts";
import type { Benchmark, Report } from "../benchmark.ts";
import { interleave } from "../rounds.ts";
import { quantile, ratioOf, show, showRatio, showSpread, spreadOf } from "../spread.ts";
import { manyRules } from "./rules.ts";

const RULES = 500;

/** A room's filter against one expression for each rule. */
export const filtersBenchmark: Benchmark = {
  name: "filters",
  summary: "what a filter of 500 rules costs a message: one automaton against an expression each",
  run: async ({ quick, onProgress }) => {
    const texts = await readTexts();
    const rules = manyRules(RULES);
    const ways = [
      { name: "Eddy: one pass", check: eddy(rules) },
      { name: "an expression each", check: expressionEach(rules) },
    ];
    const seconds = quick ? 0.2 : 2;
    const loads = Object.entries(texts).map(([load, some]) => ({ load, some }));
    const tables: Report["tables"] = [];
    const claims: string[] = [];
    for (const { load, some } of loads) {
      for (const { check } of ways) measure(check, some, seconds / 4);
      const found = await interleave(
        ways.map(({ name, check }) => ({
          name,
          measure: async () => measure(check, some, seconds),
        })),
        {
          rounds: quick ? 1 : 5,
          onMeasured: (line, { meanUs }) => onProgress(`${load}, ${line}: ${show(meanUs)} µs`),
        },
      );
      const [ours = [], theirs = []] = [...found.values()];
      const means = (legs: typeof ours) => legs.map(({ meanUs }) => meanUs);
      const ratio = ratioOf(means(theirs), means(ours));
      const { median } = spreadOf(means(ours));
      claims.push(
        `${load}: ${show(median)} µs a message (p99 ${show(spreadOf(ours.map(({ p99Us }) => p99Us)).median)} µs); an expression for each rule costs ${showRatio(ratio)} as much.`,
      );
      tables.push({
        title: load,
        columns: ["way", "µs a message", "p99, µs"],
        rows: [...found].map(([name, legs]) => [
          name,
          showSpread(spreadOf(means(legs))),
          showSpread(spreadOf(legs.map(({ p99Us }) => p99Us))),
        ]),
      });
    }
    return {
      title: `A filter of ${RULES} rules`,
      claims,
      tables,
      method: [
        `${RULES} rules: most are words, the rest wildcards, phrases, regexes, links, invites, mentions and capitals; none is met, so nothing ends early.`,
        "Both ways see text in the same folded form; folding is part of what is measured.",
        "Every message is timed by itself, in rounds that take turns, after warming up.",
      ],
      versions: {},
    };
  },
};

type Check = (text: string) => boolean;

function eddy(rules: readonly FilterRule[]): Check {
  const filter = compileFilter(rules);
  return (text) => filter({ text, role: "guest", saidBefore: () => 0 }).stop !== null;
}

/** As one would write it: a regular expression for each rule, one after the other. */
function expressionEach(rules: readonly FilterRule[]): Check {
  const expressions = rules.flatMap(({ phrase, regex, links }) => {
    if (phrase !== undefined) return [wholeWord(phrase)];
    if (regex !== undefined) return [new RegExp(regex, "iu")];
    return links?.deny === undefined ? [] : links.deny.map(hostExpression);
  });
  return (text) => {
    const { folded } = foldText(text);
    return expressions.some((expression) => expression.test(folded));
  };
}

function wholeWord(phrase: string): RegExp {
  const inner = phrase.replaceAll("*", String.raw`[\p{L}\p{N}]*`);
  return new RegExp(String.raw`(?<![\p{L}\p{N}])${inner}(?![\p{L}\p{N}])`, "u");
}

function hostExpression(host: string): RegExp {
  return new RegExp(
    String.raw`(?:^|[\s/.])${host.replaceAll(".", String.raw`\.`)}(?:$|[\s/:?#])`,
    "u",
  );
}

/** Lines of a conversation, the same in disguise, and messages as long as they may be. */
async function readTexts(): Promise<Record<string, string[]>> {
  const sample = await readFile(new URL("../sample/watercooler.txt", import.meta.url), "utf8");
  const lines = sample.split("\n").filter((line) => line.trim() !== "");
  const long = lines.join(" ");
  return {
    "Lines of a conversation": lines,
    "The same with accents and look-alikes": lines.map((line) =>
      line.replaceAll("a", "\u0430").replaceAll("e", "e\u0301"),
    ),
    "4,000 code points": Array.from({ length: 20 }, (_, i) =>
      long
        .slice(i * 10)
        .repeat(1 + Math.ceil(4_100 / long.length))
        .slice(0, 4_000),
    ),
  };
}

function measure(check: Check, texts: readonly string[], seconds: number) {
  const took: number[] = [];
  const until = performance.now() + seconds * 1_000;
  let at = 0;
  let total = 0;
  while (performance.now() < until) {
    const text = texts[at % texts.length] ?? "";
    at += 1;
    const startedAt = performance.now();
    if (check(text)) throw new Error(`A rule was met that should not be: ${text}`);
    const us = (performance.now() - startedAt) * 1_000;
    took.push(us);
    total += us;
  }
  return {
    meanUs: total / took.length,
    p99Us: quantile(
      took.toSorted((a, b) => a - b),
      0.99,
    ),
  };
}
