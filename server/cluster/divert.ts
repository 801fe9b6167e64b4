import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Answers some requests before those who listened so far hear of them; they get what is not taken. */
export function divertRequests(
  http: Server,
  isTaken: (request: IncomingMessage, response: ServerResponse) => boolean,
): void {
  const others = http.listeners("request");
  http.removeAllListeners("request");
  http.on("request", (request, response) => {
    if (isTaken(request, response)) return;
    for (const listener of others) listener.call(http, request, response);
  });
}

/** The same for requests to become a WebSocket. */
export function divertUpgrades(
  http: Server,
  isTaken: (request: IncomingMessage, socket: Socket, head: Buffer) => boolean,
): void {
  const others = http.listeners("upgrade");
  http.removeAllListeners("upgrade");
  http.on("upgrade", (request, socket, head) => {
    // An HTTP server's are: its types leave room for others.
    if (isTaken(request, socket as Socket, head)) return;
    for (const listener of others) listener.call(http, request, socket, head);
  });
}
