import { eq } from "drizzle-orm";

import type { Store } from "./connection.ts";
import { signingKeys } from "./schema.ts";

/** A secret that all gateways share: the first that asks makes it. */
export async function signingKey({ db }: Store, name: string, make: () => Buffer): Promise<Buffer> {
  await db.insert(signingKeys).values({ name, secret: make() }).onConflictDoNothing();
  const [row] = await db.select().from(signingKeys).where(eq(signingKeys.name, name));
  if (row === undefined) throw new Error(`Postgres has no signing key ${name}`);
  return row.secret;
}
