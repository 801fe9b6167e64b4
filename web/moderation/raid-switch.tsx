import type { Room } from "../../client/index.ts";
import { fullTimeOf, minute } from "../parts/clock.ts";
import { useDoing } from "../parts/use-answer.ts";
import type { OpenRoom } from "../room/open-room.ts";

/** One switch for when a crowd comes to do harm; it goes back by itself. */
export function RaidSwitch({ known, room }: { known: Room; room: OpenRoom }) {
  const { busy, problem, attempt } = useDoing();
  const raid =
    known.raid !== undefined && known.raid !== null && Date.parse(known.raid.until) > minute.value
      ? known.raid
      : null;
  return (
    <div class="raid">
      <p>
        {raid === null
          ? "Slow mode, no links, and who has just come may only read, for an hour."
          : `On until ${fullTimeOf(raid.until)}, then it ends by itself.`}
      </p>
      <button
        type="button"
        class={raid === null ? "primary is-danger" : "button"}
        disabled={busy}
        onClick={() =>
          void attempt(() => room.handle.call(raid === null ? "raid:begin" : "raid:end", {}))
        }
      >
        {raid === null ? "Switch raid mode on" : "Switch raid mode off"}
      </button>
      <p class="problem" role="alert">
        {problem}
      </p>
    </div>
  );
}
