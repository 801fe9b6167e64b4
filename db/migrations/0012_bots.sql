-- Programs that speak in a room. Only a hash of a bot's token is kept.
CREATE TABLE bots (
  user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  token_hash bytea UNIQUE,
  by_id uuid NOT NULL REFERENCES users (id)
);
--> statement-breakpoint
CREATE INDEX bots_of_room ON bots (room_id, user_id) WHERE token_hash IS NOT NULL;
