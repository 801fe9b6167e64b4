import type { Store } from "./postgres/connection.ts";
import type { RedisLink } from "./redis/connection.ts";

/** Where everything is: the hot log in Redis, the kept one in Postgres. */
export interface Stores {
  link: RedisLink;
  store: Store;
}
