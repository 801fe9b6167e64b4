import { useEffect, useState } from "preact/hooks";

import { roomPath } from "../navigation/route.ts";
import { Dialog } from "../parts/dialog.tsx";
import { act } from "./acts.ts";
import type { Desk } from "./desk.ts";
import type { OpenRoom } from "./open-room.ts";

/** A link to hand on, and a code to hold out to a camera. */
export function Share({ room, desk }: { room: OpenRoom; desk: Desk }) {
  return desk.shareShown.value ? <Shown room={room} desk={desk} /> : null;
}

function Shown({ room, desk }: { room: OpenRoom; desk: Desk }) {
  const known = room.room.value;
  const isPrivate = known?.visibility === "private";
  const [link, setLink] = useState(
    isPrivate || known === null ? "" : `${location.origin}${roomPath(known.slug)}`,
  );
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!isPrivate) return;
    void act(desk, async () => {
      const { url } = await room.handle.call("invite:create", { expiresInSeconds: WEEK });
      setLink(url);
    });
  }, [isPrivate]);

  return (
    <Dialog title="Bring someone in" onClose={() => (desk.shareShown.value = false)}>
      <div class="share">
        <p>
          {isPrivate
            ? "Whoever has this link may come in, for a week from now."
            : "Whoever opens this link says a name, and is here."}
        </p>
        <div class="name-row">
          <input
            readOnly
            value={link}
            aria-label="Link"
            onFocus={(e) => e.currentTarget.select()}
          />
          <button
            type="button"
            class="primary"
            disabled={link === ""}
            onClick={() =>
              void act(desk, async () => {
                await navigator.clipboard.writeText(link);
                setCopied(true);
              })
            }
          >
            {copied ? "Copied" : "Copy"}
          </button>
        </div>
        <div class="share-code">
          {link !== "" && (
            <img
              src={`${new URL(link).pathname}/qr.svg`}
              width="200"
              height="200"
              alt="The link as a QR code"
            />
          )}
        </div>
      </div>
    </Dialog>
  );
}

const WEEK = 7 * 24 * 60 * 60;
