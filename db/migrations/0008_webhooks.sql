-- Where hosts want to be told of what happens in a room. Each reads the log behind its own mark, so telling
-- them costs nothing on the path of a message, and nothing that is stored is left out.
CREATE TABLE webhooks (
  id uuid PRIMARY KEY,
  room_id uuid NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  url text NOT NULL,
  secret text NOT NULL,
  events text[] NOT NULL,
  created_by uuid NOT NULL REFERENCES users (id),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  -- Facts up to here have their deliveries.
  seen_seq bigint NOT NULL,
  off_at timestamptz(3),
  off_reason text
);
--> statement-breakpoint
CREATE INDEX webhooks_of_room ON webhooks (room_id, id);
--> statement-breakpoint
-- What was said is not here: it is read from the log whenever it is sent, as it is then.
CREATE TABLE webhook_deliveries (
  id uuid PRIMARY KEY,
  webhook_id uuid NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  seq bigint NOT NULL,
  event text NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  status integer,
  error text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  next_at timestamptz(3) NOT NULL DEFAULT now(),
  ended_at timestamptz(3)
);
--> statement-breakpoint
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at) WHERE state = 'pending';
--> statement-breakpoint
CREATE INDEX webhook_deliveries_of_webhook ON webhook_deliveries (webhook_id, id);
