-- What a seeding of a hot log must know of the one before it: for which run of Redis it was planned,
-- when, and whether Redis had it (seeded_at; null until then). Two processes that notice one loss
-- begin one epoch, and a marker of a clean stop vouches only for logs that no later run took over.
ALTER TABLE room_epochs
  ADD COLUMN run text,
  ADD COLUMN planned_at timestamptz(3) NOT NULL DEFAULT now(),
  ALTER COLUMN seeded_at DROP DEFAULT,
  ALTER COLUMN seeded_at DROP NOT NULL;
