-- Notices on paper: the facts handed in for a run, and who wants no paper or gets it elsewhere.

CREATE TABLE office.notice_import (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    act uuid NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind ~ '^[a-z0-9-]+$'),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    people integer NOT NULL CHECK (people >= 0),
    lines integer NOT NULL CHECK (lines >= people),
    rejected integer NOT NULL CHECK (rejected >= 0),
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32)
);
CREATE INDEX notice_import_of_kind ON office.notice_import (kind, number);
COMMENT ON TABLE office.notice_import IS 'One line for each file of facts that was taken in for a notice; the newest of a kind counts.';
COMMENT ON COLUMN office.notice_import.number IS 'Running number.';
COMMENT ON COLUMN office.notice_import.act IS 'The act''s id in the audit trail.';
COMMENT ON COLUMN office.notice_import.kind IS 'Which notice, by its plain English name.';
COMMENT ON COLUMN office.notice_import.at IS 'When.';
COMMENT ON COLUMN office.notice_import.actor IS 'Staff id, or import.';
COMMENT ON COLUMN office.notice_import.people IS 'Residents whom the file says something of.';
COMMENT ON COLUMN office.notice_import.lines IS 'Lines taken.';
COMMENT ON COLUMN office.notice_import.rejected IS 'Lines that could not be taken.';
COMMENT ON COLUMN office.notice_import.sha256 IS 'SHA-256 of the file: the same file is not taken in twice unnoticed.';

CREATE TABLE office.notice_fact (
    import bigint NOT NULL REFERENCES office.notice_import,
    resident uuid NOT NULL,
    facts bytea NOT NULL,
    PRIMARY KEY (import, resident)
);
COMMENT ON TABLE office.notice_fact IS 'What a file says of one resident.';
COMMENT ON COLUMN office.notice_fact.import IS 'Which file.';
COMMENT ON COLUMN office.notice_fact.resident IS 'Of whom. Not a reference: who was added to the roster is deleted when that import is undone.';
COMMENT ON COLUMN office.notice_fact.facts IS 'Facts and lines of the letter: sealed.';

CREATE TABLE office.notice_wish (
    id uuid PRIMARY KEY,
    resident uuid NOT NULL,
    wish text NOT NULL CHECK (wish IN ('no_paper', 'send_to')),
    kind text CHECK (kind ~ '^[a-z0-9-]+$'),
    place bytea,
    at timestamptz NOT NULL,
    by_staff uuid REFERENCES office.staff,
    ended_at timestamptz,
    ended_by uuid REFERENCES office.staff,
    CONSTRAINT notice_wish_has_its_place CHECK ((wish = 'send_to') = (place IS NOT NULL)),
    CONSTRAINT notice_wish_ends_after_it_began CHECK (ended_at >= at)
);
CREATE UNIQUE INDEX notice_wish_once ON office.notice_wish (resident, wish, coalesce(kind, '')) WHERE ended_at IS NULL;
COMMENT ON TABLE office.notice_wish IS 'The ledger of 送付不要申出 and of other places to send to (guardians by court, institutions). A line is ended, never removed.';
COMMENT ON COLUMN office.notice_wish.id IS 'The line.';
COMMENT ON COLUMN office.notice_wish.resident IS 'Whose. Not a reference, as in office.notice_fact.';
COMMENT ON COLUMN office.notice_wish.wish IS 'no_paper: no letters. send_to: letters go to another place or person.';
COMMENT ON COLUMN office.notice_wish.kind IS 'For which notice; all of them when empty.';
COMMENT ON COLUMN office.notice_wish.place IS 'Name, postal code and address to send to: sealed.';
COMMENT ON COLUMN office.notice_wish.at IS 'Since when.';
COMMENT ON COLUMN office.notice_wish.by_staff IS 'Who wrote it down; nobody where a command did.';
COMMENT ON COLUMN office.notice_wish.ended_at IS 'Until when.';
COMMENT ON COLUMN office.notice_wish.ended_by IS 'Who wrote that down.';

CREATE TRIGGER notice_import_is_kept BEFORE DELETE OR TRUNCATE ON office.notice_import FOR EACH STATEMENT EXECUTE FUNCTION office.refuse_change();
CREATE TRIGGER notice_fact_is_kept BEFORE DELETE OR TRUNCATE ON office.notice_fact FOR EACH STATEMENT EXECUTE FUNCTION office.refuse_change();
CREATE TRIGGER notice_wish_is_kept BEFORE DELETE OR TRUNCATE ON office.notice_wish FOR EACH STATEMENT EXECUTE FUNCTION office.refuse_change();

INSERT INTO office.audit_act (act, meaning) VALUES
    ('notice.facts_imported', 'A file of facts for a notice was taken in.'),
    ('notice.wish_recorded', 'A resident''s wish about letters was recorded: none, or elsewhere.'),
    ('notice.wish_ended', 'A resident''s wish about letters was ended.');

-- What an act changed is told in its own transaction, by who did it, as what it is.
CREATE FUNCTION office.is_told(what text, moment timestamptz, who text, about jsonb) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM office.audit_event e WHERE e.at = moment AND e.act = what AND e.outcome = 'done'
        AND e.actor = who AND (e.subjects || e.details) @> about);
$$;
COMMENT ON FUNCTION office.is_told IS 'Whether the trail has an act of a moment, by somebody, with such subjects and details.';
REVOKE ALL ON FUNCTION office.is_told FROM PUBLIC;

CREATE FUNCTION office.check_notice_wish() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    about jsonb := jsonb_strip_nulls(jsonb_build_object('resident', NEW.resident, 'wish', NEW.wish, 'kind', NEW.kind));
    broken text;
BEGIN
    broken := CASE
        WHEN TG_OP = 'UPDATE' AND (OLD.ended_at IS NOT NULL OR (OLD.id, OLD.resident, OLD.wish, OLD.kind, OLD.place, OLD.at, OLD.by_staff)
            IS DISTINCT FROM (NEW.id, NEW.resident, NEW.wish, NEW.kind, NEW.place, NEW.at, NEW.by_staff)) THEN 'notice_wish_stays'
        WHEN TG_OP = 'INSERT' AND NOT office.is_told('notice.wish_recorded', NEW.at, coalesce(NEW.by_staff::text, 'wish'), about)
            THEN 'notice_wish_is_told'
        WHEN NEW.ended_at IS NOT NULL AND NOT office.is_told('notice.wish_ended', NEW.ended_at, coalesce(NEW.ended_by::text, 'wish'), about)
            AND NOT office.is_told('notice.wish_recorded', NEW.ended_at, coalesce(NEW.ended_by::text, 'wish'), about)
            THEN 'notice_wish_is_told'
    END;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'a wish is written down and ended by an act' USING ERRCODE = 'check_violation',
            CONSTRAINT = broken, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_notice_wish() IS 'Refuses, at commit, a wish that the trail does not know as written or ended by whom it names, and that a line is changed.';
CREATE CONSTRAINT TRIGGER notice_wish_is_told AFTER INSERT OR UPDATE ON office.notice_wish
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_notice_wish();

CREATE FUNCTION office.check_notice_import() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT office.is_told('notice.facts_imported', NEW.at, NEW.actor, jsonb_build_object('number', NEW.number, 'kind', NEW.kind,
            'sha256', encode(NEW.sha256, 'hex'))) OR (SELECT count(*) FROM office.notice_fact f WHERE f.import = NEW.number) <> NEW.people THEN
        RAISE EXCEPTION 'a file of facts is taken in whole, by an act' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'notice_import_is_told', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_notice_import() IS 'Refuses, at commit, a file that the trail does not know, and one that was not taken in whole.';
CREATE CONSTRAINT TRIGGER notice_import_is_told AFTER INSERT ON office.notice_import
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_notice_import();

CREATE FUNCTION office.check_notice_fact() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT import FROM added) a JOIN office.notice_import i ON i.number = a.import
            WHERE i.xmin <> pg_current_xact_id()::xid) THEN
        RAISE EXCEPTION 'what a file says is written with it' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'notice_fact_of_its_import', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_notice_fact() IS 'Refuses a fact that is added to a file that was taken in before.';
CREATE TRIGGER notice_fact_of_its_import AFTER INSERT ON office.notice_fact
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION office.check_notice_fact();

GRANT SELECT ON office.notice_import, office.notice_fact, office.notice_wish TO madoguchi_office;
GRANT SELECT ON office.notice_import TO madoguchi_import;
GRANT INSERT ON office.notice_import, office.notice_fact TO madoguchi_import;
GRANT INSERT (id, resident, wish, kind, place, at, by_staff), UPDATE (ended_at, ended_by) ON office.notice_wish TO madoguchi_office;
