-- Cards, how far their making is, their keys and certificates, and the handover.

CREATE TABLE office.card (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES office.card_case,
    resident uuid NOT NULL REFERENCES office.resident,
    chip bytea NOT NULL CONSTRAINT chip_once UNIQUE CHECK (octet_length(chip) BETWEEN 1 AND 32),
    state text NOT NULL CHECK (state IN ('making', 'made', 'active', 'damaged')),
    bound_at timestamptz NOT NULL,
    bound_by uuid NOT NULL REFERENCES office.staff,
    made_at timestamptz,
    pin_set_at timestamptz,
    activated_at timestamptz,
    damaged_at timestamptz,
    damage text,
    CONSTRAINT card_made_before_use CHECK (state IN ('making', 'damaged') OR made_at IS NOT NULL),
    CONSTRAINT card_pin_after_making CHECK (pin_set_at IS NULL OR made_at IS NOT NULL),
    CONSTRAINT card_pin_before_handover CHECK (state <> 'active' OR pin_set_at IS NOT NULL),
    CONSTRAINT card_active_since CHECK ((activated_at IS NOT NULL) = (state = 'active')),
    CONSTRAINT card_damaged_with_reason CHECK ((state = 'damaged') = (damaged_at IS NOT NULL) AND (state = 'damaged') = (damage IS NOT NULL))
);
CREATE UNIQUE INDEX card_one_good_of_case ON office.card (case_id) WHERE state <> 'damaged';
CREATE UNIQUE INDEX card_one_active_of_resident ON office.card (resident) WHERE state = 'active';
ALTER TABLE office.card_case ADD CONSTRAINT case_card FOREIGN KEY (card) REFERENCES office.card DEFERRABLE INITIALLY DEFERRED;
COMMENT ON TABLE office.card IS 'Physical cards, from the moment a chip is bound to a case.';
COMMENT ON COLUMN office.card.id IS 'Id in every record.';
COMMENT ON COLUMN office.card.case_id IS 'The case it was made for.';
COMMENT ON COLUMN office.card.resident IS 'Whose it is to be; one active card each.';
COMMENT ON COLUMN office.card.chip IS 'The chip''s serial, taken once for ever.';
COMMENT ON COLUMN office.card.state IS 'making, made, active (handed over), damaged.';
COMMENT ON COLUMN office.card.bound_at IS 'When the chip was bound.';
COMMENT ON COLUMN office.card.bound_by IS 'By whom.';
COMMENT ON COLUMN office.card.made_at IS 'When every step was done.';
COMMENT ON COLUMN office.card.pin_set_at IS 'When the resident set the PIN.';
COMMENT ON COLUMN office.card.activated_at IS 'When it was handed over.';
COMMENT ON COLUMN office.card.damaged_at IS 'When it was given up.';
COMMENT ON COLUMN office.card.damage IS 'What was wrong with it.';

CREATE TABLE office.card_step (
    card uuid NOT NULL REFERENCES office.card,
    step text NOT NULL CHECK (step IN ('select', 'authenticate', 'generate_authentication_key', 'generate_eligibility_key',
        'prove_possession', 'issue_certificates', 'write', 'read_back', 'verify', 'close')),
    intended_at timestamptz NOT NULL,
    done_at timestamptz,
    took_us bigint CHECK (took_us >= 0),
    PRIMARY KEY (card, step),
    CONSTRAINT step_done_took_time CHECK ((done_at IS NULL) = (took_us IS NULL))
);
COMMENT ON TABLE office.card_step IS 'How far the making of a card is: intent first, outcome after.';
COMMENT ON COLUMN office.card_step.card IS 'Which card.';
COMMENT ON COLUMN office.card_step.step IS 'Which step (issuance::records::Step).';
COMMENT ON COLUMN office.card_step.intended_at IS 'When it was about to be done.';
COMMENT ON COLUMN office.card_step.done_at IS 'When it was done.';
COMMENT ON COLUMN office.card_step.took_us IS 'How long it took, in microseconds.';

CREATE TABLE office.card_key (
    card uuid NOT NULL REFERENCES office.card,
    slot smallint NOT NULL CHECK (slot IN (1, 2)),
    spki bytea NOT NULL CONSTRAINT public_key_once UNIQUE,
    kept_at timestamptz NOT NULL,
    PRIMARY KEY (card, slot)
);
COMMENT ON TABLE office.card_key IS 'Public keys the chips made.';
COMMENT ON COLUMN office.card_key.card IS 'Which card.';
COMMENT ON COLUMN office.card_key.slot IS '1 authentication (PIN), 2 eligibility (no PIN).';
COMMENT ON COLUMN office.card_key.spki IS 'SubjectPublicKeyInfo, DER; never the same in two places.';
COMMENT ON COLUMN office.card_key.kept_at IS 'When.';

CREATE TABLE office.certificate (
    serial bytea PRIMARY KEY CHECK (octet_length(serial) = 16),
    card uuid NOT NULL,
    slot smallint NOT NULL,
    reserved_at timestamptz NOT NULL,
    der bytea,
    kept_at timestamptz,
    revoked_at timestamptz,
    revocation text,
    CONSTRAINT certificate_one_a_slot UNIQUE (card, slot),
    CONSTRAINT certificate_of_a_key FOREIGN KEY (card, slot) REFERENCES office.card_key,
    CONSTRAINT certificate_kept_whole CHECK ((der IS NULL) = (kept_at IS NULL)),
    CONSTRAINT certificate_revoked_with_reason CHECK ((revoked_at IS NULL) = (revocation IS NULL))
);
CREATE INDEX certificate_revoked ON office.certificate (revoked_at) WHERE revoked_at IS NOT NULL;
COMMENT ON TABLE office.certificate IS 'Serial numbers reserved and the certificates issued under them; a serial is never used twice.';
COMMENT ON COLUMN office.certificate.serial IS 'Serial number, 16 bytes.';
COMMENT ON COLUMN office.certificate.card IS 'For which card.';
COMMENT ON COLUMN office.certificate.slot IS 'For which of its keys.';
COMMENT ON COLUMN office.certificate.reserved_at IS 'When the serial was reserved, before signing.';
COMMENT ON COLUMN office.certificate.der IS 'The certificate, DER; it holds a random holder number and no name.';
COMMENT ON COLUMN office.certificate.kept_at IS 'When it was kept.';
COMMENT ON COLUMN office.certificate.revoked_at IS 'Since when it is revoked.';
COMMENT ON COLUMN office.certificate.revocation IS 'Why: the reason''s name in RFC 5280 §5.3.1.';

CREATE TABLE office.handover_sight (
    case_id uuid NOT NULL REFERENCES office.card_case,
    time smallint NOT NULL CHECK (time IN (1, 2)),
    card uuid NOT NULL REFERENCES office.card,
    staff uuid NOT NULL REFERENCES office.staff,
    at timestamptz NOT NULL,
    PRIMARY KEY (case_id, time)
);
COMMENT ON TABLE office.handover_sight IS 'What a clerk confirmed with their own eyes at a handover under way; removed when the card goes back to the shelf.';
COMMENT ON COLUMN office.handover_sight.case_id IS 'Of which case.';
COMMENT ON COLUMN office.handover_sight.time IS 'First or second look.';
COMMENT ON COLUMN office.handover_sight.card IS 'The card in hand.';
COMMENT ON COLUMN office.handover_sight.staff IS 'Who looked.';
COMMENT ON COLUMN office.handover_sight.at IS 'When.';

CREATE TABLE office.handover (
    case_id uuid PRIMARY KEY REFERENCES office.card_case,
    card uuid NOT NULL UNIQUE REFERENCES office.card,
    at timestamptz NOT NULL,
    rule text NOT NULL CHECK (rule IN ('two_clerks', 'one_clerk_twice')),
    first_staff uuid NOT NULL REFERENCES office.staff,
    first_at timestamptz NOT NULL,
    second_staff uuid NOT NULL REFERENCES office.staff,
    second_at timestamptz NOT NULL,
    CONSTRAINT handover_two_people CHECK (rule <> 'two_clerks' OR first_staff <> second_staff),
    CONSTRAINT handover_looked_before CHECK (first_at <= second_at AND second_at <= at)
);
COMMENT ON TABLE office.handover IS '交付: cards handed over, with the looks that were taken before.';
COMMENT ON COLUMN office.handover.case_id IS 'Of which case.';
COMMENT ON COLUMN office.handover.card IS 'Which card.';
COMMENT ON COLUMN office.handover.at IS 'When.';
COMMENT ON COLUMN office.handover.rule IS 'Who had to look: two clerks, or one clerk twice.';
COMMENT ON COLUMN office.handover.first_staff IS 'Who looked first.';
COMMENT ON COLUMN office.handover.first_at IS 'When.';
COMMENT ON COLUMN office.handover.second_staff IS 'Who looked second.';
COMMENT ON COLUMN office.handover.second_at IS 'When.';

-- A card is active exactly when its case says it was handed over and the handover is recorded. Checked at commit,
-- because the three rows change one after the other.
CREATE FUNCTION office.check_active_card() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_card uuid;
    card_active boolean;
    handed_over boolean;
BEGIN
    IF TG_TABLE_NAME = 'card' THEN the_card := NEW.id; ELSE the_card := NEW.card; END IF;
    IF the_card IS NULL THEN RETURN NULL; END IF;
    SELECT state = 'active' INTO card_active FROM office.card WHERE id = the_card;
    SELECT EXISTS (
        SELECT FROM office.card_case c JOIN office.handover h ON h.case_id = c.id AND h.card = c.card
        WHERE c.card = the_card AND c.state = 'handed_over'
    ) INTO handed_over;
    IF card_active IS DISTINCT FROM handed_over
        OR EXISTS (SELECT FROM office.card_case WHERE card = the_card AND (state = 'handed_over') <> handed_over) THEN
        RAISE EXCEPTION 'a card is active exactly when its handover is recorded'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'card_active_when_handed_over';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_active_card() IS 'Refuses an active card without a handover and a handover without an active card.';
CREATE CONSTRAINT TRIGGER card_active_when_handed_over AFTER INSERT OR UPDATE OF state ON office.card
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_active_card();
CREATE CONSTRAINT TRIGGER case_handed_over_with_card AFTER INSERT OR UPDATE OF state ON office.card_case
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_active_card();
CREATE CONSTRAINT TRIGGER handover_with_card AFTER INSERT ON office.handover
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_active_card();

GRANT SELECT, INSERT, UPDATE (state, made_at, pin_set_at, activated_at, damaged_at, damage) ON office.card TO madoguchi_office;
GRANT SELECT, INSERT, UPDATE (done_at, took_us) ON office.card_step TO madoguchi_office;
GRANT SELECT, INSERT, UPDATE (spki, kept_at) ON office.card_key TO madoguchi_office;
GRANT SELECT, INSERT, UPDATE (der, kept_at, revoked_at, revocation) ON office.certificate TO madoguchi_office;
GRANT SELECT, INSERT, DELETE ON office.handover_sight TO madoguchi_office;
GRANT SELECT, INSERT ON office.handover TO madoguchi_office;
