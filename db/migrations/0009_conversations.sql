-- Where each message stands among the conversations of its room, with what a digest takes from it. Workers
-- write it after the message is stored; `gist` is null once the message was taken back.
CREATE TABLE placements (
  room_id uuid NOT NULL,
  seq bigint NOT NULL,
  n bigint NOT NULL,
  author_id uuid NOT NULL,
  -- The message that it answers, and the one that began its conversation; its own seq when it begins one.
  parent bigint NOT NULL,
  conversation bigint NOT NULL,
  question boolean NOT NULL,
  gist json,
  PRIMARY KEY (room_id, seq)
) PARTITION BY HASH (room_id);
--> statement-breakpoint
CREATE INDEX placements_in_order ON placements (room_id, n);
--> statement-breakpoint
CREATE INDEX placements_answers ON placements (room_id, parent) WHERE parent <> seq;
--> statement-breakpoint
CREATE INDEX placements_of_author ON placements (room_id, conversation, author_id);
--> statement-breakpoint
DO $$
BEGIN
  FOR i IN 0..15 LOOP
    EXECUTE format('CREATE TABLE placements_%s PARTITION OF placements FOR VALUES WITH (MODULUS 16, REMAINDER %s)', i, i);
  END LOOP;
END $$;
--> statement-breakpoint
-- Digests of full blocks of messages, numbered by n: level 0 holds 64 of them, each level above four times more.
CREATE TABLE digests (
  room_id uuid NOT NULL,
  level smallint NOT NULL,
  block bigint NOT NULL,
  digest json NOT NULL,
  PRIMARY KEY (room_id, level, block)
);
--> statement-breakpoint
-- How far each room's log is placed and digested.
CREATE TABLE digested_rooms (
  room_id uuid PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE,
  seq bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE facts DROP COLUMN conversation;
