import { domainToASCII } from "node:url";

import { foldText } from "./fold-text.ts";

/** A link that a text holds. */
export interface Link {
  /** As the name system knows it: lower case, international names in their ASCII form. */
  host: string;
  /** The host as it looks, so that a name in look-alike letters is the name that it feigns. */
  looksLike: string;
  /** What follows the host, in lower case; "" for nothing. */
  path: string;
}

/**
 * The links of a text: what has a scheme, and bare names that people's programs make links of. By hand and
 * in one pass: the expressions that one would write for this go back and forth over long texts.
 */
export function findLinks(plain: string): Link[] {
  if (!plain.includes(".") && !plain.includes("://") && !FULL_STOPS.test(plain)) return [];
  return plain
    .replaceAll(FULL_STOPS_ALL, ".")
    .split(BREAKS)
    .flatMap((piece) => linksOf(piece));
}

/** What an address may go on after: `https://good.example@evil.example` leads to the second. */
const BREAKS = /[\s<>()[\]{}"'`,;*_~|\\]+/u;
/** What international names may be divided by, and NFKC leaves as it is. */
const FULL_STOPS = /[。․‧﹒]/u;
const FULL_STOPS_ALL = /[。․‧﹒]/gu;

function linksOf(piece: string): Link[] {
  const scheme = piece.indexOf("://");
  const address = scheme === -1 ? piece : piece.slice(scheme + 3);
  const end = address.search(/[/?#]/u);
  const authority = end === -1 ? address : address.slice(0, end);
  const path = end === -1 ? "" : address.slice(end).toLowerCase();
  return authority.split("@").flatMap((part) => {
    const host = trimDots(part.replace(/:\d*$/u, ""));
    const isLink = scheme !== -1 ? host !== "" : isBareName(host, path);
    return isLink ? [linkTo(host, path)] : [];
  });
}

function trimDots(name: string): string {
  let [from, to] = [0, name.length];
  while (from < to && SENTENCE_MARKS.has(name[from] ?? "")) from += 1;
  while (from < to && SENTENCE_MARKS.has(name[to - 1] ?? "")) to -= 1;
  return name.slice(from, to);
}

const SENTENCE_MARKS = new Set([".", "!", "?", ":", "…"]);

/** A name without a scheme is a link when it says so, or ends in what names of sites end in. */
function isBareName(host: string, path: string): boolean {
  const dot = host.lastIndexOf(".");
  if (dot <= 0 || host.includes("..")) return false;
  const top = host.slice(dot + 1).toLowerCase();
  if (!/^(?:\p{L}{2,63}|xn--[a-z0-9-]{1,59})$/u.test(top)) return false;
  return path.startsWith("/") || /^www\./iu.test(host) || BARE_TOPS.has(top) || isForeign(top);
}

/** What is written without a scheme most; others are more often file names and slips of the space bar. */
const BARE_TOPS = new Set(
  (
    "com net org info biz io gg me tv co app dev xyz top online site shop store club live link click " +
    "chat page blog news pro vip fun icu lol win bet casino porn sex xxx ly to us uk de fr es it nl eu " +
    "ru ua pl br mx ca au jp cn kr in ch at be se no fi dk cz gr tr ir za ai cc ws su tk ml ga cf gq"
  ).split(" "),
);

/** A top name in another script, or its ASCII form. */
function isForeign(top: string): boolean {
  return top.startsWith("xn--") || /[^a-z]/u.test(top);
}

function linkTo(host: string, path: string): Link {
  return { host: hostName(host), looksLike: foldText(host).folded, path };
}

/** A host as the name system knows it; one that it cannot know, as it is. */
export function hostName(host: string): string {
  const lower = host.toLowerCase();
  return domainToASCII(lower) || lower;
}

/** Whether a host is one of these, or below one of these. */
export function isHostAmong(host: string, names: ReadonlySet<string>): boolean {
  for (let at = 0; at !== -1;) {
    if (names.has(host.slice(at))) return true;
    const dot = host.indexOf(".", at);
    at = dot === -1 ? -1 : dot + 1;
  }
  return false;
}

/** Whether a link invites into another community. */
export function isInvite({ host, looksLike, path }: Link): boolean {
  if (isHostAmong(host, INVITE_HOSTS) || isHostAmong(looksLike, INVITE_HOSTS))
    return path.length > 1;
  return INVITE_PATH.test(path);
}

const INVITE_HOSTS = new Set([
  "discord.gg",
  "dsc.gg",
  "invite.gg",
  "chat.whatsapp.com",
  "t.me",
  "telegram.me",
  "signal.group",
  "matrix.to",
  "join.slack.com",
]);
const INVITE_PATH = /^\/(?:invites?|join|joinchat)\/./u;
