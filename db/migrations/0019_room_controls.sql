-- Who may speak, raid mode, and asking to join.
ALTER TABLE rooms ADD COLUMN speakers text NOT NULL DEFAULT 'everyone'
  CHECK (speakers IN ('everyone', 'settled', 'moderators', 'nobody'));
--> statement-breakpoint
UPDATE rooms SET speakers = 'moderators' WHERE locked;
--> statement-breakpoint
-- So long after they came may people speak, where those who have settled may.
ALTER TABLE rooms ADD COLUMN settled_seconds integer NOT NULL DEFAULT 0;
--> statement-breakpoint
-- While it is on: since and until when, and what holds meanwhile. After `until` it counts for nothing.
ALTER TABLE rooms ADD COLUMN raid jsonb;
--> statement-breakpoint
CREATE INDEX rooms_in_raid_mode ON rooms ((raid->>'until')) WHERE raid IS NOT NULL;
--> statement-breakpoint
-- Whether people may ask to join, where it is private.
ALTER TABLE rooms ADD COLUMN asking boolean NOT NULL DEFAULT false;
