import type { Message } from "../../workers/conversations/message.ts";

const NAMES = ["ada", "grace_", "linus|away", "Hedy", "usual", "さくら", "x"];
const WORDS =
  "how do I mount the usual disk on boot ? thanks yes try fstab it works no sound driver after 更新 upgrade kernel http://example.org/a !paste ada linus".split(
    " ",
  );

/** Chat of a few people, the same for the same numbers: `numbers` says who speaks, when, and what. */
export function talkOf(numbers: readonly number[]): Message[] {
  let atMs = Date.UTC(2026, 0, 1);
  return numbers.map((number, i) => {
    const pick = (salt: number, from: readonly string[]) =>
      from[Math.floor(number / salt) % from.length] ?? "";
    const name = pick(1, NAMES);
    const to = pick(7, NAMES);
    const words = [11, 101, 1_009, 10_007].map((salt) => pick(salt, WORDS)).join(" ");
    atMs += (number % 97) * 1_000;
    const text = number % 3 === 0 ? `${to}: ${words}` : words;
    return { seq: i + 1, atMs, author: { id: `id of ${name}`, name }, text };
  });
}
