import type { Check } from "./check.ts";

/** C9: nobody speaks between their ban and its lifting: not in the log, and not by the clock. */
export const bannedAreSilent: Check = (history) => {
  const problems: string[] = [];
  for (const { room, facts } of history.of("kept")) {
    const banned = new Set<string>();
    for (const { seq, type, by, user = "" } of facts) {
      if (type === "member.banned") banned.add(user);
      if (type === "member.unbanned") banned.delete(user);
      if (type === "message.sent" && banned.has(by)) {
        problems.push(`${room} ${seq}: ${by} spoke while banned`);
      }
    }
  }
  const bans = history
    .of("sanction")
    .filter(({ act, outcome }) => act === "ban" && outcome === "ok");
  const answers = history.of("answer").filter(({ place, duplicate }) => place && !duplicate);
  for (const { room, user, t } of bans) {
    const lifting = history
      .of("sanction")
      .find((one) => one.act === "unban" && one.room === room && one.user === user && one.t > t);
    const until = lifting?.calledAt ?? Infinity;
    for (const answer of answers) {
      if (answer.room !== room || answer.user !== user) continue;
      if (answer.sentAt > t && answer.t < until) {
        problems.push(`${user} was banned from ${room} and then accepted at ${answer.place?.seq}`);
      }
    }
  }
  return problems;
};
