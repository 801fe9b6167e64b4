import type { UserId } from "../../protocol/ids.ts";

/** What a digest takes from a message. */
export interface Gist {
  readingMs: number;
  /** Words that tell what it is about, each with how much it tells. */
  terms: readonly (readonly [term: string, weight: number])[];
  links: readonly string[];
}

/** A message with its place, as digests are made of it. */
export interface Placed {
  seq: number;
  author: UserId;
  conversation: number;
  /** It asks something, and nobody else answers it. */
  openQuestion: boolean;
  question: boolean;
  /** Null once it was taken back. */
  gist: Gist | null;
  reactions: number;
}

/**
 * What happened in a stretch of messages. It holds numbers, ids, and single words and links with the seq of
 * a message that has them, so that whoever shows them can look whether that message still stands.
 */
export interface Digest {
  messages: number;
  readingMs: number;
  /** Who said how much: those who said most. */
  people: (readonly [user: UserId, messages: number])[];
  conversations: DigestedConversation[];
  links: SharedLink[];
  /** Seqs of the newest questions that nobody answered. */
  questions: number[];
}

/** A conversation, as far as it lies in a stretch. */
export interface DigestedConversation {
  /** Seq of the message that began it. */
  id: number;
  from: number;
  to: number;
  messages: number;
  people: (readonly [user: UserId, messages: number])[];
  terms: (readonly [term: string, weight: number, seq: number])[];
  /** Seq of its first question; null for none. */
  question: number | null;
  /** Seqs of the messages with most reactions, with how many. */
  best: (readonly [seq: number, reactions: number])[];
}

/** A link, with who shared it first, and where. */
export interface SharedLink {
  url: string;
  by: UserId;
  seq: number;
  times: number;
}

/** What a digest keeps at most of each kind; so its size is bounded, whatever it digests. */
export const MOST = {
  people: 24,
  conversations: 12,
  conversationPeople: 5,
  terms: 6,
  best: 3,
  links: 8,
  questions: 12,
} as const;

/** The digest of no messages. */
export const NOTHING: Readonly<Digest> = {
  messages: 0,
  readingMs: 0,
  people: [],
  conversations: [],
  links: [],
  questions: [],
};

/** The digest of messages that follow each other. */
export function digestOf(messages: readonly Placed[]): Digest {
  return mergeDigests(messages.map(digestOne));
}

function digestOne(message: Placed): Digest {
  const { seq, author, conversation, question, openQuestion, gist, reactions } = message;
  if (gist === null) return NOTHING;
  const people = [[author, 1]] as const;
  return {
    messages: 1,
    readingMs: gist.readingMs,
    people: [...people],
    conversations: [
      {
        id: conversation,
        from: seq,
        to: seq,
        messages: 1,
        people: [...people],
        terms: gist.terms.map(([term, weight]) => [term, weight, seq]),
        question: question ? seq : null,
        best: reactions > 0 ? [[seq, reactions]] : [],
      },
    ],
    links: gist.links.map((url) => ({ url, by: author, seq, times: 1 })),
    questions: openQuestion ? [seq] : [],
  };
}

/** The digest of stretches that follow each other: the same ones always make the same. */
export function mergeDigests(digests: readonly Digest[]): Digest {
  const links = new Map<string, SharedLink>();
  const conversations = new Map<number, DigestedConversation[]>();
  for (const digest of digests) {
    for (const link of digest.links) {
      const known = links.get(link.url);
      if (known === undefined) links.set(link.url, { ...link });
      else known.times += link.times;
    }
    for (const part of digest.conversations) {
      const parts = conversations.get(part.id);
      if (parts === undefined) conversations.set(part.id, [part]);
      else parts.push(part);
    }
  }
  return {
    messages: sum(digests.map(({ messages }) => messages)),
    readingMs: sum(digests.map(({ readingMs }) => readingMs)),
    people: mostOf(
      digests.flatMap(({ people }) => people),
      MOST.people,
    ),
    conversations: Array.from(conversations.values(), joinParts)
      .toSorted((a, b) => b.messages - a.messages || b.to - a.to)
      .slice(0, MOST.conversations),
    links: [...links.values()]
      .toSorted((a, b) => b.times - a.times || b.seq - a.seq)
      .slice(0, MOST.links),
    questions: digests.flatMap(({ questions }) => questions).slice(-MOST.questions),
  };
}

function joinParts(parts: readonly DigestedConversation[]): DigestedConversation {
  const [first] = parts;
  if (first === undefined) throw new Error("A conversation has a part at least");
  return {
    id: first.id,
    from: first.from,
    to: parts.at(-1)?.to ?? first.to,
    messages: sum(parts.map(({ messages }) => messages)),
    people: mostOf(
      parts.flatMap(({ people }) => people),
      MOST.conversationPeople,
    ),
    terms: mostTelling(parts.flatMap(({ terms }) => terms)),
    question: parts.find(({ question }) => question !== null)?.question ?? null,
    best: parts
      .flatMap(({ best }) => best)
      .toSorted(([seqA, a], [seqB, b]) => b - a || seqB - seqA)
      .slice(0, MOST.best),
  };
}

function mostOf(
  counts: readonly (readonly [UserId, number])[],
  most: number,
): (readonly [UserId, number])[] {
  const sums = new Map<UserId, number>();
  for (const [user, count] of counts) sums.set(user, (sums.get(user) ?? 0) + count);
  return [...sums]
    .toSorted(([userA, a], [userB, b]) => b - a || compare(userA, userB))
    .slice(0, most);
}

function mostTelling(terms: readonly (readonly [string, number, number])[]) {
  const sums = new Map<string, [weight: number, seq: number]>();
  for (const [term, weight, seq] of terms) {
    const known = sums.get(term);
    if (known === undefined) sums.set(term, [weight, seq]);
    else known[0] += weight;
  }
  return Array.from(sums, ([term, [weight, seq]]) => [term, weight, seq] as const)
    .toSorted(([termA, a], [termB, b]) => b - a || compare(termA, termB))
    .slice(0, MOST.terms);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
