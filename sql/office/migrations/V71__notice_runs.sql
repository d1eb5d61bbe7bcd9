-- A run of a notice: counted, released by two people, made bundle by bundle, printed, posted; letters that come back.

CREATE TABLE office.notice_run (
    id uuid PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    kind text NOT NULL CHECK (kind ~ '^[a-z0-9-]+$'),
    version integer NOT NULL,
    language text NOT NULL CHECK (language IN ('ja', 'plain', 'en')),
    large boolean NOT NULL,
    dated date NOT NULL,
    import bigint REFERENCES office.notice_import,
    letters integer NOT NULL CHECK (letters > 0),
    people integer NOT NULL CHECK (people >= letters),
    excluded jsonb NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    bundle_size integer NOT NULL CHECK (bundle_size BETWEEN 1 AND 5000),
    counted_at timestamptz NOT NULL,
    counted_by uuid NOT NULL REFERENCES office.staff,
    released_at timestamptz,
    released_by uuid REFERENCES office.staff,
    approved_at timestamptz,
    approved_by uuid REFERENCES office.staff,
    posted_at timestamptz,
    posted_by uuid REFERENCES office.staff,
    withdrawn_at timestamptz,
    withdrawn_by uuid REFERENCES office.staff,
    CONSTRAINT notice_run_two_people CHECK (approved_by IS NULL OR released_by IS NOT NULL AND approved_by <> released_by),
    CONSTRAINT notice_run_posted_after_release CHECK (posted_at IS NULL OR approved_at IS NOT NULL),
    CONSTRAINT notice_run_withdrawn_or_posted CHECK (withdrawn_at IS NULL OR posted_at IS NULL),
    CONSTRAINT notice_run_who_and_when CHECK ((released_at IS NULL) = (released_by IS NULL)
        AND (approved_at IS NULL) = (approved_by IS NULL) AND (posted_at IS NULL) = (posted_by IS NULL)
        AND (withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);
CREATE INDEX notice_run_open ON office.notice_run (number) WHERE posted_at IS NULL AND withdrawn_at IS NULL;
COMMENT ON TABLE office.notice_run IS 'Runs of notices (発送), as counted.';
COMMENT ON COLUMN office.notice_run.id IS 'The run.';
COMMENT ON COLUMN office.notice_run.number IS 'Running number, as people say it.';
COMMENT ON COLUMN office.notice_run.kind IS 'Which notice, by its plain English name.';
COMMENT ON COLUMN office.notice_run.version IS 'Of its words and layout.';
COMMENT ON COLUMN office.notice_run.language IS 'In which words.';
COMMENT ON COLUMN office.notice_run.large IS 'In large print.';
COMMENT ON COLUMN office.notice_run.dated IS 'The day of the letters.';
COMMENT ON COLUMN office.notice_run.import IS 'The file of facts; none where the notice needs none.';
COMMENT ON COLUMN office.notice_run.letters IS 'Letters.';
COMMENT ON COLUMN office.notice_run.people IS 'People whom they are about.';
COMMENT ON COLUMN office.notice_run.excluded IS 'How many are left out for each reason (issuance::notice::recipients::Excluded).';
COMMENT ON COLUMN office.notice_run.digest IS 'SHA-256 over the content hashes of its letters in their order: what was counted is what is made.';
COMMENT ON COLUMN office.notice_run.bundle_size IS 'Letters in a bundle.';
COMMENT ON COLUMN office.notice_run.counted_at IS 'When it was counted.';
COMMENT ON COLUMN office.notice_run.counted_by IS 'By whom.';
COMMENT ON COLUMN office.notice_run.released_at IS 'When the first of two people released it.';
COMMENT ON COLUMN office.notice_run.released_by IS 'Who.';
COMMENT ON COLUMN office.notice_run.approved_at IS 'When the second released it.';
COMMENT ON COLUMN office.notice_run.approved_by IS 'Who; never the first.';
COMMENT ON COLUMN office.notice_run.posted_at IS 'When it was handed to the post office.';
COMMENT ON COLUMN office.notice_run.posted_by IS 'By whom.';
COMMENT ON COLUMN office.notice_run.withdrawn_at IS 'When it was given up.';
COMMENT ON COLUMN office.notice_run.withdrawn_by IS 'By whom.';

CREATE TABLE office.notice_letter (
    run uuid NOT NULL REFERENCES office.notice_run,
    number integer NOT NULL CHECK (number > 0),
    resident uuid NOT NULL,
    content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32),
    returned_at timestamptz,
    returned_by uuid REFERENCES office.staff,
    returned_import bigint,
    PRIMARY KEY (run, number),
    CONSTRAINT notice_letter_returned_whole CHECK ((returned_at IS NULL) = (returned_by IS NULL)
        AND (returned_at IS NULL) = (returned_import IS NULL))
);
CREATE INDEX notice_letter_of ON office.notice_letter (resident) WHERE returned_at IS NOT NULL;
COMMENT ON TABLE office.notice_letter IS 'The letters of a run, each once.';
COMMENT ON COLUMN office.notice_letter.run IS 'Of which run.';
COMMENT ON COLUMN office.notice_letter.number IS 'Its place in the run, from 1; printed on it.';
COMMENT ON COLUMN office.notice_letter.resident IS 'To whom. Not a reference: who was added to the roster is deleted when that import is undone.';
COMMENT ON COLUMN office.notice_letter.content_hash IS 'SHA-256 over what it says; printed on it.';
COMMENT ON COLUMN office.notice_letter.returned_at IS 'When it came back (宛所不明).';
COMMENT ON COLUMN office.notice_letter.returned_by IS 'Who scanned it.';
COMMENT ON COLUMN office.notice_letter.returned_import IS 'The import of the roster that had last changed the addressee: once a later one has, they are written to again.';

CREATE TABLE office.notice_unset (
    run uuid NOT NULL REFERENCES office.notice_run,
    resident uuid NOT NULL,
    why bytea NOT NULL,
    PRIMARY KEY (run, resident)
);
COMMENT ON TABLE office.notice_unset IS 'Letters that a run leaves out because they can not be set: too long, or a character that no font has.';
COMMENT ON COLUMN office.notice_unset.run IS 'Of which run.';
COMMENT ON COLUMN office.notice_unset.resident IS 'The first whom the letter is about. Not a reference, as in office.notice_letter.';
COMMENT ON COLUMN office.notice_unset.why IS 'What does not fit, or which character: sealed.';

CREATE TABLE office.notice_bundle (
    run uuid NOT NULL REFERENCES office.notice_run,
    number integer NOT NULL CHECK (number > 0),
    first integer NOT NULL CHECK (first > 0),
    last integer NOT NULL,
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    bytes bigint NOT NULL CHECK (bytes > 0),
    pages integer NOT NULL CHECK (pages > 0),
    made_at timestamptz NOT NULL,
    made_by uuid NOT NULL REFERENCES office.staff,
    desk text NOT NULL,
    PRIMARY KEY (run, number),
    CONSTRAINT notice_bundle_in_order CHECK (first <= last)
);
COMMENT ON TABLE office.notice_bundle IS 'Files of a run for printer and folding machine, each once.';
COMMENT ON COLUMN office.notice_bundle.run IS 'Of which run.';
COMMENT ON COLUMN office.notice_bundle.number IS 'From 1.';
COMMENT ON COLUMN office.notice_bundle.first IS 'Its first letter.';
COMMENT ON COLUMN office.notice_bundle.last IS 'Its last letter.';
COMMENT ON COLUMN office.notice_bundle.sha256 IS 'Of the file.';
COMMENT ON COLUMN office.notice_bundle.bytes IS 'Its length.';
COMMENT ON COLUMN office.notice_bundle.pages IS 'Its pages, the bundle sheet included.';
COMMENT ON COLUMN office.notice_bundle.made_at IS 'When it was whole on the disk.';
COMMENT ON COLUMN office.notice_bundle.made_by IS 'By whom.';
COMMENT ON COLUMN office.notice_bundle.desk IS 'At which desk: the file lies there.';

CREATE TABLE office.notice_printing (
    run uuid NOT NULL,
    bundle integer NOT NULL,
    attempt integer NOT NULL CHECK (attempt > 0),
    printer text NOT NULL,
    desk text NOT NULL,
    sent_at timestamptz NOT NULL,
    sent_by uuid NOT NULL REFERENCES office.staff,
    job integer,
    ended_at timestamptz,
    ended_by uuid REFERENCES office.staff,
    outcome text CHECK (outcome IN ('printed', 'not_printed')),
    by_eye boolean,
    PRIMARY KEY (run, bundle, attempt),
    FOREIGN KEY (run, bundle) REFERENCES office.notice_bundle,
    CONSTRAINT notice_printing_ends_whole CHECK ((ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (outcome IS NULL)
        AND (ended_at IS NULL) = (by_eye IS NULL)),
    CONSTRAINT notice_printing_ends_after_it_began CHECK (ended_at >= sent_at),
    CONSTRAINT notice_printed_by_a_job CHECK (outcome <> 'printed' OR by_eye OR job IS NOT NULL)
);
CREATE UNIQUE INDEX notice_printing_one_at_a_time ON office.notice_printing (run, bundle) WHERE outcome IS DISTINCT FROM 'not_printed';
COMMENT ON TABLE office.notice_printing IS 'Each time a bundle was sent to a printer. While one has no end, or ended as printed, the bundle is not sent again.';
COMMENT ON COLUMN office.notice_printing.run IS 'Of which run.';
COMMENT ON COLUMN office.notice_printing.bundle IS 'Which bundle.';
COMMENT ON COLUMN office.notice_printing.attempt IS 'From 1; the printer''s job is called run-bundle-attempt.';
COMMENT ON COLUMN office.notice_printing.printer IS 'The printer''s address.';
COMMENT ON COLUMN office.notice_printing.desk IS 'From which desk.';
COMMENT ON COLUMN office.notice_printing.sent_at IS 'When; written before it is sent.';
COMMENT ON COLUMN office.notice_printing.sent_by IS 'By whom.';
COMMENT ON COLUMN office.notice_printing.job IS 'The printer''s number for it, once it told one.';
COMMENT ON COLUMN office.notice_printing.ended_at IS 'When its end was known.';
COMMENT ON COLUMN office.notice_printing.ended_by IS 'Who asked the printer then, or said it.';
COMMENT ON COLUMN office.notice_printing.outcome IS 'printed: all of it came out. not_printed: it did not, and what did is shredded.';
COMMENT ON COLUMN office.notice_printing.by_eye IS 'Whether a person said so, who looked; else the printer did.';

-- What was counted, released, sent, printed, posted or came back is what an act says, and stays so, whoever writes.
CREATE FUNCTION office.check_notice_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    broken text;
BEGIN
    broken := CASE
        WHEN TG_OP = 'INSERT' THEN CASE WHEN num_nonnulls(NEW.released_at, NEW.approved_at, NEW.posted_at, NEW.withdrawn_at) > 0
            THEN 'notice_run_begins_counted' END
        WHEN OLD.withdrawn_at IS NOT NULL
            OR (OLD.id, OLD.number, OLD.kind, OLD.version, OLD.language, OLD.large, OLD.dated, OLD.import, OLD.letters, OLD.people,
                OLD.excluded, OLD.digest, OLD.bundle_size, OLD.counted_at, OLD.counted_by)
                IS DISTINCT FROM (NEW.id, NEW.number, NEW.kind, NEW.version, NEW.language, NEW.large, NEW.dated, NEW.import, NEW.letters,
                NEW.people, NEW.excluded, NEW.digest, NEW.bundle_size, NEW.counted_at, NEW.counted_by)
            OR OLD.released_at IS NOT NULL AND (OLD.released_at, OLD.released_by) IS DISTINCT FROM (NEW.released_at, NEW.released_by)
            OR OLD.approved_at IS NOT NULL AND (OLD.approved_at, OLD.approved_by) IS DISTINCT FROM (NEW.approved_at, NEW.approved_by)
            OR OLD.posted_at IS NOT NULL AND (OLD.posted_at, OLD.posted_by) IS DISTINCT FROM (NEW.posted_at, NEW.posted_by)
            THEN 'notice_run_goes_on'
        WHEN NEW.approved_at IS NOT NULL AND OLD.released_at IS NULL THEN 'notice_run_released_first'
        WHEN NEW.posted_at IS NOT NULL AND OLD.posted_at IS NULL AND (SELECT coalesce(sum(b.last - b.first + 1), 0)
            FROM office.notice_bundle b WHERE b.run = NEW.id AND EXISTS (SELECT FROM office.notice_printing p
            WHERE p.run = b.run AND p.bundle = b.number AND p.outcome = 'printed')) <> NEW.letters THEN 'notice_run_posted_whole'
        WHEN NEW.withdrawn_at IS NOT NULL AND EXISTS (SELECT FROM office.notice_printing p WHERE p.run = NEW.id AND p.ended_at IS NULL)
            THEN 'notice_run_lies_at_no_printer'
    END;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'a run is counted, released by two, printed whole and posted, and nothing of it is taken back'
            USING ERRCODE = 'check_violation', CONSTRAINT = broken, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_notice_run() IS 'Refuses that a run begins as released, that what was counted, released or posted is changed, and that it is posted before every letter is printed or given up while a printer has some of it.';
CREATE TRIGGER notice_run_goes_on AFTER INSERT OR UPDATE ON office.notice_run FOR EACH ROW EXECUTE FUNCTION office.check_notice_run();

CREATE FUNCTION office.check_notice_run_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    about jsonb := jsonb_build_object('number', NEW.number);
    broken text;
BEGIN
    broken := CASE
        WHEN NOT office.is_told('notice.run_counted', NEW.counted_at, NEW.counted_by::text, about)
            OR NEW.released_at IS NOT NULL AND NOT office.is_told('notice.run_released', NEW.released_at, NEW.released_by::text, about)
            OR NEW.approved_at IS NOT NULL AND NOT office.is_told('notice.run_approved', NEW.approved_at, NEW.approved_by::text, about)
            OR NEW.posted_at IS NOT NULL AND NOT office.is_told('notice.run_posted', NEW.posted_at, NEW.posted_by::text, about)
            OR NEW.withdrawn_at IS NOT NULL AND NOT office.is_told('notice.run_withdrawn', NEW.withdrawn_at, NEW.withdrawn_by::text, about)
            THEN 'notice_run_is_told'
        WHEN TG_OP = 'INSERT' AND (SELECT count(*) FROM office.notice_letter l WHERE l.run = NEW.id) <> NEW.letters
            THEN 'notice_run_counted_whole'
    END;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'a run goes on by acts of whoever is there' USING ERRCODE = 'check_violation',
            CONSTRAINT = broken, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_notice_run_told() IS 'Refuses, at commit, a step of a run that the trail does not know as done by whom it names, and a run without all of its letters.';
CREATE CONSTRAINT TRIGGER notice_run_is_told AFTER INSERT OR UPDATE ON office.notice_run
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_notice_run_told();

CREATE FUNCTION office.check_notice_letters() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT run FROM added) a JOIN office.notice_run r ON r.id = a.run
            WHERE r.xmin <> pg_current_xact_id()::xid OR r.released_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the letters of a run are counted with it' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'notice_letter_counted_with_its_run', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_notice_letters() IS 'Refuses a letter, or one left out, that is added to a run that was counted before.';
CREATE TRIGGER notice_letter_counted_with_its_run AFTER INSERT ON office.notice_letter
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION office.check_notice_letters();
CREATE TRIGGER notice_unset_counted_with_its_run AFTER INSERT ON office.notice_unset
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION office.check_notice_letters();

CREATE FUNCTION office.check_notice_letter() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept record;
    broken text;
BEGIN
    SELECT r.number, r.posted_at INTO kept FROM office.notice_run r WHERE r.id = NEW.run;
    broken := CASE
        WHEN OLD.returned_at IS NOT NULL OR (OLD.run, OLD.number, OLD.resident, OLD.content_hash)
            IS DISTINCT FROM (NEW.run, NEW.number, NEW.resident, NEW.content_hash) THEN 'notice_letter_stays'
        WHEN kept.posted_at IS NULL THEN 'notice_letter_returned_after_posting'
        WHEN NOT office.is_told('notice.letter_returned', NEW.returned_at, NEW.returned_by::text,
            jsonb_build_object('number', kept.number, 'letter', NEW.number)) THEN 'notice_letter_is_told'
    END;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'a letter that was posted comes back once, by an act' USING ERRCODE = 'check_violation',
            CONSTRAINT = broken, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_notice_letter() IS 'Refuses, at commit, that a letter is changed, or comes back twice, unposted or untold.';
CREATE CONSTRAINT TRIGGER notice_letter_is_told AFTER UPDATE ON office.notice_letter
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_notice_letter();

CREATE FUNCTION office.check_notice_bundle() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept record;
    broken text;
BEGIN
    SELECT r.letters, r.bundle_size, r.approved_at, r.withdrawn_at INTO kept FROM office.notice_run r WHERE r.id = NEW.run;
    broken := CASE
        WHEN TG_OP = 'UPDATE' THEN 'notice_bundle_stays'
        WHEN kept.approved_at IS NULL OR kept.withdrawn_at IS NOT NULL THEN 'notice_bundle_of_released_run'
        WHEN NEW.first <> (NEW.number - 1) * kept.bundle_size + 1 OR NEW.last <> least(NEW.number * kept.bundle_size, kept.letters)
            THEN 'notice_bundle_in_its_place'
    END;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'a bundle is made once two people released its run, in its place, and stays so' USING ERRCODE = 'check_violation',
            CONSTRAINT = broken, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_notice_bundle() IS 'Refuses a bundle of a run that two people have not released, one out of its place, and that one is changed.';
CREATE TRIGGER notice_bundle_in_its_place AFTER INSERT OR UPDATE ON office.notice_bundle
    FOR EACH ROW EXECUTE FUNCTION office.check_notice_bundle();

CREATE FUNCTION office.check_notice_printing() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept record;
    broken text;
BEGIN
    SELECT r.posted_at, r.withdrawn_at INTO kept FROM office.notice_run r WHERE r.id = NEW.run;
    broken := CASE
        WHEN TG_OP = 'INSERT' THEN CASE
            WHEN num_nonnulls(NEW.job, NEW.ended_at) > 0 THEN 'notice_printing_begins_open'
            WHEN num_nonnulls(kept.posted_at, kept.withdrawn_at) > 0 THEN 'notice_printing_of_going_run'
            WHEN NEW.attempt <> (SELECT count(*) FROM office.notice_printing p WHERE p.run = NEW.run AND p.bundle = NEW.bundle)
                THEN 'notice_printing_in_order'
            END
        WHEN OLD.ended_at IS NOT NULL OR OLD.job IS NOT NULL AND OLD.job IS DISTINCT FROM NEW.job
            OR (OLD.run, OLD.bundle, OLD.attempt, OLD.printer, OLD.desk, OLD.sent_at, OLD.sent_by)
            IS DISTINCT FROM (NEW.run, NEW.bundle, NEW.attempt, NEW.printer, NEW.desk, NEW.sent_at, NEW.sent_by) THEN 'notice_printing_stays'
    END;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'what was sent to a printer, and how it ended, stays so' USING ERRCODE = 'check_violation',
            CONSTRAINT = broken, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_notice_printing() IS 'Refuses a sending that is no beginning, one of a run that is over, and that how one ended is changed or taken back.';
CREATE TRIGGER notice_printing_goes_on AFTER INSERT OR UPDATE ON office.notice_printing
    FOR EACH ROW EXECUTE FUNCTION office.check_notice_printing();

CREATE FUNCTION office.check_notice_bundle_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    run_number bigint;
    about jsonb;
    told boolean;
BEGIN
    SELECT r.number INTO run_number FROM office.notice_run r WHERE r.id = NEW.run;
    IF TG_TABLE_NAME = 'notice_bundle' THEN
        about := jsonb_build_object('number', run_number, 'bundle', NEW.number);
        told := office.is_told('notice.bundle_made', NEW.made_at, NEW.made_by::text, about);
    ELSE
        about := jsonb_build_object('number', run_number, 'bundle', NEW.bundle);
        told := office.is_told('notice.bundle_sent', NEW.sent_at, NEW.sent_by::text, about)
            AND (NEW.ended_at IS NULL OR office.is_told(CASE WHEN NEW.by_eye THEN 'notice.bundle_settled'
                WHEN NEW.outcome = 'printed' THEN 'notice.bundle_printed' ELSE 'notice.bundle_not_printed' END,
                NEW.ended_at, NEW.ended_by::text, CASE WHEN NEW.by_eye
                THEN about || jsonb_build_object('printed', NEW.outcome = 'printed') ELSE about END));
    END IF;
    IF NOT told THEN
        RAISE EXCEPTION 'a bundle is made, sent and settled by acts of whoever is there' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'notice_bundle_is_told', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_notice_bundle_told() IS 'Refuses, at commit, a bundle made, sent or settled that the trail does not know as done by whom it names.';
CREATE CONSTRAINT TRIGGER notice_bundle_is_told AFTER INSERT ON office.notice_bundle
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_notice_bundle_told();
CREATE CONSTRAINT TRIGGER notice_printing_is_told AFTER INSERT OR UPDATE ON office.notice_printing
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_notice_bundle_told();

CREATE TRIGGER notice_run_is_kept BEFORE DELETE OR TRUNCATE ON office.notice_run FOR EACH STATEMENT EXECUTE FUNCTION office.refuse_change();
CREATE TRIGGER notice_letter_is_kept BEFORE DELETE OR TRUNCATE ON office.notice_letter FOR EACH STATEMENT EXECUTE FUNCTION office.refuse_change();
CREATE TRIGGER notice_unset_is_kept BEFORE DELETE OR TRUNCATE ON office.notice_unset FOR EACH STATEMENT EXECUTE FUNCTION office.refuse_change();
CREATE TRIGGER notice_bundle_is_kept BEFORE DELETE OR TRUNCATE ON office.notice_bundle FOR EACH STATEMENT EXECUTE FUNCTION office.refuse_change();
CREATE TRIGGER notice_printing_is_kept BEFORE DELETE OR TRUNCATE ON office.notice_printing FOR EACH STATEMENT EXECUTE FUNCTION office.refuse_change();

INSERT INTO office.audit_act (act, meaning) VALUES
    ('notice.run_counted', 'The letters of a run were counted.'),
    ('notice.run_released', 'The first of two people released a run.'),
    ('notice.run_approved', 'The second of two people released a run.'),
    ('notice.bundle_made', 'A bundle of letters was made.'),
    ('notice.bundle_sent', 'A bundle of letters is sent to the printer.'),
    ('notice.bundle_printed', 'The printer said that it had printed a bundle.'),
    ('notice.bundle_not_printed', 'The printer said that it had not printed a bundle.'),
    ('notice.bundle_settled', 'A person looked and said whether a bundle had been printed.'),
    ('notice.run_posted', 'A run was handed to the post office.'),
    ('notice.run_withdrawn', 'A run was given up.'),
    ('notice.letter_returned', 'A letter of a run came back.');

GRANT SELECT ON office.notice_run, office.notice_letter, office.notice_unset, office.notice_bundle, office.notice_printing TO madoguchi_office;
GRANT INSERT (id, kind, version, language, large, dated, import, letters, people, excluded, digest, bundle_size, counted_at, counted_by),
    UPDATE (released_at, released_by, approved_at, approved_by, posted_at, posted_by, withdrawn_at, withdrawn_by)
    ON office.notice_run TO madoguchi_office;
GRANT INSERT (run, number, resident, content_hash), UPDATE (returned_at, returned_by, returned_import)
    ON office.notice_letter TO madoguchi_office;
GRANT INSERT ON office.notice_unset, office.notice_bundle TO madoguchi_office;
GRANT INSERT (run, bundle, attempt, printer, desk, sent_at, sent_by), UPDATE (job, ended_at, ended_by, outcome, by_eye)
    ON office.notice_printing TO madoguchi_office;
