-- People barred from the whole platform: banned by its administrators, or erased.
CREATE TABLE platform_bans (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id),
  reason text NOT NULL,
  by_id uuid NOT NULL REFERENCES users (id),
  at timestamptz(3) NOT NULL,
  until timestamptz(3),
  lifted_at timestamptz(3),
  lifted_by uuid REFERENCES users (id),
  lift_reason text,
  -- Gateways look for what has changed lately; whether Redis has it, too.
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  in_redis boolean NOT NULL DEFAULT false
);
--> statement-breakpoint
CREATE INDEX platform_bans_changed ON platform_bans (changed_at);
--> statement-breakpoint
CREATE INDEX platform_bans_in_force ON platform_bans (user_id) WHERE lifted_at IS NULL;
--> statement-breakpoint
CREATE INDEX platform_bans_to_tell ON platform_bans (changed_at) WHERE NOT in_redis;
--> statement-breakpoint
-- The wish of a person to be forgotten, and how far it is carried out.
CREATE TABLE erasures (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL UNIQUE REFERENCES users (id),
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done')),
  rooms integer NOT NULL DEFAULT 0,
  rooms_done integer NOT NULL DEFAULT 0,
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz(3)
);
--> statement-breakpoint
CREATE INDEX erasures_to_do ON erasures (created_at) WHERE state <> 'done';
--> statement-breakpoint
CREATE INDEX erasures_latest ON erasures (created_at);
--> statement-breakpoint
-- What was decided about each room is committed before it is done: a run that was killed goes on from here.
CREATE TABLE erasure_rooms (
  erasure_id uuid NOT NULL REFERENCES erasures (id) ON DELETE CASCADE,
  room_id uuid NOT NULL,
  -- The note of the room's fact.
  act uuid,
  done boolean NOT NULL DEFAULT false,
  PRIMARY KEY (erasure_id, room_id)
);
--> statement-breakpoint
-- Hashes of what hosts call people who were erased: a token of before that makes no new person of them.
CREATE TABLE erased_accounts (
  account bytea PRIMARY KEY,
  erased_at timestamptz(3) NOT NULL
);
--> statement-breakpoint
CREATE INDEX facts_done ON facts (by_id, room_id) WHERE type <> 'message.sent';
--> statement-breakpoint
-- Of an audit entry, what people wrote may be erased, and nothing else: its seals stay, and keep the chain.
CREATE FUNCTION refuse_all_but_erasing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.reason IS NULL AND NEW.before IS NULL AND NEW.after IS NULL AND NEW.salt IS NULL
    AND NEW.seals IS NOT NULL
    AND ROW(NEW.chain, NEW.n, NEW.id, NEW.at, NEW.actor_id, NEW.action, NEW.target_id, NEW.act, NEW.seq,
      NEW.rule, NEW.seals, NEW.hash)
    IS NOT DISTINCT FROM ROW(OLD.chain, OLD.n, OLD.id, OLD.at, OLD.actor_id, OLD.action, OLD.target_id, OLD.act,
      OLD.seq, OLD.rule, OLD.seals, OLD.hash) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
--> statement-breakpoint
DROP TRIGGER audit_append_only ON audit;
--> statement-breakpoint
CREATE TRIGGER audit_append_only BEFORE DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite();
--> statement-breakpoint
CREATE TRIGGER audit_erasable BEFORE UPDATE ON audit
  FOR EACH ROW EXECUTE FUNCTION refuse_all_but_erasing();
