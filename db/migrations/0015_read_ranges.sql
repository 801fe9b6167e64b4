-- What someone has read above their marker, and how often it changed.
ALTER TABLE members
  ADD COLUMN read_ranges int8multirange NOT NULL DEFAULT '{}',
  ADD COLUMN read_revision bigint NOT NULL DEFAULT 0,
  -- What was not read when it was last counted: up to a seq and a message's number, with what revision of blocks.
  ADD COLUMN counted_seq bigint,
  ADD COLUMN counted_n bigint,
  ADD COLUMN counted_unread bigint,
  ADD COLUMN counted_mentions bigint,
  ADD COLUMN counted_first bigint,
  ADD COLUMN counted_blocks bigint;
--> statement-breakpoint
-- Grows when a person blocks somebody, or no longer does.
ALTER TABLE users ADD COLUMN block_revision bigint NOT NULL DEFAULT 0;
--> statement-breakpoint
-- Counts from below this seq are no longer right: a message was removed, or came back.
ALTER TABLE rooms ADD COLUMN recount_seq bigint NOT NULL DEFAULT 0;
--> statement-breakpoint
-- Whose message it is: one's own do not count, nor those of people whom one blocks.
ALTER TABLE mentions ADD COLUMN by_id uuid;
--> statement-breakpoint
UPDATE mentions t SET by_id = f.by_id FROM facts f WHERE f.room_id = t.room_id AND f.seq = t.seq;
--> statement-breakpoint
DELETE FROM mentions WHERE by_id IS NULL;
--> statement-breakpoint
ALTER TABLE mentions ALTER COLUMN by_id SET NOT NULL;
--> statement-breakpoint
-- Messages are numbered densely, so unread ones are counted by subtraction; what does not count is subtracted
-- from that: what someone said, and what was removed.
DROP INDEX facts_by_author;
--> statement-breakpoint
CREATE INDEX facts_said ON facts (by_id, room_id, seq) WHERE type = 'message.sent';
--> statement-breakpoint
CREATE INDEX facts_removed ON facts (room_id, seq) INCLUDE (by_id) WHERE removed_seq IS NOT NULL;
--> statement-breakpoint
-- The tombstone of a message that could not be stored has that message's number, but does not count.
UPDATE facts f SET removed_seq = f.seq
WHERE f.type = 'message.removed' AND f.target = f.seq AND f.n > coalesce(
  (SELECT p.n FROM facts p WHERE p.room_id = f.room_id AND p.seq < f.seq ORDER BY p.seq DESC LIMIT 1), 0);
