import type { ComponentChildren } from "preact";

import type { User } from "../../client/index.ts";
import { Avatar } from "../parts/avatar.tsx";
import type { Answer } from "../parts/use-answer.ts";

/** Someone in a list: who they are, why they are in it, and what can be done. */
export function PersonLine(props: {
  user: User;
  about: ComponentChildren;
  onOpen: (user: User) => void;
  children?: ComponentChildren;
}) {
  const { user, about, onOpen, children } = props;
  return (
    <li class="person-line">
      <button type="button" class="person-open" onClick={() => onOpen(user)}>
        <Avatar id={user.id} name={user.name} picture={user.picture} size={42} />
        <span class="person-words">
          <b>{user.name}</b>
          <small>{about}</small>
        </span>
      </button>
      {children}
    </li>
  );
}

/** A list once it is there; a sentence where it is empty, or cannot be had. */
export function Listed<T>(props: {
  answer: Answer<{ items: readonly T[] }>;
  none: ComponentChildren;
  children: (item: T) => ComponentChildren;
}) {
  const { answer, none, children } = props;
  if (answer.value === null) {
    return answer.problem === "" ? (
      <ul class="person-list" aria-hidden="true">
        {[1, 2, 3].map((index) => (
          <li key={index} class="person-line is-awaited" />
        ))}
      </ul>
    ) : (
      <p class="problem" role="alert">
        {answer.problem}
      </p>
    );
  }
  if (answer.value.items.length === 0) return <p class="nothing">{none}</p>;
  return <ul class="person-list">{answer.value.items.map(children)}</ul>;
}
