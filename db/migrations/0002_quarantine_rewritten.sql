-- A tombstone is committed here before it takes its entry's place in the hot log; null until it has.
ALTER TABLE quarantine ADD COLUMN rewritten_at timestamptz(3);
--> statement-breakpoint
CREATE INDEX quarantine_not_rewritten ON quarantine (room_id, seq) WHERE rewritten_at IS NULL;
