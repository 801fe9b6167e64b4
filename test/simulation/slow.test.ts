import { expect, test } from "@jest/globals";
import fc from "fast-check";

import { attachMember } from "../../server/feed/attach-member.ts";
import type { LiveRoom, Member } from "../../server/feed/live-room.ts";
import type { RoomFeed } from "../../server/feed/room-feed.ts";
import { seed } from "./seed.ts";
import { runSlow, slowScript, type SlowParts, type SlowStep } from "./slow-run.ts";

test(`[G11] whoever reads at whatever pace gets every fact once and in order, and none while it does not read (seed ${seed})`, async () => {
  let held = 0;
  let cut = 0;
  await fc.assert(
    fc.asyncProperty(slowScript, async (script) => {
      const outcome = await runSlow(script);
      held += outcome.held;
      cut += outcome.cut;
    }),
    { seed, numRuns: 1_500, examples: [[backAgain], [backMeanwhile], [farBehind]] },
  );
  // Else the scripts would prove nothing.
  expect(held).toBeGreaterThan(100);
  expect(cut).toBeGreaterThan(10);
});

/** Someone who is held leaves, and comes back before they have read: they are not who they were. */
const backAgain: SlowStep[] = [
  { do: "append", count: 6, heard: true },
  { do: "deliver" },
  { do: "look" },
  { do: "leave", who: 1 },
  { do: "enter", who: 1 },
  { do: "append", count: 6, heard: true },
  { do: "deliver" },
  { do: "serve" },
  { do: "append", count: 6, heard: true },
  { do: "deliver" },
  { do: "look" },
  { do: "append", count: 1, heard: true },
  { do: "deliver" },
];

/** Someone leaves and comes back while they are still being made live. */
const backMeanwhile: SlowStep[] = [
  { do: "leave", who: 1 },
  { do: "append", count: 6, heard: false },
  { do: "enter", who: 1 },
  { do: "serve" },
  { do: "leave", who: 1 },
  { do: "append", count: 2, heard: false },
  { do: "enter", who: 1 },
  { do: "serve" },
  { do: "deliver" },
  { do: "serve" },
];

const said: SlowStep[] = [{ do: "append", count: 6, heard: true }, { do: "deliver" }];

/** Someone reads at last, and lacks more than goes into one frame. */
const farBehind: SlowStep[] = [
  ...said,
  ...said,
  { do: "look" },
  ...Array.from({ length: 60 }, () => said).flat(),
  { do: "drain", who: 1, packets: 6 },
  { do: "look" },
];

/** One mechanism taken out each. */
const mutants: Record<string, SlowParts> = {
  "is held at the feed's end instead of its own": heldAs(({ last }) => last),
  "stays live while it is held": heldAs(
    ({ delivered }) => delivered,
    (room, member) => {
      member.goLive(room.id);
      return member;
    },
  ),
  "is given everything at once": heldAs(
    ({ delivered }) => delivered,
    (_, member) => ({
      ...member,
      isReading: () => true,
    }),
  ),
  "is never led back": { attachMember, holdMember: async (room, member) => void room.hold(member) },
};

/** A member that is held with another position, or as somewhat another member. */
function heldAs(
  position: (feed: RoomFeed) => number,
  as: (room: LiveRoom, member: Member) => Member = (_, member) => member,
): SlowParts {
  return {
    attachMember,
    holdMember: async (room, member) => {
      const visit = room.hold(member);
      if (visit === null) return;
      const read = { epoch: room.feed.epoch, prev: position(room.feed), facts: [] };
      await attachMember(room, { member: as(room, member), visit }, read);
    },
  };
}

test.each(Object.entries(mutants))("[G11] one that %s is found out", async (_, parts) => {
  const { failed } = await fc.check(
    fc.asyncProperty(slowScript, async (script) => void (await runSlow(script, parts))),
    { seed, numRuns: 2_000, endOnFailure: true },
  );
  expect(failed).toBe(true);
});
