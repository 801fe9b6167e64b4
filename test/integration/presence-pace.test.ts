import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { v7 as uuidv7 } from "uuid";

import { connectSubscriber } from "../../db/redis/connection.ts";
import type { Push } from "../../protocol/facts.ts";
import { UserId } from "../../protocol/ids.ts";
import { FeedHub } from "../../server/feed/feed-hub.ts";
import type { Member } from "../../server/feed/live-room.ts";
import { type Backstage, idOf, openBackstage } from "../guarantees/backstage.ts";
import { eventually } from "../support/eventually.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let backstage: Backstage;
beforeAll(async () => {
  world = await openWorld({ worker: false });
  backstage = await openBackstage(world);
});
afterAll(async () => {
  await backstage.close();
  await world.close();
});

const nothing = () => {};

function memberNamed(name: string): Member {
  const user = { id: UserId.parse(uuidv7()), name, kind: "guest" as const };
  return {
    id: name,
    user,
    push: nothing,
    goLive: nothing,
    goQuiet: nothing,
    isReading: () => true,
    whenReading: () => Promise.resolve(),
  };
}

test("room.presence comes at most once a second a room, however many come and go", async () => {
  const ada = await world.person("Ada");
  const id = idOf(await ada.openRoom());
  const subscriber = await connectSubscriber({
    url: world.stores.redisUrl,
    name: "eddy-test",
    onError: () => {},
  });
  const told: { at: number; push: Push<"room.presence"> }[] = [];
  const hub = new FeedHub({
    stores: backstage.stores,
    subscriber,
    emit: (_room, name, push) => {
      if (name !== "room.presence") return;
      told.push({ at: performance.now(), push: push as Push<"room.presence"> });
    },
    appeal: "",
    onRulesChanged: () => {},
    onDelivered: () => {},
    onGap: () => {},
    onReset: () => {},
    onError: () => {},
    now: () => performance.now(),
    // Its clock ticks as fast as it may: every 0.7 s.
    random: () => 0,
  });
  try {
    const room = await hub.open(id);
    const watcher = memberNamed("watcher");
    hub.sit(room, watcher, false);
    room.goLive(watcher);
    let sat: Member[] = [];
    await eventually(
      () => {
        for (const member of sat) hub.leave(id, member);
        sat = Array.from({ length: 3 }, (_, i) => memberNamed(`guest ${i}`));
        for (const member of sat) {
          hub.sit(room, member, false);
        }
        expect(told.length).toBeGreaterThanOrEqual(5);
      },
      { withinMs: 15_000 },
    );
    const gaps = told.slice(1).map(({ at }, i) => at - (told[i]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...gaps)).toBeLessThan(5_000);
  } finally {
    hub.close();
    subscriber.disconnect();
  }
});
