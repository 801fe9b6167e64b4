import { useEffect } from "preact/hooks";

import type { Notice } from "../../client/index.ts";
import { Icon } from "../parts/icon.tsx";
import { client } from "../session/session.ts";
import type { Desk } from "./desk.ts";

/** What came of what one reported, said or asked for, until it is put away. */
export function Told({ desk }: { desk: Desk }) {
  useEffect(
    () =>
      client.value?.on("notice.added", ({ item }) => {
        desk.told.value = sentenceFor(item);
      }),
    [desk],
  );
  return (
    <div class="told" role="status">
      {desk.told.value !== "" && (
        <p>
          <span>{desk.told.value}</span>
          <button
            type="button"
            class="round quiet small"
            aria-label="Put away"
            onClick={() => (desk.told.value = "")}
          >
            <Icon name="close" size={16} />
          </button>
        </p>
      )}
    </div>
  );
}

function sentenceFor({ kind, outcome, note }: Notice): string {
  const why = note === undefined ? "" : ` ${note}`;
  switch (kind) {
    case "report.resolved":
      return outcomes[outcome ?? "dismissed"];
    case "held.approved":
      return "A moderator let your message through.";
    case "held.refused":
      return `A moderator did not let your message through.${why}`;
    case "join.approved":
      return "You may come in: the moderators agreed.";
    case "join.refused":
      return `The moderators did not let you join.${why}`;
  }
}

const outcomes = {
  dismissed: "The moderators looked at your report, and let the message be.",
  removed: "Thank you: the message that you reported was removed.",
  sanctioned: "Thank you: something was done about what you reported.",
} as const;
