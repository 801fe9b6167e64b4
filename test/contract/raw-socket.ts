import { once } from "node:events";

import { expect } from "@jest/globals";
import { WebSocket } from "ws";

import type { ErrorReply } from "../../protocol/errors.ts";
import { eventually } from "../support/eventually.ts";

/** A WebSocket that speaks Engine.IO and Socket.IO by hand, so that a test may speak them wrongly. */
export interface RawSocket {
  /** Sends frames as they are. */
  write: (...frames: (string | Buffer)[]) => void;
  /** The server's answer to the acknowledgement of this number. */
  reply: (ack: number) => Promise<{ ok: boolean; error?: ErrorReply }>;
  /** All frames that came. */
  heard: string[];
  isOpen: () => boolean;
  /** Stops taking bytes off the line, and takes them again. */
  pause: () => void;
  resume: () => void;
  /** Ends it without goodbye. */
  end: () => void;
}

/** Opens a raw WebSocket; it has not joined the namespace yet. */
export async function openRaw(url: string): Promise<RawSocket> {
  const ws = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
  const heard: string[] = [];
  ws.on("message", (data: Buffer) => heard.push(data.toString()));
  // A server that closes the line in the middle of a frame is what some tests want to see.
  ws.on("error", () => {});
  await once(ws, "open");
  await eventually(() => expect(heard[0]).toMatch(/^0\{/u));
  return {
    write: (...frames) => {
      for (const frame of frames) ws.send(frame);
    },
    reply: (ack) =>
      eventually(() => {
        const prefix = `43${ack}`;
        const frame = heard.find((each) => each.startsWith(`${prefix}[`));
        expect(frame).toBeDefined();
        return JSON.parse(frame?.slice(prefix.length) ?? "")[0];
      }),
    heard,
    isOpen: () => ws.readyState === WebSocket.OPEN,
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    end: () => ws.terminate(),
  };
}

/** Opens a raw WebSocket of someone who is signed in. */
export async function joinRaw(url: string, token: string): Promise<RawSocket> {
  const raw = await openRaw(url);
  raw.write(`40${JSON.stringify({ token })}`);
  await eventually(() => expect(raw.heard.at(-1)).toMatch(/^40\{"sid"/u));
  return raw;
}
