-- The office's own people and their sessions at desks.

CREATE TABLE office.staff (
    id uuid PRIMARY KEY,
    number text NOT NULL CONSTRAINT staff_number_once UNIQUE CHECK (length(number) BETWEEN 1 AND 20),
    name bytea NOT NULL,
    added_at timestamptz NOT NULL,
    disabled_at timestamptz,
    disabled_reason text,
    CONSTRAINT staff_disabled_with_reason CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);
COMMENT ON TABLE office.staff IS 'Members of the staff; never deleted, so that the trail keeps its names.';
COMMENT ON COLUMN office.staff.id IS 'Id in every record.';
COMMENT ON COLUMN office.staff.number IS '職員番号, as printed on the staff card.';
COMMENT ON COLUMN office.staff.name IS 'Name, sealed.';
COMMENT ON COLUMN office.staff.added_at IS 'When they were registered.';
COMMENT ON COLUMN office.staff.disabled_at IS 'Since when they may not log in.';
COMMENT ON COLUMN office.staff.disabled_reason IS 'Why: left, lost_card, suspended.';

CREATE TABLE office.staff_role (
    staff uuid NOT NULL REFERENCES office.staff,
    role text NOT NULL CHECK (role IN ('reception', 'verification', 'issuing', 'handover', 'protected_address', 'administration')),
    PRIMARY KEY (staff, role)
);
COMMENT ON TABLE office.staff_role IS 'What a member of the staff may do.';
COMMENT ON COLUMN office.staff_role.staff IS 'Who.';
COMMENT ON COLUMN office.staff_role.role IS 'Which role (issuance::staff::Role).';

CREATE TABLE office.staff_certificate (
    serial bytea PRIMARY KEY CHECK (octet_length(serial) BETWEEN 1 AND 20),
    staff uuid NOT NULL REFERENCES office.staff,
    since timestamptz NOT NULL,
    until timestamptz
);
CREATE UNIQUE INDEX staff_one_certificate ON office.staff_certificate (staff) WHERE until IS NULL;
COMMENT ON TABLE office.staff_certificate IS 'Certificates of staff cards; one at a time is good for each person.';
COMMENT ON COLUMN office.staff_certificate.serial IS 'Serial number of the certificate.';
COMMENT ON COLUMN office.staff_certificate.staff IS 'Whose.';
COMMENT ON COLUMN office.staff_certificate.since IS 'When it was registered.';
COMMENT ON COLUMN office.staff_certificate.until IS 'When another took its place.';

CREATE TABLE office.staff_session (
    id uuid PRIMARY KEY,
    staff uuid NOT NULL REFERENCES office.staff,
    desk text NOT NULL CHECK (desk <> ''),
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    ending text CHECK (ending IN ('logout', 'replaced', 'disabled')),
    CONSTRAINT session_ended_somehow CHECK ((ended_at IS NULL) = (ending IS NULL))
);
CREATE UNIQUE INDEX desk_one_session ON office.staff_session (desk) WHERE ended_at IS NULL;
COMMENT ON TABLE office.staff_session IS 'Sessions at desks; one at a time at each desk.';
COMMENT ON COLUMN office.staff_session.id IS 'The session; what leases belong to.';
COMMENT ON COLUMN office.staff_session.staff IS 'Who is logged in.';
COMMENT ON COLUMN office.staff_session.desk IS 'Where.';
COMMENT ON COLUMN office.staff_session.began_at IS 'Login.';
COMMENT ON COLUMN office.staff_session.ended_at IS 'End; empty while it lasts, also after a console died.';
COMMENT ON COLUMN office.staff_session.ending IS 'How it ended: logout, replaced by a new login at the desk, disabled by an administrator.';

GRANT SELECT, INSERT, UPDATE (disabled_at, disabled_reason) ON office.staff TO madoguchi_office;
GRANT SELECT, INSERT, DELETE ON office.staff_role TO madoguchi_office;
GRANT SELECT, INSERT, UPDATE (until) ON office.staff_certificate TO madoguchi_office;
GRANT SELECT, INSERT, UPDATE (ended_at, ending) ON office.staff_session TO madoguchi_office;
