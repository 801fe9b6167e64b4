import { afterAll, beforeAll, expect, test } from "@jest/globals";

import type { Fact } from "../../protocol/facts.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, say, type World } from "../support/world.ts";
import { type Backstage, idOf, openBackstage, untilStored } from "./backstage.ts";
import { readerOf } from "./reader.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld({ env: { HOT_LOG_KEEP: "1" } });
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

const texts = {
  "plain words": "hello, world",
  "emoji with joiners and skin tones": "👩🏽‍🚀 says 👨‍👩‍👧‍👦 🇪🇺 1️⃣",
  "Chinese and Japanese": "下回見、また明日。今日は良い天気",
  "right to left, with marks": "שָׁלוֹם عليكم \u200f(abc)\u200e",
  "combining marks that have no composed form": "e̋́ x̣̂",
  "characters outside the basic plane": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈 𠜎",
  "what looks like code": `'); DROP TABLE facts; -- \\u0041 \\x00 %s \${x} {"a":1}`,
  "lines, tabs and blanks": "a\n\tb\n\n  c  ",
  "joiners and non-breaking blanks": "a\u00a0b\u200bc\u2060d\ufeffe",
  "noncharacters, which are well-formed all the same": "\ufffe\uffff\u{1ffff}",
  "as many bytes as there may be": "𠜎".repeat(2_048),
};

test.each(Object.entries(texts))(
  "[G17] %s: live, replayed and stored text are the same bytes",
  async (_what, text) => {
    const ada = await world.person("Ada");
    const room = await ada.openRoom();
    const socket = await ada.connect();
    const reader = await readerOf(socket, room.id);
    await say(socket, room.id, text);
    await say(socket, room.id, "so that the first leaves the hot log");
    const [live] = await eventually(() => {
      expect(reader.texts).toHaveLength(2);
      return reader.texts;
    });
    await untilStored(backstage, idOf(room), 2);
    const [row] = await backstage.sql<{ text: string }[]>`
    SELECT text FROM facts WHERE room_id = ${room.id} AND seq = 1`;
    const { body } = await ada.rest<{ events: (Fact & { text?: string })[] }>(
      "GET",
      `/rooms/${room.id}/events`,
    );
    const normal = Buffer.from(text.normalize("NFC"));
    for (const seen of [live, row?.text, body.events[0]?.text]) {
      expect(Buffer.from(seen ?? "")).toEqual(normal);
    }
  },
);

test("[G17] text that is not in NFC is normalized once, before anyone sees it", async () => {
  const ada = await world.person("Ada");
  const room = await ada.openRoom();
  const socket = await ada.connect();
  const reader = await readerOf(socket, room.id);
  await say(socket, room.id, "cafe\u0301");
  await eventually(() => expect(reader.texts).toEqual(["caf\u00e9"]));
});
