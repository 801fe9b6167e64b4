-- The review queue: what a case is about, when it is due, what was said when it was reported.
ALTER TABLE cases ADD COLUMN kind text NOT NULL DEFAULT 'message' CHECK (kind IN ('message', 'held', 'join'));
--> statement-breakpoint
UPDATE cases SET kind = 'held' WHERE client_id IS NOT NULL;
--> statement-breakpoint
ALTER TABLE cases ALTER COLUMN kind DROP DEFAULT;
--> statement-breakpoint
-- What makes it urgent, and the time by which that orders the queue: ten minutes of waiting are a point.
ALTER TABLE cases ADD COLUMN points integer NOT NULL DEFAULT 0;
--> statement-breakpoint
ALTER TABLE cases ADD COLUMN due_at timestamptz(3);
--> statement-breakpoint
UPDATE cases SET due_at = opened_at;
--> statement-breakpoint
ALTER TABLE cases ALTER COLUMN due_at SET NOT NULL;
--> statement-breakpoint
-- Whether its texts are erased by now.
ALTER TABLE cases ADD COLUMN erased boolean NOT NULL DEFAULT false;
--> statement-breakpoint
CREATE INDEX cases_waiting_in_room ON cases (room_id, due_at, id) WHERE resolved_at IS NULL;
--> statement-breakpoint
CREATE INDEX cases_waiting ON cases (due_at, id) WHERE resolved_at IS NULL;
--> statement-breakpoint
CREATE INDEX cases_to_erase ON cases (resolved_at) WHERE NOT erased AND resolved_at IS NOT NULL;
--> statement-breakpoint
CREATE UNIQUE INDEX cases_asked_to_join ON cases (room_id, author_id) WHERE kind = 'join' AND resolved_at IS NULL;
--> statement-breakpoint
-- How far the reporter's word went when it was given, from 0 to 1.
ALTER TABLE case_reports ADD COLUMN trust real NOT NULL DEFAULT 0.5;
--> statement-breakpoint
-- What a message said whenever it was reported: an edit or a removal takes it from the room, not from here.
CREATE TABLE case_texts (
  case_id uuid NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
  at timestamptz(3) NOT NULL,
  text text NOT NULL,
  PRIMARY KEY (case_id, at)
);
--> statement-breakpoint
-- What people are told about what they asked for or said.
CREATE TABLE notices (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  kind text NOT NULL,
  data jsonb NOT NULL,
  at timestamptz(3) NOT NULL
);
--> statement-breakpoint
CREATE INDEX notices_of_user ON notices (user_id, id DESC);
