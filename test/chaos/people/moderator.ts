import { Refusal } from "../../../client/index.ts";
import { callRest } from "../../../client/rest.ts";
import { RoomId, UserId } from "../../../protocol/ids.ts";
import type { Chance } from "../random.ts";
import { type Guest, pause, type Person, type Scene } from "./person.ts";
import { outcomeOf } from "./recording-transport.ts";

/** Kicks, bans and unbans people until the run is over. */
export async function moderate(
  scene: Scene,
  moderator: Guest,
  { room, victims, chance }: { room: string; victims: readonly Person[]; chance: Chance },
): Promise<void> {
  while (await pause(scene, chance.between(800, 2_500))) {
    const victim = chance.pick(victims);
    const act = chance.next() < 0.6 ? "ban" : "kick";
    await noted(scene, { room, user: victim.user, act }, () =>
      callRest(moderator.rest, "sanction:create", {
        room,
        user: UserId.parse(victim.user),
        kind: act,
        reason: "chaos",
      }),
    );
    if (act === "kick") continue;
    await pause(scene, chance.between(500, 3_000));
    await unban(scene, moderator, room, victim);
  }
}

/** Lifts every ban of someone. What comes to nothing is left for the next time. */
async function unban(
  scene: Scene,
  moderator: Guest,
  room: string,
  { user }: Person,
): Promise<void> {
  const { items } = await callRest(moderator.rest, "sanction:list", { room }).catch(() => ({
    items: [],
  }));
  for (const { id, kind, user: whom, liftedAt } of items) {
    if (kind !== "ban" || whom !== user || liftedAt !== undefined) continue;
    await noted(scene, { room, user, act: "unban" }, () =>
      callRest(moderator.rest, "sanction:lift", { room: RoomId.parse(room), id }),
    );
  }
}

type Act = { room: string; user: string; act: "ban" | "unban" | "kick" };

/** Notes when a sanction was asked for and when and how that was answered. */
async function noted({ recorder }: Scene, act: Act, ask: () => Promise<unknown>): Promise<void> {
  const calledAt = recorder.now();
  const outcome = await ask().then(
    () => "ok" as const,
    (error: unknown) =>
      error instanceof Refusal ? outcomeOf({ code: error.code }).outcome : ("unknown" as const),
  );
  recorder.add({ kind: "sanction", calledAt, ...act, outcome });
}
