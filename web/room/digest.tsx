import { useEffect, useState } from "preact/hooks";

import type { CommandOutput } from "../../client/index.ts";
import { Avatar } from "../parts/avatar.tsx";
import { counted, readingTimeOf } from "../parts/clock.ts";
import { Dialog } from "../parts/dialog.tsx";
import { act } from "./acts.ts";
import type { Desk } from "./desk.ts";
import type { OpenRoom } from "./open-room.ts";

type Missed = CommandOutput<"room:missed">;

/** What happened since someone was here: what was talked about, and where it begins. */
export function Digest({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const since = desk.digestSince.value;
  return since === null ? null : <Shown key={since} since={since} room={room} desk={desk} />;
}

function Shown({ since, room, desk }: { since: number; room: OpenRoom; desk: Desk }) {
  const [missed, setMissed] = useState<Missed | null>(null);
  const close = () => (desk.digestSince.value = null);
  useEffect(() => {
    void act(desk, async () => setMissed(await room.handle.call("room:missed", { since })));
  }, [since]);
  const goTo = (seq: number) => () => {
    close();
    void act(desk, () => desk.goTo(seq));
  };

  return (
    <Dialog title="While you were away" onClose={close}>
      {missed === null ? (
        <p class="none">Looking …</p>
      ) : (
        <div class="digest">
          <p>
            {counted(missed.messages, "message")} of{" "}
            {counted(missed.people.length, "person", "people")},{" "}
            {readingTimeOf(missed.readingSeconds)} to read.
          </p>
          <ul class="pins">
            {missed.conversations.map(({ id, title, from, messages, people, mine, mentioned }) => (
              <li key={id}>
                <button type="button" class="pin-text" onClick={goTo(from)}>
                  <b>
                    {title}
                    {(mine || mentioned) && (
                      <span class="role">{mentioned ? "names you" : "yours"}</span>
                    )}
                  </b>
                  <span class="digest-who">
                    {counted(messages, "message")}:{" "}
                    {people
                      .slice(0, 4)
                      .map(({ user }) => user.name)
                      .join(", ")}
                  </span>
                </button>
              </li>
            ))}
          </ul>
          {missed.people.length > 0 && (
            <>
              <h3 class="dialog-part">Who was here</h3>
              <ul class="who-was-here">
                {missed.people.slice(0, MOST_FACES).map(({ user, messages }) => (
                  <li key={user.id}>
                    <button
                      type="button"
                      class="person"
                      onClick={() => {
                        close();
                        desk.person.value = user.id;
                      }}
                    >
                      <Avatar id={user.id} name={user.name} picture={user.picture} size={28} />
                      <span class="person-name">{user.name}</span>
                      <small>
                        {messages.toLocaleString()}
                        <span class="unseen"> messages</span>
                      </small>
                    </button>
                  </li>
                ))}
              </ul>
            </>
          )}
          {missed.questions.length > 0 && (
            <>
              <h3 class="dialog-part">Asked, not answered</h3>
              <ul class="pins">
                {missed.questions.map(({ seq, by, text }) => (
                  <li key={seq}>
                    <button type="button" class="pin-text" onClick={goTo(seq)}>
                      <b>{by.name}</b>
                      <span>{text}</span>
                    </button>
                  </li>
                ))}
              </ul>
            </>
          )}
          {missed.links.length > 0 && (
            <>
              <h3 class="dialog-part">Links</h3>
              <ul class="digest-links">
                {missed.links.map(({ url, title = url, by }) => (
                  <li key={url}>
                    <Address url={url}>{title}</Address> <small>from {by.name}</small>
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
    </Dialog>
  );
}

/** A link that others wrote: to the web, or nowhere. */
function Address({ url, children }: { url: string; children: string }) {
  if (!/^https?:\/\//iu.test(url)) return children;
  return (
    <a href={url} target="_blank" rel="noopener nofollow ugc">
      {children}
    </a>
  );
}

const MOST_FACES = 24;
