-- Whose clock ran ahead when they spoke in a room, and up to when their clientIds reach: such an id, sent
-- again when time has caught up with it, looks new to a hot log that has lost its memory (G4).
CREATE TABLE sends_ahead (
  room_id uuid NOT NULL,
  user_id uuid NOT NULL,
  until timestamptz(3) NOT NULL,
  PRIMARY KEY (room_id, user_id)
);
