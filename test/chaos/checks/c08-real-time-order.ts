import type { RowOf } from "../history.ts";
import type { Check } from "./check.ts";

/** C8: what was acknowledged before another was first sent stands before it. */
export const realTimeOrder: Check = (history) => {
  const firstSent = new Map<string, number>();
  for (const { user, clientId, t } of history.of("send")) {
    const send = `${user} ${clientId}`;
    firstSent.set(send, Math.min(t, firstSent.get(send) ?? t));
  }
  const byRoom = new Map<string, RowOf<"answer">[]>();
  for (const answer of history.of("answer")) {
    if (answer.place === undefined) continue;
    const answers = byRoom.get(answer.room) ?? [];
    byRoom.set(answer.room, answers);
    answers.push(answer);
  }
  return [...byRoom].flatMap(([room, answers]) => outOfOrder(room, answers, firstSent));
};

/** In one pass: the highest seq that was acknowledged before each send began. */
function outOfOrder(
  room: string,
  answers: RowOf<"answer">[],
  firstSent: Map<string, number>,
): string[] {
  const began = ({ user, clientId, sentAt }: RowOf<"answer">) =>
    firstSent.get(`${user} ${clientId}`) ?? sentAt;
  const byAnswer = answers.toSorted((a, b) => a.t - b.t);
  const problems: string[] = [];
  let highest = 0;
  let next = 0;
  for (const later of answers.toSorted((a, b) => began(a) - began(b))) {
    for (
      let one = byAnswer[next];
      one !== undefined && one.t < began(later);
      one = byAnswer[next]
    ) {
      highest = Math.max(highest, one.place?.seq ?? 0);
      next += 1;
    }
    const seq = later.place?.seq ?? Infinity;
    if (seq < highest) {
      problems.push(`${room} ${seq} was sent after ${highest} was acknowledged`);
    }
  }
  return problems;
}
