import { describe, expect, test } from "@jest/globals";

import { AT_EDGE, IN_PASSING, PLAINLY, readAddress } from "../../workers/conversations/address.ts";
import { People } from "../../workers/conversations/people.ts";

const people = new People();
for (const name of ["ada", "grace_", "linus|away", "Hedy42", "usual", "actionparsnip"]) {
  people.add({ id: name, name });
}

function read(text: string, mentions: string[] = []) {
  return readAddress(text, {
    people,
    author: "turing",
    mentions,
    isCommonWord: (word) => word === "usual",
  });
}

describe("whom a message addresses", () => {
  test.each([
    ["ada: try fstab", { ada: PLAINLY }],
    ["ada, grace: both of you", { ada: PLAINLY, grace_: PLAINLY }],
    ["<ada> you said", { ada: PLAINLY }],
    ["@hedy42 look", { Hedy42: PLAINLY }],
    ["LINUS: hello", { "linus|away": PLAINLY }],
    ["action: are you there?", { actionparsnip: PLAINLY }],
    ["ada try fstab", { ada: AT_EDGE }],
    ["thanks ada :)", { ada: AT_EDGE }],
    ["thanks @ada", { ada: PLAINLY }],
    ["as ada said before", { ada: IN_PASSING }],
    ["as usual it fails", {}],
    ["usual: it fails", { usual: PLAINLY }],
    ["turing: talking to myself", {}],
    ["nobody here", {}],
  ])("%s", (text, expected) => {
    expect(Object.fromEntries(read(text).targets)).toEqual(expected);
  });

  test("the names are no part of what is said", () => {
    expect(read("ada, grace_: both of you").said).toBe("both of you");
    expect(read("nothing to cut").said).toBe("nothing to cut");
  });

  test("a name that nobody has is noticed, a label is not", () => {
    expect(read("babbage: try fstab").isUnknown).toBe(true);
    expect(read("http://example.org/: see there").isUnknown).toBe(false);
    expect(read("try fstab").isUnknown).toBe(false);
  });

  test("whom the client says it mentions is addressed plainly", () => {
    expect(Object.fromEntries(read("look at this", ["ada"]).targets)).toEqual({ ada: PLAINLY });
  });

  test("who changed names is found by the present one, who left by none", () => {
    const few = new People();
    few.add({ id: "1", name: "tobias" });
    few.add({ id: "1", name: "guest7" });
    expect(few.find("guest7")).toBe("1");
    few.drop({ id: "1", name: "tobias" });
    expect(few.find("tobias")).toBeUndefined();
    expect(few.find("guest7")).toBe("1");
  });
});
