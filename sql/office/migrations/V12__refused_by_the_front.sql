-- A message that the relay's front refuses for good holds nothing up any more: it is kept with the rule and the moment until
-- somebody has it sent anew or closes it. The front's answer to one number stays the same, so nothing is sent twice.

ALTER TABLE office.outbox ADD COLUMN refused_at timestamptz;
ALTER TABLE office.outbox ADD COLUMN refused_by text CHECK (refused_by ~ '^[a-z_.]{1,64}$');
ALTER TABLE office.outbox ADD COLUMN settled_at timestamptz;
ALTER TABLE office.outbox ADD COLUMN settled_as text CHECK (settled_as IN ('sent_anew', 'overtaken', 'closed'));
ALTER TABLE office.outbox ADD CONSTRAINT outbox_refused_with_rule CHECK ((refused_at IS NULL) = (refused_by IS NULL));
ALTER TABLE office.outbox ADD CONSTRAINT outbox_answered_once CHECK (applied_at IS NULL OR refused_at IS NULL);
ALTER TABLE office.outbox ADD CONSTRAINT outbox_refused_has_seq CHECK (refused_at IS NULL OR seq IS NOT NULL);
ALTER TABLE office.outbox ADD CONSTRAINT outbox_settled_somehow CHECK ((settled_at IS NULL) = (settled_as IS NULL));
COMMENT ON COLUMN office.outbox.body IS 'The message as composed, sealed: sent again it is the same. Removed once applied or refused for good.';
COMMENT ON COLUMN office.outbox.refused_at IS 'When the front said that it refuses it for good.';
COMMENT ON COLUMN office.outbox.refused_by IS 'By which rule (registration.…), as the front calls it.';
COMMENT ON COLUMN office.outbox.settled_at IS 'When a refused one was settled; until then it stands among the problems. The trail says who settled it and why.';
COMMENT ON COLUMN office.outbox.settled_as IS 'sent_anew (a new row says the same again), overtaken (a later message made it needless), closed (it stays unsaid).';

DROP INDEX office.outbox_waiting;
CREATE INDEX outbox_waiting ON office.outbox (id) WHERE applied_at IS NULL AND refused_at IS NULL;
CREATE INDEX outbox_refused ON office.outbox (registration) WHERE refused_at IS NOT NULL AND settled_at IS NULL;
CREATE INDEX outbox_of_registration ON office.outbox (registration, id);

CREATE OR REPLACE FUNCTION office.tell_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('office_outbox', CASE TG_OP WHEN 'INSERT' THEN 'written' ELSE '' END);
    RETURN NULL;
END $$;
DROP TRIGGER outbox_written ON office.outbox;
CREATE TRIGGER outbox_written AFTER INSERT OR UPDATE OF applied_at, refused_at, settled_at ON office.outbox
    FOR EACH STATEMENT EXECUTE FUNCTION office.tell_outbox();

GRANT UPDATE (refused_at, refused_by, settled_at, settled_as) ON office.outbox TO madoguchi_office;

INSERT INTO office.audit_act (act, meaning) VALUES
    ('outbox.refused', 'The relay''s front refused for good what it was told of a card.'),
    ('outbox.sent_anew', 'What the front had refused is told it again.'),
    ('outbox.closed', 'What the front had refused stays unsaid.');
