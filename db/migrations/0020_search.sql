-- What can be searched: an index over messages that lies beside them, a moment behind. The text that
-- is shown is always that of facts; a row here goes in the transaction that takes its text back.
CREATE TABLE search_messages (
  room_id uuid NOT NULL,
  seq bigint NOT NULL,
  at timestamptz(3) NOT NULL,
  -- Of which edit this is the text.
  edited_at timestamptz(3),
  link boolean NOT NULL,
  -- In the room's language, and as it was written.
  words tsvector NOT NULL,
  -- Letters of scripts without spaces, one by one and in twos.
  grams text[] NOT NULL,
  PRIMARY KEY (room_id, seq)
) PARTITION BY HASH (room_id);
--> statement-breakpoint
CREATE INDEX search_messages_words ON search_messages USING gin (words);
--> statement-breakpoint
CREATE INDEX search_messages_grams ON search_messages USING gin (grams);
--> statement-breakpoint
CREATE INDEX search_messages_latest ON search_messages (at DESC, room_id DESC, seq DESC);
--> statement-breakpoint
DO $$
BEGIN
  FOR i IN 0..15 LOOP
    EXECUTE format('CREATE TABLE search_messages_%s PARTITION OF search_messages FOR VALUES WITH (MODULUS 16, REMAINDER %s)', i, i);
  END LOOP;
END $$;
--> statement-breakpoint
-- Every word that was ever said, by itself: parts of words and typos are looked up here.
CREATE TABLE search_words (word text PRIMARY KEY);
--> statement-breakpoint
CREATE INDEX search_words_parts ON search_words USING gin (word gin_trgm_ops);
--> statement-breakpoint
-- Words of what was taken back: those that nobody else said are forgotten in a moment.
CREATE TABLE search_forgotten (word text PRIMARY KEY);
--> statement-breakpoint
-- Whose messages are looked for by a name.
CREATE INDEX users_lower_name ON users (lower(name));
--> statement-breakpoint
-- Up to where a room is indexed.
CREATE TABLE search_marks (
  room_id uuid PRIMARY KEY,
  indexed_seq bigint NOT NULL DEFAULT 0
);
--> statement-breakpoint
-- What is stored and not indexed yet: written by whoever stores, taken away by whoever indexes.
CREATE TABLE search_due (
  room_id uuid NOT NULL,
  seq bigint NOT NULL,
  since timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (room_id, seq)
);
--> statement-breakpoint
INSERT INTO search_due (room_id, seq) SELECT id, stored_seq FROM rooms WHERE stored_seq > 0;
