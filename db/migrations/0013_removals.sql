-- Clean-ups, and what they took away for as long as they can be undone.
CREATE TABLE removals (
  -- Also the id of the note that puts its fact into the log.
  id uuid PRIMARY KEY,
  room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  by_id uuid NOT NULL REFERENCES users (id),
  by_name text NOT NULL,
  author_id uuid,
  reason text NOT NULL,
  at timestamptz(3) NOT NULL,
  count integer NOT NULL,
  targets jsonb NOT NULL,
  -- Of its fact; null until that is in the log.
  seq bigint,
  erase_at timestamptz(3) NOT NULL,
  erased boolean NOT NULL DEFAULT false,
  undone_at timestamptz(3),
  undone_by uuid REFERENCES users (id)
);
--> statement-breakpoint
CREATE INDEX removals_of_room ON removals (room_id, id DESC);
--> statement-breakpoint
CREATE UNIQUE INDEX removals_by_seq ON removals (room_id, seq) WHERE seq IS NOT NULL;
--> statement-breakpoint
CREATE INDEX removals_to_erase ON removals (erase_at) WHERE NOT erased;
--> statement-breakpoint
CREATE TABLE removed_texts (
  removal_id uuid NOT NULL REFERENCES removals (id) ON DELETE CASCADE,
  seq bigint NOT NULL,
  author_id uuid NOT NULL,
  text text NOT NULL,
  edited_at timestamptz(3),
  PRIMARY KEY (removal_id, seq)
);
--> statement-breakpoint
CREATE INDEX removed_texts_by_author ON removed_texts (author_id);
