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
    printed_at timestamptz,
    printed_by uuid REFERENCES office.staff,
    printer_job text,
    PRIMARY KEY (run, number),
    CONSTRAINT notice_bundle_in_order CHECK (first <= last),
    CONSTRAINT notice_bundle_printed_whole CHECK ((printed_at IS NULL) = (printed_by IS NULL)
        AND (printed_at IS NULL) = (printer_job IS NULL))
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
COMMENT ON COLUMN office.notice_bundle.printed_at IS 'When the printer said that it had printed it; never taken back.';
COMMENT ON COLUMN office.notice_bundle.printed_by IS 'Who sent it.';
COMMENT ON COLUMN office.notice_bundle.printer_job IS 'The printer''s job.';

-- What was released, printed, posted or came back stays so, whoever writes.
CREATE FUNCTION office.check_notice_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.released_at IS NOT NULL AND (OLD.released_at, OLD.released_by) IS DISTINCT FROM (NEW.released_at, NEW.released_by)
        OR OLD.approved_at IS NOT NULL AND (OLD.approved_at, OLD.approved_by) IS DISTINCT FROM (NEW.approved_at, NEW.approved_by)
        OR OLD.posted_at IS NOT NULL AND (OLD.posted_at, OLD.posted_by) IS DISTINCT FROM (NEW.posted_at, NEW.posted_by)
        OR OLD.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'what was released or posted stays so' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'notice_run_goes_on', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    IF NEW.posted_at IS NOT NULL AND OLD.posted_at IS NULL AND (EXISTS (SELECT FROM office.notice_bundle b
            WHERE b.run = NEW.id AND b.printed_at IS NULL)
            OR (SELECT coalesce(sum(b.last - b.first + 1), 0) FROM office.notice_bundle b WHERE b.run = NEW.id) <> NEW.letters) THEN
        RAISE EXCEPTION 'a run is posted when every letter is printed' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'notice_run_posted_whole', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_notice_run() IS 'Refuses that a release or a posting is taken back, and that a run is posted before every letter is printed.';
CREATE TRIGGER notice_run_goes_on AFTER UPDATE ON office.notice_run FOR EACH ROW EXECUTE FUNCTION office.check_notice_run();

CREATE FUNCTION office.check_notice_bundle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept record;
BEGIN
    SELECT r.letters, r.bundle_size, r.approved_at, r.withdrawn_at INTO kept FROM office.notice_run r WHERE r.id = NEW.run;
    IF kept.approved_at IS NULL OR kept.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'a run is made once two people released it' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'notice_bundle_of_released_run', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    IF NEW.first <> (NEW.number - 1) * kept.bundle_size + 1 OR NEW.last <> least(NEW.number * kept.bundle_size, kept.letters) THEN
        RAISE EXCEPTION 'no letter twice, none left out' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'notice_bundle_in_its_place', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.printed_at IS NOT NULL AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'what was printed stays so' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'notice_bundle_stays_printed', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_notice_bundle() IS 'Refuses a bundle of a run that two people have not released, one out of its place, and that a printing is taken back.';
CREATE TRIGGER notice_bundle_is_kept AFTER INSERT OR UPDATE ON office.notice_bundle
    FOR EACH ROW EXECUTE FUNCTION office.check_notice_bundle();

INSERT INTO office.audit_act (act, meaning) VALUES
    ('notice.run_counted', 'The letters of a run were counted.'),
    ('notice.run_released', 'The first of two people released a run.'),
    ('notice.run_approved', 'The second of two people released a run.'),
    ('notice.bundle_made', 'A bundle of letters was made.'),
    ('notice.bundle_printed', 'The printer said that it had printed a bundle.'),
    ('notice.run_posted', 'A run was handed to the post office.'),
    ('notice.run_withdrawn', 'A run was given up.'),
    ('notice.letter_returned', 'A letter of a run came back.');

GRANT SELECT, INSERT ON office.notice_run, office.notice_letter, office.notice_bundle TO madoguchi_office;
GRANT UPDATE (released_at, released_by, approved_at, approved_by, posted_at, posted_by, withdrawn_at, withdrawn_by)
    ON office.notice_run TO madoguchi_office;
GRANT UPDATE (returned_at, returned_by, returned_import) ON office.notice_letter TO madoguchi_office;
GRANT UPDATE (printed_at, printed_by, printer_job) ON office.notice_bundle TO madoguchi_office;
