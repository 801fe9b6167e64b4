import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  customType,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";

import type { RoomId, SanctionId, UserId } from "../../protocol/ids.ts";
import type { ProfileLink } from "../../protocol/people.ts";
import type {
  FilterRule,
  Notify,
  Raid,
  Role,
  SanctionKind,
  Speakers,
  User,
  Visibility,
} from "../../protocol/shapes.ts";

/*
 * The tables that drizzle queries; db/migrations has the whole of it. Facts and reactions are
 * written and read in batches by hand-written SQL (facts.ts, store-facts.ts), so they are not here.
 */

const moment = (name: string) =>
  timestamp(name, { withTimezone: true, precision: 3, mode: "date" });
const count = (name: string) => bigint(name, { mode: "number" });
const bytes = customType<{ data: Buffer }>({ dataType: () => "bytea" });

export const signingKeys = pgTable("signing_keys", {
  name: text().primaryKey(),
  secret: bytes().notNull(),
});

export const users = pgTable("users", {
  id: uuid().primaryKey().$type<UserId>(),
  externalId: text("external_id").unique(),
  kind: text().notNull().$type<User["kind"]>(),
  name: text().notNull(),
  handle: text().unique(),
  handleSkeleton: text("handle_skeleton").unique(),
  headline: text(),
  picture: text(),
  links: jsonb()
    .notNull()
    .default(sql`'[]'`)
    .$type<ProfileLink[]>(),
  timeZone: text("time_zone"),
  meetings: boolean().notNull().default(true),
  createdAt: moment("created_at").notNull().defaultNow(),
  erasedAt: moment("erased_at"),
});

export const rooms = pgTable("rooms", {
  id: uuid().primaryKey().$type<RoomId>(),
  slug: text().notNull().unique(),
  title: text().notNull(),
  topic: text().notNull().default(""),
  visibility: text().notNull().$type<Visibility>(),
  tags: text()
    .array()
    .notNull()
    .default(sql`'{}'`),
  locked: boolean().notNull().default(false),
  importing: boolean().notNull().default(false),
  slowModeSeconds: integer("slow_mode_seconds").notNull().default(0),
  createdBy: uuid("created_by").notNull().$type<UserId>(),
  createdAt: moment("created_at").notNull().defaultNow(),
  archivedAt: moment("archived_at"),
  policy: count("policy").notNull().default(1),
  epoch: integer().notNull().default(0),
  base: count("base").notNull().default(0),
  storedSeq: count("stored_seq").notNull().default(0),
  messages: count("messages").notNull().default(0),
  lastFactAt: moment("last_fact_at"),
  direct: boolean().notNull().default(false),
  speakers: text().notNull().default("everyone").$type<Speakers>(),
  settledSeconds: integer("settled_seconds").notNull().default(0),
  raid: jsonb().$type<Raid>(),
  asking: boolean().notNull().default(false),
});

export const members = pgTable(
  "members",
  {
    roomId: uuid("room_id").notNull().$type<RoomId>(),
    userId: uuid("user_id").notNull().$type<UserId>(),
    role: text().notNull().$type<Role>(),
    notify: text().notNull().default("mentions").$type<Notify>(),
    joinedAt: moment("joined_at").notNull().defaultNow(),
    lastReadSeq: count("last_read_seq").notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.roomId, table.userId] })],
);

export const sanctions = pgTable("sanctions", {
  id: uuid().primaryKey().$type<SanctionId>(),
  roomId: uuid("room_id").notNull().$type<RoomId>(),
  userId: uuid("user_id").notNull().$type<UserId>(),
  kind: text().notNull().$type<SanctionKind>(),
  reason: text().notNull(),
  byId: uuid("by_id").notNull().$type<UserId>(),
  at: moment("at").notNull(),
  until: moment("until"),
  liftedAt: moment("lifted_at"),
  liftedBy: uuid("lifted_by").$type<UserId>(),
  liftReason: text("lift_reason"),
});

export const roomFilters = pgTable("room_filters", {
  roomId: uuid("room_id").primaryKey().$type<RoomId>(),
  rules: jsonb().notNull().$type<FilterRule[]>(),
});
