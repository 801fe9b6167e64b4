import type { User } from "../../client/index.ts";
import { agoOf, minute } from "../parts/clock.ts";
import { useAnswer, useDoing } from "../parts/use-answer.ts";
import { ask } from "../session/ask.ts";
import { readBlocked } from "./blocked.ts";
import { Listed, PersonLine } from "./person-line.tsx";

/** Of whom I want to see nothing. */
export function Blocked({ onOpen }: { onOpen: (user: User) => void }) {
  const blocks = useAnswer(() => ask("block:list", { limit: 200 }), []);
  const { busy, problem, attempt } = useDoing();
  return (
    <section>
      <Listed answer={blocks} none="You block nobody.">
        {({ user, since }) => (
          <PersonLine
            key={user.id}
            user={user}
            about={`blocked ${agoOf(since, minute.value)}`}
            onOpen={onOpen}
          >
            <button
              type="button"
              class="button"
              disabled={busy}
              onClick={() =>
                void attempt(async () => {
                  await ask("block:remove", { user: user.id });
                  await Promise.all([blocks.again(), readBlocked()]);
                })
              }
            >
              Unblock
            </button>
          </PersonLine>
        )}
      </Listed>
      <p class="problem" role="alert">
        {problem}
      </p>
    </section>
  );
}
