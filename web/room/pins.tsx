import { useEffect, useState } from "preact/hooks";

import { Dialog } from "../parts/dialog.tsx";
import { act, leads } from "./acts.ts";
import type { Desk } from "./desk.ts";
import type { OpenRoom } from "./open-room.ts";

interface Pinned {
  seq: number;
  author: string;
  text: string;
}

/** What was pinned, the newest first. */
export function Pins({ room, desk }: { room: OpenRoom; desk: Desk }) {
  return desk.pinsShown.value ? <Shown room={room} desk={desk} /> : null;
}

function Shown({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const seqs = room.view.value.pins.toReversed();
  const [older, setOlder] = useState<ReadonlyMap<number, Pinned>>(new Map());
  const close = () => (desk.pinsShown.value = false);

  useEffect(() => {
    const unknown = seqs.filter((seq) => inView(room, seq) === null && !older.has(seq));
    if (unknown.length === 0) return;
    void act(desk, async () => {
      const read = await Promise.all(
        unknown.map((seq) => room.handle.call("message:get", { seq })),
      );
      const pinned = read.map(({ seq, by, text = "removed" }) => ({ seq, author: by.name, text }));
      setOlder(new Map([...older, ...pinned.map((pin) => [pin.seq, pin] as const)]));
    });
  }, [seqs.join()]);

  return (
    <Dialog title="Pinned" onClose={close}>
      <ul class="pins">
        {seqs.map((seq) => {
          const pin = inView(room, seq) ?? older.get(seq);
          return (
            <li key={seq}>
              <button
                type="button"
                class="pin-text"
                onClick={() => {
                  close();
                  void act(desk, () => desk.goTo(seq));
                }}
              >
                <b>{pin?.author ?? "…"}</b>
                <span>{pin?.text}</span>
              </button>
              {leads(room) && (
                <button
                  type="button"
                  class="quiet small"
                  onClick={() => void act(desk, () => room.handle.call("message:unpin", { seq }))}
                >
                  Unpin
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}

function inView({ view }: OpenRoom, seq: number): Pinned | null {
  const message = view.value.messages.find((each) => each.seq === seq);
  if (message === undefined) return null;
  return { seq, author: message.by.name, text: message.text ?? "removed" };
}
