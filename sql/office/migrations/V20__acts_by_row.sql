-- The closed lists stand in look-up tables that a test compares with the rows of issuance::acts; no CHECK repeats them.

COMMENT ON TABLE office.audit_act IS 'The closed list of acts; each has its row, with who may do it and the facts its events carry, in issuance/src/acts.';
UPDATE office.audit_act SET meaning = 'A desk released a case.' WHERE act = 'case.released';
UPDATE office.audit_act SET meaning = 'A serial reserved for a card being made was withdrawn and revoked.' WHERE act = 'card.serial_withdrawn';
INSERT INTO office.audit_act (act, meaning) VALUES
    ('staff.serial_reserved', 'A serial number was reserved for a staff card''s certificate.');

CREATE TABLE office.second_purpose (
    purpose text PRIMARY KEY
);
COMMENT ON TABLE office.second_purpose IS 'For what a second clerk agrees (issuance::acts::SecondPurpose).';
COMMENT ON COLUMN office.second_purpose.purpose IS 'Name.';
INSERT INTO office.second_purpose (purpose) VALUES
    ('verification_exception'), ('making'), ('handover'), ('revocation'), ('relink'), ('custody');
ALTER TABLE office.second_approval DROP CONSTRAINT second_approval_purpose_check;
ALTER TABLE office.second_approval ADD CONSTRAINT second_approval_purpose_known
    FOREIGN KEY (purpose) REFERENCES office.second_purpose;

CREATE TABLE office.role (
    role text PRIMARY KEY
);
COMMENT ON TABLE office.role IS 'What a member of the staff may be allowed to do (issuance::staff::Role).';
COMMENT ON COLUMN office.role.role IS 'Name.';
INSERT INTO office.role (role) VALUES
    ('reception'), ('verification'), ('issuing'), ('handover'), ('protected_address'), ('administration');
ALTER TABLE office.staff_role DROP CONSTRAINT staff_role_role_check;
ALTER TABLE office.staff_role ADD CONSTRAINT staff_role_known FOREIGN KEY (role) REFERENCES office.role;

GRANT SELECT ON office.second_purpose, office.role TO madoguchi_office;
