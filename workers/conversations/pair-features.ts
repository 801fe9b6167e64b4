import { P, pairFeatures } from "./feature-names.ts";
import type { Overlap } from "./overlap.ts";
import type { RoomMemory } from "./room-memory.ts";
import type { Said } from "./said.ts";
import { addressingShare, NO_RANK, type Speaker, type Survey, type Thread } from "./survey.ts";
import { type Later, Trail } from "./trail.ts";

/** The nearest messages are candidates; further back only those that have to do with the author, */
const NEAR = 64;
/** up to this many in all: two who talk alone have to do with all of it. */
const MOST_CANDIDATES = 96;

/** Where the values of candidates are put, message after message: placing one is synchronous. */
const rows: Float64Array[] = [];

/**
 * Calls back with each candidate that a message may answer, newest first, and the values of
 * `pairFeatures`. They are overwritten for the next message: copy what is to be kept.
 */
export function visitCandidates(
  { window }: RoomMemory,
  { survey, overlap }: { survey: Survey; overlap: Overlap },
  visit: (candidate: Said, values: Float64Array) => void,
): void {
  const { query } = survey;
  const trail = new Trail(query);
  let candidates = 0;
  const answeredBefore = mostAnsweredBefore(window);
  for (let rank = 1; rank <= window.length; rank += 1) {
    const at = window.length - rank;
    const candidate = window[at];
    if (candidate === undefined) break;
    if (rank <= NEAR || (candidates < MOST_CANDIDATES && concerns(query, candidate))) {
      const values = (rows[candidates] ??= new Float64Array(pairFeatures.length));
      candidates += 1;
      const pair = pairOf(survey, { candidate, rank, trail });
      fillPlaces(values, pair, gapBefore(window, at));
      fillAddresses(values, pair);
      fillThread(values, pair);
      fillHistory(values, pair);
      fillWords(values, pair, overlap, at);
      fillManners(values, pair, answeredBefore[at] ?? 0);
      visit(candidate, values);
    }
    trail.pass(candidate, rank, overlap.cosines[at] ?? 0);
  }
}

function concerns(query: Said, { author, targets }: Said): boolean {
  const isOwn = author.id === query.author.id;
  return isOwn || query.targets.has(author.id) || targets.has(query.author.id);
}

/** A candidate beside the message that may answer it, with what is known of both. */
interface Pair {
  survey: Survey;
  query: Said;
  candidate: Said;
  rank: number;
  me: string;
  author: string;
  speaker: Speaker;
  thread: Thread;
  parent: Said | undefined;
  trail: Trail;
  later: Readonly<Later>;
}

function pairOf(
  survey: Survey,
  { candidate, rank, trail }: { candidate: Said; rank: number; trail: Trail },
): Pair {
  const { query, speakers, threads, bySeq } = survey;
  const author = candidate.author.id;
  const speaker = speakers.get(author);
  const thread = threads.get(candidate.conversation);
  if (speaker === undefined || thread === undefined) throw new Error("the survey left one out");
  const parent = candidate.parent === candidate.seq ? undefined : bySeq.get(candidate.parent);
  const me = query.author.id;
  const later = trail.of(author);
  return { survey, query, candidate, rank, me, author, speaker, thread, parent, trail, later };
}

/** How many messages before this one its author spoke, if lately. */
function gapBefore(window: readonly Said[], at: number): number {
  const by = window[at]?.author.id;
  for (let gap = 1; gap <= 10; gap += 1) if (window[at - gap]?.author.id === by) return gap;
  return NO_RANK;
}

/** How likely the likeliest of the author's older messages were to be answered. By place in the window. */
function mostAnsweredBefore(window: readonly Said[]): number[] {
  const most = new Map<string, number>();
  return window.map(({ author, manners }) => {
    const before = most.get(author.id) ?? -9;
    most.set(author.id, Math.max(before, manners.isAnswered));
    return before;
  });
}

function fillPlaces(v: Float64Array, pair: Pair, authorGapBefore: number): void {
  const { survey, query, candidate, rank, me, trail, later } = pair;
  const threadAfter = trail.inThread(candidate.conversation);
  v[P.rank] = rank;
  v[P.seconds] = (query.atMs - candidate.atMs) / 1_000;
  v[P.pace] = survey.pace;
  v[P.authorAfter] = later.messages;
  v[P.ownAfter] = trail.of(me).messages;
  v[P.threadAfter] = threadAfter;
  v[P.speakersAfter] = trail.speakers;
  v[P.otherThreadsAfter] = rank - 1 - threadAfter;
  v[P.authorGapAfter] = later.messages === 0 ? NO_RANK : rank - later.nearestRank;
  v[P.authorGapBefore] = authorGapBefore;
  v[P.targetAfter] = trail.ofTargets;
  v[P.sinceLastOwn] = survey.lastOwnRank - rank;
  v[P.sinceAddressed] = survey.toOwnRank - rank;
}

function fillAddresses(v: Float64Array, pair: Pair): void {
  const { survey, query, candidate, rank, me, author, speaker, trail, later } = pair;
  const isOwn = author === me;
  const shared = sharedTargets(query, candidate);
  const ownTo = survey.ownTo.get(author) ?? NO_RANK;
  const toOwn = survey.toOwn.get(author) ?? NO_RANK;
  v[P.sameAuthor] = isOwn ? 1 : 0;
  v[P.queryAddress] = addressCode(query, author);
  v[P.candidateAddress] = addressCode(candidate, me);
  v[P.candidateAddressesAnyone] =
    candidate.targets.size > 0 ? 2 : candidate.addressesUnknown ? 1 : 0;
  v[P.sharedTargets] = shared;
  v[P.ownSameTarget] = isOwn ? sameTarget(query, candidate, shared) : -1;
  v[P.ownToAuthorRank] = ownTo;
  v[P.authorToOwnRank] = toOwn;
  v[P.ownToAuthorSince] = sinceCode(ownTo, rank);
  v[P.authorToOwnSince] = sinceCode(toOwn, rank);
  v[P.ownLastAddressedAuthor] = lastAddressed(survey.own, author);
  v[P.authorLastAddressedOwn] = lastAddressed(speaker, me);
  v[P.toOwnRank] = survey.toOwnRank;
  v[P.toOwnAfter] = trail.toOwn;
  v[P.toOwnByAuthorAfter] = later.toOwn;
  v[P.ownToTargetAfter] = trail.ownToTargets;
  v[P.toAuthorAfter] = later.addressed;
  v[P.ownAddressing] = addressingShare(survey.own);
  v[P.authorAddressing] = addressingShare(speaker);
}

/** From speaking to others (0), to an unknown one, to nobody, and up to speaking plainly to `id` (5). */
function addressCode({ targets, addressesUnknown }: Said, id: string): number {
  const plainness = targets.get(id);
  if (plainness !== undefined) return 2 + plainness;
  if (addressesUnknown) return 1;
  return targets.size === 0 ? 2 : 0;
}

function sharedTargets(query: Said, candidate: Said): number {
  let shared = 0;
  for (const id of query.targets.keys()) if (candidate.targets.has(id)) shared += 1;
  return shared;
}

function sameTarget(query: Said, candidate: Said, shared: number): number {
  if (shared > 0) return 2;
  return query.targets.size === 0 || candidate.targets.size === 0 ? 1 : 0;
}

/** 0: never; 1: longer ago than the candidate; 2: with it; 3: since. */
function sinceCode(happenedAt: number, rank: number): number {
  if (happenedAt === NO_RANK) return 0;
  return happenedAt < rank ? 3 : happenedAt === rank ? 2 : 1;
}

function lastAddressed(speaker: Speaker | undefined, id: string): number {
  const targets = speaker?.lastTargets ?? null;
  if (targets === null) return 1;
  return targets.has(id) ? 2 : 0;
}

function fillThread(
  v: Float64Array,
  { survey, query, candidate, me, author, thread, parent }: Pair,
) {
  const isReplied = candidate.repliers.has(me) ? 1 : 0;
  const lastOwn = survey.own?.newest;
  const { conversation } = candidate;
  v[P.starts] = candidate.parent === candidate.seq ? 1 : 0;
  v[P.replies] = candidate.replies;
  v[P.repliedByOwn] = isReplied;
  v[P.repliedByOthers] = candidate.repliers.size - isReplied;
  v[P.answersOwn] = parent?.author.id !== me ? 0 : parent === lastOwn ? 2 : 1;
  v[P.answersTarget] = parent !== undefined && query.targets.has(parent.author.id) ? 1 : 0;
  v[P.answersItsAuthor] = parent === undefined ? 0 : parent.author.id === author ? 2 : 1;
  v[P.isLastOwn] = candidate === lastOwn ? 1 : 0;
  v[P.answeredByLastOwn] = lastOwn?.parent === candidate.seq && lastOwn !== candidate ? 1 : 0;
  v[P.ownThreadRank] = survey.own?.threads.get(conversation) ?? NO_RANK;
  v[P.targetThreadRank] = survey.targetThreads.get(conversation) ?? NO_RANK;
  v[P.threadCount] = thread.count;
  v[P.threadIdle] = (query.atMs - thread.newest.atMs) / 1_000;
  v[P.threadPeople] = thread.people.size;
  v[P.ownInThread] = thread.own;
  v[P.ownShare] = thread.own / thread.count;
  v[P.targetInThread] = thread.ofTargets;
  const isOwnThread = lastOwn?.conversation === conversation;
  v[P.targetInOwnThread] = !isOwnThread ? 0 : thread.ofTargets > 0 ? 2 : 1;
  v[P.ownStarted] = thread.oldest.author.id === me ? 1 : 0;
  v[P.authorStarted] = thread.oldest.author.id === author ? 1 : 0;
}

function fillHistory(v: Float64Array, pair: Pair): void {
  const { survey, query, candidate, me, speaker, trail, later } = pair;
  const { own, bySeq } = survey;
  const { newest } = speaker;
  const answered = newest.parent === newest.seq ? undefined : bySeq.get(newest.parent);
  const answersOwn = answered?.author.id === me ? 1 : 0;
  v[P.authorAnswersOwn] = answersOwn + (newest.targets.has(me) ? 1 : 0);
  v[P.authorInThreadAfter] = later.byThread.get(candidate.conversation) ?? 0;
  v[P.ownInThreadAfter] = trail.of(me).byThread.get(candidate.conversation) ?? 0;
  v[P.lastOwnRank] = survey.lastOwnRank;
  v[P.lastOwnSeconds] = own === undefined ? LONG : (query.atMs - own.newest.atMs) / 1_000;
  v[P.ownCount] = own?.count ?? 0;
  v[P.authorCount] = speaker.count;
  v[P.ownThreads] = own?.threads.size ?? 0;
  v[P.authorThreads] = speaker.threads.size;
  v[P.ownStarts] = own?.starting ?? 0;
  v[P.authorStarts] = speaker.starting;
}

/** Seconds that stand for never. */
export const LONG = 99_999;

function fillWords(
  v: Float64Array,
  { candidate, parent, later }: Pair,
  overlap: Overlap,
  at: number,
) {
  const cosine = overlap.cosines[at] ?? 0;
  v[P.overlap] = overlap.sums[at] ?? 0;
  v[P.cosine] = cosine;
  v[P.rarest] = overlap.rarest[at] ?? 0;
  v[P.isBestCosine] = cosine > 0 && cosine === overlap.best ? 1 : 0;
  v[P.bestCosine] = overlap.best;
  v[P.threadOverlap] = overlap.threadSums.get(candidate.conversation) ?? 0;
  v[P.parentCosine] = parent === undefined ? 0 : (overlap.bySeq.get(parent.seq) ?? 0);
  v[P.cosineAfter] = later.bestCosine - cosine;
  v[P.cosineBefore] = (overlap.cosinesBefore[at] ?? 0) - cosine;
}

function fillManners(
  v: Float64Array,
  { query, candidate, later }: Pair,
  answeredBefore: number,
): void {
  v[P.queryQuestion] = query.question;
  v[P.candidateQuestion] = candidate.question;
  v[P.questionsAfter] = later.questions;
  v[P.queryLength] = query.length;
  v[P.candidateLength] = candidate.length;
  v[P.lengthAfter] = later.longest - candidate.length;
  v[P.candidateLink] = candidate.hasLink ? 1 : 0;
  v[P.queryCommand] = query.isCommand ? 1 : 0;
  v[P.candidateCommand] = candidate.isCommand ? 1 : 0;
  v[P.queryBot] = query.isByBot ? 1 : 0;
  v[P.candidateBot] = candidate.isByBot ? 1 : 0;
  v[P.queryStarts] = query.manners.starts;
  v[P.queryContinues] = query.manners.continues;
  v[P.queryAnswers] = query.manners.answers;
  v[P.candidateStarts] = candidate.manners.starts;
  v[P.candidateContinues] = candidate.manners.continues;
  v[P.candidateAnswers] = candidate.manners.answers;
  v[P.candidateIsAnswered] = candidate.manners.isAnswered;
  v[P.candidateIsContinued] = candidate.manners.isContinued;
  v[P.answeredAfter] = later.mostAnswered - candidate.manners.isAnswered;
  v[P.answeredBefore] = answeredBefore - candidate.manners.isAnswered;
}
