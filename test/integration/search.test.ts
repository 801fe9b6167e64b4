import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import type { Room, SearchHit } from "../../protocol/shapes.ts";
import { type Backstage, openBackstage } from "../guarantees/backstage.ts";
import { eventually } from "../support/eventually.ts";
import { command, openWorld, type Person, say, type World } from "../support/world.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld();
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

interface Page {
  items: SearchHit[];
  nextCursor: string | null;
  indexLagMs: number;
}

async function find(person: Person, query: Record<string, string>): Promise<Page> {
  const { status, body } = await person.rest<Page>(
    "GET",
    `/search?${new URLSearchParams(query).toString()}`,
  );
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
}

async function seqsOf(person: Person, query: Record<string, string>): Promise<number[]> {
  return (await find(person, query)).items.map(({ seq }) => seq);
}

/** Once all that was said in a room up to a seq is indexed. */
async function indexed(room: Room, seq: number): Promise<void> {
  await eventually(async () => {
    const rows = await backstage.sql`
      SELECT 1 FROM search_marks WHERE room_id = ${room.id} AND indexed_seq >= ${seq}`;
    expect(rows).toHaveLength(1);
  });
}

/** Ada's room, in which she and Grace have said these. */
async function talk(texts: string[], more: Record<string, unknown> = {}) {
  const [ada, grace] = await Promise.all([world.person("Ada"), world.person("Grace")]);
  const room = await ada.openRoom("Search", more);
  const socket = await ada.connect();
  const seqs: number[] = [];
  for (const text of texts) seqs.push((await say(socket, room.id, text)).seq);
  await indexed(room, seqs.at(-1) ?? 0);
  return { ada, grace, room, socket, seqs };
}

describe("a search", () => {
  test("finds words, phrases, parts of words, typos, and words without spaces around them", async () => {
    const { grace, room, seqs } = await talk([
      "green tea in the espresso machine",
      "tea that is green",
      "東京都でお茶を飲みませんか",
      "rain again",
    ]);
    const [green, tea, tokyo, rain] = seqs as [number, number, number, number];
    const searched = async (q: string) => seqsOf(grace, { q, room: room.id });
    expect(await searched("green tea")).toEqual([tea, green]);
    expect(await searched('"green tea"')).toEqual([green]);
    expect(await searched("tea -espresso")).toEqual([tea]);
    expect(await searched("press")).toEqual([green]);
    expect(await searched("expresso")).toEqual([green]);
    expect(await searched("お茶")).toEqual([tokyo]);
    expect(await searched("京")).toEqual([tokyo]);
    expect(await searched("京東")).toEqual([]);
    expect(await searched("RAIN")).toEqual([rain]);
    expect(await searched("snow")).toEqual([]);
  });

  test("is narrowed by who, where, when, and what a message has", async () => {
    const { ada, grace, room, socket, seqs } = await talk([
      "lunch at https://example.org/menu",
      "lunch again",
    ]);
    const [link, plain] = seqs as [number, number];
    const answer = await command(await grace.connect(), "message:send", {
      room: room.id,
      clientId: uuidv7(),
      text: "lunch, yes",
      replyTo: plain,
    });
    const { seq: last } = await command(socket, "reaction:add", {
      room: room.id,
      seq: plain,
      emoji: "👋",
    });
    await indexed(room, last);
    const searched = async (q: string) => seqsOf(grace, { q: `lunch in:${room.slug} ${q}` });
    expect(await searched("")).toEqual([answer.seq, plain, link]);
    expect(await searched("has:link")).toEqual([link]);
    expect(await searched("has:reply")).toEqual([answer.seq]);
    expect(await searched("has:reaction")).toEqual([plain]);
    expect(await searched(`from:"${ada.user.name}"`)).toEqual([plain, link]);
    expect(await searched("before:2020-01-01")).toEqual([]);
    expect(await searched("after:2020-01-01")).toHaveLength(3);
    expect((await grace.rest("GET", "/search?q=before:noon")).status).toBe(400);
  });

  test("answers in pages without doubles, by time and by relevance, and shows what it found escaped", async () => {
    const said = Array.from({ length: 7 }, (_, i) => `<b>walk</b> ${"walk ".repeat(i % 3)}&`);
    const { grace, room, seqs } = await talk(said);
    const all: Record<string, number[]> = {};
    for (const sort of ["time", "relevance"]) {
      const pages: number[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const query = { q: "walk", room: room.id, limit: "2", sort };
        const page: Page = await find(grace, cursor === "" ? query : { ...query, cursor });
        pages.push(...page.items.map(({ seq }) => seq));
        ({ nextCursor: cursor } = page);
      }
      expect(pages.toSorted((a, b) => a - b)).toEqual(seqs);
      all[sort] = pages;
    }
    expect(all["time"]).toEqual(seqs.toReversed());
    const { items, indexLagMs } = await find(grace, { q: "walk", room: room.id });
    expect(items.at(-1)?.snippet).toBe("&lt;b&gt;<mark>walk</mark>&lt;/b&gt; &amp;");
    expect(indexLagMs).toBeGreaterThanOrEqual(0);
  });

  test("[security 10] tells only what one may see: not of private rooms, nor of those that one is banned from", async () => {
    const word = `secret${uuidv7().replaceAll(/[^a-f]/gu, "")}`;
    const hidden = await talk([word], { visibility: "private" });
    expect(await seqsOf(hidden.grace, { q: word })).toEqual([]);
    expect(await seqsOf(hidden.grace, { q: word, room: hidden.room.id })).toEqual([]);
    expect(await seqsOf(hidden.ada, { q: word })).toEqual(hidden.seqs);
    const open = await talk(["open house"]);
    expect(await seqsOf(open.grace, { q: "house", room: open.room.id })).toEqual(open.seqs);
    const ban = { user: open.grace.user.id, kind: "ban", reason: "Advertising" };
    await open.ada.rest("POST", `/rooms/${open.room.id}/sanctions`, ban);
    const answer = await open.grace.rest("GET", `/search?q=house&room=${open.room.id}`);
    expect(answer.body).toMatchObject({ code: "banned" });
    expect(await seqsOf(open.grace, { q: `house from:"${open.ada.user.name}"` })).toEqual([]);
  });

  test("shows nothing of people whom one has blocked", async () => {
    const { ada, grace, room, seqs } = await talk(["marzipan"]);
    const searched = async () => seqsOf(grace, { q: "marzipan", room: room.id });
    expect(await searched()).toEqual(seqs);
    expect((await grace.rest("PUT", `/blocks/${ada.user.id}`)).status).toBeLessThan(300);
    expect(await searched()).toEqual([]);
  });

  test("[security 9] takes any text for words: none is an error, or syntax of something else", async () => {
    const { grace, room, seqs } = await talk(["it's 100% true & false | (maybe): <-> !"]);
    const odd = [
      "'",
      '"',
      "a & | b",
      "(((",
      "%",
      "_",
      "\\",
      ":*",
      "<->",
      "!!",
      "-",
      "\u0000x",
      "'; DROP TABLE facts; --",
    ];
    for (const q of odd) {
      const { status } = await grace.rest(
        "GET",
        `/search?${new URLSearchParams({ q }).toString()}`,
      );
      expect([q, status]).toEqual([q, q.includes("\u0000") ? 400 : 200]);
    }
    expect(await seqsOf(grace, { q: "it's 100% true", room: room.id })).toEqual(seqs);
  });

  test("refuses what no message has, and finds people by the name and the handle they have now", async () => {
    const { ada, grace, room, seqs } = await talk(["nutmeg"]);
    expect((await grace.rest("GET", "/search?q=has:wings")).body).toMatchObject({
      code: "invalid",
      detail: expect.stringContaining("wings"),
    });
    const handle = `lovelace${uuidv7().slice(-6).replaceAll(/\d/gu, "x")}`;
    const changes = { name: "Countess of Lovelace", handle };
    expect((await ada.rest("PATCH", "/me", changes)).status).toBe(200);
    for (const from of [`@${handle}`, '"Countess of Lovelace"', `"${ada.user.name}"`]) {
      expect(await seqsOf(grace, { q: `nutmeg from:${from} in:${room.slug}` })).toEqual(seqs);
    }
  });

  test("finds what was said before there was an index", async () => {
    const { grace, room, socket, seqs } = await talk(["cardamom"]);
    const { sql } = backstage;
    await sql`DELETE FROM search_messages WHERE room_id = ${room.id}`;
    await sql`DELETE FROM search_marks WHERE room_id = ${room.id}`;
    expect(await seqsOf(grace, { q: "cardamom", room: room.id })).toEqual([]);
    await indexed(room, (await say(socket, room.id, "and again")).seq);
    expect(await seqsOf(grace, { q: "cardamom", room: room.id })).toEqual(seqs);
  });

  test("[G19] a word that was taken back everywhere is forgotten", async () => {
    const word = `zz${uuidv7().replaceAll(/[^a-f]/gu, "")}`;
    const { room, socket, seqs } = await talk([`${word} and a kettle`, `${word} again`]);
    const { sql } = backstage;
    const known = async () => sql`SELECT word FROM search_words WHERE word IN (${word}, 'kettle')`;
    expect(await known()).toHaveLength(2);
    const { seq: kettle } = await say(socket, room.id, "the kettle stays");
    await indexed(room, kettle);
    await command(socket, "message:remove", { room: room.id, seq: seqs[0] ?? 0 });
    await command(socket, "message:edit", { room: room.id, seq: seqs[1] ?? 0, text: "tea" });
    await eventually(async () => expect(await known()).toEqual([{ word: "kettle" }]));
  });

  test("[G19] what was edited is found as it is now, what was removed is not, and leaves the index in the transaction that stores it", async () => {
    const { grace, room, socket, seqs } = await talk(["purple elephants", "yellow submarines"]);
    const [elephants, submarines] = seqs as [number, number];
    const text = "grey elephants";
    await command(socket, "message:edit", { room: room.id, seq: elephants, text });
    await command(socket, "message:remove", { room: room.id, seq: submarines });
    const { sql } = backstage;
    // The index is held, so only the storing itself can have taken it out.
    await sql.begin(async (tx) => {
      await tx`SELECT 1 FROM search_marks WHERE room_id = ${room.id} FOR UPDATE`;
      await eventually(async () => {
        const [row] =
          await sql`SELECT text FROM facts WHERE room_id = ${room.id} AND seq = ${submarines}`;
        expect(row?.["text"]).toBeNull();
        const left = await sql`
          SELECT 1 FROM search_messages WHERE room_id = ${room.id} AND seq = ${submarines}`;
        expect(left).toHaveLength(0);
      });
    });
    await indexed(room, submarines + 2);
    expect(await seqsOf(grace, { q: "elephants", room: room.id })).toEqual([elephants]);
    expect(await seqsOf(grace, { q: "purple", room: room.id })).toEqual([]);
    expect(await seqsOf(grace, { q: "submarines", room: room.id })).toEqual([]);
  });

  test("[G19] an index that lags behind an edit does not find what was said before", async () => {
    const { grace, room, seqs } = await talk(["crimson kettles"]);
    const { sql } = backstage;
    await sql`
      UPDATE facts SET text = 'blue kettles', edited_at = now() WHERE room_id = ${room.id} AND seq = ${seqs[0] ?? 0}`;
    expect(await seqsOf(grace, { q: "crimson", room: room.id })).toEqual([]);
  });
});
