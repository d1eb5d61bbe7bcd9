-- The schema, what may be recorded as an act, and the trail of acts, which nobody can change.
-- Two roles stand outside the migrations: relay_owner owns all this and runs migrations; relay_front is what the
-- front's processes log in as and has only what is granted here, column by column where it may change a row.

CREATE SCHEMA front;
COMMENT ON SCHEMA front IS 'What the relay front keeps: certificates'' hashes with encrypted pseudonyms, sign-ins under way, sessions, partners, audit. No name and no service''s pseudonym ever comes here.';
GRANT USAGE ON SCHEMA front TO relay_front;
GRANT SELECT ON refinery_schema_history TO relay_front;

CREATE TABLE front.audit_act (
    act text PRIMARY KEY,
    meaning text NOT NULL
);
COMMENT ON TABLE front.audit_act IS 'The closed list of acts; the same list stands with its fields in sql/relay/src/front/audit/acts.rs.';
COMMENT ON COLUMN front.audit_act.act IS 'Name: thing and what was done to it.';
COMMENT ON COLUMN front.audit_act.meaning IS 'What it means, for an auditor.';
INSERT INTO front.audit_act (act, meaning) VALUES
    ('intake.applied', 'An office''s message about a card was applied.'),
    ('intake.refused', 'An office''s message was refused: out of order, changed, or not to be followed.'),
    ('sign_in.refused', 'A service''s request, or a card shown for one, was refused.'),
    ('sign_in.answered', 'A service was given an assertion, or a status instead of one.'),
    ('sign_in.failed', 'A sign-in could not be finished: the blind half was away or answered wrongly.'),
    ('session.ended', 'A session at the front ended.'),
    ('logout.asked', 'A service asked for a session to be ended.'),
    ('logout.told', 'A service was told that a session is over.'),
    ('artifact.resolved', 'A service fetched a message by its artifact.'),
    ('share.sent', 'The blind half was given the key share for one service.'),
    ('partner.proposed', 'Metadata of a partner were put forward.'),
    ('partner.approved', 'A second operator approved a partner''s metadata.'),
    ('partner.tried', 'A trial sign-in or sign-out against a partner was seen.'),
    ('partner.decided', 'Operators decided that a partner goes on without single logout.'),
    ('partner.switched', 'A partner was switched on or off.');

CREATE TABLE front.audit_event (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL CONSTRAINT audit_event_once UNIQUE,
    at timestamptz NOT NULL,
    actor text NOT NULL CHECK (actor <> ''),
    desk text,
    act text NOT NULL REFERENCES front.audit_act,
    subjects jsonb NOT NULL CHECK (jsonb_typeof(subjects) = 'object'),
    blob bytea GENERATED ALWAYS AS (decode(subjects ->> 'blob', 'hex')) STORED,
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
    details jsonb NOT NULL CHECK (jsonb_typeof(details) = 'object'),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
-- A blob of the blind half stands in one assertion only; two would be the front using it twice.
CREATE UNIQUE INDEX audit_event_blob_once ON front.audit_event (blob) WHERE blob IS NOT NULL;
CREATE INDEX audit_event_by_time ON front.audit_event (at);
COMMENT ON TABLE front.audit_event IS 'Every act, refusals included, written in the transaction of the change. Rows are only ever added.';
COMMENT ON COLUMN front.audit_event.seq IS 'Order of writing; gaps are transactions that were rolled back.';
COMMENT ON COLUMN front.audit_event.id IS 'The event''s id; of a sign-in the trace id shown on its pages.';
COMMENT ON COLUMN front.audit_event.at IS 'When.';
COMMENT ON COLUMN front.audit_event.actor IS 'An operator, an office as sender, or the name of a process.';
COMMENT ON COLUMN front.audit_event.desk IS 'Empty here; part of the envelope all processes share.';
COMMENT ON COLUMN front.audit_event.act IS 'What was done.';
COMMENT ON COLUMN front.audit_event.subjects IS 'What it was about: service, partner, blob, and a registration by keyed hash only.';
COMMENT ON COLUMN front.audit_event.blob IS 'SHA-256 of the blind half''s EncryptedID among the subjects: matched with the blind half''s own log.';
COMMENT ON COLUMN front.audit_event.outcome IS 'done, refused or failed.';
COMMENT ON COLUMN front.audit_event.details IS 'Facts of the act; never a certificate, a NameID or an address of a person''s device.';
COMMENT ON COLUMN front.audit_event.salt IS 'Random bytes that keep the hash from being guessed from the facts.';
COMMENT ON COLUMN front.audit_event.hash IS 'SHA-256 over salt and content, fields length-prefixed (relay_core::audit).';

CREATE FUNCTION front.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
COMMENT ON FUNCTION front.refuse_change() IS 'Refuses UPDATE, DELETE and TRUNCATE, for the owner too.';
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON front.audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION front.refuse_change();

GRANT SELECT ON front.audit_act TO relay_front;
GRANT SELECT, INSERT ON front.audit_event TO relay_front;
