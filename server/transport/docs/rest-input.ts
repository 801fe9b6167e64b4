import type { Command, Route } from "../../../protocol/command.ts";

/** Where each field of a command's input goes in its REST twin. */
export interface RestInput {
  path: string[];
  query: string[];
  body: string[];
}

/** Fields named in the path go there, those of a GET into the query, all others into the body. */
export function restInput({ input }: Command, route: Route): RestInput {
  const fields = Object.keys(input.shape);
  const path = fields.filter((field) => route.path.split("/").includes(`:${field}`));
  const others = fields.filter((field) => !path.includes(field));
  return route.method === "GET"
    ? { path, query: others, body: [] }
    : { path, query: [], body: others };
}
