import type { RoomId } from "../../protocol/ids.ts";
import type { Appender } from "./appender.ts";

/**
 * Checks what a leg appended: in every room the answers are 1..n, each once, and the log holds just
 * these. Errors: otherwise; a way that drops or doubles messages must not look fast.
 */
export async function checkSeqs(
  appender: Appender,
  answered: ReadonlyMap<RoomId, number[]>,
): Promise<void> {
  for (const [room, seqs] of answered) {
    const logged = await appender.readSeqs(room);
    for (const [what, found] of Object.entries({ answers: seqs, log: logged })) {
      const dense = found.toSorted((a, b) => a - b).every((seq, i) => seq === i + 1);
      if (dense && found.length === seqs.length) continue;
      throw new Error(`${appender.name}: the ${what} of a room are not 1 to ${seqs.length}`);
    }
  }
}
