import type { RoomHandle } from "../../../client/index.ts";
import type { Chance } from "../random.ts";
import { makePerson, pause, type Person, type Scene } from "./person.ts";

/** How someone writes. */
export interface Writing {
  room: string;
  /** Between two messages, on average (ms). */
  everyMs: number;
  sendWindow?: number;
}

const EMOJI = ["👍", "🎉", "🤔"];

/**
 * Someone who writes through Eddy's own client: mostly new messages, now and then an edit, a removal or
 * a reaction. When the room is closed to them they come back as soon as they may.
 */
export async function makeWriter(scene: Scene, who: string, writing: Writing): Promise<Person> {
  const { sendWindow } = writing;
  return makePerson(scene, who, sendWindow === undefined ? {} : { sendWindow });
}

/** Writes until the run is over. */
export async function write(
  scene: Scene,
  person: Person,
  { room, everyMs }: Writing,
  chance: Chance,
): Promise<void> {
  let handle = person.enter(room);
  for (let i = 1; await pause(scene, everyMs * chance.between(0.5, 1.5)); i += 1) {
    if (handle.state === "closed") {
      if (!(await pause(scene, chance.between(500, 1_500)))) return;
      handle = person.enter(room);
      continue;
    }
    if (chance.next() < 0.9) handle.send(`${person.who} says line ${i}`);
    else change(handle, person, chance, i);
  }
}

const ignore = () => {};

/** Changes something that they see. It may fail: then it is as if it was not tried. */
function change(handle: RoomHandle, { user }: Person, chance: Chance, i: number): void {
  const recent = handle.view.messages.slice(-30).filter(({ removed }) => !removed);
  const mine = recent.filter(({ by }) => by.id === user);
  if (recent.length === 0) return;
  if (chance.next() < 0.4 || mine.length === 0) {
    const { seq } = chance.pick(recent);
    handle.call("reaction:add", { seq, emoji: chance.pick(EMOJI) }).catch(ignore);
  } else if (chance.next() < 0.7) {
    handle.call("message:edit", { seq: chance.pick(mine).seq, text: `edit ${i}` }).catch(ignore);
  } else {
    handle.call("message:remove", { seq: chance.pick(mine).seq }).catch(ignore);
  }
}
