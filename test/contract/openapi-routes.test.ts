import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Socket } from "socket.io-client";
import { v7 as uuidv7 } from "uuid";
import type { z } from "zod";

import type { Command, Route } from "../../protocol/command.ts";
import {
  type CommandInput,
  type CommandName,
  type CommandOutput,
  commands,
} from "../../protocol/commands.ts";
import { DeliveryId } from "../../protocol/ids.ts";
import type { Report } from "../../protocol/reports.ts";
import type {
  Delivery,
  DryRun,
  Erasure,
  Import,
  Room,
  Sanction,
  Webhook,
} from "../../protocol/shapes.ts";
import { type Backstage, openBackstage } from "../guarantees/backstage.ts";
import {
  ask,
  firstGateway,
  HOST_SECRET,
  openWorld,
  type Person,
  say,
  type World,
} from "../support/world.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld({ worker: false, env: { AUTH_JWT_SECRET: HOST_SECRET } });
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

/** Ada's room, in which she and Grace have each said something. */
interface Scene {
  ada: Person;
  grace: Person;
  /** A platform administrator. */
  root: Person;
  socket: Socket;
  room: Room;
  seq: number;
}

async function scene(): Promise<Scene> {
  const [ada, grace, root] = await Promise.all([
    world.person("Ada"),
    world.person("Grace"),
    world.administrator("Root"),
  ]);
  const room = await ada.openRoom();
  const socket = await ada.connect();
  const { seq } = await say(socket, room.id, "mine");
  await say(await grace.connect(), room.id, "and mine");
  return { ada, grace, root, socket, room, seq };
}

type Give<N extends CommandName> = (on: Scene) => CommandInput<N> | Promise<CommandInput<N>>;

/** A good input of each command, as its scene needs it. A new command without one does not compile. */
const inputs = {
  "guest:create": () => ({ displayName: "Grace" }),
  "session:renew": ({ ada }) => ({ token: ada.token }),
  "me:get": () => ({}),
  "room:create": () => ({
    title: "Lobby",
    slug: `lobby-${uuidv7().slice(-12)}`,
    topic: "",
    visibility: "unlisted",
  }),
  "room:list": () => ({ sort: "new", q: "Water", limit: 1 }),
  "room:weather": ({ room }) => ({ room: room.slug }),
  "tag:list": async ({ ada, room }) => {
    await ada.rest("PATCH", `/rooms/${room.id}`, { tags: ["tea"] });
    return { limit: 1 };
  },
  "room:get": ({ room }) => ({ room: room.slug }),
  "room:update": ({ room }) => ({ room: room.id, title: "New", tags: ["tea"], slowModeSeconds: 1 }),
  "room:archive": ({ room }) => ({ room: room.id }),
  "room:enter": ({ room }) => ({ room: room.id, since: { epoch: 1, seq: 0 }, limit: 1 }),
  "room:leave": ({ room }) => ({ room: room.id }),
  "room:history": ({ room }) => ({ room: room.id, after: 0, limit: 1 }),
  "room:read": ({ room, seq }) => ({ room: room.id, seq }),
  "room:unread": ({ room, seq }) => ({ room: room.id, ranges: [[seq, seq]] }),
  "unread:list": () => ({ limit: 1 }),
  "room:missed": ({ room, seq }) => ({ room: room.id, since: 0, until: seq }),
  "typing:start": async ({ room, socket }) => {
    await ask(socket, "room:enter", { room: room.id });
    return { room: room.id };
  },
  "message:send": ({ room, seq }) => ({
    room: room.id,
    clientId: uuidv7(),
    text: "Hello?",
    replyTo: seq,
  }),
  "message:edit": ({ room, seq }) => ({ room: room.id, seq, text: "better" }),
  "message:remove": ({ room, seq }) => ({ room: room.id, seq, reason: "a slip" }),
  "reaction:add": ({ room, seq }) => ({ room: room.id, seq, emoji: "👍🏽" }),
  "reaction:remove": async ({ room, seq, ada }) => {
    await ada.rest("PUT", `/rooms/${room.id}/messages/${seq}/reactions/👍🏽`);
    return { room: room.id, seq, emoji: "👍🏽" };
  },
  "message:pin": ({ room, seq }) => ({ room: room.id, seq }),
  "message:move": ({ room, seq }) => ({ room: room.id, seq, conversation: String(seq) }),
  "message:unpin": async ({ room, seq, ada }) => {
    await ada.rest("PUT", `/rooms/${room.id}/messages/${seq}/pin`);
    return { room: room.id, seq };
  },
  "message:list": ({ room }) => ({ room: room.id, limit: 1 }),
  "message:get": async ({ room, seq, ada }) => {
    // As much on it as there can be.
    await ada.rest("PUT", `/rooms/${room.id}/messages/${seq}/pin`);
    await ada.rest("PUT", `/rooms/${room.id}/messages/${seq}/reactions/👍🏽`);
    await ada.rest("PATCH", `/rooms/${room.id}/messages/${seq}`, { text: "edited" });
    return { room: room.id, seq };
  },
  "member:list": ({ room }) => ({ room: room.id, limit: 1 }),
  "member:set-role": ({ room, grace }) => ({
    room: room.id,
    user: grace.user.id,
    role: "moderator",
  }),
  "member:leave": async ({ ada, grace }) => {
    const { id } = await ada.openRoom("To be left");
    await grace.rest("POST", `/rooms/${id}/messages`, { clientId: uuidv7(), text: "bye" });
    await ada.rest("PUT", `/rooms/${id}/members/${grace.user.id}`, { role: "owner" });
    return { room: id };
  },
  "sanction:create": ({ room, grace }) => ({
    room: room.id,
    user: grace.user.id,
    kind: "mute",
    seconds: 60,
    reason: "spam",
  }),
  "removal:create": ({ room, grace }) => ({ room: room.id, author: grace.user.id, reason: "spam" }),
  "removal:list": ({ room }) => ({ room: room.id }),
  "removal:texts": async (on) => ({ room: on.room.id, seq: await cleaned(on) }),
  "removal:undo": async (on) => ({ room: on.room.id, seq: await cleaned(on) }),
  "raid:begin": ({ room }) => ({
    room: room.id,
    seconds: 60,
    slowModeSeconds: 5,
    newMinutes: 5,
  }),
  "raid:end": ({ room }) => ({ room: room.id }),
  "join:door": async (on) => ({ room: await askedFor(on) }),
  "join:ask": async (on) => ({ room: await askedFor(on), line: "May I?" }),
  "report:create": async ({ room, grace }) => ({
    room: room.id,
    seq: (await say(await grace.connect(), room.id, "buy now")).seq,
    category: "spam",
    note: "again and again",
  }),
  "report:list": async (on) => {
    await reported(on);
    return { room: on.room.id, state: "waiting", category: "spam", claim: "free", limit: 1 };
  },
  "report:queue": async (on) => {
    await reported(on);
    return { kind: "message", limit: 1 };
  },
  "report:get": async (on) => ({ room: on.room.id, id: await reported(on) }),
  "report:claim": async (on) => ({ room: on.room.id, id: await reported(on) }),
  "report:release": async (on) => ({ room: on.room.id, id: await reported(on) }),
  "report:resolve": async (on) => ({
    room: on.room.id,
    id: await reported(on),
    action: "sanction",
    note: "third time",
    sanction: { kind: "mute", seconds: 60, removeMessages: 5 },
    removeMessage: true,
  }),
  "notice:list": async (on) => {
    const { body } = await on.ada.rest<Report>("POST", `/rooms/${on.room.id}/reports`, {
      seq: (await say(await on.grace.connect(), on.room.id, "buy now")).seq,
      category: "spam",
    });
    const path = `/rooms/${on.room.id}/reports/${body.id}/resolve`;
    await on.ada.rest("POST", path, { action: "dismiss" });
    return { limit: 1 };
  },
  "sanction:list": async (on) => {
    await mute(on);
    return { room: on.room.id };
  },
  "sanction:lift": async (on) => ({ room: on.room.id, id: await mute(on), reason: "amends" }),
  "message:search": ({ room }) => ({ q: "mine", room: room.id }),
  "audit:list": ({ room }) => ({ room: room.id }),
  "filter:get": ({ room }) => ({ room: room.id }),
  "filter:set": ({ room }) => ({ room: room.id, rules: [{ name: "Spam", phrase: "buy now" }] }),
  "webhook:create": ({ room }) => ({ room: room.id, url: "https://host.example/eddy" }),
  "webhook:list": async (on) => {
    await hook(on);
    return { room: on.room.id };
  },
  "webhook:remove": async (on) => ({ room: on.room.id, id: await hook(on) }),
  "webhook:switch-on": async (on) => ({ room: on.room.id, id: await hook(on) }),
  "webhook:deliveries": async (on) => ({ room: on.room.id, id: await hook(on), limit: 1 }),
  "webhook:replay": async (on) => {
    const id = await hook(on);
    return { room: on.room.id, id, delivery: await deliveryOf(id) };
  },
  "dry-run:create": ({ room }) => ({ room: room.id, rule: DRAFT, days: 1 }),
  "dry-run:get": async ({ ada, room }) => {
    const on = `/rooms/${room.id}/filters/dry-run`;
    const { body } = await ada.rest<DryRun>("POST", on, { rule: DRAFT });
    return { room: room.id, id: body.id };
  },
  "platform-ban:create": async () => ({
    user: (await world.person("Troll")).user.id,
    reason: "spam",
  }),
  "platform-ban:list": () => ({}),
  "platform-ban:lift": async (on) => ({ id: await platformBan(on) }),
  "me:erase": () => ({ confirm: "erase" as const }),
  "user:erase": async () => ({
    user: (await world.person("Gone")).user.id,
    confirm: "erase" as const,
  }),
  "erasure:get": async ({ root }) => {
    const { user } = await world.person("Gone");
    const path = `/users/${user.id}?confirm=erase`;
    return { id: (await root.rest<Erasure>("DELETE", path)).body.id };
  },
  "import:create": () => ({ format: "irc", title: "Old times", date: "2024-03-05" }),
  "import:start": async (on) => ({ id: await upload(on) }),
  "import:get": async (on) => ({ id: await upload(on) }),
  "me:update": () => ({
    name: "Ada L.",
    handle: `ada-${Date.now().toString(36)}x`,
    headline: "Counts",
    links: [{ title: "Notes", url: "https://example.com/notes" }],
    timeZone: "Europe/London",
    meetings: false,
  }),
  "user:get": async ({ ada, grace }) => {
    await ada.rest("PUT", `/contacts/${grace.user.id}`, { note: "knows compilers" });
    return { user: grace.user.handle ?? "" };
  },
  "me:meetings": () => ({ limit: 1 }),
  "room:missed-people": ({ room }) => ({ room: room.id, limit: 1 }),
  "contact:add": ({ grace }) => ({ user: grace.user.id, note: "knows compilers" }),
  "contact:remove": ({ grace }) => ({ user: grace.user.id }),
  "contact:list": async ({ ada, grace }) => {
    await ada.rest("PUT", `/contacts/${grace.user.id}`, { note: "knows compilers" });
    return { show: "following", limit: 1 };
  },
  "block:add": ({ grace }) => ({ user: grace.user.id }),
  "block:remove": ({ grace }) => ({ user: grace.user.id }),
  "block:list": async ({ ada, grace }) => {
    await ada.rest("PUT", `/blocks/${grace.user.id}`, {});
    return { limit: 1 };
  },
  "direct:open": ({ grace }) => ({ user: grace.user.id, text: "May I ask you something?" }),
  "direct:list": async ({ ada, grace }) => {
    await grace.rest("POST", "/direct", { user: ada.user.id, text: "May I?" });
    return { limit: 1 };
  },
  "direct:decline": async ({ ada, grace }) => {
    await grace.rest("POST", "/direct", { user: ada.user.id });
    return { user: grace.user.id };
  },
  "bot:create": ({ room }) => ({ room: room.id, name: "Echo" }),
  "bot:list": async ({ ada, room }) => {
    await ada.rest("POST", `/rooms/${room.id}/bots`, { name: "Echo" });
    return { room: room.id };
  },
  "bot:remove": async ({ ada, room }) => {
    const { body } = await ada.rest<CommandOutput<"bot:create">>("POST", `/rooms/${room.id}/bots`, {
      name: "Echo",
    });
    return { room: room.id, user: body.user.id };
  },
  "invite:create": ({ room }) => ({ room: room.id, maxUses: 2, expiresInSeconds: 60 }),
  "invite:list": async (on) => {
    await makeInvite(on);
    return { room: on.room.id, limit: 1 };
  },
  "invite:revoke": async (on) => ({ room: on.room.id, id: (await makeInvite(on)).id }),
  "invite:get": async (on) => ({ code: (await makeInvite(on)).code }),
  "invite:accept": async (on) => ({ code: (await makeInvite(on)).code }),
  "introduction:make": async ({ ada, grace }) => {
    const linus = await world.person("Linus");
    for (const friend of [grace, linus]) {
      await ada.rest("PUT", `/contacts/${friend.user.id}`, {});
      await friend.rest("PUT", `/contacts/${ada.user.id}`, {});
    }
    return { users: [grace.user.id, linus.user.id], text: "You both know kernels." };
  },
} satisfies { [N in CommandName]: Give<N> };

const DRAFT = { name: "Spam", phrase: "buy now" };

async function makeInvite({ ada, room }: Scene): Promise<CommandOutput<"invite:create">> {
  const { body } = await ada.rest<CommandOutput<"invite:create">>(
    "POST",
    `/rooms/${room.id}/invites`,
    { maxUses: 2, expiresInSeconds: 60 },
  );
  return body;
}

async function platformBan({ root }: Scene): Promise<string> {
  const troll = await world.person("Troll");
  const { body } = await root.rest<{ id: string }>("POST", "/platform/bans", {
    user: troll.user.id,
    reason: "spam",
  });
  return body.id;
}

async function mute({ ada, grace, room }: Scene): Promise<Sanction["id"]> {
  const { body } = await ada.rest<Sanction>("POST", `/rooms/${room.id}/sanctions`, {
    user: grace.user.id,
    kind: "mute",
    reason: "spam",
  });
  return body.id;
}

/** A private room of Grace's that Ada may ask to join. */
async function askedFor({ grace }: Scene): Promise<string> {
  const { id } = await grace.openRoom("Study", { visibility: "private" });
  await grace.rest("PATCH", `/rooms/${id}`, { asking: true });
  return id;
}

/** A case about what Grace said, reported by Root. */
async function reported({ grace, root, room }: Scene): Promise<Report["id"]> {
  const { seq } = await say(await grace.connect(), room.id, "buy now");
  const { body } = await root.rest<Report>("POST", `/rooms/${room.id}/reports`, {
    seq,
    category: "spam",
    note: "again and again",
  });
  return body.id;
}

async function hook({ ada, room }: Scene): Promise<Webhook["id"]> {
  const { body } = await ada.rest<{ webhook: Webhook }>("POST", `/rooms/${room.id}/webhooks`, {
    url: "https://host.example/eddy",
  });
  return body.webhook.id;
}

/** There is no worker here to make one. */
async function deliveryOf(webhook: Webhook["id"]): Promise<Delivery["id"]> {
  const id = DeliveryId.parse(uuidv7());
  await backstage.sql`
    INSERT INTO webhook_deliveries (id, webhook_id, seq, event) VALUES (${id}, ${webhook}, 1, 'message.sent')`;
  return id;
}

async function cleaned({ ada, grace, room }: Scene): Promise<number> {
  const { body } = await ada.rest<{ seq: number }>("POST", `/rooms/${room.id}/removals`, {
    author: grace.user.id,
    reason: "spam",
  });
  return body.seq;
}

async function upload({ root }: Scene): Promise<Import["id"]> {
  const { body } = await root.rest<Import>("POST", "/imports", {
    format: "irc",
    title: "Old times",
  });
  await root.rest("PUT", `/imports/${body.id}/parts/1`, "12:34 <ada> hello");
  return body.id;
}

type Row = [CommandName, Command];
const rows = Object.entries(commands) as Row[];

async function inputOf(name: CommandName, on: Scene): Promise<Record<string, unknown>> {
  const give: (on: Scene) => object | Promise<object> = inputs[name];
  return { ...(await give(on)) };
}

/** How an input goes over REST: what the path names is in the path, the rest in the query or the body. */
function requestOf({ method, path }: Route, input: Record<string, unknown>) {
  const fields = new Map(Object.entries(input));
  const filled = path.replaceAll(/:(\w+)/gu, (_whole, field: string) => {
    const value = encodeURIComponent(String(fields.get(field)));
    fields.delete(field);
    return value;
  });
  if (method !== "GET") return { path: filled, body: Object.fromEntries(fields) };
  const query = new URLSearchParams();
  for (const [field, value] of fields) query.set(field, String(value));
  return { path: `${filled}?${query.toString()}`, body: undefined };
}

/** The answer is what its schema says, with nothing besides. */
function expectFits(output: z.ZodObject, answer: unknown): void {
  const { error, data } = output.safeParse(answer);
  expect(error).toBeUndefined();
  expect(answer).toEqual(data);
}

describe("what a command answers is what its schema says", () => {
  test.each(rows.filter(([, { rest }]) => rest !== null))(
    "%s, over REST",
    async (name, command) => {
      const on = await scene();
      const route = command.rest as Route;
      const { path, body } = requestOf(route, await inputOf(name, on));
      const isForAdmins =
        name.startsWith("import:") ||
        name.startsWith("platform-ban:") ||
        name === "user:erase" ||
        name === "report:queue";
      const who = isForAdmins ? on.root : on.ada;
      const answer = await who.rest(route.method, path, body);
      expect(answer.body.detail).toBeUndefined();
      expect(answer.status).toBe(route.status);
      expectFits(command.output, answer.body);
    },
  );

  test.each(rows.filter(([, { socket }]) => socket))("%s, over a socket", async (name, command) => {
    const on = await scene();
    const input = await inputOf(name, on);
    const { ok, ...answer } = await on.socket.timeout(10_000).emitWithAck(name, input);
    expect(answer.error).toBeUndefined();
    expect(ok).toBe(true);
    expectFits(command.output, answer);
  });

  test("every command is offered on one of both", () => {
    expect(rows.filter(([, { rest, socket }]) => rest === null && !socket)).toEqual([]);
  });
});

describe("/openapi.json of a gateway", () => {
  interface Document {
    paths: Record<string, Record<string, unknown>>;
  }

  async function operations(): Promise<[string, string][]> {
    const answer = await fetch(`${firstGateway(world).url}/openapi.json`);
    const { paths } = (await answer.json()) as Document;
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method): [string, string] => [method.toUpperCase(), path]),
    );
  }

  test("names no route that is not there", async () => {
    const { ada, room } = await scene();
    const listed = await operations();
    expect(listed.length).toBeGreaterThan(rows.length / 2);
    for (const [method, template] of listed) {
      const path = template.replace("{room}", room.id).replaceAll(/\{\w+\}/gu, "x");
      const answer = await fetch(`${firstGateway(world).url}${path}`, {
        method,
        headers: { Authorization: `Bearer ${ada.token}` },
        redirect: "manual",
      });
      expect(`${method} ${path}: ${await answer.text()}`).not.toMatch(/no such (?:route|page)/u);
    }
  });

  test("names every route that is there", async () => {
    const listed = new Set((await operations()).map((operation) => operation.join(" ")));
    const routes = rows.flatMap(([, { rest }]) =>
      rest === null ? [] : [`${rest.method} /v1${rest.path.replaceAll(/:(\w+)/gu, "{$1}")}`],
    );
    expect(routes.filter((route) => !listed.has(route))).toEqual([]);
  });

  test("and of its problems, each type leads to its section of the docs", async () => {
    const { ada } = await scene();
    const { body } = await ada.rest("GET", "/rooms/no-such-room");
    const [page = "", section = ""] = (body.type ?? "").split("#");
    const docs = await (await fetch(`${firstGateway(world).url}${page}`)).text();
    expect(section).toBe("error-not_found");
    expect(docs).toContain(`id="${section}"`);
  });
});
