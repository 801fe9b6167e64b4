import type { CaseKind, ReportCategory } from "../protocol/reports.ts";

/** What is known of a case that makes it urgent. */
export interface Urgency {
  kind: CaseKind;
  rule: string | null;
  reporters: number;
  /** How far the word of its reporters goes, all together; each from 0 to 1. */
  trust: number;
  categories: Partial<Record<ReportCategory, number>>;
}

/** Part of a priority, in words. */
export interface Reason {
  what: string;
  points: number;
}

/** So long a case waits for one point more: nothing waits for ever. */
export const MINUTES_A_POINT = 10;

const categoryPoints = {
  self_harm: 40,
  violence: 40,
  sexual: 30,
  hate: 30,
  harassment: 25,
  personal_data: 25,
  spam: 10,
  other: 5,
} as const satisfies Record<ReportCategory, number>;

const kindReasons = {
  message: null,
  held: { what: "somebody waits for it to be said", points: 15 },
  join: { what: "somebody waits at the door", points: 5 },
} as const satisfies Record<CaseKind, Reason | null>;

const POINTS_OF_A_TRUSTED_REPORT = 20;
const MOST_FROM_REPORTERS = 80;
const POINTS_OF_A_RULE = 10;

/** Why a case is urgent, apart from how long it waits. */
export function reasonsOf({ kind, rule, reporters, trust, categories }: Urgency): Reason[] {
  const worst = worstOf(categories);
  const reasons = [
    kindReasons[kind],
    worst === null ? null : { what: `reported as ${worst}`, points: categoryPoints[worst] },
    reporters === 0
      ? null
      : {
          what: reporters === 1 ? "one reporter" : `${reporters} reporters`,
          points: Math.min(MOST_FROM_REPORTERS, Math.round(trust * POINTS_OF_A_TRUSTED_REPORT)),
        },
    rule === null ? null : { what: `met the rule "${rule}"`, points: POINTS_OF_A_RULE },
  ];
  return reasons.filter((reason) => reason !== null);
}

/** The points of reasons, together. */
export function pointsOf(reasons: readonly Reason[]): number {
  return reasons.reduce((sum, { points }) => sum + points, 0);
}

function worstOf(categories: Urgency["categories"]): ReportCategory | null {
  const named = Object.keys(categories) as ReportCategory[];
  return named.toSorted((a, b) => categoryPoints[b] - categoryPoints[a])[0] ?? null;
}

/**
 * How far someone's word goes: by what moderators made of their reports before. Who is new is believed by
 * half, a guest by half of that, since guests are made by the dozen.
 */
export function trustOf(record: { upheld: number; dismissed: number; isGuest: boolean }): number {
  const { upheld, dismissed, isGuest } = record;
  const trust = (upheld + 1) / (upheld + dismissed + 2);
  return isGuest ? trust / 2 : trust;
}
