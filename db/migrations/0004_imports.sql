-- Histories that are brought along from elsewhere. An import makes a room of its own, which nobody enters
-- before it is done: so what it writes is in the order of the file, and nothing is said between.
CREATE TABLE imports (
  id uuid PRIMARY KEY,
  room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  format text NOT NULL CHECK (format IN ('irc', 'jsonl', 'slack', 'discord')),
  -- Which channel of an export, on which day a log begins.
  options jsonb NOT NULL DEFAULT '{}',
  -- What the room becomes when it is done.
  visibility text NOT NULL CHECK (visibility IN ('public', 'unlisted', 'private')),
  state text NOT NULL DEFAULT 'uploading' CHECK (state IN ('uploading', 'waiting', 'running', 'done', 'failed')),
  bytes bigint NOT NULL DEFAULT 0,
  -- Committed together with the messages that it counts: a run that was killed goes on from here.
  messages bigint NOT NULL DEFAULT 0,
  skipped bigint NOT NULL DEFAULT 0,
  progress real NOT NULL DEFAULT 0,
  problems text[] NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  touched_at timestamptz(3) NOT NULL DEFAULT now(),
  finished_at timestamptz(3)
);
--> statement-breakpoint
CREATE INDEX imports_to_do ON imports (touched_at) WHERE state IN ('waiting', 'running');
--> statement-breakpoint
CREATE TABLE import_parts (
  import_id uuid NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
  part integer NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (import_id, part)
);
--> statement-breakpoint
ALTER TABLE rooms ADD COLUMN importing boolean NOT NULL DEFAULT false;
