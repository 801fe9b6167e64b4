import { useState } from "preact/hooks";

import { Dialog } from "../parts/dialog.tsx";
import { later } from "../parts/later.tsx";
import { session, signOut } from "../session/session.ts";
import { chooseTheme, theme, type Theme } from "./theme.ts";

const MyProfile = later(() => import("../people/my-profile.tsx").then((m) => m.MyProfile));

const themes: [Theme, string][] = [
  ["system", "Like the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

/** How the page looks, and who one is in it. */
export function Settings({ onClose }: { onClose: () => void }) {
  const user = session.value?.user;
  const [profile, setProfile] = useState(false);
  if (profile) return <MyProfile onClose={onClose} />;
  return (
    <Dialog title="Settings" onClose={onClose}>
      <div class="fields">
        {user !== undefined && (
          <p class="as-whom">
            You are here as <b>{user.name}</b>
            {user.handle !== undefined && <span class="handle"> @{user.handle}</span>}{" "}
            <button type="button" class="as-link" onClick={() => setProfile(true)}>
              Change my profile
            </button>
          </p>
        )}
        <fieldset class="choices in-a-row">
          <legend>Colours</legend>
          {themes.map(([value, label]) => (
            <label key={value} class="choice">
              <input
                type="radio"
                name="theme"
                checked={theme.value === value}
                onChange={() => chooseTheme(value)}
              />
              <span>{label}</span>
            </label>
          ))}
        </fieldset>
        {user !== undefined && (
          <div class="dialog-foot">
            <button
              type="button"
              class="quiet danger"
              onClick={() => {
                onClose();
                signOut();
              }}
            >
              Leave, and forget my name here
            </button>
          </div>
        )}
      </div>
    </Dialog>
  );
}
