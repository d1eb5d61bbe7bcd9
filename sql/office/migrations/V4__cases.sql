-- Cases from application to handover, who holds them, what went wrong with them.

CREATE TABLE office.case_number (
    year smallint PRIMARY KEY CHECK (year BETWEEN 2000 AND 2999),
    last integer NOT NULL CHECK (last > 0)
);
COMMENT ON TABLE office.case_number IS '受付番号 given so far. The row is locked while a case is opened, so the numbers have no gaps.';
COMMENT ON COLUMN office.case_number.year IS 'Calendar year in Japan.';
COMMENT ON COLUMN office.case_number.last IS 'The last number given in it.';

CREATE TABLE office.card_case (
    id uuid PRIMARY KEY,
    year smallint NOT NULL REFERENCES office.case_number,
    serial integer NOT NULL CHECK (serial > 0),
    resident uuid NOT NULL REFERENCES office.resident,
    state text NOT NULL CHECK (state IN ('applied', 'verified', 'making', 'made', 'shelved', 'handed_over', 'cancelled')),
    since timestamptz NOT NULL,
    version bigint NOT NULL DEFAULT 1 CHECK (version > 0),
    card uuid,
    shelf text CHECK (length(shelf) BETWEEN 1 AND 16),
    application bytea NOT NULL,
    despite bytea,
    opened_at timestamptz NOT NULL,
    opened_by uuid NOT NULL REFERENCES office.staff,
    verification bytea,
    verified_at timestamptz,
    verified_by uuid REFERENCES office.staff,
    cancellation bytea,
    closed_at timestamptz,
    CONSTRAINT case_number_once UNIQUE (year, serial),
    CONSTRAINT case_card_from_making CHECK ((card IS NOT NULL) = (state IN ('making', 'made', 'shelved', 'handed_over'))),
    CONSTRAINT case_shelf_when_shelved CHECK ((shelf IS NOT NULL) = (state = 'shelved')),
    CONSTRAINT case_verified_before_card CHECK (state IN ('applied', 'cancelled') OR verification IS NOT NULL),
    CONSTRAINT case_verified_by_someone CHECK ((verification IS NULL) = (verified_at IS NULL) AND (verification IS NULL) = (verified_by IS NULL)),
    CONSTRAINT case_closed_at_its_end CHECK ((closed_at IS NOT NULL) = (state IN ('handed_over', 'cancelled'))),
    CONSTRAINT case_cancelled_with_reason CHECK ((cancellation IS NOT NULL) = (state = 'cancelled'))
);
CREATE UNIQUE INDEX case_open_once ON office.card_case (resident) WHERE state NOT IN ('handed_over', 'cancelled');
CREATE UNIQUE INDEX shelf_place_once ON office.card_case (shelf) WHERE shelf IS NOT NULL;
CREATE UNIQUE INDEX case_of_card ON office.card_case (card) WHERE card IS NOT NULL;
CREATE INDEX case_of_resident ON office.card_case (resident);
CREATE INDEX case_by_state ON office.card_case (state, since) WHERE state NOT IN ('handed_over', 'cancelled');
CREATE INDEX case_by_closing ON office.card_case (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX case_by_opening ON office.card_case (opened_at);
COMMENT ON TABLE office.card_case IS '案件: one application for one resident''s card and all that follows from it.';
COMMENT ON COLUMN office.card_case.id IS 'Id in every record.';
COMMENT ON COLUMN office.card_case.year IS 'Year of the 受付番号.';
COMMENT ON COLUMN office.card_case.serial IS 'Running number of the 受付番号 within the year.';
COMMENT ON COLUMN office.card_case.resident IS 'For whom; one open case each.';
COMMENT ON COLUMN office.card_case.state IS 'Where it stands (issuance::case::CaseState).';
COMMENT ON COLUMN office.card_case.since IS 'When it came to stand there.';
COMMENT ON COLUMN office.card_case.version IS 'Grows with every change; an order decided on an older one is refused.';
COMMENT ON COLUMN office.card_case.card IS 'The card bound to it, from making on.';
COMMENT ON COLUMN office.card_case.shelf IS 'Place in the locked shelf, held by one card at a time.';
COMMENT ON COLUMN office.card_case.application IS 'The application, sealed.';
COMMENT ON COLUMN office.card_case.despite IS 'Why it was taken although other records may be the same person, sealed.';
COMMENT ON COLUMN office.card_case.opened_at IS 'When the application was taken.';
COMMENT ON COLUMN office.card_case.opened_by IS 'By whom.';
COMMENT ON COLUMN office.card_case.verification IS 'The identity verification with every fact and exception, sealed.';
COMMENT ON COLUMN office.card_case.verified_at IS 'When the person was verified.';
COMMENT ON COLUMN office.card_case.verified_by IS 'By whom.';
COMMENT ON COLUMN office.card_case.cancellation IS 'Why it ended without a card, sealed.';
COMMENT ON COLUMN office.card_case.closed_at IS 'When it ended.';

CREATE TABLE office.case_lease (
    case_id uuid PRIMARY KEY REFERENCES office.card_case,
    staff uuid NOT NULL REFERENCES office.staff,
    desk text NOT NULL,
    session uuid NOT NULL REFERENCES office.staff_session,
    taken_at timestamptz NOT NULL,
    until timestamptz NOT NULL CHECK (until > taken_at)
);
CREATE INDEX lease_of_session ON office.case_lease (session);
COMMENT ON TABLE office.case_lease IS 'Who has a case open: one desk at a time, for a while, renewed while it works.';
COMMENT ON COLUMN office.case_lease.case_id IS 'Which case.';
COMMENT ON COLUMN office.case_lease.staff IS 'Who.';
COMMENT ON COLUMN office.case_lease.desk IS 'Where.';
COMMENT ON COLUMN office.case_lease.session IS 'In which session.';
COMMENT ON COLUMN office.case_lease.taken_at IS 'Since when.';
COMMENT ON COLUMN office.case_lease.until IS 'When another may take it without breaking it.';

CREATE TABLE office.second_approval (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES office.card_case,
    purpose text NOT NULL CHECK (purpose IN ('verification_exception', 'making', 'handover')),
    maker uuid NOT NULL REFERENCES office.staff,
    checker uuid NOT NULL REFERENCES office.staff,
    at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT approval_by_another CHECK (maker <> checker)
);
CREATE INDEX approval_of_case ON office.second_approval (case_id, purpose);
COMMENT ON TABLE office.second_approval IS 'A second clerk''s agreement, given with their own card and password, used once.';
COMMENT ON COLUMN office.second_approval.id IS 'The approval.';
COMMENT ON COLUMN office.second_approval.case_id IS 'For which case.';
COMMENT ON COLUMN office.second_approval.purpose IS 'For what.';
COMMENT ON COLUMN office.second_approval.maker IS 'Who asked.';
COMMENT ON COLUMN office.second_approval.checker IS 'Who agreed: always another.';
COMMENT ON COLUMN office.second_approval.at IS 'When.';
COMMENT ON COLUMN office.second_approval.used_at IS 'When it was used up.';

CREATE TABLE office.delivery_notice (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES office.card_case,
    token_index bytea NOT NULL CONSTRAINT notice_token_once UNIQUE CHECK (octet_length(token_index) = 32),
    token bytea NOT NULL,
    issued_at timestamptz NOT NULL,
    issued_by uuid NOT NULL REFERENCES office.staff,
    replaced_at timestamptz
);
CREATE UNIQUE INDEX notice_one_good ON office.delivery_notice (case_id) WHERE replaced_at IS NULL;
COMMENT ON TABLE office.delivery_notice IS '交付通知書: what its QR proves. One at a time is good for each case.';
COMMENT ON COLUMN office.delivery_notice.id IS 'The notice.';
COMMENT ON COLUMN office.delivery_notice.case_id IS 'For which case.';
COMMENT ON COLUMN office.delivery_notice.token_index IS 'The random token of the QR as a keyed hash, for finding the case.';
COMMENT ON COLUMN office.delivery_notice.token IS 'The token, sealed: the same notice can be printed again.';
COMMENT ON COLUMN office.delivery_notice.issued_at IS 'When.';
COMMENT ON COLUMN office.delivery_notice.issued_by IS 'By whom.';
COMMENT ON COLUMN office.delivery_notice.replaced_at IS 'When a newer notice took its place.';

CREATE TABLE office.printed_paper (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES office.card_case,
    paper text NOT NULL CHECK (paper IN ('application', 'notice', 'receipt')),
    file_hash bytea NOT NULL CHECK (octet_length(file_hash) = 32),
    pages smallint NOT NULL CHECK (pages > 0),
    printed_at timestamptz NOT NULL,
    printed_by uuid NOT NULL REFERENCES office.staff
);
CREATE INDEX paper_of_case ON office.printed_paper (case_id, printed_at);
COMMENT ON TABLE office.printed_paper IS 'Papers printed for a case, recorded once the file was written.';
COMMENT ON COLUMN office.printed_paper.id IS 'The print.';
COMMENT ON COLUMN office.printed_paper.case_id IS 'For which case.';
COMMENT ON COLUMN office.printed_paper.paper IS 'Which paper: 申請書, 交付通知書, 受領票.';
COMMENT ON COLUMN office.printed_paper.file_hash IS 'SHA-256 of the PDF.';
COMMENT ON COLUMN office.printed_paper.pages IS 'Its pages.';
COMMENT ON COLUMN office.printed_paper.printed_at IS 'When.';
COMMENT ON COLUMN office.printed_paper.printed_by IS 'By whom.';

CREATE TABLE office.incident (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES office.card_case,
    kind text NOT NULL CHECK (kind IN ('handover_mismatch', 'pin_blocked', 'card_fault', 'other')),
    mismatched text[] NOT NULL DEFAULT '{}' CHECK (mismatched <@ ARRAY['other_case', 'other_token', 'other_shelf', 'other_chip', 'pin_not_set', 'sights_missing']),
    note bytea NOT NULL,
    opened_at timestamptz NOT NULL,
    opened_by uuid NOT NULL REFERENCES office.staff,
    closed_at timestamptz,
    closed_by uuid REFERENCES office.staff,
    ending bytea,
    CONSTRAINT incident_closed_by_someone CHECK ((closed_at IS NULL) = (closed_by IS NULL) AND (closed_at IS NULL) = (ending IS NULL))
);
CREATE INDEX incident_of_case ON office.incident (case_id) WHERE closed_at IS NULL;
COMMENT ON TABLE office.incident IS 'Something that went wrong with a case; open until someone says how it ended.';
COMMENT ON COLUMN office.incident.id IS 'The incident.';
COMMENT ON COLUMN office.incident.case_id IS 'Of which case.';
COMMENT ON COLUMN office.incident.kind IS 'What kind.';
COMMENT ON COLUMN office.incident.mismatched IS 'At a handover: what did not agree.';
COMMENT ON COLUMN office.incident.note IS 'The clerk''s words, sealed.';
COMMENT ON COLUMN office.incident.opened_at IS 'When.';
COMMENT ON COLUMN office.incident.opened_by IS 'By whom.';
COMMENT ON COLUMN office.incident.closed_at IS 'When it was settled.';
COMMENT ON COLUMN office.incident.closed_by IS 'By whom.';
COMMENT ON COLUMN office.incident.ending IS 'How it was settled, sealed.';

CREATE TABLE office.case_timing (
    act uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES office.card_case,
    phase text NOT NULL CHECK (phase IN ('application', 'verification', 'making', 'handover')),
    took_us bigint NOT NULL CHECK (took_us >= 0),
    at timestamptz NOT NULL
);
CREATE INDEX timing_by_day ON office.case_timing (at);
COMMENT ON TABLE office.case_timing IS 'How long each phase of a case took at the counter, for the day''s figures.';
COMMENT ON COLUMN office.case_timing.act IS 'The act that ended the phase.';
COMMENT ON COLUMN office.case_timing.case_id IS 'Of which case.';
COMMENT ON COLUMN office.case_timing.phase IS '受付, 確認, 作成, 交付.';
COMMENT ON COLUMN office.case_timing.took_us IS 'How long, in microseconds.';
COMMENT ON COLUMN office.case_timing.at IS 'When it ended.';

GRANT SELECT, INSERT, UPDATE (last) ON office.case_number TO madoguchi_office;
GRANT SELECT, INSERT, UPDATE (state, since, version, card, shelf, verification, verified_at, verified_by, cancellation, closed_at)
    ON office.card_case TO madoguchi_office;
GRANT SELECT, INSERT, UPDATE, DELETE ON office.case_lease TO madoguchi_office;
GRANT SELECT, INSERT, UPDATE (used_at) ON office.second_approval TO madoguchi_office;
GRANT SELECT, INSERT, UPDATE (replaced_at) ON office.delivery_notice TO madoguchi_office;
GRANT SELECT, INSERT ON office.printed_paper TO madoguchi_office;
GRANT SELECT, INSERT, UPDATE (closed_at, closed_by, ending) ON office.incident TO madoguchi_office;
GRANT SELECT, INSERT ON office.case_timing TO madoguchi_office;
