import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import express, { type Response, Router } from "express";
import { renderSVG } from "uqr";

import { Refusal } from "../../../protocol/errors.ts";
import { InviteCode, RoomRef } from "../../../protocol/ids.ts";
import type { Room } from "../../../protocol/shapes.ts";
import type { Deps } from "../../rooms/act.ts";
import { showInvite } from "../../rooms/people/invite.ts";
import { showRoom } from "../../rooms/room-view.ts";
import { type Html, html } from "../docs/html.ts";

/** Where the page is built to. */
const folder = fileURLToPath(new URL("../../../web/dist", import.meta.url));

/**
 * What the page may do: run and read what this server sends, and talk to it. No script, style or
 * frame from elsewhere; pictures of people come from wherever their host keeps them.
 */
const policyFor = (embedders: readonly string[]) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' data: https:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${embedders.length === 0 ? "'none'" : embedders.join(" ")}`,
  ].join("; ");

/**
 * Serves the page at /, /people, /search, /r/:room, /r/:room/:seq and /i/:code, when it is built; else / leads to the API's documentation,
 * and links still tell whoever shows them what they are about: a room what it says to anyone, so that
 * private ones stay unnamed; an invitation its room, because whoever has its code may come in.
 * Each has a QR code, for those who stand by. At /embed/:room it serves the page to be framed by
 * `embedders`: origins, or nobody when none is named.
 */
export function pageRouter(deps: Deps, embedders: readonly string[]): Router {
  const { publicUrl } = deps;
  const router = Router();
  const file = path.join(folder, "index.html");
  const isBuilt = existsSync(file);
  const page = isBuilt ? readFileSync(file, "utf8") : NOT_BUILT;
  const [before = "", after = ""] = page.split("</head>");
  const send = (response: Response, about: Html, policy = policyFor([])) =>
    response
      .set({ "Content-Security-Policy": policy, "Cache-Control": "no-cache" })
      .type("html")
      .send(`${before}${about.text}</head>${after}`);

  // Their names change with their content, so they may be kept for good.
  router.use("/assets", express.static(path.join(folder, "assets"), KEEP_FOR_GOOD));
  // What other pages load by its address; it holds nothing of anybody.
  router.get("/embed.js", (_request, response, next) => {
    response.set("Cross-Origin-Resource-Policy", "cross-origin");
    next();
  });
  router.use(express.static(folder, { index: false, maxAge: "1h" }));
  router.get(["/", "/people", "/search"], (_request, response) =>
    isBuilt ? send(response, aboutEddy(publicUrl)) : response.redirect("/docs"),
  );
  const sendRoom = async (response: Response, ref: string) => {
    const room = await glimpse(deps, ref);
    const about = room === null ? aboutEddy(publicUrl) : aboutRoom(room, linkTo(publicUrl, room));
    send(response, about);
  };
  router.get("/r/:room", ({ params }, response) => sendRoom(response, params.room));
  router.get("/r/:room/:seq", ({ params }, response, next) =>
    SEQ.test(params.seq) ? sendRoom(response, params.room) : next(),
  );
  router.get("/i/:code", async (request, response) => {
    const { code } = request.params;
    const room = await glimpseOfInvite(deps, code);
    response.set("X-Robots-Tag", "noindex");
    send(
      response,
      room === null ? aboutEddy(publicUrl) : aboutRoom(room, `${publicUrl}/i/${code}`),
    );
  });
  router.get(["/r/:link/qr.svg", "/i/:link/qr.svg"], (request, response) => {
    const kind = request.path.slice(0, 3);
    const known = kind === "/r/" ? RoomRef : InviteCode;
    const link = known.safeParse(request.params.link);
    if (!link.success) throw new Refusal("not_found", "There is no such link.");
    // It holds the link and nothing else, so it is the same for links that lead nowhere.
    response
      .set("Cache-Control", "public, max-age=86400")
      .type("image/svg+xml")
      .send(renderSVG(`${publicUrl}${kind}${link.data}`));
  });
  router.get("/embed/:room", async (request, response) => {
    const room = await glimpse(deps, request.params.room);
    // The policy says who may frame it; this older header knows only all or none.
    response.removeHeader("X-Frame-Options");
    const about = room === null ? aboutEddy(publicUrl) : aboutRoom(room, linkTo(publicUrl, room));
    send(response, about, policyFor(embedders));
  });
  return router;
}

/** A permalink leads to a message of a room. */
const SEQ = /^[1-9]\d{0,14}$/u;

/** What stands in for the page while it is not built. */
const NOT_BUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8" /><title>Eddy</title></head>
<body><p>The page is not built: run npm run page. <a href="/docs">What this server can do</a></p></body></html>
`;

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

/** What whoever has an invitation may know of its room; null when it is not good. */
async function glimpseOfInvite(deps: Deps, code: string): Promise<Room | null> {
  const parsed = InviteCode.safeParse(code);
  if (!parsed.success) return null;
  try {
    return (await showInvite(deps, null, { code: parsed.data })).room;
  } catch {
    // The page comes all the same: it says by itself what is wrong.
    return null;
  }
}

function linkTo(publicUrl: string, { slug }: Room): string {
  return `${publicUrl}/r/${slug}`;
}

function aboutEddy(publicUrl: string): Html {
  return openGraph({
    title: "Eddy",
    description: "Rooms that never end. Drop in with just a name.",
    url: publicUrl,
  });
}

function aboutRoom(room: Room, url: string): Html {
  const { present } = room.live;
  const here = present === 1 ? "One person is here now." : `${present} people are here now.`;
  const description = [room.topic, present === 0 ? "Drop in." : here].filter(Boolean).join(" · ");
  const { id, slug, title, topic, live } = room;
  return html`${openGraph({ title, description, url })}
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
