import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import express, { type Response, Router } from "express";

import { RoomRef } from "../../../protocol/ids.ts";
import type { Room } from "../../../protocol/shapes.ts";
import type { Deps } from "../../rooms/act.ts";
import { showRoom } from "../../rooms/room-view.ts";
import { type Html, html } from "../docs/html.ts";

/** Where the page is built to. */
const folder = fileURLToPath(new URL("../../../web/dist", import.meta.url));

/**
 * What the page may do: run and read what this server sends, and talk to it. No script, style or
 * frame from elsewhere; pictures of people come from wherever their host keeps them.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data: https:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * Serves the page at / and /r/:room, when it is built; else / leads to the API's documentation.
 * A link to a room carries what the room is about, for whoever shows the link and for the page's
 * first sight. Private rooms stay unnamed.
 */
export function pageRouter(deps: Pick<Deps, "rules" | "lookups">, publicUrl: string): Router {
  const router = Router();
  const file = path.join(folder, "index.html");
  if (!existsSync(file)) {
    router.get("/", (_request, response) => response.redirect("/docs"));
    return router;
  }
  const [before = "", after = ""] = readFileSync(file, "utf8").split("</head>");
  const send = (response: Response, about: Html) =>
    response
      .set({ "Content-Security-Policy": POLICY, "Cache-Control": "no-cache" })
      .type("html")
      .send(`${before}${about.text}</head>${after}`);

  // Their names change with their content, so they may be kept for good.
  router.use("/assets", express.static(path.join(folder, "assets"), KEEP_FOR_GOOD));
  router.use(express.static(folder, { index: false, maxAge: "1h" }));
  router.get("/", (_request, response) => send(response, aboutEddy(publicUrl)));
  router.get("/r/:room", async (request, response) => {
    const room = await glimpse(deps, request.params.room);
    send(response, room === null ? aboutEddy(publicUrl) : aboutRoom(room, publicUrl));
  });
  return router;
}

const KEEP_FOR_GOOD = { immutable: true, maxAge: "365d", index: false, fallthrough: false };

/** What anyone may know of a room by its link; null when there is nothing, for whatever reason. */
async function glimpse(deps: Pick<Deps, "rules" | "lookups">, ref: string): Promise<Room | null> {
  const parsed = RoomRef.safeParse(ref);
  if (!parsed.success) return null;
  try {
    const { row } = await deps.rules.get(parsed.data);
    return row.visibility === "private" ? null : await showRoom(deps, row);
  } catch {
    // The page comes all the same: it says by itself what is wrong.
    return null;
  }
}

function aboutEddy(publicUrl: string): Html {
  return openGraph({
    title: "Eddy",
    description: "Rooms that never end. Drop in with just a name.",
    url: publicUrl,
  });
}

function aboutRoom(room: Room, publicUrl: string): Html {
  const { present } = room.live;
  const here = present === 1 ? "One person is here now." : `${present} people are here now.`;
  const description = [room.topic, present === 0 ? "Drop in." : here].filter(Boolean).join(" · ");
  const { id, slug, title, topic, live } = room;
  return html`${openGraph({ title, description, url: `${publicUrl}/r/${slug}` })}
    <meta name="eddy:room" content="${JSON.stringify({ id, slug, title, topic, live })}" />`;
}

function openGraph(page: { title: string; description: string; url: string }): Html {
  return html`<meta property="og:site_name" content="Eddy" />
    <meta property="og:type" content="website" />
    <meta property="og:title" content="${page.title}" />
    <meta property="og:description" content="${page.description}" />
    <meta property="og:url" content="${page.url}" />
    <meta name="twitter:card" content="summary" />`;
}
