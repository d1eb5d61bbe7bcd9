-- Cards that are checked without their PIN: how many each service brought within the hour that is running.

CREATE TABLE front.card_check (
    asker text PRIMARY KEY REFERENCES front.partner,
    hour timestamptz NOT NULL CHECK (hour = date_trunc('hour', hour)),
    checks integer NOT NULL CHECK (checks > 0)
);
COMMENT ON TABLE front.card_check IS 'How many cards each service brought without their PIN, in the hour of the last one. Nothing says whose they were.';
COMMENT ON COLUMN front.card_check.asker IS 'The service: an entity id.';
COMMENT ON COLUMN front.card_check.hour IS 'The hour that is counted.';
COMMENT ON COLUMN front.card_check.checks IS 'How many, refused ones too.';
GRANT SELECT, INSERT, UPDATE (hour, checks) ON front.card_check TO relay_front;
