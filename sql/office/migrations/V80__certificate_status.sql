-- Whoever signs lists hears of a change at once, a responder's certificates are known, and every signature of an authority has an
-- intent and an outcome.

CREATE FUNCTION office.tell_certificates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('office_certificates', '');
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.tell_certificates() IS 'Wakes whoever signs lists and registers: a certificate was issued or revoked.';
CREATE TRIGGER certificate_tells AFTER INSERT OR UPDATE OF der, revoked_at ON office.certificate
    FOR EACH STATEMENT EXECUTE FUNCTION office.tell_certificates();
CREATE TRIGGER staff_certificate_tells AFTER INSERT OR UPDATE OF until ON office.staff_certificate
    FOR EACH STATEMENT EXECUTE FUNCTION office.tell_certificates();
CREATE TRIGGER staff_serial_tells AFTER INSERT ON office.staff_serial
    FOR EACH STATEMENT EXECUTE FUNCTION office.tell_certificates();

-- The register of issued serials is counted at each change.
CREATE INDEX certificate_issued ON office.certificate (serial) WHERE der IS NOT NULL;

CREATE TABLE office.responder_certificate (
    serial bytea PRIMARY KEY CHECK (octet_length(serial) = 16),
    authority text NOT NULL CHECK (authority IN ('resident', 'staff')),
    reserved_at timestamptz NOT NULL,
    der bytea,
    signed_at timestamptz,
    CONSTRAINT responder_certificate_kept_whole CHECK ((der IS NULL) = (signed_at IS NULL))
);
COMMENT ON TABLE office.responder_certificate IS 'Certificates of who answers for an authority (RFC 6960 §4.2.2.2); the serial is taken before signing.';
COMMENT ON COLUMN office.responder_certificate.serial IS 'Serial number, 16 bytes.';
COMMENT ON COLUMN office.responder_certificate.authority IS 'Who signs it.';
COMMENT ON COLUMN office.responder_certificate.reserved_at IS 'When it was about to be signed.';
COMMENT ON COLUMN office.responder_certificate.der IS 'The certificate, DER; empty when signing it has no outcome.';
COMMENT ON COLUMN office.responder_certificate.signed_at IS 'When it was signed.';
GRANT SELECT, INSERT, UPDATE (der, signed_at) ON office.responder_certificate TO madoguchi_office;
CREATE TRIGGER responder_certificate_signed_once BEFORE UPDATE ON office.responder_certificate
    FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL) EXECUTE FUNCTION office.refuse_change();

ALTER TABLE office.revocation_list ADD COLUMN signed_at timestamptz;
ALTER TABLE office.revocation_list ADD COLUMN entries integer CHECK (entries >= 0);
ALTER TABLE office.revocation_list ADD COLUMN fingerprint bytea CHECK (octet_length(fingerprint) = 32);
ALTER TABLE office.revocation_list ADD CONSTRAINT revocation_list_kept_whole
    CHECK ((signed_at IS NULL) = (entries IS NULL) AND (signed_at IS NULL) = (fingerprint IS NULL));
ALTER TABLE office.revocation_list ADD COLUMN outcome_kept boolean NOT NULL DEFAULT false;
ALTER TABLE office.revocation_list ALTER COLUMN outcome_kept SET DEFAULT true;
COMMENT ON COLUMN office.revocation_list.signed_at IS 'When the list was signed and written; empty when that has no outcome.';
COMMENT ON COLUMN office.revocation_list.entries IS 'How many certificates are on it.';
COMMENT ON COLUMN office.revocation_list.fingerprint IS 'SHA-256 of the list, DER.';
COMMENT ON COLUMN office.revocation_list.outcome_kept IS 'Whether outcomes were kept when its number was taken; an older list says nothing by an empty one.';
GRANT UPDATE (signed_at, entries, fingerprint) ON office.revocation_list TO madoguchi_office;
CREATE TRIGGER revocation_list_signed_once BEFORE UPDATE ON office.revocation_list
    FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL) EXECUTE FUNCTION office.refuse_change();

INSERT INTO office.audit_act (act, meaning) VALUES
    ('authority.responder_certified', 'A responder was certified to answer for an authority.');
