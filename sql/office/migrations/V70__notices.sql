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

INSERT INTO office.audit_act (act, meaning) VALUES
    ('notice.facts_imported', 'A file of facts for a notice was taken in.'),
    ('notice.wish_recorded', 'A resident''s wish about letters was recorded: none, or elsewhere.'),
    ('notice.wish_ended', 'A resident''s wish about letters was ended.');

GRANT SELECT ON office.notice_import, office.notice_fact, office.notice_wish TO madoguchi_office;
GRANT SELECT ON office.notice_import TO madoguchi_import;
GRANT INSERT ON office.notice_import, office.notice_fact TO madoguchi_import;
GRANT INSERT, UPDATE (ended_at, ended_by) ON office.notice_wish TO madoguchi_office;
