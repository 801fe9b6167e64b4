import type { Contact, User } from "../../client/index.ts";
import { agoOf, minute } from "../parts/clock.ts";
import { useAnswer, useDoing } from "../parts/use-answer.ts";
import { ask } from "../session/ask.ts";
import { Listed, PersonLine } from "./person-line.tsx";

/** Whom I follow, and who follows me and waits to be followed. */
export function Contacts({ onOpen }: { onOpen: (user: User) => void }) {
  const following = useAnswer(() => ask("contact:list", { limit: 200 }), []);
  const followers = useAnswer(
    () => ask("contact:list", { show: "followers", limit: 200 }).then(notYetFollowed),
    [],
  );
  const { problem, attempt } = useDoing();
  const followBack = (user: User) =>
    void attempt(async () => {
      await ask("contact:add", { user: user.id });
      await Promise.all([following.again(), followers.again()]);
    });
  return (
    <>
      {(followers.value?.items.length ?? 0) > 0 && (
        <section>
          <h2>They follow you</h2>
          <Listed answer={followers} none="">
            {({ user, since }) => (
              <PersonLine
                key={user.id}
                user={user}
                about={user.headline ?? `since ${agoOf(since, minute.value)}`}
                onOpen={onOpen}
              >
                <button type="button" class="primary" onClick={() => followBack(user)}>
                  Follow back
                </button>
              </PersonLine>
            )}
          </Listed>
        </section>
      )}
      <section>
        <h2>You follow</h2>
        <Listed
          answer={following}
          none="Follow someone from their card: then you see first when they are there."
        >
          {(contact) => (
            <PersonLine
              key={contact.user.id}
              user={contact.user}
              about={aboutOf(contact)}
              onOpen={onOpen}
            >
              {contact.connected && <span class="role">connected</span>}
            </PersonLine>
          )}
        </Listed>
      </section>
      <p class="problem" role="alert">
        {problem}
      </p>
    </>
  );
}

function notYetFollowed({ items }: { items: readonly Contact[] }) {
  return { items: items.filter(({ connected }) => !connected) };
}

function aboutOf({ user, note }: Contact): string {
  return note ?? user.headline ?? (user.handle === undefined ? "" : `@${user.handle}`);
}
