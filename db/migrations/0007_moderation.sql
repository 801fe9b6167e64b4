-- Eddy itself: who mutes when a filter does, and who takes the place of what could not be stored.
INSERT INTO users (id, kind, name) VALUES ('00000000-0000-0000-0000-000000000000', 'bot', 'Eddy');
--> statement-breakpoint
-- What was done and why: one chain for each room, and one (the nil id) for the platform. Every entry's
-- hash covers the entry and the hash before it; the chain's row says how many there are and the last hash.
-- Entries name people by id only and hold no text of messages, so that erasing a person breaks no chain.
CREATE TABLE audit_chains (
  chain uuid PRIMARY KEY,
  entries bigint NOT NULL,
  hash text NOT NULL
);
--> statement-breakpoint
CREATE TABLE audit (
  chain uuid NOT NULL,
  n bigint NOT NULL,
  id uuid NOT NULL UNIQUE,
  at timestamptz(3) NOT NULL,
  actor_id uuid NOT NULL,
  action text NOT NULL,
  target_id uuid,
  -- The act's note for the log: where its fact stands is looked up by it.
  act uuid,
  seq bigint,
  rule text,
  reason text,
  before jsonb,
  after jsonb,
  hash text NOT NULL,
  PRIMARY KEY (chain, n)
);
--> statement-breakpoint
CREATE INDEX audit_by_actor ON audit (chain, actor_id, n DESC);
--> statement-breakpoint
CREATE INDEX audit_by_target ON audit (chain, target_id, n DESC) WHERE target_id IS NOT NULL;
--> statement-breakpoint
CREATE FUNCTION refuse_to_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite();
--> statement-breakpoint
-- How often each rule of a room's filter was met; on trial (shadow) or in force.
CREATE TABLE filter_hits (
  room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  rule text NOT NULL,
  shadow boolean NOT NULL,
  hits bigint NOT NULL,
  last_at timestamptz(3) NOT NULL,
  PRIMARY KEY (room_id, rule, shadow)
);
--> statement-breakpoint
-- What moderators have to look at: a message that people reported or a rule called them for, or one that a
-- rule holds back (then it has no seq, and `held` is what was said). One open case for each message.
CREATE TABLE cases (
  id uuid PRIMARY KEY,
  room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  author_id uuid NOT NULL REFERENCES users (id),
  seq bigint,
  client_id uuid,
  held jsonb,
  rule text,
  opened_at timestamptz(3) NOT NULL,
  claimed_by uuid REFERENCES users (id),
  claimed_at timestamptz(3),
  resolved_at timestamptz(3),
  resolved_by uuid REFERENCES users (id),
  action text,
  note text
);
--> statement-breakpoint
CREATE UNIQUE INDEX cases_open_of_message ON cases (room_id, seq) WHERE seq IS NOT NULL AND resolved_at IS NULL;
--> statement-breakpoint
CREATE UNIQUE INDEX cases_held ON cases (room_id, author_id, client_id) WHERE client_id IS NOT NULL;
--> statement-breakpoint
CREATE INDEX cases_of_room ON cases (room_id, id DESC);
--> statement-breakpoint
CREATE TABLE case_reports (
  case_id uuid NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
  reporter_id uuid NOT NULL REFERENCES users (id),
  category text NOT NULL,
  note text,
  at timestamptz(3) NOT NULL,
  PRIMARY KEY (case_id, reporter_id)
);
--> statement-breakpoint
CREATE INDEX case_reports_of_reporter ON case_reports (reporter_id, case_id);
