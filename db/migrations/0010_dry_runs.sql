-- Draft rules that are tried on what was said. What a run found names messages by seq only: their text is
-- read when it is shown, so that what was removed meanwhile is not shown again.
CREATE TABLE dry_runs (
  id uuid PRIMARY KEY,
  room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  by_id uuid NOT NULL,
  rule jsonb NOT NULL,
  since timestamptz(3) NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done')),
  progress real NOT NULL DEFAULT 0,
  found jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  finished_at timestamptz(3)
);
--> statement-breakpoint
CREATE INDEX dry_runs_to_do ON dry_runs (created_at) WHERE state <> 'done';
--> statement-breakpoint
CREATE INDEX dry_runs_of_room ON dry_runs (room_id, created_at);
