import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

import { eventually } from "../support/eventually.ts";
import { say } from "../support/world.ts";
import { barriersIn, openBath, readToTheEnd, type Bath } from "./people.ts";

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

describe("who comes back another day", () => {
  test("finds the line where they left off, and goes to it when it is far above", async () => {
    const host = await bath.world.person("Host");
    const room = await host.openRoom("Watercooler");
    const ada = await bath.visitor();
    await ada.dropIn(room.slug, "Ada");
    await ada.say("See you tomorrow");
    await ada.message("See you tomorrow").getByTitle("Sent and stored").waitFor();
    await ada.page.getByRole("link", { name: "All rooms" }).click();
    await ada.page.getByRole("heading", { name: /^Where to, Ada/u }).waitFor();
    const socket = await host.connect();
    for (let i = 1; i <= 450; i += 1) await say(socket, room.id, `overnight ${i}`);

    await ada.page.goto(`${ada.url}/r/${room.slug}`);
    await ada.message("overnight 450").waitFor();
    // Conversations are told of once the workers have indexed them.
    await eventually(
      async () => {
        const { body } = await host.rest<{ messages: number }>(
          "GET",
          `/rooms/${room.id}/missed?since=1`,
        );
        expect(body.messages).toBe(450);
      },
      { withinMs: 20_000 },
    );
    await ada.page.getByRole("button", { name: "What happened?" }).click();
    await ada.page.getByText(/^450 messages of 1 person, \d+ minutes? to read/u).waitFor();
    await ada.picture("while-away");
    expect(await barriersIn(ada)).toEqual([]);
    await ada.page.keyboard.press("Escape");
    await ada.page.getByRole("button", { name: /^450 new messages since you were here/u }).click();
    await ada.message("overnight 1").waitFor();
    await ada.page.getByRole("separator").getByText("450 new messages").waitFor();
    await ada.picture("another-day");
    expect(ada.complaints).toEqual([]);
  }, 60_000);
});

describe("whoever leads a room", () => {
  test("[G18] bans a third, who is out at once and told so; the others talk on", async () => {
    const [ada, grace, mallory] = [
      await bath.visitor(),
      await bath.visitor(),
      await bath.visitor(),
    ];
    const other = await (await bath.world.person("Host")).openRoom("Another room");
    await ada.dropIn(other.slug, "Ada");
    await ada.page.getByRole("link", { name: "All rooms" }).click();
    await ada.page.getByRole("button", { name: "Open a room" }).click();
    await ada.page.getByLabel("Title", { exact: true }).fill("Ada's room");
    await ada.page.getByRole("button", { name: "Open it" }).click();
    await ada.field.waitFor();
    const room = new URL(ada.page.url()).pathname.replace("/r/", "");
    await grace.dropIn(room, "Grace");
    await mallory.dropIn(room, "Mallory");
    await mallory.say("Buy my boat! Buy my boat!");
    await ada.message("Buy my boat!").waitFor();

    await ada.page
      .getByRole("complementary", { name: "People" })
      .getByRole("button", { name: "Mallory" })
      .click();
    await ada.picture("person");
    expect(await barriersIn(ada)).toEqual([]);
    await ada.page.getByRole("button", { name: "Mute, show out or ban" }).click();
    await ada.page.getByRole("radio", { name: /^Ban/u }).check();
    await ada.page.getByLabel("For how long").selectOption("1 day");
    await ada.page.getByLabel(/^Why/u).fill("Selling boats");
    await ada.picture("sanction");
    expect(await barriersIn(ada)).toEqual([]);
    await ada.page.getByRole("button", { name: "Ban Mallory" }).click();

    await mallory.page.getByText("You are banned from this room.").waitFor();
    expect(await mallory.field.count()).toBe(0);
    await mallory.picture("banned");
    expect(await barriersIn(mallory)).toEqual([]);
    await grace.page.getByText("Ada banned Mallory: Selling boats").waitFor();
    await grace.say("Thank you");
    await ada.message("Thank you").waitFor();
    await mallory.page.reload();
    await mallory.page
      .getByRole("alert")
      .getByText(/banned/u)
      .waitFor();

    await ada.message("Buy my boat!").hover();
    await ada.message("Buy my boat!").getByRole("button", { name: "More" }).click();
    await ada.page.getByRole("button", { name: /^Remove/u }).click();
    await ada.page.getByLabel(/^Why/u).fill("An advertisement");
    await ada.page.getByRole("button", { name: "Remove", exact: true }).click();
    await grace.page.getByText("Removed by Ada: An advertisement").waitFor();

    await ada.page.getByRole("button", { name: "About this room" }).click();
    await ada.page.getByLabel("Topic").fill("No boats");
    await ada.picture("room-settings");
    expect(await barriersIn(ada)).toEqual([]);
    await ada.page.getByRole("button", { name: "Lift" }).click();
    await ada.page.getByText("Nobody is muted or banned.").waitFor();
    await ada.page.getByRole("button", { name: "Save" }).click();
    await grace.page.getByText("Ada set the topic: No boats").waitFor();
    await mallory.page.goto(`${mallory.url}/r/${room}`);
    await mallory.say("Sorry about the boats");
    await grace.message("Sorry about the boats").waitFor();
    expect([...ada.complaints, ...grace.complaints, ...mallory.complaints]).toEqual([]);
  }, 90_000);
});

describe("someone who is invited", () => {
  test("opens the link to a private room, says a name and is talking", async () => {
    const host = await bath.world.person("Host");
    const room = await host.openRoom("Crew only", { visibility: "private" });
    const { body } = await host.rest<{ code: string }>("POST", `/rooms/${room.id}/invites`, {
      maxUses: 1,
    });
    const ada = await bath.visitor();
    await ada.page.goto(`${ada.url}/i/${body.code}`);
    await ada.page.getByRole("heading", { name: "Crew only" }).waitFor();
    expect(await barriersIn(ada)).toEqual([]);
    await ada.page.getByLabel("What should people call you?").fill("Ada");
    await ada.page.getByRole("button", { name: "Drop in" }).click();
    await ada.say("Permission to come aboard");
    await ada.message("Permission to come aboard").getByTitle("Sent and stored").waitFor();
    expect(new URL(ada.page.url()).pathname).toBe(`/r/${room.slug}`);

    const late = await bath.visitor();
    await late.page.goto(`${late.url}/i/${body.code}`);
    await late.page.getByLabel("What should people call you?").fill("Eve");
    await late.page.getByRole("button", { name: "Drop in" }).click();
    await late.page.getByRole("heading", { name: /not good any more/u }).waitFor();
  }, 60_000);

  test("was shown the way by someone who is there: a link, and a code for a camera", async () => {
    const room = await (await bath.world.person("Host")).openRoom("Watercooler");
    const ada = await bath.visitor();
    await ada.dropIn(room.slug, "Ada");
    await ada.page.getByRole("button", { name: "Bring someone in" }).click();
    expect(await ada.page.getByLabel("Link").inputValue()).toBe(`${ada.url}/r/${room.slug}`);
    const code = ada.page.getByRole("img", { name: "The link as a QR code" });
    await eventually(async () =>
      expect(await code.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(
        0,
      ),
    );
    await ada.picture("share");
    expect(await barriersIn(ada)).toEqual([]);
    expect(ada.complaints).toEqual([]);
  });
});
