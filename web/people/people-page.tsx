import { useEffect, useState } from "preact/hooks";

import type { User } from "../../client/index.ts";
import { Segments } from "../parts/segments.tsx";
import { TopBar } from "../top-bar.tsx";
import { Blocked } from "./blocked-list.tsx";
import { Contacts } from "./contacts.tsx";
import { Conversations } from "./conversations.tsx";
import { Meetings } from "./meetings.tsx";
import { MyProfile } from "./my-profile.tsx";
import { ProfileDialog } from "./profile-dialog.tsx";

import "../look/people-page.css";

const parts = [
  ["conversations", "Conversations"],
  ["contacts", "Contacts"],
  ["meetings", "Keep meeting"],
  ["blocked", "Blocked"],
] as const;
type Part = (typeof parts)[number][0];

/** Those whom I know: conversations of a few, contacts, and who may become one. */
export function PeoplePage() {
  const [part, setPart] = useState<Part>("conversations");
  const [open, setOpen] = useState<User | null>(null);
  const [isMine, setMine] = useState(false);
  // What was changed on a card shows in the lists when it is closed.
  const [changes, setChanges] = useState(0);
  useEffect(() => {
    document.title = "People · Eddy";
  }, []);

  return (
    <div class="directory">
      <TopBar />
      <main>
        <section class="greeting people-greeting">
          <h1>People</h1>
          <button type="button" class="button" onClick={() => setMine(true)}>
            My profile
          </button>
        </section>
        <div class="rooms-head">
          <Segments
            legend="Which people"
            name="people"
            options={parts}
            value={part}
            onChoose={setPart}
          />
        </div>
        <div class="people-lists" key={changes}>
          {part === "conversations" && <Conversations onOpen={setOpen} />}
          {part === "contacts" && <Contacts onOpen={setOpen} />}
          {part === "meetings" && <Meetings onOpen={setOpen} />}
          {part === "blocked" && <Blocked onOpen={setOpen} />}
        </div>
      </main>
      {open !== null && (
        <ProfileDialog
          user={open}
          onClose={() => {
            setOpen(null);
            setChanges(changes + 1);
          }}
        />
      )}
      {isMine && <MyProfile onClose={() => setMine(false)} />}
    </div>
  );
}
