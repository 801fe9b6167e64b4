import { describe, expect, test } from "@jest/globals";

import { whoIsMeant } from "../../web/room/mentioned.ts";

const ada = { id: "u-ada", name: "Ada", handle: "countess" };
const grace = { id: "u-grace", name: "Grace" };
const people = new Map([ada, grace].map((person) => [person.id, person]));
const meant = (text: string, mentions: string[]) =>
  Object.fromEntries(whoIsMeant({ text, mentions }, people));

describe("whom a handle means", () => {
  test("is known by the handle, where someone told us theirs", () => {
    expect(meant("hello @countess", ["u-ada"])).toEqual({ countess: ada });
  });

  test("is whom the server found, in the order of the text, where we know nobody's handle", () => {
    expect(meant("@admiral and @countess, meet @linus", ["u-grace", "u-ada", "u-linus"])).toEqual({
      admiral: { id: "u-grace", name: "Grace" },
      countess: ada,
      linus: { id: "u-linus", name: "linus" },
    });
  });

  test("stays open where some of the handles are nobody's", () => {
    expect(meant("@nobody or @admiral", ["u-grace"])).toEqual({});
    expect(meant("@everyone", [])).toEqual({});
  });

  test("is asked of lower case alone, as the server does", () => {
    expect(meant("@Countess", [])).toEqual({});
  });
});
