import { RE2JS, RE2Set } from "re2js";

import type { FilterRule, Role } from "../protocol/shapes.ts";
import { findLinks, hostName, isHostAmong, isInvite, type Link } from "./find-links.ts";
import { type FoldedText, foldPhrase, foldText } from "./fold-text.ts";
import { compilePhrases, type Phrase } from "./phrase-scanner.ts";

/** A message as a filter judges it. */
export interface Said {
  text: string;
  /** The sender's role in the room. */
  role: Role | "admin";
  /** How often the sender has said this within so many seconds, before now. */
  saidBefore: (folded: string, seconds: number) => number;
}

/** What a room's rules make of a message. */
export interface FilterVerdict {
  /** The first rule that does not let it pass. */
  stop: FilterRule | null;
  /** Rules that let it pass and call the moderators. */
  alerts: FilterRule[];
  /** Rules on trial that would have had it. */
  shadows: FilterRule[];
}

/** Judges messages by a room's rules. */
export type Filter = (said: Said) => FilterVerdict;

/** What is wrong with a rule: which one, which part of it, and why. */
export interface RuleProblem {
  rule: number;
  field: keyof FilterRule;
  message: string;
}

/** A count in a regex above this makes it slow, however linear. */
const MOST_REPEATS = 100;
/** Instructions of all regexes of a room together. */
const MOST_INSTRUCTIONS = 30_000;

/** Rules that cannot be compiled, or that would be slow. */
export function findProblems(rules: readonly FilterRule[]): RuleProblem[] {
  const problems = rules.flatMap((rule, i): RuleProblem[] => {
    if (rule.phrase !== undefined && foldPhrase(rule.phrase).replaceAll("*", "").trim() === "") {
      return [{ rule: i, field: "phrase", message: "It holds nothing that shows" }];
    }
    const why = rule.regex === undefined ? null : refusedBecause(rule.regex);
    return why === null ? [] : [{ rule: i, field: "regex", message: why }];
  });
  if (problems.length > 0) return problems;
  const regexes = rules.flatMap(({ regex }, i) => (regex === undefined ? [] : [{ regex, i }]));
  let instructions = 0;
  for (const { regex, i } of regexes) {
    instructions += RE2JS.compile(regex, RE2JS.CASE_INSENSITIVE).programSize();
    if (instructions > MOST_INSTRUCTIONS) {
      return [
        { rule: i, field: "regex", message: "Up to here the regexes are too large together" },
      ];
    }
  }
  return [];
}

function refusedBecause(regex: string): string | null {
  try {
    RE2JS.compile(regex, RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    return error instanceof Error ? error.message : "It is no regular expression";
  }
  const counts = [...regex.matchAll(/\{(\d+)(?:,(\d*))?\}/gu)].flatMap(([, least, most]) => [
    Number(least),
    Number(most ?? 0),
  ]);
  return counts.some((count) => count > MOST_REPEATS)
    ? `It repeats something more than ${MOST_REPEATS} times`
    : null;
}

/**
 * Compiles a room's rules. Whatever they are, a message is read a fixed number of times: phrases are one
 * automaton, regexes one set of RE2, which no text makes slow.
 */
export function compileFilter(rules: readonly FilterRule[]): Filter {
  if (rules.length === 0) return () => ({ stop: null, alerts: [], shadows: [] });
  const scans = [phraseScan(rules), regexScan(rules), linkScan(rules), shapeScan(rules)].filter(
    (scan) => scan !== null,
  );
  const exempt = rules.map((rule) => exemptRoles(rule));
  return (said) => {
    const folded = foldText(said.text);
    const hits = new Set<number>();
    const onHit = (rule: number) => void hits.add(rule);
    for (const scan of scans) scan(folded, said, onHit);
    return judge(rules, exempt, said, hits);
  };
}

/** Looks for what some kind of rules is about, and tells which rules are met. */
type Scan = (text: FoldedText, said: Said, onHit: (rule: number) => void) => void;

function exemptRoles({ exempt = [] }: FilterRule): ReadonlySet<Said["role"]> {
  // Platform administrators are above owners.
  return new Set<Said["role"]>(exempt.includes("owner") ? [...exempt, "admin"] : exempt);
}

function judge(
  rules: readonly FilterRule[],
  exempt: readonly ReadonlySet<Said["role"]>[],
  { role }: Said,
  hits: ReadonlySet<number>,
): FilterVerdict {
  const verdict: FilterVerdict = { stop: null, alerts: [], shadows: [] };
  for (const index of [...hits].toSorted((a, b) => a - b)) {
    const rule = rules[index];
    if (rule === undefined || exempt[index]?.has(role) === true) continue;
    if (rule.shadow === true) verdict.shadows.push(rule);
    else if (rule.action === "alert") verdict.alerts.push(rule);
    else verdict.stop ??= rule;
  }
  return verdict;
}

function phraseScan(rules: readonly FilterRule[]): Scan | null {
  const phrases = rules.flatMap((rule, id): Phrase[] => {
    const phrase = rule.phrase === undefined ? "" : foldPhrase(rule.phrase);
    const text = phrase.replaceAll(/^\*+|\*+$/gu, "");
    if (text.trim() === "" || text.includes("*")) return [];
    return [{ id, text, openStart: phrase.startsWith("*"), openEnd: phrase.endsWith("*") }];
  });
  if (phrases.length === 0) return null;
  const scanner = compilePhrases(phrases);
  return ({ folded, otherwise }, _said, onHit) => {
    scanner(folded, onHit);
    if (otherwise !== null) scanner(otherwise, onHit);
  };
}

/** Regexes, and phrases with a `*` inside, which stands for any letters and digits. */
function regexScan(rules: readonly FilterRule[]): Scan | null {
  const written = regexSet(
    rules.map(({ regex }) => regex ?? null),
    RE2JS.CASE_INSENSITIVE,
  );
  const wildcards = regexSet(
    rules.map(({ phrase }) => (phrase === undefined ? null : wildcardRegex(foldPhrase(phrase)))),
    0,
  );
  if (written === null && wildcards === null) return null;
  return ({ plain, folded, otherwise }, _said, onHit) => {
    written?.(plain, onHit);
    // A regex is meant for what people read: the same without its disguise, where it has one.
    if (folded !== plain.toLowerCase()) written?.(folded, onHit);
    wildcards?.(folded, onHit);
    if (otherwise !== null) wildcards?.(otherwise, onHit);
  };
}

function wildcardRegex(phrase: string): string | null {
  const text = phrase.replaceAll(/^\*+|\*+$/gu, "");
  if (!text.includes("*")) return null;
  const inner = text.split(/\*+/u).map((piece) => RE2JS.quote(piece));
  const start = phrase.startsWith("*") ? "" : String.raw`(?:^|[^\p{L}\p{N}])`;
  const end = phrase.endsWith("*") ? "" : String.raw`(?:$|[^\p{L}\p{N}])`;
  return `${start}${inner.join(String.raw`[\p{L}\p{N}]*`)}${end}`;
}

function regexSet(
  regexes: readonly (string | null)[],
  flags: number,
): ((text: string, onHit: (rule: number) => void) => void) | null {
  const wanted = regexes.flatMap((regex, rule) => (regex === null ? [] : [{ regex, rule }]));
  if (wanted.length === 0) return null;
  const set = new RE2Set(RE2Set.UNANCHORED, flags);
  for (const { regex } of wanted) set.add(regex);
  set.compile();
  return (text, onHit) => {
    for (const found of set.match(text)) {
      const { rule } = wanted[found] ?? {};
      if (rule !== undefined) onHit(rule);
    }
  };
}

function linkScan(rules: readonly FilterRule[]): Scan | null {
  const checks = rules.flatMap((rule, id) => {
    const meets = linkCheck(rule);
    return meets === null ? [] : [{ id, meets }];
  });
  if (checks.length === 0) return null;
  return ({ plain }, _said, onHit) => {
    const links = findLinks(plain);
    if (links.length === 0) return;
    for (const { id, meets } of checks) if (links.some(meets)) onHit(id);
  };
}

function linkCheck({ links, invites }: FilterRule): ((link: Link) => boolean) | null {
  if (invites === true) return isInvite;
  if (links === undefined) return null;
  if (links.deny !== undefined) {
    const denied = new Set(links.deny.flatMap((host) => [hostName(host), foldText(host).folded]));
    return ({ host, looksLike }) => isHostAmong(host, denied) || isHostAmong(looksLike, denied);
  }
  const allowed = new Set((links.allow ?? []).map(hostName));
  return ({ host }) => !isHostAmong(host, allowed);
}

/** Rules about the shape of a message: whom it calls, how loud it is, how often it was said. */
function shapeScan(rules: readonly FilterRule[]): Scan | null {
  const checks = rules.flatMap((rule, id) => {
    const { mentions, caps, repeats } = rule;
    return mentions === undefined && caps === undefined && repeats === undefined
      ? []
      : [{ id, mentions, caps, repeats }];
  });
  if (checks.length === 0) return null;
  return ({ plain, folded }, said, onHit) => {
    let loudness: ReturnType<typeof loudnessOf> | null = null;
    for (const { id, mentions, caps, repeats } of checks) {
      if (mentions !== undefined && countMentions(plain) > mentions) onHit(id);
      if (repeats !== undefined && said.saidBefore(folded, repeats.seconds) >= repeats.times) {
        onHit(id);
      }
      if (caps !== undefined) {
        loudness ??= loudnessOf(plain);
        const { letters, capitals } = loudness;
        if (letters >= caps.letters && capitals * 100 >= letters * caps.percent) onHit(id);
      }
    }
  };
}

function countMentions(plain: string): number {
  if (!plain.includes("@")) return 0;
  return new Set(plain.match(/(?<![\p{L}\p{N}])@[\p{L}\p{N}_-]+/gu)).size;
}

function loudnessOf(plain: string): { letters: number; capitals: number } {
  const letters = plain.match(/\p{L}/gu)?.length ?? 0;
  return { letters, capitals: plain.match(/\p{Lu}/gu)?.length ?? 0 };
}
