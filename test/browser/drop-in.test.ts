import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { eventually } from "../support/eventually.ts";
import { openBath, readToTheEnd, type Bath } from "./people.ts";

let bath: Bath;
beforeAll(async () => {
  bath = await openBath();
}, 60_000);
afterAll(() => bath.close());

const texts = (shown: { text: string }[]) => shown.map(({ text }) => text);

describe("two people in two windows", () => {
  test("[G5] who was cut off comes back to exactly what was said, under the line that says so", async () => {
    const room = await (await bath.world.person("Host")).openRoom("Watercooler");
    const [ada, grace] = [await bath.visitor(), await bath.visitor()];
    await ada.dropIn(room.slug, "Ada");
    await grace.dropIn(room.slug, "Grace");
    await ada.say("Is anyone here?");
    await grace.message("Is anyone here?").waitFor();
    await grace.say("I am");
    await ada.message("I am").waitFor();
    await ada.picture("two-people");

    await ada.page.context().setOffline(true);
    const heal = ada.link.trouble({ kind: "cut" });
    await ada.page.getByText(/You are offline/u).waitFor();
    await ada.say("Sent from a tunnel");
    await ada.page.getByTitle("Waiting to be sent").waitFor();
    await ada.picture("offline");
    const missed = Array.from({ length: 300 }, (_, i) => `missed ${i + 1}`);
    for (const text of missed) await grace.say(text);
    await eventually(
      async () => expect(await grace.page.getByTitle("Waiting to be sent").count()).toBe(0),
      { withinMs: 30_000 },
    );

    heal();
    await ada.page.context().setOffline(false);
    await ada.page.getByRole("separator").getByText("300 new messages").waitFor();
    await ada.picture("back");
    const read = texts(await readToTheEnd(ada));
    expect(read.filter((text) => text.startsWith("missed"))).toEqual(missed);
    expect(read.at(-1)).toBe("Sent from a tunnel");
    expect(texts(await readToTheEnd(grace)).at(-1)).toBe("Sent from a tunnel");
    await eventually(async () =>
      expect(await ada.page.getByTitle("Waiting to be sent").count()).toBe(0),
    );
    expect([...ada.complaints, ...grace.complaints]).toEqual([]);
  }, 120_000);
});
