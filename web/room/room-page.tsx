import { useEffect, useState } from "preact/hooks";

import type { Client, User } from "../../client/index.ts";
import { glimpseOf, noteVisit } from "../directory/rooms.ts";
import { later } from "../parts/later.tsx";
import { PeoplePanel } from "../people/people-panel.tsx";
import { PersonCard } from "../people/person-card.tsx";
import { Closed } from "./closed.tsx";
import { Composer } from "./composer.tsx";
import { newDesk, type Desk } from "./desk.ts";
import { MessageList } from "./message-list.tsx";
import { MessageMenu } from "./message-menu.tsx";
import { Missed } from "./missed.tsx";
import { openRoom, type OpenRoom } from "./open-room.ts";
import { Pins } from "./pins.tsx";
import { RemoveMessage } from "./remove-message.tsx";
import { RoomHead } from "./room-head.tsx";
import { Status } from "./status.tsx";
import { Told } from "./told.tsx";
import { Typing } from "./typing.tsx";

const Digest = later(() => import("./digest.tsx").then((m) => m.Digest));
const Share = later(() => import("./share.tsx").then((m) => m.Share));
const RoomSettings = later(() =>
  import("../moderation/room-settings.tsx").then((m) => m.RoomSettings),
);
const ReportDialog = later(() =>
  import("../moderation/report-dialog.tsx").then((m) => m.ReportDialog),
);
const Moderation = later(() => import("../moderation/moderation.tsx").then((m) => m.Moderation));

/** A room that one is in. */
export function RoomPage(props: { client: Client; me: User; room: string; at: number | null }) {
  const { client, me, room: ref, at } = props;
  const [visit, setVisit] = useState(0);
  const [open, setOpen] = useState<{ room: OpenRoom; desk: Desk } | null>(null);
  useEffect(() => {
    const room = openRoom(client, me, ref);
    setOpen({ room, desk: newDesk(room) });
    return () => {
      setOpen(null);
      room.leave();
    };
  }, [client, me.id, ref, visit]);

  if (open === null) return <div class="room-page" />;
  return <Inside {...open} ref_={ref} at={at} onComeBack={() => setVisit(visit + 1)} />;
}

function Inside(props: {
  room: OpenRoom;
  desk: Desk;
  ref_: string;
  at: number | null;
  onComeBack: () => void;
}) {
  const { room, desk, ref_, at, onComeBack } = props;
  const known = room.room.value;
  const title = known?.title ?? glimpseOf(ref_)?.title ?? "";
  const isLive = room.state.value === "live";
  const unread = room.view.value.messages.filter(
    ({ seq, by }) => seq > room.reading.readSeq.value && by.id !== room.me.id,
  ).length;
  const isClosed = room.closed.value !== null;

  useEffect(() => {
    if (known !== null) noteVisit(known.id);
  }, [known?.id]);
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ""}${title} · Eddy`;
  }, [title, unread]);
  useEffect(() => {
    if (isLive && at !== null) void desk.goTo(at);
  }, [isLive, at]);

  return (
    <div class={desk.peopleShown.value && !isClosed ? "room-page with-people" : "room-page"}>
      <RoomHead room={room} desk={desk} title={title} />
      <main class="room-main">
        <Status room={room} />
        <Told desk={desk} />
        <Missed room={room} desk={desk} />
        <MessageList room={room} desk={desk} unread={unread} />
        <Typing room={room} />
        {isClosed ? (
          <Closed room={room} onComeBack={onComeBack} />
        ) : (
          <Composer room={room} desk={desk} />
        )}
      </main>
      {desk.peopleShown.value && !isClosed && <PeoplePanel room={room} desk={desk} />}
      <PersonCard room={room} desk={desk} />
      <MessageMenu room={room} desk={desk} />
      <RemoveMessage room={room} desk={desk} />
      <Pins room={room} desk={desk} />
      {desk.settingsShown.value && <RoomSettings room={room} desk={desk} />}
      {desk.shareShown.value && <Share room={room} desk={desk} />}
      {desk.reporting.value !== null && <ReportDialog room={room} desk={desk} />}
      {desk.moderation.value !== null && <Moderation room={room} desk={desk} />}
      {desk.digestSince.value !== null && <Digest room={room} desk={desk} />}
    </div>
  );
}
