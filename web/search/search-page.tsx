import { useEffect, useRef, useState } from "preact/hooks";

import type { Room, SearchHit } from "../../client/index.ts";
import { Link } from "../navigation/link.tsx";
import { moveOn, roomPath, searchPath } from "../navigation/route.ts";
import { agoOf, minute } from "../parts/clock.ts";
import { Icon } from "../parts/icon.tsx";
import { Segments } from "../parts/segments.tsx";
import { useAnswer, useDoing } from "../parts/use-answer.ts";
import { TopBar } from "../top-bar.tsx";
import { find, next, type Page, type Search } from "./find.ts";
import { markedOf } from "./marked.ts";

import "../look/search-page.css";

const orders = [
  ["time", "Newest"],
  ["relevance", "Best"],
] as const;
/** Between two keys one may think; the server is not asked meanwhile. */
const THINKING_MS = 250;

/** Finds what was said, in all rooms or in one, and leads there. */
export function SearchPage({ q }: { q: string }) {
  const [text, setText] = useState(q);
  const [sort, setSort] = useState<Search["sort"]>("time");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = "Search · Eddy";
    field.current?.focus();
    field.current?.setSelectionRange(text.length, text.length);
  }, []);
  useEffect(() => {
    if (text.trim() === q.trim()) return;
    // The address says what is looked for: it can be gone back to, and handed on.
    const thinking = setTimeout(() => moveOn(searchPath(text)), THINKING_MS);
    return () => clearTimeout(thinking);
  }, [text]);
  return (
    <div class="directory">
      <TopBar />
      <main>
        <section class="greeting">
          <h1>Search</h1>
        </section>
        <form
          class="search-line"
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            moveOn(searchPath(text));
          }}
        >
          <label class="search">
            <Icon name="search" size={18} />
            <span class="unseen">What to look for</span>
            <input
              ref={field}
              type="search"
              value={text}
              placeholder="Words, or a part of one"
              maxLength={400}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
          <Segments
            legend="What comes first"
            name="order"
            options={orders}
            value={sort}
            onChoose={setSort}
          />
        </form>
        <Results key={`${sort} ${q}`} search={{ q, sort }} />
      </main>
    </div>
  );
}

function Results({ search }: { search: Search }) {
  const { value, problem } = useAnswer(() => find(search), []);
  const [more, setMore] = useState<Page | null>(null);
  const { busy, problem: lost, attempt } = useDoing();
  const page = more ?? value;
  const trouble = problem === "" ? lost : problem;
  return (
    <section class="search-results" aria-busy={page === null && trouble === ""}>
      <p class="search-count" role="status">
        {page === null || search.q.trim() === "" ? "" : countOf(page)}
      </p>
      {search.q.trim() === "" && <Hints />}
      <ol>
        {page?.items.map((hit) => (
          <Hit key={`${hit.room} ${hit.seq}`} hit={hit} room={page.rooms.get(hit.room)} />
        ))}
      </ol>
      {page !== null && page.nextCursor !== null && (
        <button
          type="button"
          class="button"
          disabled={busy}
          onClick={() => void attempt(async () => setMore(await next(search, page)))}
        >
          Show more
        </button>
      )}
      <p class="problem" role="alert">
        {trouble}
      </p>
    </section>
  );
}

function countOf({ items, nextCursor }: Page): string {
  if (items.length === 0) return "Nobody said that where you can see it.";
  const messages = items.length === 1 ? "1 message" : `${items.length} messages`;
  return nextCursor === null ? messages : `${messages}, and there are more`;
}

function Hit({ hit, room }: { hit: SearchHit; room: Room | undefined }) {
  const { seq, by, at, snippet } = hit;
  return (
    <li>
      <Link to={roomPath(room?.slug ?? hit.room, seq)} class="search-hit">
        <span class="search-about">
          <b>{by.name}</b>
          {room !== undefined && <span>in {room.title}</span>}
          <time dateTime={at}>{agoOf(at, minute.value)}</time>
        </span>
        <span class="search-text">
          {markedOf(snippet).map(({ text, isHit }, i) =>
            isHit ? <mark key={i}>{text}</mark> : <span key={i}>{text}</span>,
          )}
        </span>
      </Link>
    </li>
  );
}

const hints = [
  ['"green tea"', "the words in this order"],
  ["-rain", "without this word"],
  ["from:ada", "what one person said"],
  ["in:lobby", "in one room"],
  ["after:2026-11-01", "since a day; before: until one"],
  ["has:link", "with a link; also has:reaction, has:reply"],
] as const;

function Hints() {
  return (
    <dl class="search-hints">
      {hints.map(([what, means]) => (
        <div key={what}>
          <dt>
            <code>{what}</code>
          </dt>
          <dd>{means}</dd>
        </div>
      ))}
    </dl>
  );
}
