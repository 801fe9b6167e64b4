import { migrateDatabase } from "./postgres/migrate.ts";
import { sharedSettings } from "./settings.ts";

const url = sharedSettings.DATABASE_URL.schema.safeParse(process.env["DATABASE_URL"]);
if (!url.success) {
  console.error(`DATABASE_URL ${url.error.issues[0]?.message ?? "is wrong"}.`);
  process.exit(1);
}
await migrateDatabase(url.data);
console.info("The database is up to date.");
