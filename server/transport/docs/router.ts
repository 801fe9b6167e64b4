import { createHash, randomBytes } from "node:crypto";

import { type Response, Router } from "express";

import { asyncApiDocument } from "./asyncapi.ts";
import { type DocsPage, renderDocsPage } from "./docs-page.ts";
import { openApiDocument } from "./openapi.ts";

/**
 * Serves /openapi.json, /asyncapi.json and /docs. All are made once, at start: they hang on the
 * tables and the settings only.
 */
export function docsRouter(settings: Pick<DocsPage, "configReference" | "publicUrl">): Router {
  const router = Router();
  const documents = {
    "/openapi.json": jsonDocument(openApiDocument(settings)),
    "/asyncapi.json": jsonDocument(asyncApiDocument(settings)),
  };
  for (const [path, document] of Object.entries(documents)) {
    router.get(path, (_request, response) => sendDocument(response, document));
  }
  const page = pageWithFreshNonce(settings);
  router.get("/docs", (_request, response) => sendPage(response, page));
  return router;
}

interface JsonDocument {
  body: string;
  etag: string;
}

function jsonDocument(document: object): JsonDocument {
  const body = JSON.stringify(document);
  return { body, etag: `"${createHash("sha256").update(body).digest("base64url")}"` };
}

/** Express itself answers 304 to an If-None-Match that names the ETag. */
function sendDocument(response: Response, { body, etag }: JsonDocument): void {
  response.set({ ETag: etag, "Cache-Control": "public, max-age=60" }).type("json").send(body);
}

/** Rendering takes milliseconds, and anyone may ask for it: only the nonce is new each time. */
function pageWithFreshNonce(settings: Pick<DocsPage, "configReference" | "publicUrl">) {
  const placeholder = randomBytes(16).toString("hex");
  const pieces = renderDocsPage({ ...settings, nonce: placeholder }).split(placeholder);
  return (nonce: string) => pieces.join(nonce);
}

function sendPage(response: Response, page: (nonce: string) => string): void {
  const nonce = randomBytes(16).toString("base64url");
  response
    .set({
      "Content-Security-Policy": `default-src 'none'; style-src 'nonce-${nonce}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      // A cached page would carry a nonce that the next response does not allow.
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
    })
    .type("html")
    .send(page(nonce));
}
