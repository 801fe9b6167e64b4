import type { CommandInput, Role } from "../../client/index.ts";

/** A rule of a room's filter, as it is sent. */
export type Rule = CommandInput<"filter:set">["rules"][number];
export type Action = NonNullable<Rule["action"]>;

/** What a rule can look for. */
export const kinds = [
  ["phrase", "Words"],
  ["regex", "A pattern"],
  ["links", "Links"],
  ["invites", "Invitations elsewhere"],
  ["mentions", "Many names"],
  ["caps", "Shouting"],
  ["repeats", "Repeating oneself"],
] as const;
export type Kind = (typeof kinds)[number][0];

/** A rule while it is being written: every field, whatever it looks for. */
export interface RuleDraft {
  name: string;
  kind: Kind;
  phrase: string;
  regex: string;
  /** Whether the sites named are those that may be linked, or those that may not. */
  sitesMay: boolean;
  sites: string;
  mentions: number;
  percent: number;
  letters: number;
  times: number;
  seconds: number;
  action: Action;
  muteMinutes: number;
  exempt: readonly Role[];
  shadow: boolean;
}

/** A rule to begin with: it counts, and does nothing yet. */
export const emptyDraft: RuleDraft = {
  name: "",
  kind: "phrase",
  phrase: "",
  regex: "",
  sitesMay: true,
  sites: "",
  mentions: 5,
  percent: 70,
  letters: 20,
  times: 3,
  seconds: 60,
  action: "refuse",
  muteMinutes: 10,
  exempt: ["moderator", "owner"],
  shadow: true,
};

/** A rule, to be changed. */
export function draftOf(rule: Rule): RuleDraft {
  const { name, phrase, regex, links, mentions, caps, repeats } = rule;
  return {
    ...emptyDraft,
    ...caps,
    ...repeats,
    name,
    kind: kindOf(rule),
    phrase: phrase ?? "",
    regex: regex ?? "",
    sitesMay: links?.deny === undefined,
    sites: (links?.deny ?? links?.allow ?? []).join("\n"),
    mentions: mentions ?? emptyDraft.mentions,
    action: rule.action ?? "refuse",
    muteMinutes:
      rule.muteSeconds === undefined ? emptyDraft.muteMinutes : Math.ceil(rule.muteSeconds / 60),
    exempt: rule.exempt ?? [],
    shadow: rule.shadow ?? false,
  };
}

/** What a draft says, as it is sent. */
export function ruleOf(draft: RuleDraft): Rule {
  const { name, action, muteMinutes, exempt, shadow } = draft;
  return {
    name: name.trim() === "" ? nameFor(draft) : name.trim(),
    ...matcherOf(draft),
    action,
    ...(action === "mute" && { muteSeconds: muteMinutes * 60 }),
    ...(exempt.length > 0 && { exempt: [...exempt] }),
    ...(shadow && { shadow }),
  };
}

function matcherOf(draft: RuleDraft): Partial<Rule> {
  switch (draft.kind) {
    case "phrase":
      return { phrase: draft.phrase.trim() };
    case "regex":
      return { regex: draft.regex };
    case "links": {
      const sites = draft.sites.split(/[\s,]+/u).filter((site) => site !== "");
      if (sites.length === 0) return { links: {} };
      return { links: draft.sitesMay ? { allow: sites } : { deny: sites } };
    }
    case "invites":
      return { invites: true };
    case "mentions":
      return { mentions: draft.mentions };
    case "caps":
      return { caps: { percent: draft.percent, letters: draft.letters } };
    case "repeats":
      return { repeats: { times: draft.times, seconds: draft.seconds } };
  }
}

/** A name says less than what the rule looks for, and nobody likes to think of one. */
function nameFor(draft: RuleDraft): string {
  const [, label = ""] = kinds.find(([kind]) => kind === draft.kind) ?? [];
  return draft.kind === "phrase" ? `${label}: ${draft.phrase.trim().slice(0, 60)}` : label;
}

function kindOf(rule: Rule): Kind {
  return kinds.find(([kind]) => rule[kind] !== undefined)?.[0] ?? "phrase";
}

/** What a rule looks for, as a sentence without its subject. */
export function lookedFor(rule: Rule): string {
  const { phrase, regex, links, mentions, caps, repeats } = rule;
  if (phrase !== undefined) return `says “${phrase}”`;
  if (regex !== undefined) return `fits ${regex}`;
  if (links?.deny !== undefined) return `links to ${links.deny.join(", ")}`;
  if (links?.allow !== undefined) return `links to other sites than ${links.allow.join(", ")}`;
  if (links !== undefined) return "has a link";
  if (mentions !== undefined) return `names more than ${mentions} people`;
  if (caps !== undefined)
    return `has ${caps.percent} % capitals in ${caps.letters} letters or more`;
  if (repeats !== undefined) return `was said ${repeats.times} times within ${repeats.seconds} s`;
  return "invites elsewhere";
}

/** What happens to what a rule meets. */
export const actions: Record<Action, string> = {
  refuse: "is refused",
  hold: "waits for a moderator",
  alert: "is reported to moderators",
  mute: "is refused, and mutes who says it",
};
