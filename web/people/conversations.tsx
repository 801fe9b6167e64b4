import type { Direct, User } from "../../client/index.ts";
import { Link } from "../navigation/link.tsx";
import { navigate, roomPath } from "../navigation/route.ts";
import { Avatar } from "../parts/avatar.tsx";
import { agoOf, minute } from "../parts/clock.ts";
import { useAnswer, useDoing } from "../parts/use-answer.ts";
import { ask } from "../session/ask.ts";
import { session } from "../session/session.ts";
import { Listed, PersonLine } from "./person-line.tsx";

/** Conversations of a few, and who asks for one. */
export function Conversations({ onOpen }: { onOpen: (user: User) => void }) {
  const all = useAnswer(() => ask("direct:list", { limit: 200 }), []);
  const { busy, problem, attempt } = useDoing();
  const me = session.value?.user.id;
  const isAsked = ({ state, askedBy }: Direct) => state === "asked" && askedBy !== me;
  const asking = all.value?.items.filter(isAsked) ?? [];
  const others = all.value === null ? null : { items: all.value.items.filter((d) => !isAsked(d)) };

  return (
    <>
      {asking.length > 0 && (
        <section>
          <h2>They ask to talk</h2>
          <ul class="person-list">
            {asking.map(({ room, people: [user], firstLine }) =>
              user === undefined ? null : (
                <PersonLine
                  key={room.id}
                  user={user}
                  about={firstLine === undefined ? "would like to talk with you" : `“${firstLine}”`}
                  onOpen={onOpen}
                >
                  <span class="line-acts">
                    <button
                      type="button"
                      class="primary"
                      disabled={busy}
                      onClick={() =>
                        void attempt(async () => {
                          await ask("direct:open", { user: user.id });
                          navigate(roomPath(room.slug));
                        })
                      }
                    >
                      Talk
                    </button>
                    <button
                      type="button"
                      class="quiet"
                      disabled={busy}
                      onClick={() =>
                        void attempt(async () => {
                          await ask("direct:decline", { user: user.id });
                          await all.again();
                        })
                      }
                    >
                      No, thanks
                    </button>
                  </span>
                </PersonLine>
              ),
            )}
          </ul>
        </section>
      )}
      <section>
        {asking.length > 0 && <h2>Yours</h2>}
        <Listed
          answer={{ ...all, value: others }}
          none="Nobody here yet. Open someone’s card in a room to write to them."
        >
          {(direct) => <Conversation key={direct.room.id} direct={direct} />}
        </Listed>
      </section>
      <p class="problem" role="alert">
        {problem}
      </p>
    </>
  );
}

const listed = new Intl.ListFormat("en", { type: "conjunction" });

function Conversation({ direct: { room, people, state, firstLine } }: { direct: Direct }) {
  const names = listed.format(people.map(({ name }) => name));
  return (
    <li class="person-line">
      <Link to={roomPath(room.slug)} class="person-open">
        <span class="face-pile">
          {people.slice(0, 2).map(({ id, name, picture }) => (
            <Avatar key={id} id={id} name={name} picture={picture} size={42} />
          ))}
        </span>
        <span class="person-words">
          <b>{names === "" ? room.title : names}</b>
          <small>{firstLine ?? `since ${agoOf(room.createdAt, minute.value)}`}</small>
        </span>
      </Link>
      {state === "asked" && <span class="role">asked</span>}
    </li>
  );
}
