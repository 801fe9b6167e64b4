import type { Redis } from "ioredis";
import type { Sql } from "postgres";

import type { RoomId } from "../../protocol/ids.ts";

/** Where a design keeps what it is told, reached from outside of it. */
export interface Place {
  redis: Redis;
  sql: Sql;
  redisUrl: string;
  databaseUrl: string;
}

/** A way to get messages into Postgres: a process that accepts them, and one that stores them. */
export interface Design {
  name: string;
  producer: URL;
  worker: URL;
  /** Told to both, besides where the stores are. */
  env: Record<string, string>;
  /** Makes the schema and what every room needs. */
  prepare: (place: Place, rooms: RoomId[]) => Promise<void>;
  /** Whether nothing waits to be stored. Asked often: must cost next to nothing. */
  isDrained: (place: Place) => Promise<boolean>;
  /** What Postgres holds. Errors: when a room's messages are not what they must be. */
  countStored: (place: Place) => Promise<number>;
  /** Where the messages end up. */
  table: "facts" | "messages";
}
