import { S, startFeatures } from "./feature-names.ts";
import type { Overlap } from "./overlap.ts";
import { LONG } from "./pair-features.ts";
import { addressingShare, NO_RANK, type Survey } from "./survey.ts";

/** A conversation with a message among this many is live. */
const LIVE_MESSAGES = 20;

/** The values of `startFeatures` for a message. */
export function readStart(survey: Survey, overlap: Overlap): Float64Array {
  const values = new Float64Array(startFeatures.length);
  fillQuery(values, survey, overlap);
  fillOwn(values, survey);
  fillRoom(values, survey);
  return values;
}

function fillQuery(v: Float64Array, { query }: Survey, overlap: Overlap): void {
  const plainest = Math.max(0, ...query.targets.values());
  v[S.address] = plainest > 0 ? 1 + plainest : query.addressesUnknown ? 1 : 0;
  v[S.question] = query.question;
  v[S.link] = query.hasLink ? 1 : 0;
  v[S.command] = query.isCommand ? 1 : 0;
  v[S.bot] = query.isByBot ? 1 : 0;
  v[S.length] = query.length;
  v[S.starts] = query.manners.starts;
  v[S.continues] = query.manners.continues;
  v[S.answers] = query.manners.answers;
  v[S.isAnswered] = query.manners.isAnswered;
  v[S.rarestWord] = overlap.rarestWord;
  v[S.bestCosine] = overlap.best;
  v[S.bestOwnCosine] = overlap.bestOwn;
}

function fillOwn(v: Float64Array, survey: Survey): void {
  const { query, own, threads } = survey;
  const last = own?.newest;
  const thread = last === undefined ? undefined : threads.get(last.conversation);
  v[S.lastOwnRank] = survey.lastOwnRank;
  v[S.lastOwnSeconds] = last === undefined ? LONG : (query.atMs - last.atMs) / 1_000;
  v[S.lastOwnReplies] = last?.replies ?? -1;
  v[S.lastOwnStarts] = last === undefined ? -1 : last.parent === last.seq ? 1 : 0;
  v[S.lastOwnQuestion] = last?.question ?? -1;
  v[S.lastOwnIsAnswered] = last?.manners.isAnswered ?? -9;
  v[S.lastOwnIsContinued] = last?.manners.isContinued ?? -9;
  v[S.ownCount] = own?.count ?? 0;
  v[S.ownAddressing] = addressingShare(own);
  v[S.ownThreads] = own?.threads.size ?? 0;
  v[S.ownStarts] = own?.starting ?? 0;
  v[S.ownThreadIdle] = thread === undefined ? LONG : (query.atMs - thread.newest.atMs) / 1_000;
  v[S.ownThreadRank] = thread?.newestRank ?? NO_RANK;
  v[S.ownThreadCount] = thread?.count ?? 0;
}

function fillRoom(v: Float64Array, survey: Survey): void {
  const { query, window, threads, toOwn, ownTo } = survey;
  const last = window.at(-1);
  const live = [...threads.values()].filter(({ newestRank }) => newestRank <= LIVE_MESSAGES);
  const isPartner = [...query.targets.keys()].some((id) => toOwn.has(id) || ownTo.has(id));
  v[S.pace] = survey.pace;
  v[S.lastSeconds] = last === undefined ? LONG : (query.atMs - last.atMs) / 1_000;
  v[S.lastQuestion] = last?.question ?? -1;
  v[S.lastIsAnswered] = last?.manners.isAnswered ?? -9;
  v[S.lastIsOwn] = last?.author.id === query.author.id ? 1 : 0;
  v[S.toOwnRank] = survey.toOwnRank;
  v[S.toOwnSince] = survey.toOwnSince;
  v[S.targetRank] = survey.targetRank;
  v[S.targetIsPartner] = isPartner ? 1 : 0;
  v[S.liveThreads] = live.length;
  v[S.remembered] = window.length;
}
