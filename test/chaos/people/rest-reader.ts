import { callRest } from "../../../client/rest.ts";
import type { Row } from "../history.ts";
import type { Chance } from "../random.ts";
import { type Guest, pause, type Scene } from "./person.ts";

const PAGE = 100;

/** Reads over REST around what was just acknowledged, on whatever gateway, until the run is over. */
export async function readBehind(
  scene: Scene,
  guest: Guest,
  room: string,
  chance: Chance,
): Promise<void> {
  while (await pause(scene, chance.between(50, 300))) {
    const answered = lastPlace(scene.recorder.rows, room);
    if (answered === null) continue;
    const from = Math.max(0, answered - Math.floor(chance.between(1, 40)));
    // A read that fails promises nothing.
    await readOnce(scene, guest, room, from).catch(() => {});
  }
}

/** Reads all there is. Errors: those of REST. */
export async function readAll(scene: Scene, guest: Guest, room: string): Promise<void> {
  for (let from: number | null = 0; from !== null;) {
    from = await readOnce(scene, guest, room, from);
  }
}

/** Reads a page and notes it. Answers where the next begins. */
async function readOnce(
  { recorder }: Scene,
  { who, user, rest }: Guest,
  room: string,
  from: number,
): Promise<number | null> {
  const calledAt = recorder.now();
  const page = await callRest(rest, "room:history", { room, after: from, limit: PAGE });
  const seqs = page.events.map(({ seq }) => seq);
  const to = page.more ? (seqs.at(-1) ?? from) : Number.MAX_SAFE_INTEGER;
  recorder.add({ kind: "read", calledAt, who, room, from, to, seqs });
  for (const fact of page.events) {
    const told = recorder.told(fact);
    // REST does not tell the epoch; no check needs it there.
    recorder.add({ kind: "fact", who, user, room, epoch: 0, way: "rest", fact: told });
  }
  return page.more ? page.next : null;
}

function lastPlace(rows: readonly Row[], room: string): number | null {
  for (let i = rows.length - 1; i >= Math.max(0, rows.length - 2_000); i -= 1) {
    const row = rows[i];
    if (row?.kind === "answer" && row.room === room && row.place !== undefined) {
      return row.place.seq;
    }
  }
  return null;
}
