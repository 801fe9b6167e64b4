import type { z } from "zod";

/** Who may give a command. The table in server/rooms/policy.ts says what each room role may do. */
export type Who =
  /** No token needed. */
  | "anyone"
  /** Any valid token. */
  | "signed-in"
  /** Someone who may see the room: everyone for public and unlisted ones, else its members. */
  | "reader"
  /** A reader whom nothing bars from speaking. */
  | "speaker"
  /** The room's moderators and owners. */
  | "moderator"
  /** The room's owners. */
  | "owner";

/** Which limit a command counts against; each has its own setting. */
export type Rate = "command" | "message" | "typing" | "guest" | "room" | "report";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A command's REST twin, under /v1. `:name` parts, the query and the body together are its input. */
export interface Route {
  method: Method;
  path: `/${string}`;
  /** What a success answers; 204 has no body. */
  status: 200 | 201 | 204;
}

/** A REST twin; it answers 200 unless told otherwise. */
export const route = (
  method: Method,
  path: Route["path"],
  status: Route["status"] = 200,
): Route => ({ method, path, status });

/** One command: what drives sockets, REST, the client's types and the API pages alike. */
export interface Command {
  summary: string;
  input: z.ZodObject;
  output: z.ZodObject;
  who: Who;
  rate: Rate;
  /** Offered as a Socket.IO event with an acknowledgement. */
  socket: boolean;
  /** Offered over REST. Entering, leaving and typing need a connection, so they have no twin. */
  rest: Route | null;
}
