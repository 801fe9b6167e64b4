-- What the directory sorts and filters by: messages of the last minutes over all rooms, and tags.
CREATE INDEX room_minutes_latest ON room_minutes (minute);
--> statement-breakpoint
CREATE INDEX rooms_tags ON rooms USING gin (tags);
