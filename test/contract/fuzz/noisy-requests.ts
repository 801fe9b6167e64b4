import { Agent, request } from "node:http";
import { connect } from "node:net";

import { commands } from "../../../protocol/commands.ts";
import type { Chance } from "../../chaos/random.ts";
import { goodInput, type Playground } from "./good-inputs.ts";
import { spoilText, spoilValue } from "./spoil.ts";

/** What came back from a server that was asked strange things. */
export interface Answers {
  byStatus: Map<number, number>;
  /** Answers that the contract does not know, with what was asked. */
  wrong: string[];
}

interface Asked {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

const PATIENCE_MS = 10_000;

/** Sends one request after the other until it is over. */
export async function makeRequests(
  { url, playground, chance }: { url: string; playground: Playground; chance: Chance },
  isOver: () => boolean,
): Promise<Answers> {
  const answers: Answers = { byStatus: new Map(), wrong: [] };
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!isOver()) {
    const asked = goodRequest(chance, playground);
    if (chance.next() < 0.15) {
      await sendNoise(url, spoilText(written(asked), chance));
      continue;
    }
    const spoilt = chance.next() < 0.3 ? asked : spoilRequest(asked, chance);
    const answer = await send(url, spoilt, agent);
    answers.byStatus.set(answer.status, (answers.byStatus.get(answer.status) ?? 0) + 1);
    const problem = wrongWith(answer);
    if (problem !== null) answers.wrong.push(`${problem}: ${JSON.stringify(spoilt)}`);
  }
  agent.destroy();
  return answers;
}

function goodRequest(chance: Chance, playground: Playground): Asked {
  for (;;) {
    const { name, input } = goodInput(chance, playground);
    const { rest } = commands[name];
    if (rest === null) continue;
    const { method } = rest;
    const left = new Map(Object.entries(input));
    const path = `/v1${rest.path.replaceAll(/:(\w+)/gu, (_whole, field: string) => {
      const value = left.get(field);
      left.delete(field);
      return encodeURIComponent(String(value).toWellFormed());
    })}`;
    const token = chance.pick(playground.tokens);
    const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
    if (method === "GET") {
      const query = [...left].map(
        ([field, value]) => `${field}=${encodeURIComponent(String(value))}`,
      );
      return { method, path: `${path}?${query.join("&")}`, headers, body: undefined };
    }
    headers["Content-Type"] = "application/json";
    return { method, path, headers, body: JSON.stringify(Object.fromEntries(left)) };
  }
}

function spoilRequest(asked: Asked, chance: Chance): Asked {
  const { method, path, headers, body } = asked;
  const kind = chance.next();
  if (kind < 0.35) return { ...asked, path: sendable(spoilText(path, chance)) };
  if (kind < 0.45)
    return { ...asked, method: chance.pick(["GET", "POST", "PUT", "DELETE", "HEAD"]) };
  if (kind < 0.55) {
    const name = chance.pick([
      "Content-Type",
      "Authorization",
      "Idempotency-Key",
      "Content-Encoding",
    ]);
    const value = spoilText(headers[name] ?? "gzip", chance).replaceAll(/[^\x20-\x7e]/gu, "");
    return { ...asked, headers: { ...headers, [name]: value.slice(0, 4_000) } };
  }
  if (body === undefined)
    return { ...asked, path: `${path}&${sendable(spoilText("limit=1", chance))}` };
  if (kind < 0.8) return { ...asked, body: JSON.stringify(spoilValue(JSON.parse(body), chance)) };
  return { method, path, headers, body: spoilText(body, chance) };
}

/** Node refuses to send other bytes in a path. */
function sendable(path: string): string {
  const escaped = path.replaceAll(/[^\x21-\x7e]/gu, (letter) => `%${letter.charCodeAt(0) % 256}`);
  return escaped.startsWith("/") || escaped.startsWith("l") ? escaped : `/v1/${escaped}`;
}

interface Answer {
  status: number;
  type: string;
  text: string;
}

function send(url: string, { method, path, headers, body }: Asked, agent: Agent): Promise<Answer> {
  return new Promise((resolve) => {
    const lost = { status: 0, type: "", text: "" };
    const asking = request(
      `${url}/`,
      { method, path, agent, timeout: PATIENCE_MS, headers },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers["content-type"] ?? "",
            text,
          }),
        );
        response.on("error", () => resolve(lost));
      },
    );
    asking.on("timeout", () => asking.destroy());
    asking.on("error", () => resolve(lost));
    asking.end(body);
  });
}

/** Why an answer is none of the contract's, or null. A connection that was cut says nothing. */
function wrongWith({ status, type, text }: Answer): string | null {
  if (status === 0 || status < 400) return null;
  if (status === 500) return "a bug";
  if (/node_modules|\.ts:\d|at \w+ \(/u.test(text)) return "a stack";
  // What Node itself refuses has no body.
  if (text === "") return null;
  if (!type.includes("application/problem+json")) return `${status} ${type}`;
  const { status: said, code } = JSON.parse(text) as { status?: unknown; code?: unknown };
  return said === status && typeof code === "string" ? null : `${status} ${text}`;
}

function written({ method, path, headers, body = "" }: Asked): string {
  const lines = Object.entries({ Host: "eddy", ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return [`${method} ${path} HTTP/1.1`, ...lines, length, "", body].join("\r\n");
}

/** Bytes that were HTTP once: whatever comes back, and nothing at all, is fine. */
async function sendNoise(url: string, noise: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const line = connect(Number(new URL(url).port), "localhost");
    const end = () => {
      line.destroy();
      resolve();
    };
    line.once("data", end);
    line.once("error", end);
    line.once("close", end);
    line.setTimeout(100, end);
    line.write(noise);
  });
}
