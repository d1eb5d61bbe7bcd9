-- What is revoked and why, and the numbers of the lists that say so; serials let go of; whom a printed paper named.

-- Staff: a closed list of reasons, so that nobody's story is written here in the open.
UPDATE office.staff SET disabled_reason = 'left'
    WHERE disabled_reason IS NOT NULL AND disabled_reason NOT IN ('left', 'lost_card', 'suspended');
ALTER TABLE office.staff ADD CONSTRAINT staff_disabled_for_known_reason CHECK (disabled_reason IN ('left', 'lost_card', 'suspended'));

ALTER TABLE office.staff_certificate ADD COLUMN revocation text;
UPDATE office.staff_certificate SET revocation = 'superseded' WHERE until IS NOT NULL;
UPDATE office.staff_certificate c SET until = p.disabled_at,
    revocation = CASE p.disabled_reason WHEN 'lost_card' THEN 'key_compromise' ELSE 'privilege_withdrawn' END
    FROM office.staff p WHERE p.id = c.staff AND c.until IS NULL AND p.disabled_at IS NOT NULL;
ALTER TABLE office.staff_certificate ADD CONSTRAINT staff_certificate_revoked_with_reason CHECK ((until IS NULL) = (revocation IS NULL));
COMMENT ON COLUMN office.staff_certificate.until IS 'Since when it is no longer good: another took its place, or its holder may no longer log in.';
COMMENT ON COLUMN office.staff_certificate.revocation IS 'Why: the reason''s name in RFC 5280 §5.3.1.';
GRANT UPDATE (revocation) ON office.staff_certificate TO madoguchi_office;

CREATE TABLE office.staff_serial (
    serial bytea PRIMARY KEY CHECK (octet_length(serial) = 16),
    number text NOT NULL CHECK (length(number) BETWEEN 1 AND 32),
    reserved_at timestamptz NOT NULL
);
CREATE INDEX staff_serial_of_number ON office.staff_serial (number, reserved_at);
COMMENT ON TABLE office.staff_serial IS 'Serials reserved for staff cards before signing; one that nobody was registered with and a later one follows is revoked.';
COMMENT ON COLUMN office.staff_serial.serial IS 'Serial number, 16 bytes.';
COMMENT ON COLUMN office.staff_serial.number IS '職員番号 of whose card it is.';
COMMENT ON COLUMN office.staff_serial.reserved_at IS 'When.';
GRANT SELECT, INSERT ON office.staff_serial TO madoguchi_office;

-- A serial reserved by a wrong clock is let go of, and its slot takes another.
ALTER TABLE office.certificate ADD COLUMN withdrawn_at timestamptz;
ALTER TABLE office.certificate ADD CONSTRAINT certificate_withdrawn_is_revoked CHECK (withdrawn_at IS NULL OR revoked_at IS NOT NULL);
ALTER TABLE office.certificate DROP CONSTRAINT certificate_one_a_slot;
CREATE UNIQUE INDEX certificate_one_a_slot ON office.certificate (card, slot) WHERE withdrawn_at IS NULL;
COMMENT ON COLUMN office.certificate.withdrawn_at IS 'When it gave its slot to another while the card was made; it stays revoked.';
GRANT UPDATE (withdrawn_at) ON office.certificate TO madoguchi_office;

CREATE TABLE office.revocation_list (
    authority text NOT NULL CHECK (authority IN ('resident', 'staff')),
    number bigint NOT NULL CHECK (number > 0),
    at timestamptz NOT NULL,
    PRIMARY KEY (authority, number)
);
COMMENT ON TABLE office.revocation_list IS 'Numbers of revocation lists, each taken before its list is signed (RFC 5280 §5.2.3).';
COMMENT ON COLUMN office.revocation_list.authority IS 'Whose list.';
COMMENT ON COLUMN office.revocation_list.number IS 'Its number; it grows.';
COMMENT ON COLUMN office.revocation_list.at IS 'When it was taken.';
GRANT SELECT, INSERT ON office.revocation_list TO madoguchi_office;

-- An act asked for again is known by who asks and by the case it is about, too.
ALTER TABLE office.act_answer ADD COLUMN case_id uuid;
ALTER TABLE office.act_answer ADD COLUMN asked_by text;
COMMENT ON COLUMN office.act_answer.case_id IS 'The case it is about, where it is about one.';
COMMENT ON COLUMN office.act_answer.asked_by IS 'The session or the process that asked.';

-- A paper names someone as they were registered then.
ALTER TABLE office.printed_paper ADD COLUMN addressee bytea CHECK (octet_length(addressee) = 32);
COMMENT ON COLUMN office.printed_paper.addressee IS 'Name and address on it as a keyed hash, for knowing whether they changed since.';

INSERT INTO office.audit_act (act, meaning) VALUES
    ('card.serial_withdrawn', 'A serial reserved for a card being made was let go of and revoked.'),
    ('authority.list_signed', 'A revocation list was signed.'),
    ('paper.removed', 'Files of papers past their keeping time were removed.');
