import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { hasNetwork } from "../session/session.ts";

/**
 * A part of the page whose script is fetched when it is first shown: most visitors never need it, and all
 * of them would wait for it. Until it is there nothing is shown; if it cannot be had, that is said.
 */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  return function Later(props: P) {
    const [Part, setPart] = useState<ComponentType<P> | null>(() => loaded);
    const [isMissing, setMissing] = useState(false);
    useEffect(() => {
      if (Part !== null) return;
      const fetchPart = async () => {
        try {
          const part = (loaded = await load());
          setPart(() => part);
        } catch {
          setMissing(true);
        }
      };
      void fetchPart();
    }, []);
    if (Part !== null) return <Part {...props} />;
    return isMissing ? <Missing /> : null;
  };
}

/** Browsers do not ask again for a script that failed: only a new page can. What was written is kept. */
function Missing() {
  return (
    <p class="part-missing" role="alert">
      This part of the page could not be loaded.{" "}
      {hasNetwork.value ? (
        <button type="button" class="as-link" onClick={() => location.reload()}>
          Load the page again
        </button>
      ) : (
        "Try again when you are back online."
      )}
    </p>
  );
}
