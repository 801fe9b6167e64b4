import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { Webhook as Verifier } from "standardwebhooks";

import type { Fact } from "../../protocol/facts.ts";
import type { Delivery, Room, Webhook } from "../../protocol/shapes.ts";
import { eventually } from "../support/eventually.ts";
import { startProcess } from "../support/processes.ts";
import { openReceiver, type Receiver } from "../support/receiver.ts";
import { command, openWorld, type Person, say, type World } from "../support/world.ts";

const SOON = { WEBHOOK_PRIVATE_ADDRESSES: "on", WEBHOOK_RETRY_SECONDS: "0.1,0.1,0.1" };

let world: World;
let ada: Person;
let receiver: Receiver;
let room: Room;
beforeAll(async () => {
  world = await openWorld({ env: SOON });
  ada = await world.person("Ada");
});
afterAll(() => world.close());
beforeEach(async () => {
  room = await ada.openRoom();
  receiver = await openReceiver();
});
afterEach(() => receiver.close());

async function hook(more: Record<string, unknown> = {}) {
  const asked = { url: receiver.url, ...more };
  const { status, body } = await ada.rest<{ webhook: Webhook; secret: string }>(
    "POST",
    `/rooms/${room.id}/webhooks`,
    asked,
  );
  expect(status).toBe(201);
  return body;
}

async function deliveriesOf(id: Webhook["id"]): Promise<Delivery[]> {
  const path = `/rooms/${room.id}/webhooks/${id}/deliveries`;
  return (await ada.rest<{ items: Delivery[] }>("GET", path)).body.items;
}

async function webhookNow(): Promise<Webhook | undefined> {
  const { body } = await ada.rest<{ items: Webhook[] }>("GET", `/rooms/${room.id}/webhooks`);
  return body.items[0];
}

/** What came, as its receiver would take it. Errors: when it is not signed with the secret. */
function taken(secret: string): { type: string; data: { room: { id: string }; fact: Fact } }[] {
  return receiver.received.map(
    ({ headers, body }) =>
      new Verifier(secret).verify(body, headers as Record<string, string>) as ReturnType<
        typeof taken
      >[0],
  );
}

describe("webhooks", () => {
  test("what happens from then on comes once each, signed, with its room", async () => {
    const socket = await ada.connect();
    await say(socket, room.id, "before");
    await eventually(async () => {
      const { body } = await ada.rest<{ items: { seq: number }[] }>(
        "GET",
        `/rooms/${room.id}/messages`,
      );
      expect(body.items).toHaveLength(1);
    });
    const { webhook, secret } = await hook({ events: ["message.sent", "reaction.added"] });
    expect(webhook).toMatchObject({ url: receiver.url, off: null });
    const { seq } = await say(socket, room.id, "hello, host");
    await command(socket, "message:pin", { room: room.id, seq });
    await command(socket, "reaction:add", { room: room.id, seq, emoji: "👋" });
    await eventually(() => {
      const facts = taken(secret).map(({ data }) => data.fact);
      expect(
        facts
          .filter((fact) => fact.seq >= seq)
          .map(({ type }) => type)
          .toSorted(),
      ).toEqual(["message.sent", "reaction.added"]);
    });
    const said = taken(secret).find(({ data }) => data.fact.seq === seq);
    expect(said).toMatchObject({
      type: "message.sent",
      data: {
        room: { id: room.id, slug: room.slug },
        fact: { text: "hello, host", by: { name: "Ada" } },
      },
    });
    await eventually(async () => {
      for (const one of await deliveriesOf(webhook.id)) {
        expect(one).toMatchObject({ state: "delivered", attempts: 1, status: 204, nextAt: null });
      }
    });
  });

  test("a receiver that is down gets it when it is back, once; and again when it is asked for", async () => {
    const { webhook, secret } = await hook();
    receiver.answer(503);
    await say(await ada.connect(), room.id, "are you there?");
    await eventually(async () => {
      expect(await deliveriesOf(webhook.id)).toMatchObject([
        { state: "pending", status: 503, error: "It answered 503." },
      ]);
    });
    receiver.answer(204);
    await eventually(async () => {
      expect(await deliveriesOf(webhook.id)).toMatchObject([{ state: "delivered" }]);
    });
    const ids = new Set(receiver.received.map(({ headers }) => headers["webhook-id"]));
    expect(ids.size).toBe(1);
    const before = receiver.received.length;
    const [delivery] = await deliveriesOf(webhook.id);
    const path = `/rooms/${room.id}/webhooks/${webhook.id}/deliveries/${delivery?.id}/replay`;
    expect((await ada.rest("POST", path)).body).toMatchObject({ state: "pending", attempts: 0 });
    await eventually(() => expect(receiver.received.length).toBe(before + 1));
    expect(taken(secret).at(-1)?.data.fact).toMatchObject({ text: "are you there?" });
  });

  test.each<[string, number | null]>([
    ["is gone for good", 410],
    ["never answers in time for any attempt", null],
    ["[security 12] sends elsewhere, which may be anywhere", 302],
  ])(
    "one that %s is switched off, and misses nothing when it is on again",
    async (_what, status) => {
      const { webhook, secret } = await hook();
      receiver.answer(status);
      const socket = await ada.connect();
      await say(socket, room.id, "one");
      await eventually(async () =>
        expect((await webhookNow())?.off).toMatchObject({ reason: expect.any(String) }),
      );
      expect(await deliveriesOf(webhook.id)).toMatchObject([
        { state: "failed", attempts: status === 410 ? 1 : 4 },
      ]);
      const { seq } = await say(socket, room.id, "two");
      receiver.answer(204);
      const path = `/rooms/${room.id}/webhooks/${webhook.id}/switch-on`;
      expect((await ada.rest("POST", path)).body).toMatchObject({ off: null });
      await eventually(() => expect(taken(secret).at(-1)?.data.fact.seq).toBe(seq));
    },
  );

  test("what was taken back meanwhile is not sent", async () => {
    const { secret } = await hook({ events: ["message.sent"] });
    receiver.answer(500);
    const socket = await ada.connect();
    const { seq } = await say(socket, room.id, "a slip of the tongue");
    await eventually(() => expect(receiver.received.length).toBeGreaterThan(0));
    await command(socket, "message:remove", { room: room.id, seq });
    const before = receiver.received.length;
    receiver.answer(204);
    await eventually(() => {
      const later = taken(secret).slice(before);
      expect(later.at(-1)?.data.fact).toMatchObject({ seq, removed: true });
      expect(JSON.stringify(later.at(-1))).not.toContain("slip");
    });
  });

  test("a worker that is killed while it sends loses none", async () => {
    await world.worker?.stop();
    const { webhook, secret } = await hook();
    const socket = await ada.connect();
    const texts = Array.from({ length: 60 }, (_, i) => `message ${i}`);
    for (const text of texts) await say(socket, room.id, text);
    const { databaseUrl: DATABASE_URL, redisUrl: REDIS_URL } = world.stores;
    const first = await startProcess("workers/main.ts", { ...SOON, DATABASE_URL, REDIS_URL });
    await eventually(() => expect(receiver.received.length).toBeGreaterThan(5));
    first.kill("SIGKILL");
    await first.exited;
    await world.addWorker();
    await eventually(
      async () => {
        const all = await deliveriesOf(webhook.id);
        expect(all.map(({ state }) => state).filter((state) => state !== "delivered")).toEqual([]);
        const said = new Set(
          taken(secret).map(({ data }) => ("text" in data.fact ? data.fact.text : "")),
        );
        expect(said).toEqual(new Set(texts));
      },
      { withinMs: 20_000 },
    );
  });
});

describe("what a webhook may not", () => {
  test("only owners have them, and ten at most", async () => {
    const grace = await world.person("Grace");
    const path = `/rooms/${room.id}/webhooks`;
    const asked = { url: receiver.url };
    expect((await grace.rest("POST", path, asked)).body.code).toBe("forbidden");
    for (let i = 0; i < 10; i += 1) await hook();
    expect((await ada.rest("POST", path, asked)).body.code).toBe("conflict");
    const first = await webhookNow();
    expect((await ada.rest("DELETE", `${path}/${first?.id}`)).status).toBe(204);
    expect((await ada.rest("DELETE", `${path}/${first?.id}`)).status).toBe(404);
    const elsewhere = await ada.openRoom();
    const second = await webhookNow();
    expect((await ada.rest("DELETE", `/rooms/${elsewhere.id}/webhooks/${second?.id}`)).status).toBe(
      404,
    );
  });

  test.each(["ftp://host.example/", "javascript:alert(1)", "not a url"])(
    "%s is no URL of one",
    async (url) => {
      expect((await ada.rest("POST", `/rooms/${room.id}/webhooks`, { url })).body.code).toBe(
        "invalid",
      );
    },
  );

  test("[security 12] go to private addresses, unless the configuration says so", async () => {
    await world.worker?.stop();
    const { databaseUrl: DATABASE_URL, redisUrl: REDIS_URL } = world.stores;
    const strict = await startProcess("workers/main.ts", {
      DATABASE_URL,
      REDIS_URL,
      WEBHOOK_RETRY_SECONDS: "0.1",
    });
    const port = new URL(receiver.url).port;
    const urls = [
      receiver.url,
      `http://localhost:${port}/`,
      `http://[::1]:${port}/`,
      `http://0x7f.1:${port}/`,
    ];
    const hooks = await Promise.all(urls.map((url) => hook({ url })));
    await say(await ada.connect(), room.id, "let me in");
    for (const { webhook } of hooks) {
      await eventually(async () => {
        expect(await deliveriesOf(webhook.id)).toMatchObject([{ state: "failed", status: null }]);
      });
    }
    expect(receiver.received).toEqual([]);
    strict.kill("SIGTERM");
    await strict.exited;
    await world.addWorker();
  });
});
