-- A card whose certificates ran out stands in nobody's way: it is ended as expired when its holder applies for the next one.

ALTER TABLE office.card DROP CONSTRAINT card_state_check;
ALTER TABLE office.card ADD CONSTRAINT card_state_check CHECK (state IN ('making', 'made', 'active', 'revoked', 'expired', 'damaged'));
ALTER TABLE office.card DROP CONSTRAINT card_pin_before_handover;
ALTER TABLE office.card ADD CONSTRAINT card_pin_before_handover CHECK (state NOT IN ('active', 'revoked', 'expired') OR pin_set_at IS NOT NULL);
ALTER TABLE office.card DROP CONSTRAINT card_active_since;
ALTER TABLE office.card ADD CONSTRAINT card_active_since CHECK ((activated_at IS NOT NULL) = (state IN ('active', 'revoked', 'expired')));
ALTER TABLE office.card ADD COLUMN expired_at timestamptz;
ALTER TABLE office.card ADD CONSTRAINT card_expired_since CHECK ((expired_at IS NOT NULL) = (state = 'expired'));
COMMENT ON COLUMN office.card.state IS 'making, made, active (handed over), revoked or expired (ended after its handover), damaged.';
COMMENT ON COLUMN office.card.expired_at IS 'When it was noted that its certificates had run out; they themselves say when they did.';
GRANT UPDATE (expired_at) ON office.card TO madoguchi_office;

CREATE OR REPLACE FUNCTION office.check_active_card() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_card uuid;
    card_given boolean;
    handed_over boolean;
BEGIN
    IF TG_TABLE_NAME = 'card' THEN the_card := NEW.id; ELSE the_card := NEW.card; END IF;
    IF the_card IS NULL THEN RETURN NULL; END IF;
    SELECT activated_at IS NOT NULL INTO card_given FROM office.card WHERE id = the_card;
    SELECT EXISTS (
        SELECT FROM office.card_case c JOIN office.handover h ON h.case_id = c.id AND h.card = c.card
        WHERE c.card = the_card AND c.state = 'handed_over'
    ) INTO handed_over;
    IF card_given IS DISTINCT FROM handed_over
        OR EXISTS (SELECT FROM office.card_case WHERE card = the_card AND (state = 'handed_over') <> handed_over) THEN
        RAISE EXCEPTION 'a card is active exactly when its handover is recorded'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'card_active_when_handed_over';
    END IF;
    RETURN NULL;
END $$;

INSERT INTO office.audit_act (act, meaning) VALUES
    ('card.expired', 'A card handed over whose certificates had run out was ended, as its holder applied for the next one.');
