import { expect } from "@jest/globals";

import { createClient } from "../../client/client.ts";
import type { RoomHandle } from "../../client/room-handle.ts";
import type { Fact } from "../../protocol/facts.ts";
import { eventually } from "./eventually.ts";
import { transportOver, type Way } from "./ways-to-connect.ts";
import type { World } from "./world.ts";

/** People who talk in a room of their own all the time, and listen. */
export interface Talk {
  /** Waits until everyone together has said so much more. */
  untilSaid: (messages: number) => Promise<void>;
  /**
   * Ends it. Errors: when not everyone has heard all of it once, in the log's order, or when not all of
   * it comes to be stored.
   */
  finish: () => Promise<void>;
}

/** Lets two people talk for each way to connect, with Eddy's own client. */
export async function startTalk(world: World, url: string, ways: Way[]): Promise<Talk> {
  const owner = await world.person("Ada");
  const room = await owner.openRoom();
  const people = await Promise.all(
    [...ways, ...ways].map(async (way) => {
      const { token, user } = await world.person("Grace");
      const client = createClient({ url, token, user, transport: transportOver(way, url) });
      const handle = client.enter(room.id);
      const heard: Fact[] = [];
      handle.on("facts", ({ facts }) => void heard.push(...facts));
      await handle.entered;
      return { client, handle, heard };
    }),
  );
  const over = new AbortController();
  const said: string[] = [];
  const speak = async (handle: RoomHandle) => {
    while (!over.signal.aborted) {
      const message = handle.send(`line ${said.length}`);
      await message.until("accepted");
      said.push(message.clientId);
    }
  };
  const speaking = people.map(({ handle }) => speak(handle));
  return {
    untilSaid: async (messages) => {
      const until = said.length + messages;
      await eventually(() => expect(said.length).toBeGreaterThanOrEqual(until), {
        withinMs: 20_000,
      });
    },
    finish: async () => {
      over.abort();
      try {
        await Promise.all(speaking);
        await eventually(() => {
          for (const { heard } of people) expect(heard).toHaveLength(said.length);
          for (const { handle } of people) expect(handle.outgoing).toEqual([]);
        });
        const [first = []] = people.map(({ heard }) => heard);
        expect(first.map(({ seq }) => seq)).toEqual(said.map((_, i) => i + 1));
        expect(new Set(first.map(clientIdOf))).toEqual(new Set(said));
        for (const { heard } of people) expect(heard).toEqual(first);
      } finally {
        for (const { client } of people) client.close();
      }
    },
  };
}

function clientIdOf(fact: Fact): string | null {
  return fact.type === "message.sent" ? fact.clientId : null;
}
