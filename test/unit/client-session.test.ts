import { expect, jest, test } from "@jest/globals";

import { createSession } from "../../client/session.ts";

test("a fixed token is all there is", () => {
  const session = createSession({ token: "fixed" });
  expect([session.renewable, session.token(true)]).toEqual([false, "fixed"]);
});

test("the app is asked once, however many need a token at the same time", async () => {
  const getToken = jest.fn(async () => "made");
  const session = createSession({ getToken });
  expect(await Promise.all([session.token(), session.token(true), session.token()])).toEqual([
    "made",
    "made",
    "made",
  ]);
  expect(getToken).toHaveBeenCalledTimes(1);
});

test("a token that is still good is not asked for again", async () => {
  const getToken = jest.fn(async () => "second");
  const session = createSession({ token: "first", getToken });
  expect(await session.token()).toBe("first");
  expect(await session.token(true)).toBe("second");
  expect(await session.token()).toBe("second");
  expect(getToken).toHaveBeenCalledTimes(1);
});

test("after a failure the app is asked again", async () => {
  const getToken = jest
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(new Error("The sign-in is down"))
    .mockResolvedValue("made");
  const session = createSession({ getToken });
  await expect(session.token()).rejects.toThrow("The sign-in is down");
  expect(await session.token()).toBe("made");
});
