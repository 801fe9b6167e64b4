import { RE2JS } from "re2js";

import type { FilterRule } from "../../protocol/shapes.ts";

/** Finds the first rule that a text breaks, or null. */
export type Filter = (text: string) => FilterRule | null;

/**
 * Compiles a room's rules. Phrases are matched as whole words on folded text, in one linear-time
 * expression (RE2): no text makes it slow, whatever the phrases are.
 */
export function compileFilter(rules: readonly FilterRule[]): Filter {
  const phrases = rules.map((rule) => foldText(rule.phrase).trim());
  const wanted = phrases.filter((phrase) => phrase !== "");
  if (wanted.length === 0) return () => null;
  const any = wanted
    .toSorted((a, b) => b.length - a.length)
    .map((phrase) => RE2JS.quote(phrase))
    .join("|");
  const pattern = RE2JS.compile(`(?:^|[^\\p{L}\\p{N}])(${any})(?:$|[^\\p{L}\\p{N}])`);
  return (text) => {
    const matcher = pattern.matcher(foldText(text));
    if (!matcher.find()) return null;
    return rules[phrases.indexOf(matcher.group(1) ?? "")] ?? null;
  };
}

/** Characters that show nothing and only serve to split a word. */
const IGNORABLE = /[\p{Default_Ignorable_Code_Point}\p{Mn}]/gu;

/** Text as filters see it: compatibility forms, accents, case and invisible characters folded away. */
function foldText(text: string): string {
  return text.normalize("NFKD").replaceAll(IGNORABLE, "").toLowerCase();
}
