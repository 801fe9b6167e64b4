import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import type { CommandOutput } from "../../protocol/commands.ts";
import type { Message, Room } from "../../protocol/shapes.ts";
import { freePort } from "../../server/embedded/free-port.ts";
import { eventually } from "../support/eventually.ts";
import {
  connectSocket,
  firstGateway,
  openWorld,
  type Person,
  say,
  type World,
} from "../support/world.ts";

let world: World;
let ada: Person;
let echo: ChildProcess | null = null;
beforeAll(async () => {
  world = await openWorld({ env: { WEBHOOK_PRIVATE_ADDRESSES: "on" } });
  ada = await world.person("Ada");
});
afterAll(async () => {
  echo?.kill();
  await world.close();
});

type Made = CommandOutput<"bot:create">;
const makeBot = async (room: Room) =>
  (await ada.rest<Made>("POST", `/rooms/${room.id}/bots`, { name: "Echo" })).body;
const speakAs = (token: string, room: Room) =>
  ada.rest(
    "POST",
    `/rooms/${room.id}/messages`,
    { clientId: uuidv7(), text: "beep" },
    { headers: { Authorization: `Bearer ${token}` } },
  );

test("[G18] a bot speaks with its token until that is ended, and no longer on any gateway", async () => {
  const room = await ada.openRoom("Bots", { visibility: "private" });
  const { user, token } = await makeBot(room);
  expect(user).toMatchObject({ name: "Echo", kind: "bot" });
  expect((await speakAs(token, room)).status).toBe(200);
  const socket = await connectSocket(firstGateway(world).url, token);
  const { body } = await ada.rest<{ items: object[] }>("GET", `/rooms/${room.id}/bots`);
  expect(body).toEqual({ items: [user] });
  expect((await ada.rest("DELETE", `/rooms/${room.id}/bots/${user.id}`)).status).toBe(204);
  expect((await speakAs(token, room)).status).toBe(401);
  expect((await ada.rest("DELETE", `/rooms/${room.id}/bots/${user.id}`)).status).toBe(404);
  await eventually(() => expect(socket.connected).toBe(false));
  const guest = await world.person("Guest");
  const open = await ada.openRoom();
  expect((await guest.rest("POST", `/rooms/${open.id}/bots`, { name: "Mine" })).status).toBe(403);
});

test("the echo bot of docs/BOTS.md repeats what follows !echo, once", async () => {
  const docs = readFileSync(new URL("../../docs/BOTS.md", import.meta.url), "utf8");
  const [, code = ""] = /<!-- ci:echo-bot -->\s+```js\n(.*?)^```$/msu.exec(docs) ?? [];
  const room = await ada.openRoom();
  const { user, token } = await makeBot(room);
  const port = await freePort();
  const hook = await ada.rest<{ secret: string }>("POST", `/rooms/${room.id}/webhooks`, {
    url: `http://127.0.0.1:${port}/`,
    events: ["message.sent"],
  });
  echo = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      EDDY_URL: firstGateway(world).url,
      BOT_TOKEN: token,
      WEBHOOK_SECRET: hook.body.secret,
      PORT: String(port),
    },
  });
  if (echo.stdout === null) throw new Error("The bot has no output");
  await once(echo.stdout, "data");
  const { seq } = await say(await ada.connect(), room.id, "!echo hello there");
  await eventually(
    async () => {
      const { body } = await ada.rest<{ items: Message[] }>("GET", `/rooms/${room.id}/messages`);
      const said = body.items.filter(({ by }) => by.id === user.id);
      expect(said).toMatchObject([{ text: "hello there", replyTo: seq }]);
    },
    { withinMs: 15_000 },
  );
});
