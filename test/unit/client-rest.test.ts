import { expect, test } from "@jest/globals";

import { refusalFromProblem } from "../../client/refusal.ts";
import { callRest, restRequest } from "../../client/rest.ts";
import { commands } from "../../protocol/commands.ts";
import { Refusal } from "../../protocol/errors.ts";

const url = "https://chat.example/";
const here = { url, token: "secret" };

test("a command's path takes its parts from the input, and the body takes the rest", () => {
  const { rest } = commands["message:edit"];
  const request = restRequest(here, rest, { room: "watercooler", seq: 7, text: "tea" });
  expect(request).toEqual({
    url: "https://chat.example/v1/rooms/watercooler/messages/7",
    init: {
      method: "PATCH",
      headers: {
        accept: "application/json",
        authorization: "Bearer secret",
        "content-type": "application/json",
      },
      body: '{"text":"tea"}',
    },
  });
});

test("a read puts the rest of its input in the query, and leaves out what is not given", () => {
  const { rest } = commands["room:history"];
  const request = restRequest(here, rest, { room: "a", before: 9, limit: undefined });
  expect(request.url).toBe("https://chat.example/v1/rooms/a/events?before=9");
  expect(request.init.body).toBeUndefined();
});

test("what stands in a path is escaped: an emoji, a slash, a dot", () => {
  const { rest } = commands["reaction:add"];
  const { url: target } = restRequest(here, rest, { room: "a/../b", seq: 1, emoji: "👍🏽" });
  expect(target).toBe(
    `https://chat.example/v1/rooms/a%2F..%2Fb/messages/1/reactions/${encodeURIComponent("👍🏽")}`,
  );
});

test("an answer without content is an empty one", async () => {
  const empty = new Response(null, { status: 204 });
  const archived = callRest({ ...here, fetch: () => Promise.resolve(empty) }, "room:archive", {
    room: "a",
  });
  expect(await archived).toEqual({});
});

test("a problem becomes the refusal that it describes", async () => {
  const problem = {
    type: "https://eddy.example/errors/slow_mode",
    title: "The room is in slow mode.",
    status: 429,
    detail: "Wait a moment",
    code: "slow_mode",
  };
  const headers = { "content-type": "application/problem+json", "retry-after": "3" };
  const fetch = () =>
    Promise.resolve(new Response(JSON.stringify(problem), { status: 429, headers }));
  const refused = callRest({ ...here, fetch }, "message:send", {
    room: "a",
    clientId: "01900000-0000-7000-8000-000000000001",
    text: "tea",
  });
  await expect(refused).rejects.toMatchObject({
    name: "Refusal",
    code: "slow_mode",
    message: "Wait a moment",
    retryAfterMs: 3_000,
  });
});

test("the issues of an invalid input come along", () => {
  const errors = [{ path: "text", message: "The text is blank" }];
  const problem = { type: "t", title: "t", status: 400, detail: "d", code: "invalid", errors };
  const refusal = refusalFromProblem(problem, { status: 400, retryAfter: null });
  expect([refusal.code, refusal.issues]).toEqual(["invalid", errors]);
});

test("what a proxy answers in the server's place is told by its status", () => {
  const told = { 502: "unavailable", 503: "unavailable", 429: "rate_limited", 404: "not_found" };
  for (const [status, code] of Object.entries({ ...told, 403: "forbidden", 418: "invalid" })) {
    const answer = { status: Number(status), retryAfter: "2" };
    expect(refusalFromProblem("<html>", answer)).toMatchObject({ code, retryAfterMs: 2_000 });
  }
});

test("a server that cannot be reached is unavailable, and the cause is kept", async () => {
  const cause = new TypeError("fetch failed");
  const refused = callRest({ ...here, fetch: () => Promise.reject(cause) }, "me:get", {});
  await expect(refused).rejects.toBeInstanceOf(Refusal);
  await expect(refused).rejects.toMatchObject({ code: "unavailable", cause });
});

test("an answer that is cut off is unavailable: nobody knows what it would have said", async () => {
  const listed = callRest({ ...here, fetch: cut }, "sanction:list", { room: "a" });
  await expect(listed).rejects.toMatchObject({ code: "unavailable" });
});

test("a command that has no REST twin says so", async () => {
  const refused = callRest({ ...here, fetch }, "typing:start", { room: "a" });
  await expect(refused).rejects.toMatchObject({ code: "unavailable" });
});

/** A success whose body ends in the middle. */
function cut(): Promise<Response> {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode('{"items":['));
      controller.error(new TypeError("terminated"));
    },
  });
  return Promise.resolve(new Response(body, { status: 200 }));
}
