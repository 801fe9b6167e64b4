import type { User } from "../../client/index.ts";
import { agoOf, counted, minute } from "../parts/clock.ts";
import { useAnswer } from "../parts/use-answer.ts";
import { ask } from "../session/ask.ts";
import { Listed, PersonLine } from "./person-line.tsx";

/** People who keep being there when I speak. */
export function Meetings({ onOpen }: { onOpen: (user: User) => void }) {
  const meetings = useAnswer(() => ask("me:meetings", { limit: 50 }), []);
  return (
    <section>
      <p class="people-why">
        Those who spoke next to you on more than one day of the last month. You can stay out of
        others’ lists: see your profile.
      </p>
      <Listed answer={meetings} none="Nobody yet. Come back tomorrow: people tend to.">
        {({ user, days, rooms, lastAt }) => (
          <PersonLine
            key={user.id}
            user={user}
            about={`${counted(days, "day")} in ${counted(rooms, "room")}, last ${agoOf(lastAt, minute.value)}`}
            onOpen={onOpen}
          />
        )}
      </Listed>
    </section>
  );
}
