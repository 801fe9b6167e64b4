import { type IncomingMessage, request as ask, type Server, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";

import { divertRequests, divertUpgrades } from "./divert.ts";
import { homeOf } from "./session-id.ts";
import type { Sibling, Siblings } from "./siblings.ts";

/** Headers about the connection that an answer came over, not about the answer. */
const OF_ONE_CONNECTION = ["connection", "keep-alive", "transfer-encoding"];

/**
 * Lets a session that began at a sibling go on there. Its name stands in the session's id, in every
 * request: which connection a request comes over says nothing, because browsers and proxies send the
 * requests of many sessions over one.
 */
export function passOnStrays(http: Server, siblings: Siblings): void {
  divertRequests(http, (request, response) => {
    const owner = ownerOf(request, siblings);
    if (owner !== null) passOn(request, response, owner);
    return owner !== null;
  });
  divertUpgrades(http, (request, socket, head) => {
    const owner = ownerOf(request, siblings);
    // Handed over, not piped through: its messages would cost this process what they cost the other.
    owner?.handOver(request, socket, head);
    return owner !== null;
  });
  siblings.onUpgrade((request, socket, head) => void http.emit("upgrade", request, socket, head));
}

/** The sibling that has a request's session; null when this gateway is to answer. */
function ownerOf(request: IncomingMessage, siblings: Siblings): Sibling | null {
  const home = homeOf(request);
  return home === null ? null : siblings.find(home);
}

function passOn(request: IncomingMessage, response: ServerResponse, owner: Sibling): void {
  const { method, url } = request;
  const { connection: _ours, ...headers } = request.headers;
  const onward = ask({
    host: "127.0.0.1",
    port: owner.privatePort,
    method,
    path: url,
    headers,
    // No connection is kept: one that its other end closes at that moment would cost a session.
    agent: false,
  });
  onward.once("response", (answer) => {
    for (const name of OF_ONE_CONNECTION) delete answer.headers[name];
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    pipeline(answer, response, () => {});
  });
  onward.on("error", () => {
    // It ended: its sessions did, too, and their clients come back with a new one.
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  });
  // What nobody wants any more is read all the same: behind it, on this connection, comes another request.
  onward.once("close", () => request.unpipe(onward).resume());
  // Who hangs up must be seen to hang up.
  response.once("close", () => onward.destroy());
  request.pipe(onward);
}
