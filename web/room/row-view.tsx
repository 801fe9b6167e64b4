import { memo } from "preact/compat";

import { dayOf, counted, minute } from "../parts/clock.ts";
import { Icon } from "../parts/icon.tsx";
import type { Desk } from "./desk.ts";
import { MessageView } from "./message-view.tsx";
import { noticeOf } from "./notice.ts";
import type { OpenRoom } from "./open-room.ts";
import { PendingView } from "./pending-view.tsx";
import type { Row } from "./rows.ts";

interface RowProps {
  row: Row;
  room: OpenRoom;
  desk: Desk;
  isLeader: boolean;
  isFlashed: boolean;
}

/** One row. It is drawn anew only when something of it has changed. */
export const RowView = memo(function Row(props: RowProps) {
  const { row, room, desk, isLeader, isFlashed } = props;
  switch (row.kind) {
    case "start":
      return <Beginning room={room} />;
    case "older":
      return (
        <p class="older" aria-label="Older messages are being read">
          <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
        </p>
      );
    case "day":
      return (
        <div class="divider" role="separator">
          <span>{dayOf(row.at, minute.value)}</span>
        </div>
      );
    case "unread":
      return (
        <div class="divider is-unread" role="separator">
          <span>{counted(row.count, "new message")}</span>
        </div>
      );
    case "notice":
      return (
        <p class="notice">
          <Icon name={row.fact.type === "message.pinned" ? "pin" : "shield"} size={14} />
          {noticeOf(row.fact, room)}
        </p>
      );
    case "message":
      return (
        <MessageView row={row} room={room} desk={desk} isLeader={isLeader} isFlashed={isFlashed} />
      );
    case "pending":
      return <PendingView row={row} room={room} />;
  }
}, isSame);

function Beginning({ room }: { room: OpenRoom }) {
  const known = room.room.value;
  if (known === null) return <div class="beginning" />;
  return (
    <div class="beginning">
      <Icon name="wave" size={34} />
      <h2>{known.title}</h2>
      <p>
        {known.topic === "" ? "This is where it begins." : known.topic}
        <br />
        Say hello: whoever drops in later reads it here.
      </p>
    </div>
  );
}

function isSame(before: RowProps, after: RowProps): boolean {
  if (before.isFlashed !== after.isFlashed || before.isLeader !== after.isLeader) return false;
  const a = before.row;
  const b = after.row;
  if (a === b) return true;
  if (a.kind === "message" && b.kind === "message") {
    return (
      a.message === b.message &&
      a.follows === b.follows &&
      a.pinned === b.pinned &&
      a.state === b.state
    );
  }
  if (a.kind === "pending" && b.kind === "pending") {
    return a.outgoing === b.outgoing && a.state === b.state && a.follows === b.follows;
  }
  if (a.kind === "unread" && b.kind === "unread") return a.count === b.count;
  return a.kind === b.kind && a.key === b.key;
}
