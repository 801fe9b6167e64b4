import { expect, test } from "@jest/globals";

import { dropIn } from "../../client/drop-in.ts";
import { ada } from "../simulation/happenings.ts";
import { AT, playedClient, urlOf } from "../simulation/played-client.ts";
import { SimRoom, WATERCOOLER } from "../simulation/sim-room.ts";

test("a socket command goes over the socket while there is one", async () => {
  const { client, newest, fetched, on } = playedClient();
  on().connected();
  const read = client.call("room:read", { room: "watercooler", seq: 3 });
  await Promise.resolve();
  expect(newest("room:read").input).toEqual({ room: "watercooler", seq: 3 });
  newest("room:read").answer({ ok: true, unread: 0, mentions: 0 });
  expect(await read).toMatchObject({ unread: 0, mentions: 0 });
  expect(fetched).toEqual([]);
});

test("without a socket, and for what sockets do not offer, REST serves", async () => {
  const { client, fetched, on } = playedClient();
  await client.call("room:read", { room: "watercooler", seq: 3 });
  on().connected();
  await client.call("me:get", {});
  expect(fetched).toEqual([
    {
      url: "http://eddy.example/v1/rooms/watercooler/read",
      method: "PUT",
      token: "Bearer token",
    },
    { url: "http://eddy.example/v1/me", method: "GET", token: "Bearer token" },
  ]);
});

test("a refusal of the socket is thrown as one, with its hint and its issues", async () => {
  const { client, newest, on } = playedClient();
  on().connected();
  const issues = [{ path: "seq", message: "Not a number" }];
  const refused = client.call("room:read", { room: "watercooler", seq: 3 });
  await Promise.resolve();
  newest("room:read").answer({
    ok: false,
    error: { code: "rate_limited", message: "Too fast", retryAfterMs: 70, issues },
  });
  await expect(refused).rejects.toMatchObject({
    name: "Refusal",
    code: "rate_limited",
    retryAfterMs: 70,
    issues,
  });
});

test("[G18] a session that expires is renewed with a token that the app brings", async () => {
  const { newest, on, tokenUsed } = playedClient({ getToken: () => "newer" });
  expect(tokenUsed()).toBe("token");
  on().connected();
  on().pushed("session.expiring", { at: AT });
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  expect(newest("session:renew").input).toEqual({ token: "newer" });
});

test("a renewal that fails is told, and breaks nothing", async () => {
  const errors: string[] = [];
  const { client, on } = playedClient({ getToken: () => Promise.reject(new Error("No sign-in")) });
  client.on("error", ({ message }) => errors.push(message));
  on().connected();
  on().pushed("session.expiring", { at: AT });
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  expect([client.state, errors]).toEqual(["online", ["No sign-in"]]);
});

test("a push of a newer server is passed over", () => {
  const { client, on } = playedClient();
  on().connected();
  on().pushed("room.sung", { room: WATERCOOLER });
  on().pushed("constructor", {});
  expect(client.state).toBe("online");
});

test("online resolves when there is a connection, and rejects with why there is none", async () => {
  const first = playedClient();
  const online = first.client.online();
  first.on().connected();
  await online;
  const second = playedClient();
  const refused = second.client.online();
  second.on().refused({ message: "No", data: { code: "banned", message: "You are banned" } });
  await expect(refused).rejects.toMatchObject({ code: "banned" });
  await expect(second.client.online()).rejects.toMatchObject({ code: "banned" });
});

test("closing answers everyone who waits", async () => {
  const { client, on, newest } = playedClient();
  on().connected();
  const room = client.enter("watercooler");
  newest("room:enter").answer({ ok: true, ...new SimRoom().enter({}) });
  const stored = room.send("hello").until("stored");
  const read = room.call("room:read", { seq: 1 });
  client.close();
  await expect(stored).rejects.toMatchObject({ code: "unavailable" });
  await expect(read).rejects.toMatchObject({ code: "unavailable" });
});

test("dropping in makes a guest and connects as them", async () => {
  const opened: (string | null)[] = [];
  const sent: unknown[] = [];
  const guest = {
    user: { id: ada.id, name: "Ada", kind: "guest" },
    token: "guest token",
    expiresAt: "2030-01-01T00:00:00.000Z",
  };
  const { client, user } = await dropIn("http://eddy.example", "Ada", {
    fetch: (target, init) => {
      sent.push([urlOf(target), init?.method, init?.body]);
      return Promise.resolve(Response.json(guest, { status: 201 }));
    },
    transport: {
      open(token) {
        opened.push(token);
        return { request: () => {}, close: () => {} };
      },
    },
  });
  expect(sent).toEqual([["http://eddy.example/v1/guests", "POST", '{"displayName":"Ada"}']]);
  expect([opened, user.name, client.state]).toEqual([["guest token"], "Ada", "connecting"]);
  client.close();
});
