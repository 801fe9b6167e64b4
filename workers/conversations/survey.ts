import type { RoomMemory } from "./room-memory.ts";
import type { Said } from "./said.ts";

/** Stands for a rank where there is none. */
export const NO_RANK = 999;
/** Messages by which the pace of a room is taken. */
const PACE_MESSAGES = 30;

/** What of a conversation is in the window. */
export interface Thread {
  /** Messages: all, of the author, of those whom the message addresses. */
  count: number;
  own: number;
  ofTargets: number;
  people: Set<string>;
  newest: Said;
  oldest: Said;
  newestRank: number;
}

/** Someone, as far as the window shows. */
export interface Speaker {
  count: number;
  newest: Said;
  /** Whom they addressed last. */
  lastTargets: ReadonlyMap<string, number> | null;
  /** Messages that address someone, and that start a conversation. */
  addressing: number;
  starting: number;
  /** Conversations, by how many others they spoke in since. */
  threads: Map<number, number>;
}

/** A window as the author of a new message sees it. Ranks count from 1, the newest. */
export interface Survey {
  query: Said;
  window: readonly Said[];
  bySeq: ReadonlyMap<number, Said>;
  threads: Map<number, Thread>;
  speakers: Map<string, Speaker>;
  own: Speaker | undefined;
  lastOwnRank: number;
  /** Rank of the author's last message that addresses someone, by id. */
  ownTo: Map<string, number>;
  /** Rank of the last message that addresses the author, by who said it. */
  toOwn: Map<string, number>;
  toOwnRank: number;
  /** Messages that address the author since the author spoke last. */
  toOwnSince: number;
  /** Conversations of those whom the message addresses, and the rank where they spoke last. */
  targetThreads: Map<number, number>;
  targetRank: number;
  /** Messages a minute. */
  pace: number;
}

/** Looks once over the window, newest first. */
export function surveyWindow({ window, bySeq }: RoomMemory, query: Said): Survey {
  const survey: Survey = {
    query,
    window,
    bySeq,
    threads: new Map(),
    speakers: new Map(),
    own: undefined,
    lastOwnRank: NO_RANK,
    ownTo: new Map(),
    toOwn: new Map(),
    toOwnRank: NO_RANK,
    toOwnSince: 0,
    targetThreads: new Map(),
    targetRank: NO_RANK,
    pace: paceOf(window, query),
  };
  for (let rank = 1; rank <= window.length; rank += 1) {
    const said = window[window.length - rank];
    if (said === undefined) break;
    noteSpeaker(survey, said);
    noteThread(survey, said, rank);
    noteOwn(survey, said, rank);
  }
  survey.own = survey.speakers.get(query.author.id);
  return survey;
}

function paceOf(window: readonly Said[], query: Said): number {
  const messages = Math.min(PACE_MESSAGES, window.length);
  const oldest = window[window.length - messages];
  if (oldest === undefined) return 0;
  return messages / Math.max(1, (query.atMs - oldest.atMs) / 60_000);
}

function noteSpeaker({ speakers }: Survey, said: Said): void {
  const { author, targets, addressesUnknown, conversation, parent, seq } = said;
  let speaker = speakers.get(author.id);
  if (speaker === undefined) {
    speaker = {
      count: 0,
      newest: said,
      lastTargets: null,
      addressing: 0,
      starting: 0,
      threads: new Map(),
    };
    speakers.set(author.id, speaker);
  }
  speaker.count += 1;
  if (targets.size > 0) speaker.lastTargets ??= targets;
  if (targets.size > 0 || addressesUnknown) speaker.addressing += 1;
  if (parent === seq) speaker.starting += 1;
  if (!speaker.threads.has(conversation)) speaker.threads.set(conversation, speaker.threads.size);
}

function noteThread(survey: Survey, said: Said, rank: number): void {
  const { threads, query, targetThreads } = survey;
  let thread = threads.get(said.conversation);
  if (thread === undefined) {
    thread = {
      count: 0,
      own: 0,
      ofTargets: 0,
      people: new Set(),
      newest: said,
      oldest: said,
      newestRank: rank,
    };
    threads.set(said.conversation, thread);
  }
  thread.count += 1;
  thread.people.add(said.author.id);
  thread.oldest = said;
  if (said.author.id === query.author.id) thread.own += 1;
  if (!query.targets.has(said.author.id)) return;
  thread.ofTargets += 1;
  survey.targetRank = Math.min(survey.targetRank, rank);
  if (!targetThreads.has(said.conversation)) {
    targetThreads.set(said.conversation, targetThreads.size);
  }
}

function noteOwn(survey: Survey, said: Said, rank: number): void {
  const me = survey.query.author.id;
  const by = said.author.id;
  if (by === me) {
    survey.lastOwnRank = Math.min(survey.lastOwnRank, rank);
    for (const id of said.targets.keys()) {
      if (!survey.ownTo.has(id)) survey.ownTo.set(id, rank);
    }
    return;
  }
  if (!said.targets.has(me)) return;
  if (!survey.toOwn.has(by)) survey.toOwn.set(by, rank);
  survey.toOwnRank = Math.min(survey.toOwnRank, rank);
  if (survey.lastOwnRank === NO_RANK) survey.toOwnSince += 1;
}

/** The part of a speaker's messages that address someone; -1 for nobody. */
export function addressingShare(speaker: Speaker | undefined): number {
  return speaker === undefined ? -1 : speaker.addressing / (speaker.count + 0.5);
}
