import { readAddress } from "./address.ts";
import { type Manner, mannerBuckets, mannerOf } from "./manner.ts";
import type { Message } from "./message.ts";
import type { RoomMemory } from "./room-memory.ts";
import type { Said } from "./said.ts";
import { bucketOf, wordsOf } from "./words.ts";

/** Words by which two messages are compared: one bit each. */
const MOST_WORDS = 31;

/** Reads a message as someone would who was in the room; its place is still open. */
export function readSaid(message: Message, memory: RoomMemory): Said {
  const { seq, atMs, author, text, mentions = [] } = message;
  const { people, model } = memory;
  const { targets, isUnknown, said, names } = readAddress(text, {
    people,
    author: author.id,
    mentions,
    isCommonWord: (word) => memory.isCommon(bucketOf(word.toLowerCase())),
  });
  const words = wordsOf(said);
  const telling = words.filter((word) => word.length > 1 && !names.has(word));
  const buckets = mannerBuckets(said);
  const manner = (name: Manner) => mannerOf(model.manners[name], buckets);
  return {
    seq,
    atMs,
    author,
    targets,
    addressesUnknown: isUnknown,
    words: [...new Set(telling.map(bucketOf))].slice(0, MOST_WORDS),
    counted: [...new Set(wordsOf(withoutLead(text)).map(bucketOf))],
    length: words.length,
    question: questionIn(said),
    hasLink: /https?:\/\/|www\./iu.test(said),
    isCommand: /^\s*!\w/u.test(said),
    isByBot: /bot/iu.test(author.name),
    manners: {
      starts: manner("starts"),
      continues: manner("continues"),
      answers: manner("answers"),
      isAnswered: manner("isAnswered"),
      isContinued: manner("isContinued"),
    },
    parent: seq,
    conversation: seq,
    replies: 0,
    repliers: new Set(),
  };
}

function questionIn(text: string): number {
  if (!/[?？؟]/u.test(text)) return 0;
  return /[?？؟][\s)"'!.:;-]*$/u.test(text) ? 2 : 1;
}

/** A text without a first word that a mark sets apart: it is a name mostly, and would count as a word. */
function withoutLead(text: string): string {
  return text.replace(/^\s*\S+[:,]\s/u, "");
}
