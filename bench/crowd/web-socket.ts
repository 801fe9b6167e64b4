import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

import { PONG_FRAME, readFrames, writeTextFrame } from "./frames.ts";

/** One client's WebSocket, as cheap as it can be made: thousands of them must not outweigh the server. */
export interface WebSocketLink {
  send: (text: string) => void;
  /** Stops taking bytes off the socket, as a client does that hangs. */
  stopReading: () => void;
  close: () => void;
}

export interface WebSocketOptions {
  port: number;
  path: string;
  /** A text frame. The bytes are only good during the call: the next read writes over them. */
  onText: (bytes: Buffer, start: number, end: number) => void;
  /** The other side ended it. */
  onClose: () => void;
}

const HEADERS_END = "\r\n\r\n";
const NOTHING = Buffer.alloc(0);
/** Every socket reads into this one: callbacks run one after another, and keep nothing of it. */
const shared = Buffer.allocUnsafe(1 << 18);

/** Connects to a server on this machine. Errors: when it is no WebSocket. */
export function openWebSocket(options: WebSocketOptions): Promise<WebSocketLink> {
  return new Promise((resolve, reject) => {
    let isOpen = false;
    let rest: Buffer = NOTHING;
    const { onText } = options;
    const onPing = () => void socket.write(PONG_FRAME);
    const onBytes = (length: number): boolean => {
      let bytes = shared.subarray(0, length);
      if (rest.length > 0) bytes = Buffer.concat([rest, bytes]);
      let at = 0;
      if (!isOpen) {
        const end = bytes.indexOf(HEADERS_END);
        if (end >= 0 && !bytes.toString("latin1", 0, end).includes(" 101 ")) {
          socket.destroy();
          reject(new Error(`No WebSocket: ${bytes.toString("latin1", 0, end)}`));
          return true;
        }
        if (end >= 0) {
          isOpen = true;
          at = end + HEADERS_END.length;
          resolve(linkOver(socket));
        }
      }
      if (isOpen) at = readFrames(bytes, at, { onText, onPing });
      rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : NOTHING;
      return true;
    };
    const socket = connect({
      port: options.port,
      host: "127.0.0.1",
      noDelay: true,
      onread: { buffer: shared, callback: onBytes },
    });
    socket.on("connect", () => socket.write(upgradeRequest(options)));
    socket.on("error", reject);
    socket.on("close", () => {
      reject(new Error("The connection was closed before it was a WebSocket"));
      options.onClose();
    });
  });
}

function upgradeRequest({ port, path }: WebSocketOptions): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
  ];
  return lines.join("\r\n") + HEADERS_END;
}

function linkOver(socket: Socket): WebSocketLink {
  return {
    send: (text) => void socket.write(writeTextFrame(text)),
    stopReading: () => void socket.pause(),
    close: () => {
      socket.removeAllListeners("close");
      socket.destroy();
    },
  };
}
