import type { Cursor } from "../../../protocol/ids.ts";
import type { Chance } from "../random.ts";
import { pause, type Person, type Scene } from "./person.ts";

/** Drops in and out of a room until the run is over: at first anew, later from where they were. */
export async function comeAndGo(
  scene: Scene,
  person: Person,
  room: string,
  chance: Chance,
): Promise<void> {
  let cursor: Cursor | null = null;
  for (;;) {
    const handle = person.enter(room, cursor);
    const goesOn = await pause(scene, chance.between(300, 4_000));
    ({ cursor } = handle);
    handle.leave();
    if (!goesOn || !(await pause(scene, chance.between(100, 3_000)))) return;
    // Now and then someone with nothing: the newest facts will do.
    if (chance.next() < 0.3) cursor = null;
  }
}
