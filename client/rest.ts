import type { Route } from "../protocol/command.ts";
import {
  commands,
  type CommandInput,
  type CommandName,
  type CommandOutput,
} from "../protocol/commands.ts";
import { Refusal } from "../protocol/errors.ts";
import { atItsWord } from "./at-its-word.ts";
import { refusalFromProblem } from "./refusal.ts";

export interface RestOptions {
  /** Where Eddy is, without /v1. */
  url: string;
  token: string | null;
  fetch: typeof globalThis.fetch;
}

/**
 * Gives a command over its REST twin.
 *
 * Throws a Refusal: the server's own, or `unavailable` when no answer came (then it is not known
 * whether the command was carried out). A command without a twin is `unavailable` too: it needs a
 * connection.
 */
export async function callRest<N extends CommandName>(
  options: RestOptions,
  name: N,
  input: CommandInput<N>,
): Promise<CommandOutput<N>> {
  const route: Route | null = commands[name].rest;
  if (route === null) throw new Refusal("unavailable", `${name} needs a connection`);
  const { url, init } = restRequest(options, route, input);
  const response = await options.fetch(url, init).catch((cause: unknown) => {
    throw new Refusal("unavailable", "The server could not be reached", { cause });
  });
  if (response.status === 204) return atItsWord<CommandOutput<N>>({});
  const body: unknown = await response.json().catch((cause: unknown) => {
    // What a proxy says in the server's place is told by its status. A success that was cut off is none.
    if (!response.ok) return null;
    throw new Refusal("unavailable", "The answer was cut off", { cause });
  });
  if (!response.ok) {
    const retryAfter = response.headers.get("retry-after");
    throw refusalFromProblem(body, { status: response.status, retryAfter });
  }
  return atItsWord<CommandOutput<N>>(body);
}

/** The HTTP request of a command: `:name` parts from the input, the rest as query or JSON body. */
export function restRequest(
  { url, token }: Pick<RestOptions, "url" | "token">,
  { method, path }: Route,
  input: Record<string, unknown>,
): { url: string; init: RequestInit } {
  const rest = { ...input };
  const filled = path.replaceAll(/:(\w+)/gu, (_, part: string) => {
    const value = rest[part];
    delete rest[part];
    return encodeURIComponent(String(value));
  });
  const target = new URL(`${url.replace(/\/+$/u, "")}/v1${filled}`);
  const headers: Record<string, string> = { accept: "application/json" };
  if (token !== null) headers["authorization"] = `Bearer ${token}`;
  const given = Object.entries(rest).filter(([, value]) => value !== undefined);
  if (method === "GET") {
    for (const [key, value] of given) target.searchParams.set(key, String(value));
    return { url: target.href, init: { method, headers } };
  }
  // An empty body is left out: proxies dislike a DELETE that carries one.
  if (given.length === 0) return { url: target.href, init: { method, headers } };
  headers["content-type"] = "application/json";
  return {
    url: target.href,
    init: { method, headers, body: JSON.stringify(Object.fromEntries(given)) },
  };
}
