import { signal } from "@preact/signals";

const said = signal("");

/** Says something to whoever listens to the page instead of seeing it. */
export function announce(sentence: string): void {
  said.value = sentence;
}

/** Where announcements are read from; once in the page. */
export function Announcer() {
  return (
    <div class="unseen" role="status" aria-live="polite">
      {said}
    </div>
  );
}
