-- Links into rooms. Only a hash of each code is kept: whoever reads the database can let nobody in.
CREATE TABLE invites (
  id uuid PRIMARY KEY,
  room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  code_hash bytea NOT NULL UNIQUE,
  by_id uuid NOT NULL REFERENCES users (id),
  at timestamptz(3) NOT NULL DEFAULT now(),
  uses integer NOT NULL DEFAULT 0,
  max_uses integer,
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  CHECK (uses <= max_uses)
);
--> statement-breakpoint
CREATE INDEX invites_of_room ON invites (room_id, id DESC) WHERE revoked_at IS NULL;
--> statement-breakpoint
-- Who came in by which: nobody takes two places of one invitation.
CREATE TABLE invite_uses (
  invite_id uuid NOT NULL REFERENCES invites (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (invite_id, user_id)
);
