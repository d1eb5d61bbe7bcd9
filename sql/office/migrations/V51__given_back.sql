-- A card that lies in the office goes back to its holder before two people; and a card that may be used is in its holder's
-- hand and nowhere else.

INSERT INTO office.transfer_rule (from_kind, to_kind, evidence, roles, two_people) VALUES
    ('drawer', 'holder', 'chip_read', '{issuing,handover}', true);
INSERT INTO office.audit_act (act, meaning) VALUES
    ('card.given_back', 'A card that lay in the office was given back to its holder: the chip was read, and two looked.');

CREATE FUNCTION office.check_active_place() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    the_card uuid;
BEGIN
    IF TG_TABLE_NAME = 'card' THEN the_card := NEW.id; ELSE the_card := NEW.card; END IF;
    IF EXISTS (SELECT FROM office.card k LEFT JOIN office.card_place p ON p.card = k.id
        WHERE k.id = the_card AND k.state = 'active' AND p.kind IS DISTINCT FROM 'holder') THEN
        RAISE EXCEPTION 'a card that may be used is in its holder''s hand' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'active_is_at_its_holder', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_active_place() IS 'Refuses, at commit, a card in use at any place but its holder''s.';
CREATE CONSTRAINT TRIGGER usable_is_at_its_holder AFTER UPDATE OF state ON office.card
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'active') EXECUTE FUNCTION office.check_active_place();
CREATE CONSTRAINT TRIGGER usable_stays_at_its_holder AFTER INSERT ON office.transfer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.to_kind <> 'holder') EXECUTE FUNCTION office.check_active_place();
