-- Sanctions that ran out have a fact that says so, and rooms can be left for good.
ALTER TABLE sanctions ADD COLUMN expiry_noted boolean NOT NULL DEFAULT false;
CREATE INDEX sanctions_to_expire ON sanctions (until)
  WHERE until IS NOT NULL AND lifted_at IS NULL AND kind <> 'kick' AND NOT expiry_noted;

-- What people wrote stands in the audit chains by its hash, so that it can be erased.
ALTER TABLE audit ADD COLUMN salt text, ADD COLUMN seals jsonb;
