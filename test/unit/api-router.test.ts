import type { Server } from "node:http";

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import express from "express";

import { docsRouter } from "../../server/transport/docs/router.ts";

let server: Server;
let origin: string;

beforeAll(async () => {
  const app = express();
  app.use(
    docsRouter({
      configReference: [{ name: "PORT", default: "3000", meaning: "Where to listen." }],
      publicUrl: "https://eddy.example",
    }),
  );
  server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, () => resolve(listening));
  });
  const address = server.address();
  if (typeof address === "string" || address === null) throw new Error("No port to listen on");
  origin = `http://localhost:${address.port}`;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

test.each(["/openapi.json", "/asyncapi.json"])(
  "%s may be cached and is not sent twice",
  async (path) => {
    const first = await fetch(origin + path);
    expect(first.status).toBe(200);
    expect(first.headers.get("content-type")).toContain("application/json");
    expect(await first.json()).toMatchObject({ info: { title: "Eddy" } });

    // Without a Cache-Control of ours, fetch sends no-cache along, which forbids a 304.
    const etag = first.headers.get("etag") ?? "";
    const again = await fetch(origin + path, {
      headers: { "If-None-Match": etag, "Cache-Control": "max-age=0" },
    });
    expect(again.status).toBe(304);
  },
);

test("/docs allows exactly the style that it carries, with a new nonce each time", async () => {
  const responses = [await fetch(`${origin}/docs`), await fetch(`${origin}/docs`)];
  const nonces = await Promise.all(
    responses.map(async (response) => {
      const policy = response.headers.get("content-security-policy") ?? "";
      const nonce = /style-src 'nonce-([\w-]+)'/u.exec(policy)?.[1] ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(await response.text()).toContain(`<style nonce="${nonce}">`);
      return nonce;
    }),
  );
  expect(nonces[0]).not.toBe("");
  expect(nonces[0]).not.toBe(nonces[1]);
});
