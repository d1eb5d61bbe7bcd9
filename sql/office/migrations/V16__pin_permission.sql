-- The PIN of a card in its holder's hand is set anew by a permission only: for one card and its chip, in its case, for a few
-- minutes, used up in the transaction that records the new PIN.

CREATE TABLE office.pin_permission (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES office.card_case,
    card uuid NOT NULL REFERENCES office.card,
    chip bytea NOT NULL,
    checked text NOT NULL,
    given_at timestamptz NOT NULL,
    given_by uuid NOT NULL REFERENCES office.staff,
    until timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT pin_permission_lasts CHECK (until > given_at AND until <= given_at + interval '1 hour'),
    CONSTRAINT pin_permission_used_in_time CHECK (used_at BETWEEN given_at AND until)
);
CREATE INDEX pin_permission_of_card ON office.pin_permission (card, given_at);
COMMENT ON TABLE office.pin_permission IS 'Leave to set the PIN of a card that was handed over anew, after its holder was verified at the counter.';
COMMENT ON COLUMN office.pin_permission.id IS 'The permission.';
COMMENT ON COLUMN office.pin_permission.case_id IS 'In which case the card was handed over.';
COMMENT ON COLUMN office.pin_permission.card IS 'For which card.';
COMMENT ON COLUMN office.pin_permission.chip IS 'Its chip''s serial, as read in the reader when the permission was given.';
COMMENT ON COLUMN office.pin_permission.checked IS 'How the holder was verified, face to face (issuance::standing::HolderCheck).';
COMMENT ON COLUMN office.pin_permission.given_at IS 'When.';
COMMENT ON COLUMN office.pin_permission.given_by IS 'By whom.';
COMMENT ON COLUMN office.pin_permission.until IS 'Until when it may be used.';
COMMENT ON COLUMN office.pin_permission.used_at IS 'When it was used up.';

CREATE FUNCTION office.check_pin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    broken text;
BEGIN
    IF TG_TABLE_NAME = 'pin_permission' THEN
        IF NEW.used_at IS NOT NULL OR NOT EXISTS (SELECT FROM office.card k WHERE k.id = NEW.card AND k.case_id = NEW.case_id
            AND k.chip = NEW.chip AND k.activated_at IS NOT NULL AND k.revoked_at IS NULL AND k.expired_at IS NULL) THEN
            broken := 'pin_permission_for_card';
        END IF;
    ELSIF NOT EXISTS (SELECT FROM office.pin_permission p WHERE p.card = NEW.id AND p.used_at = NEW.pin_set_at) THEN
        broken := 'pin_set_by_permission';
    END IF;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'the PIN of a card in its holder''s hand is set by a permission for that card' USING ERRCODE = 'check_violation',
            CONSTRAINT = broken, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_pin() IS 'Refuses a permission for another card than the one handed over, and a PIN set anew without one.';
CREATE TRIGGER pin_permission_for_card AFTER INSERT ON office.pin_permission FOR EACH ROW EXECUTE FUNCTION office.check_pin();
CREATE TRIGGER pin_permission_used_once AFTER UPDATE ON office.pin_permission FOR EACH ROW
    WHEN (OLD.used_at IS NOT NULL) EXECUTE FUNCTION office.refuse_move('pin_permission_used_once');
CREATE TRIGGER pin_set_by_permission AFTER UPDATE ON office.card FOR EACH ROW
    WHEN (OLD.activated_at IS NOT NULL AND NEW.pin_set_at IS DISTINCT FROM OLD.pin_set_at) EXECUTE FUNCTION office.check_pin();

GRANT SELECT, INSERT, UPDATE (used_at) ON office.pin_permission TO madoguchi_office;

INSERT INTO office.audit_act (act, meaning) VALUES
    ('card.pin_allowed', 'Leave was given to set the PIN of a card that was handed over anew; its holder stood at the counter.');
