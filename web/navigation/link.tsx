import type { ComponentChildren } from "preact";

import { navigate } from "./route.ts";

/** A link within the page. It stays a link: it can be opened in a new tab, copied, shared. */
export function Link(props: {
  to: string;
  class?: string;
  label?: string;
  children: ComponentChildren;
}) {
  return (
    <a
      href={props.to}
      class={props.class}
      aria-label={props.label}
      onClick={(event) => {
        if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        navigate(props.to);
      }}
    >
      {props.children}
    </a>
  );
}
