-- A card is renewed in its last year: the next one is applied for and made while it goes on, and ends it in the transaction that
-- hands the next one over.
INSERT INTO office.audit_act (act, meaning) VALUES
    ('card.replaced', 'The card before was ended, its certificates revoked, as its renewal came into its holder''s hand.');

-- Nothing but a renewal ends a card without a second clerk's agreement, and a renewal is for a card in its last year.
CREATE FUNCTION office.check_ended_by() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM office.second_approval a WHERE a.case_id = NEW.case_id AND a.purpose = 'revocation' AND a.used_at = NEW.revoked_at)
        AND NOT EXISTS (SELECT FROM office.card k WHERE k.resident = NEW.resident AND k.id <> NEW.id
            AND k.activated_at = NEW.revoked_at AND k.state = 'active')
    THEN
        RAISE EXCEPTION 'a card is ended by two people, or by the handover of the one that replaces it' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'card_ended_by_two_or_its_renewal', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_ended_by() IS 'Refuses, at commit, the end of a card that neither two people nor its renewal ended.';
CREATE CONSTRAINT TRIGGER card_ended_by_two_or_its_renewal AFTER UPDATE ON office.card DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.revoked_at IS NOT NULL AND OLD.revoked_at IS NULL) EXECUTE FUNCTION office.check_ended_by();
