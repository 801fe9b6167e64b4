import { useState } from "preact/hooks";

import { Link } from "./navigation/link.tsx";
import { embedded } from "./navigation/route.ts";
import { Avatar } from "./parts/avatar.tsx";
import { Icon } from "./parts/icon.tsx";
import { Logo } from "./parts/logo.tsx";
import { session } from "./session/session.ts";
import { Settings } from "./settings/settings.tsx";

/** The line above all that is not a room. */
export function TopBar() {
  const [settings, setSettings] = useState(false);
  const user = session.value?.user;
  return (
    <header class="top-bar">
      {embedded ? (
        <span />
      ) : (
        <Link to="/" class="brand" label="Eddy: all rooms">
          <Logo />
          <span>Eddy</span>
        </Link>
      )}
      <nav class="top-ways" aria-label="Eddy">
        {user !== undefined && !embedded && (
          <Link to="/search" class="quiet with-count">
            <Icon name="search" />
            <span class="way-name">Search</span>
          </Link>
        )}
        {user !== undefined && !embedded && (
          <Link to="/people" class="quiet with-count">
            <Icon name="people" />
            <span class="way-name">People</span>
          </Link>
        )}
        <button type="button" class="who quiet" onClick={() => setSettings(true)}>
          {user === undefined ? (
            "Settings"
          ) : (
            <>
              <Avatar id={user.id} name={user.name} picture={user.picture} size={30} />
              <span class="who-name">{user.name}</span>
              <span class="unseen">: settings</span>
            </>
          )}
        </button>
      </nav>
      {settings && <Settings onClose={() => setSettings(false)} />}
    </header>
  );
}
