-- Cards for trials: which cards may sign in at services that are not on yet. Until now they stood in the configuration, which
-- only whoever administers the machine can change, and the front had to be started anew.

CREATE TABLE front.trial_card (
    certificate_sha256 bytea PRIMARY KEY CHECK (length(certificate_sha256) = 32),
    named_by text NOT NULL CHECK (named_by <> ''),
    named_at timestamptz NOT NULL CONSTRAINT trial_card_named_at_is_coarse CHECK (date_trunc('hour', named_at, 'UTC') = named_at),
    until timestamptz NOT NULL CHECK (until > named_at)
);
COMMENT ON TABLE front.trial_card IS 'Cards that operators named for trials of services that are not on yet. A trial signs nobody in anywhere else.';
COMMENT ON COLUMN front.trial_card.certificate_sha256 IS 'SHA-256 of the certificate with which the card signs.';
COMMENT ON COLUMN front.trial_card.named_by IS 'The operator who named it.';
COMMENT ON COLUMN front.trial_card.named_at IS 'In which hour.';
COMMENT ON COLUMN front.trial_card.until IS 'It is no card for trials from then on.';
GRANT SELECT, INSERT, UPDATE (named_by, named_at, until), DELETE ON front.trial_card TO relay_front;

INSERT INTO front.audit_act (act, meaning) VALUES
    ('trial_card.named', 'An operator named a card for trials of services that are not on yet.'),
    ('trial_card.withdrawn', 'An operator ended that for a card.');
