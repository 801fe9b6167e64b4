import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";

import { type Role, roles, Visibility } from "../../protocol/shapes.ts";
import { configReference } from "../../server/config.ts";
import {
  has,
  may,
  mayCommand,
  mayGiveRole,
  mayRemove,
  type Rank,
  ranks,
  type RightName,
  rights,
  type RoomFacts,
} from "../../server/rooms/policy.ts";
import { renderDocsPage } from "../../server/transport/docs/docs-page.ts";

const order: (Rank | null)[] = [null, ...ranks];
const rank = fc.constantFrom(...order);
const role = fc.constantFrom<(Role | null)[]>(null, ...roles);
const right = fc.constantFrom(...(Object.keys(rights) as RightName[]));
const room: fc.Arbitrary<RoomFacts> = fc.record({
  visibility: fc.constantFrom(...Visibility.options),
  locked: fc.boolean(),
  closed: fc.boolean(),
  newcomer: fc.constantFrom(null, "new here"),
  archived: fc.boolean(),
});

const height = (one: Rank | null) => order.indexOf(one);

describe("who may do what to whom", () => {
  test("whatever is done to someone is done to a lower role only", () => {
    fc.assert(
      fc.property(right, rank, rank, (name, actor, target) => {
        fc.pre(rights[name].onLower && has(name, actor, target));
        expect(height(actor)).toBeGreaterThan(height(target));
      }),
    );
  });

  test("who is higher may whatever the lower may", () => {
    fc.assert(
      fc.property(right, rank, rank, rank, (name, one, other, target) => {
        const [lower, higher] = height(one) <= height(other) ? [one, other] : [other, one];
        expect(has(name, lower, target) && !has(name, higher, target)).toBe(false);
      }),
    );
  });

  test("who is no moderator has no right over anyone", () => {
    fc.assert(
      fc.property(right, role, rank, (name, actor, target) => {
        fc.pre(height(actor) < height("moderator") && rights[name].onLower);
        expect(has(name, actor, target)).toBe(false);
      }),
    );
  });

  test("a refusal says whether it is the role or the other's role", () => {
    expect(may("sanction", "member", "guest")).toMatchObject({
      message: expect.stringContaining("moderators"),
    });
    expect(may("sanction", "moderator", "moderator")).toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("equal or higher"),
    });
  });

  test("nobody but owners gives or takes a role at or above their own", () => {
    fc.assert(
      fc.property(rank, role, fc.constantFrom(...roles), (actor, target, given) => {
        fc.pre(height(actor) < height("owner") && mayGiveRole(actor, target, given).allowed);
        expect(height(actor)).toBeGreaterThan(Math.max(height(target), height(given)));
      }),
    );
  });

  test("everyone takes back their own message, and others' only from below", () => {
    fc.assert(
      fc.property(rank, rank, (actor, author) => {
        expect(mayRemove({ isAuthor: true, rank: actor }, actor).allowed).toBe(true);
        const removes = mayRemove({ isAuthor: false, rank: actor }, author).allowed;
        expect(removes).toBe(
          height(actor) >= height("moderator") && height(actor) > height(author),
        );
      }),
    );
  });
});

describe("what a room lets people do", () => {
  test("a private room does not exist for who is no member, whatever they ask", () => {
    fc.assert(
      fc.property(
        room,
        fc.constantFrom("reader", "speaker", "moderator", "owner"),
        (facts, who) => {
          const decision = mayCommand(who, { ...facts, visibility: "private" }, null);
          expect(decision).toMatchObject({ allowed: false, code: "not_found" });
        },
      ),
    );
  });

  test("in a locked room moderators speak, in an archived one nobody", () => {
    fc.assert(
      fc.property(room, rank, (facts, actor) => {
        fc.pre(facts.visibility !== "private" && (facts.locked || facts.archived));
        const speaks = mayCommand("speaker", facts, actor).allowed;
        const least = facts.closed ? "admin" : "moderator";
        expect(speaks).toBe(!facts.archived && height(actor) >= height(least));
      }),
    );
  });

  test("who is new where one has to have settled reads only, unless they moderate", () => {
    fc.assert(
      fc.property(room, rank, (facts, actor) => {
        fc.pre(facts.visibility !== "private" && !facts.archived && !facts.locked && !facts.closed);
        const speaks = mayCommand("speaker", facts, actor).allowed;
        expect(speaks).toBe(facts.newcomer === null || height(actor) >= height("moderator"));
      }),
    );
  });
});

test("/docs shows the table that decides", () => {
  const page = renderDocsPage({ configReference, publicUrl: "https://eddy.example", nonce: "n" });
  const cells = (name: RightName) =>
    [
      ...(page.split(`id="right-${name}"`)[1]?.split("</tr>")[0] ?? "").matchAll(
        /<td>(.*?)<\/td>/gu,
      ),
    ].map(([, cell]) => cell);
  expect(cells("read")).toEqual(order.map(() => "yes"));
  expect(cells("own")).toEqual(["no", "no", "no", "no", "yes", "yes"]);
  expect(cells("sanction")).toEqual([
    "no",
    "no",
    "no",
    "on lower roles",
    "on lower roles",
    "on lower roles",
  ]);
});
