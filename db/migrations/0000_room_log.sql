-- Everything that Eddy stores. Facts and reactions are partitioned by room hash from the first day,
-- so that growing past one machine is moving partitions, not rewriting tables.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
--> statement-breakpoint
CREATE TABLE signing_keys (
  name text PRIMARY KEY,
  secret bytea NOT NULL
);
--> statement-breakpoint
CREATE TABLE users (
  id uuid PRIMARY KEY,
  external_id text UNIQUE,
  kind text NOT NULL CHECK (kind IN ('guest', 'member', 'bot')),
  name text NOT NULL,
  handle text UNIQUE,
  headline text,
  picture text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  erased_at timestamptz(3)
);
--> statement-breakpoint
CREATE TABLE rooms (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  title text NOT NULL,
  topic text NOT NULL DEFAULT '',
  visibility text NOT NULL CHECK (visibility IN ('public', 'unlisted', 'private')),
  tags text[] NOT NULL DEFAULT '{}',
  locked boolean NOT NULL DEFAULT false,
  slow_mode_seconds integer NOT NULL DEFAULT 0 CHECK (slow_mode_seconds BETWEEN 0 AND 21600),
  language regconfig NOT NULL DEFAULT 'simple',
  created_by uuid NOT NULL REFERENCES users (id),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  archived_at timestamptz(3),
  -- Version of everything that decides who may do what; the append script compares it.
  policy bigint NOT NULL DEFAULT 1,
  -- The newest generation of the hot log, and the seq below its first.
  epoch integer NOT NULL DEFAULT 0,
  base bigint NOT NULL DEFAULT 0,
  -- Up to where facts are committed, and how many messages those hold.
  stored_seq bigint NOT NULL DEFAULT 0,
  messages bigint NOT NULL DEFAULT 0,
  last_fact_at timestamptz(3)
);
--> statement-breakpoint
CREATE INDEX rooms_newest ON rooms (created_at DESC, id DESC) WHERE visibility = 'public' AND archived_at IS NULL;
--> statement-breakpoint
CREATE INDEX rooms_search ON rooms USING gin ((title || ' ' || topic) gin_trgm_ops);
--> statement-breakpoint
-- One row per generation: where it began, and where the one before it really ended.
CREATE TABLE room_epochs (
  room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  epoch integer NOT NULL,
  base bigint NOT NULL,
  previous_end bigint NOT NULL,
  seeded_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (room_id, epoch)
);
--> statement-breakpoint
CREATE TABLE members (
  room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id),
  role text NOT NULL CHECK (role IN ('guest', 'member', 'moderator', 'owner')),
  notify text NOT NULL DEFAULT 'mentions' CHECK (notify IN ('all', 'mentions', 'none')),
  joined_at timestamptz(3) NOT NULL DEFAULT now(),
  last_read_seq bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (room_id, user_id)
);
--> statement-breakpoint
CREATE INDEX members_of_user ON members (user_id, room_id);
--> statement-breakpoint
CREATE TABLE sanctions (
  id uuid PRIMARY KEY,
  room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id),
  kind text NOT NULL CHECK (kind IN ('mute', 'kick', 'ban')),
  reason text NOT NULL,
  by_id uuid NOT NULL REFERENCES users (id),
  at timestamptz(3) NOT NULL,
  until timestamptz(3),
  lifted_at timestamptz(3),
  lifted_by uuid REFERENCES users (id),
  lift_reason text
);
--> statement-breakpoint
CREATE INDEX sanctions_of_room ON sanctions (room_id, id DESC);
--> statement-breakpoint
CREATE INDEX sanctions_in_force ON sanctions (room_id, user_id) WHERE lifted_at IS NULL AND kind <> 'kick';
--> statement-breakpoint
CREATE TABLE room_filters (
  room_id uuid PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE,
  rules jsonb NOT NULL
);
--> statement-breakpoint
-- Facts that were answered by a change in Postgres but may not be in the log yet (G20). A row goes
-- when its fact has a seq; the sweeper appends what a crash left behind, by the same id.
CREATE TABLE pending_facts (
  id uuid PRIMARY KEY,
  room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  author_id uuid NOT NULL,
  draft jsonb NOT NULL,
  effects jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
--> statement-breakpoint
CREATE INDEX pending_facts_in_order ON pending_facts (created_at, id);
--> statement-breakpoint
-- The log, kept. A message's row is also its present state: text after edits, none once removed.
-- Text stands here and nowhere else; edits are stored without theirs and read it from their target.
CREATE TABLE facts (
  room_id uuid NOT NULL,
  seq bigint NOT NULL,
  -- Messages in the room up to here: dense, so that counts are subtractions.
  n bigint NOT NULL,
  type text NOT NULL,
  at timestamptz(3) NOT NULL,
  by_id uuid NOT NULL,
  by_name text NOT NULL,
  target bigint,
  client_id uuid,
  reply_to bigint,
  text text,
  data jsonb,
  mentions uuid[],
  edited_at timestamptz(3),
  removed_seq bigint,
  pinned boolean NOT NULL DEFAULT false,
  conversation uuid,
  PRIMARY KEY (room_id, seq)
) PARTITION BY HASH (room_id);
--> statement-breakpoint
CREATE UNIQUE INDEX facts_idempotency ON facts (room_id, by_id, client_id) WHERE client_id IS NOT NULL;
--> statement-breakpoint
CREATE INDEX facts_of_target ON facts (room_id, target, seq) WHERE target IS NOT NULL;
--> statement-breakpoint
CREATE INDEX facts_messages ON facts (room_id, n) WHERE type = 'message.sent';
--> statement-breakpoint
CREATE INDEX facts_by_author ON facts (by_id, room_id, seq);
--> statement-breakpoint
CREATE INDEX facts_pinned ON facts (room_id, seq) WHERE pinned;
--> statement-breakpoint
CREATE TABLE reactions (
  room_id uuid NOT NULL,
  seq bigint NOT NULL,
  emoji text NOT NULL,
  user_id uuid NOT NULL,
  PRIMARY KEY (room_id, seq, emoji, user_id)
) PARTITION BY HASH (room_id);
--> statement-breakpoint
CREATE TABLE mentions (
  user_id uuid NOT NULL,
  room_id uuid NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (user_id, room_id, seq)
);
--> statement-breakpoint
DO $$
BEGIN
  FOR i IN 0..15 LOOP
    EXECUTE format('CREATE TABLE facts_%s PARTITION OF facts FOR VALUES WITH (MODULUS 16, REMAINDER %s)', i, i);
    EXECUTE format('CREATE TABLE reactions_%s PARTITION OF reactions FOR VALUES WITH (MODULUS 16, REMAINDER %s)', i, i);
  END LOOP;
END $$;
--> statement-breakpoint
-- Messages per room and minute: warmth without counting.
CREATE TABLE room_minutes (
  room_id uuid NOT NULL,
  minute timestamptz NOT NULL,
  messages integer NOT NULL,
  PRIMARY KEY (room_id, minute)
);
--> statement-breakpoint
-- Entries that Postgres refused: one entry each, kept for an operator (G14).
CREATE TABLE quarantine (
  room_id uuid NOT NULL,
  seq bigint NOT NULL,
  n bigint NOT NULL,
  entry bytea NOT NULL,
  sqlstate text NOT NULL,
  reason text NOT NULL,
  at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (room_id, seq)
);
