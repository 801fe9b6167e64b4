import type { FactOf } from "../../protocol/facts.ts";
import type { UserId } from "../../protocol/ids.ts";
import type { ClientId } from "../../protocol/ids.ts";

const SYLLABLES =
  "ka to mi re sol ba ne ti lu fa der gen ver bo chi pra sto win har mel os un ex in".split(" ");
const VOCABULARY = 30_000;
const JAPANESE =
  "今日 明日 東京 京都 お茶 電車 会議 資料 確認 天気 映画 音楽 友達 仕事 時間 場所 写真 料理 勉強 旅行".split(
    " ",
  );
/** Every so many messages one is Japanese. */
const JAPANESE_EVERY = 20;
const WORDS = 12;

/** The word of a rank: 0 is said most often. The shortest are the most frequent, as in any language. */
export function wordOf(rank: number): string {
  let word = "";
  for (let left = rank + SYLLABLES.length; left > 0; left = Math.floor(left / SYLLABLES.length)) {
    word += SYLLABLES[left % SYLLABLES.length] ?? "";
  }
  return word;
}

/** A Japanese word of those that are said. */
export function japaneseOf(number: number): string {
  return JAPANESE[number % JAPANESE.length] ?? "";
}

/** What is said at a seq; the same for the same seq. Words are as frequent as Zipf's law has it. */
export function textAt(seq: number): string {
  const random = randomFrom(seq);
  if (seq % JAPANESE_EVERY === 0) {
    const words = Array.from({ length: 6 }, () => japaneseOf(Math.floor(random() * 1_000)));
    return `${words.join("の")}です`;
  }
  const words = Array.from({ length: WORDS }, () => wordOf(Math.floor(VOCABULARY ** random()) - 1));
  return seq % 50 === 1 ? `${words.join(" ")} https://example.org/${seq % 500}` : words.join(" ");
}

/** A message as the log holds it, one a second. */
export function messageAt(seq: number, people: readonly UserId[]): FactOf<"message.sent"> {
  const who = Math.floor(randomFrom(seq + 7)() * people.length);
  const digits = seq.toString(16).padStart(12, "0");
  return {
    seq,
    type: "message.sent",
    at: new Date(Date.UTC(2026, 0, 1) + seq * 1_000).toISOString(),
    by: { id: people[who] as UserId, name: `person ${who}` },
    clientId: `00000000-0000-8000-8000-${digits}` as ClientId,
    text: textAt(seq),
    mentions: [],
  };
}

/** Mulberry32: numbers from 0 to 1, the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
