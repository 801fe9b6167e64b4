import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";

import { commandNames } from "../../protocol/commands.ts";
import { ErrorReply } from "../../protocol/errors.ts";
import { MAX_JSON_DEPTH } from "../../protocol/limits.ts";
import { seed } from "../simulation/seed.ts";
import { openWorld, say, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld({ worker: false });
});
afterAll(() => world.close());

/** What the contract says of every reply. */
const contractReply = z.discriminatedUnion("ok", [
  z.looseObject({ ok: z.literal(true) }),
  z.strictObject({ ok: z.literal(false), error: ErrorReply }),
]);

/** JSON that nests as deep as asked: Socket.IO's own walk over it must survive, and ours. */
function nested(levels: number): unknown {
  let value: unknown = "core";
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { value };
  return value;
}

/** Stands for a deep value: fast-check's own walk over one would not come back. */
function isNesting(input: unknown): input is { nests: number } {
  return typeof input === "object" && input !== null && "nests" in input;
}

describe("no input ends the process, and every acknowledgement is answered", () => {
  test(`[G15] whatever is sent under whatever name gets one reply of the contract's shape (seed ${seed})`, async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    const anything = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.constantFrom(null, "", [], Number.MAX_VALUE, { __proto__: null }, "\0", "\ud800"),
      fc.record({ room: fc.constant(room.id), seq: fc.jsonValue(), text: fc.jsonValue() }),
      fc.record({
        room: fc.constant(room.id),
        clientId: fc.constant(uuidv7()),
        text: fc.string({ unit: "binary" }),
      }),
      fc.record({ nests: fc.nat(2_000) }),
      fc.uint8Array({ maxLength: 50 }),
    );
    const anyName = fc.oneof(
      fc.constantFrom(...commandNames),
      fc.constantFrom("constructor", "__proto__", "toString", "room:", ""),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(anyName, fc.array(anything, { maxLength: 3 }), async (name, inputs) => {
        // Names that Socket.IO keeps for itself never leave the client.
        fc.pre(!["connect", "connect_error", "disconnect", "disconnecting"].includes(name));
        fc.pre(!["newListener", "removeListener"].includes(name));
        const sent = inputs.map((input) => (isNesting(input) ? nested(input.nests) : input));
        const reply: unknown = await socket.timeout(5_000).emitWithAck(name, ...sent);
        expect(contractReply.safeParse(reply).error).toBeUndefined();
        // The same without anyone who waits for an answer.
        socket.emit(name, ...sent);
      }),
      { seed, numRuns: 300 },
    );
    expect(socket.connected).toBe(true);
    expect((await say(socket, room.id, "still here")).seq).toBeGreaterThan(0);
  });

  test("[G15] an input that nests deeper than its bound is refused for that, before anything walks it", async () => {
    const socket = await (await world.person("Ada")).connect();
    const replyTo = async (levels: number) =>
      (await socket.emitWithAck("room:leave", { room: nested(levels) })) as unknown;
    const tooDeep = { ok: false, error: { code: "invalid", issues: [{ message: "Too deep" }] } };
    expect(await replyTo(MAX_JSON_DEPTH)).toMatchObject(tooDeep);
    expect(await replyTo(MAX_JSON_DEPTH - 1)).not.toMatchObject(tooDeep);
  });

  test("[G15] a frame that nests 30,000 deep costs at most its own connection", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const [innocent, guilty] = [await ada.connect(), await ada.connect()];
    const deep = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
    // Written by hand: the client's own encoder gives up long before.
    (guilty.io.engine as unknown as { write: (data: string) => void }).write(`2["x",${deep}]`);
    const { seq } = await say(innocent, room.id, "still here");
    expect(seq).toBe(1);
  });

  test("[G15] REST answers anything with a problem of the contract, never with a stack", async () => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const { url } = world.gateways[0] ?? { url: "" };
    const bodies = [
      "{",
      "null",
      "[]",
      '"x"',
      '{"__proto__":{"a":1}}',
      JSON.stringify(nested(500)),
      "\0",
    ];
    for (const body of bodies) {
      for (const [method, path] of [
        ["POST", "/v1/guests"],
        ["POST", "/v1/rooms"],
        ["POST", `/v1/rooms/${room.id}/messages`],
        ["PATCH", `/v1/rooms/${room.id}/messages/1`],
        ["GET", `/v1/rooms/${room.id}/messages?limit=-1`],
        ["GET", "/v1/rooms/%00"],
        ["GET", "/v1/rooms/%ff/events"],
      ] as const) {
        const response = await fetch(`${url}${path}`, {
          method,
          headers: { Authorization: `Bearer ${ada.token}`, "Content-Type": "application/json" },
          ...(method === "GET" ? {} : { body }),
        });
        const text = await response.text();
        expect(response.status).toBeGreaterThanOrEqual(400);
        expect(response.status).toBeLessThan(500);
        expect(response.headers.get("content-type")).toContain("application/problem+json");
        expect(JSON.parse(text)).toMatchObject({
          status: response.status,
          code: expect.any(String),
        });
        expect(text).not.toMatch(/node_modules|\.ts:\d/u);
      }
    }
  });
});
