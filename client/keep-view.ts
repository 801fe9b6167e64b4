import type { CommandInput, CommandOutput } from "../protocol/commands.ts";
import type { Fact } from "../protocol/facts.ts";
import { given } from "./given.ts";
import {
  applyFacts,
  doubtful,
  emptyView,
  prependFacts,
  refreshFacts,
  resetTo,
  trimView,
} from "./room-view.ts";
import type { RoomView } from "./view-model.ts";

type Page = CommandOutput<"room:history">;

export interface KeptView {
  readonly view: RoomView;
  /** Starts over, after position `at`. */
  begin(at: number): void;
  apply(facts: readonly Fact[]): void;
  /** Facts above `to` are void, and what a catch-up that goes on has replayed is in doubt. */
  reset(to: number): void;
  /** A catch-up begins after position `at`. */
  catchUpFrom(at: number): void;
  /** The room is live: reads anew what is in doubt. */
  live(): void;
  history(page: { before?: number; limit?: number }): Promise<Page>;
}

/** Holds the view of one room, within its bound, and fetches what it lacks. */
export function keepView(options: {
  start: number;
  /** Facts to keep; 0 for no view. */
  maxFacts: number;
  read(page: Omit<CommandInput<"room:history">, "room">): Promise<Page>;
  onChange(view: RoomView): void;
}): KeptView {
  const { maxFacts } = options;
  let view = emptyView(options.start);
  // Older pages were asked for: whoever reads them must not see them go at the next message.
  let allowance = maxFacts;
  let replayedFrom = Infinity;
  let needsCheck = false;
  let checking = false;
  let resets = 0;

  const show = (next: RoomView) => {
    if (next === view || maxFacts === 0) return;
    view = next;
    options.onChange(view);
  };

  const bounded = (next: RoomView): RoomView => {
    // A quarter is let go at a time, so that the refolding is rare.
    const keep = Math.ceil(allowance * 0.75);
    const excess = next.journal.length > allowance ? next.journal.length - keep : 0;
    const last = next.journal[excess - 1];
    return last === undefined ? next : trimView(next, last.seq);
  };

  /** Reads anew what is in doubt, once the facts that could explain it are all here. */
  const recheck = async (): Promise<void> => {
    needsCheck = true;
    if (checking || replayedFrom !== Infinity) return;
    checking = true;
    try {
      while (needsCheck) {
        needsCheck = false;
        await readDoubtful();
      }
    } catch {
      // Refused or cut off: the doubt stays in the view, the next time the room is live asks again.
      needsCheck = true;
    } finally {
      checking = false;
    }
  };

  const readDoubtful = async (): Promise<void> => {
    // Asked once: what the server says is the answer, even when the facts seem to differ.
    const asked = new Set<number>();
    for (;;) {
      const first = doubtful(view).find((seq) => !asked.has(seq));
      if (first === undefined) return;
      const before = resets;
      const { events } = await options.read({ after: first - 1, limit: 200 });
      // Read before a reset, it may tell of what is lost now. The reset has asked for another look.
      if (resets !== before) return;
      for (const seq of [first, ...events.map((fact) => fact.seq)]) asked.add(seq);
      show(refreshFacts(view, events));
    }
  };

  return {
    get view() {
      return view;
    },
    begin(at) {
      allowance = maxFacts;
      show(emptyView(at));
    },
    apply(facts) {
      if (maxFacts === 0) return;
      show(bounded(applyFacts(view, facts)));
      if (facts.some(({ type }) => type === "messages.restored")) void recheck();
    },
    reset(to) {
      resets += 1;
      needsCheck = true;
      show(resetTo(view, to, replayedFrom));
    },
    catchUpFrom(at) {
      replayedFrom = Math.min(replayedFrom, at);
    },
    live() {
      replayedFrom = Infinity;
      if (needsCheck) void recheck();
    },
    async history({ before = view.start + 1, limit }) {
      const page = await options.read({ before, ...given({ limit }) });
      // The view may have moved on meanwhile: only a page that touches its start belongs there.
      if (before > view.start && page.prev < view.start) {
        allowance += page.events.length;
        show(prependFacts(view, page));
      }
      return page;
    },
  };
}
