-- What people say of themselves, whom they know, and their conversations of a few.
ALTER TABLE users
  -- What tells a chosen handle from look-alikes; null for handles that were made, which end in digits of the id.
  ADD COLUMN handle_skeleton text UNIQUE,
  ADD COLUMN links jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN time_zone text,
  -- Whether others may be shown them as someone they met.
  ADD COLUMN meetings boolean NOT NULL DEFAULT true;
--> statement-breakpoint
ALTER TABLE rooms ADD COLUMN direct boolean NOT NULL DEFAULT false;
--> statement-breakpoint
CREATE TABLE contacts (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  contact_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  note text,
  since timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, contact_id),
  CHECK (user_id <> contact_id)
);
--> statement-breakpoint
CREATE INDEX contacts_latest ON contacts (user_id, since DESC, contact_id DESC);
--> statement-breakpoint
CREATE INDEX contacts_followers ON contacts (contact_id, since DESC, user_id DESC);
--> statement-breakpoint
CREATE TABLE blocks (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  blocked_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  since timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, blocked_id),
  CHECK (user_id <> blocked_id)
);
--> statement-breakpoint
CREATE INDEX blocks_of ON blocks (blocked_id, user_id);
--> statement-breakpoint
-- The one conversation of two people, the lower id first, and whether both want it.
CREATE TABLE direct_pairs (
  low_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  high_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  room_id uuid NOT NULL UNIQUE REFERENCES rooms (id) ON DELETE CASCADE,
  asked_by uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'asked', 'declined')),
  PRIMARY KEY (low_id, high_id),
  CHECK (low_id < high_id)
);
--> statement-breakpoint
CREATE INDEX direct_pairs_high ON direct_pairs (high_id);
--> statement-breakpoint
CREATE INDEX direct_pairs_waiting ON direct_pairs (asked_by) WHERE state <> 'open';
