import { useEffect, useState } from "preact/hooks";

import type { Client } from "../../client/index.ts";
import { Link } from "../navigation/link.tsx";
import { moveOn, roomPath } from "../navigation/route.ts";
import { sentenceOf } from "../session/refusal.ts";
import { TopBar } from "../top-bar.tsx";

/** Takes an invitation, and goes where it leads. */
export function Invitation({ client, code }: { client: Client; code: string }) {
  const [problem, setProblem] = useState("");
  useEffect(() => {
    client.call("invite:accept", { code }).then(
      ({ room }) => moveOn(roomPath(room.slug)),
      (error: unknown) => setProblem(sentenceOf(error)),
    );
  }, [client, code]);
  if (problem === "") return null;
  return (
    <div class="doorway">
      <TopBar />
      <main class="doorway-card">
        <h1>{problem}</h1>
        <p class="topic">Ask whoever sent it to you for another one.</p>
        <p class="doorway-way">
          <Link to="/" class="button">
            See the rooms
          </Link>
        </p>
      </main>
    </div>
  );
}
