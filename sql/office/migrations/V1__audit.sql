-- The schema, what may be recorded as an act, and the trail of acts, which nobody can change.
-- Two roles stand outside the migrations: madoguchi_owner owns all this and runs migrations; madoguchi_office is
-- what consoles log in as and has only what is granted here, column by column where it may change a row.

CREATE SCHEMA office;
COMMENT ON SCHEMA office IS 'The office''s records: staff, roster, cases, cards, audit. Personal columns are sealed by the application (AES-256-GCM); the database never sees a name, an address or a civic number.';
GRANT USAGE ON SCHEMA office TO madoguchi_office;
GRANT SELECT ON refinery_schema_history TO madoguchi_office;

CREATE TABLE office.audit_act (
    act text PRIMARY KEY,
    meaning text NOT NULL
);
COMMENT ON TABLE office.audit_act IS 'The closed list of acts; the same list stands with its fields in sql/office/src/audit/acts.rs.';
COMMENT ON COLUMN office.audit_act.act IS 'Name: thing and what was done to it.';
COMMENT ON COLUMN office.audit_act.meaning IS 'What it means, for an auditor.';

CREATE TABLE office.audit_event (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL CONSTRAINT audit_event_once UNIQUE,
    at timestamptz NOT NULL,
    actor text NOT NULL CHECK (actor <> ''),
    desk text,
    act text NOT NULL REFERENCES office.audit_act,
    subjects jsonb NOT NULL CHECK (jsonb_typeof(subjects) = 'object'),
    case_id uuid GENERATED ALWAYS AS ((subjects ->> 'case')::uuid) STORED,
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
    details jsonb NOT NULL CHECK (jsonb_typeof(details) = 'object'),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_event_of_case ON office.audit_event (case_id, seq) WHERE case_id IS NOT NULL;
CREATE INDEX audit_event_by_time ON office.audit_event (at);
COMMENT ON TABLE office.audit_event IS 'Every act, refusals included, written in the transaction of the change. Rows are only ever added.';
COMMENT ON COLUMN office.audit_event.seq IS 'Order of writing; gaps are transactions that were rolled back.';
COMMENT ON COLUMN office.audit_event.id IS 'The act''s id, as in every log line about it; a refusal has an id of its own.';
COMMENT ON COLUMN office.audit_event.at IS 'When.';
COMMENT ON COLUMN office.audit_event.actor IS 'Staff id, or the name of a process (import, setup).';
COMMENT ON COLUMN office.audit_event.desk IS 'Desk at which it was done.';
COMMENT ON COLUMN office.audit_event.act IS 'What was done.';
COMMENT ON COLUMN office.audit_event.subjects IS 'Ids of what it was about: case, resident, card, staff.';
COMMENT ON COLUMN office.audit_event.case_id IS 'The case among the subjects, for the case''s journal.';
COMMENT ON COLUMN office.audit_event.outcome IS 'done, refused or failed.';
COMMENT ON COLUMN office.audit_event.details IS 'Facts of the act; never a name, an address, a person''s number or a PIN.';
COMMENT ON COLUMN office.audit_event.salt IS 'Random bytes that keep the hash from being guessed from the facts.';
COMMENT ON COLUMN office.audit_event.hash IS 'SHA-256 over salt and content, fields length-prefixed (relay_core::audit).';

CREATE FUNCTION office.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
COMMENT ON FUNCTION office.refuse_change() IS 'Refuses UPDATE, DELETE and TRUNCATE, for the owner too.';
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON office.audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION office.refuse_change();

CREATE FUNCTION office.tell_case_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('office_case', NEW.case_id::text);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.tell_case_changed() IS 'Tells listening consoles at commit that something happened to a case.';
CREATE TRIGGER audit_event_tells AFTER INSERT ON office.audit_event
    FOR EACH ROW WHEN (NEW.case_id IS NOT NULL AND NEW.outcome = 'done') EXECUTE FUNCTION office.tell_case_changed();

CREATE TABLE office.act_answer (
    id uuid PRIMARY KEY,
    verb text NOT NULL,
    at timestamptz NOT NULL,
    answer jsonb
);
COMMENT ON TABLE office.act_answer IS 'What each act answered, so that an act asked for again (a repeated key, a lost answer) is done once.';
COMMENT ON COLUMN office.act_answer.id IS 'The act''s id, given by the desk.';
COMMENT ON COLUMN office.act_answer.verb IS 'What was asked; another verb under the same id is refused.';
COMMENT ON COLUMN office.act_answer.at IS 'When.';
COMMENT ON COLUMN office.act_answer.answer IS 'The answer: ids, numbers and versions only.';

GRANT SELECT ON office.audit_act TO madoguchi_office;
GRANT SELECT, INSERT ON office.audit_event TO madoguchi_office;
GRANT SELECT, INSERT, UPDATE (answer) ON office.act_answer TO madoguchi_office;
