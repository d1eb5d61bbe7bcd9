-- 本人限定受取郵便: a card in its envelope from the office's box to its holder, or back. Where it is stands in the ledger of
-- custody, as for every card; how far the envelope is, in a table of its own, by a machine of its own.

INSERT INTO office.place_kind (kind, named, holds_one, meaning) VALUES
    ('outgoing', false, false, 'In its closed envelope in the office''s box, until the post office takes it.'),
    ('post', true, true, 'In the post, under its number and the day it was accepted.'),
    ('returned', false, false, 'In an envelope that came back.');
INSERT INTO office.transfer_rule (from_kind, to_kind, evidence, roles, two_people) VALUES
    ('drawer', 'outgoing', 'envelope_closed', '{issuing,handover}', false),
    ('shelf', 'outgoing', 'envelope_closed', '{issuing,handover}', false),
    ('outgoing', 'drawer', 'words', '{issuing,handover}', false),
    ('outgoing', 'post', 'accepted', '{issuing,handover}', false),
    ('post', 'holder', 'carrier', '{issuing,handover}', false),
    ('post', 'returned', 'envelope_scanned', '{issuing,handover}', false),
    ('returned', 'drawer', 'words', '{issuing,handover}', false),
    ('outgoing', 'lost', 'words', '{issuing,handover,administration}', true),
    ('post', 'lost', 'words', '{issuing,handover,administration}', true),
    ('returned', 'lost', 'words', '{issuing,handover,administration}', true),
    ('lost', 'returned', 'envelope_scanned', '{issuing,handover}', false);

INSERT INTO office.transition (machine, from_state, to_state) VALUES
    ('parcel', '', 'prepared'),
    ('parcel', 'prepared', 'posted'),
    ('parcel', 'prepared', 'withdrawn'),
    ('parcel', 'prepared', 'missing'),
    ('parcel', 'posted', 'under_way'),
    ('parcel', 'posted', 'arrived'),
    ('parcel', 'posted', 'notified'),
    ('parcel', 'posted', 'claimed'),
    ('parcel', 'posted', 'delivered'),
    ('parcel', 'posted', 'coming_back'),
    ('parcel', 'posted', 'returned'),
    ('parcel', 'posted', 'missing'),
    ('parcel', 'under_way', 'arrived'),
    ('parcel', 'under_way', 'notified'),
    ('parcel', 'under_way', 'claimed'),
    ('parcel', 'under_way', 'delivered'),
    ('parcel', 'under_way', 'coming_back'),
    ('parcel', 'under_way', 'returned'),
    ('parcel', 'under_way', 'missing'),
    ('parcel', 'arrived', 'notified'),
    ('parcel', 'arrived', 'claimed'),
    ('parcel', 'arrived', 'delivered'),
    ('parcel', 'arrived', 'storage_over'),
    ('parcel', 'arrived', 'coming_back'),
    ('parcel', 'arrived', 'returned'),
    ('parcel', 'arrived', 'missing'),
    ('parcel', 'notified', 'claimed'),
    ('parcel', 'notified', 'delivered'),
    ('parcel', 'notified', 'storage_over'),
    ('parcel', 'notified', 'coming_back'),
    ('parcel', 'notified', 'returned'),
    ('parcel', 'notified', 'missing'),
    ('parcel', 'claimed', 'delivered'),
    ('parcel', 'claimed', 'storage_over'),
    ('parcel', 'claimed', 'coming_back'),
    ('parcel', 'claimed', 'returned'),
    ('parcel', 'claimed', 'missing'),
    ('parcel', 'storage_over', 'delivered'),
    ('parcel', 'storage_over', 'coming_back'),
    ('parcel', 'storage_over', 'returned'),
    ('parcel', 'storage_over', 'missing'),
    ('parcel', 'coming_back', 'returned'),
    ('parcel', 'coming_back', 'missing'),
    ('parcel', 'missing', 'returned'),
    ('parcel', 'returned', 'opened'),
    ('parcel', 'returned', 'missing');
COMMENT ON COLUMN office.transition.machine IS 'Which machine: application (card_case), lifecycle (card), registration, parcel.';

CREATE TABLE office.parcel (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES office.card_case,
    card uuid NOT NULL REFERENCES office.card,
    kind text NOT NULL CHECK (kind IN ('basic', 'special', 'specified')),
    number text NOT NULL CHECK (number ~ '^[0-9]{11,12}$'),
    state text NOT NULL,
    since timestamptz NOT NULL,
    closed_at timestamptz NOT NULL,
    closed_by uuid NOT NULL REFERENCES office.staff,
    seen_by uuid NOT NULL REFERENCES office.staff,
    two_clerks boolean NOT NULL,
    accepted_on date,
    notified_on date,
    return_reason text CHECK (return_reason IN ('storage_over', 'unknown', 'moved', 'refused', 'died', 'other')),
    CONSTRAINT parcel_two_people CHECK (NOT two_clerks OR closed_by <> seen_by),
    CONSTRAINT parcel_accepted_once_posted CHECK ((accepted_on IS NULL) = (state IN ('prepared', 'withdrawn'))
        OR accepted_on IS NULL AND state IN ('missing', 'returned', 'opened')),
    CONSTRAINT parcel_returned_for_a_reason CHECK (state NOT IN ('returned', 'opened') OR return_reason IS NOT NULL),
    -- Numbers come round again: one is told from another by the day on which the post office took it.
    CONSTRAINT parcel_number_once_a_day UNIQUE (number, accepted_on)
);
CREATE UNIQUE INDEX parcel_number_under_way ON office.parcel (number)
    WHERE state NOT IN ('delivered', 'withdrawn', 'opened', 'missing', 'returned');
CREATE UNIQUE INDEX parcel_one_open ON office.parcel (card) WHERE state NOT IN ('delivered', 'withdrawn', 'opened');
CREATE INDEX parcel_of_case ON office.parcel (case_id);
CREATE INDEX parcel_by_state ON office.parcel (state, since) WHERE state NOT IN ('delivered', 'withdrawn', 'opened');
COMMENT ON TABLE office.parcel IS '本人限定受取郵便: an envelope with one card, from its closing to its receipt or its way back.';
COMMENT ON COLUMN office.parcel.id IS 'The envelope.';
COMMENT ON COLUMN office.parcel.case_id IS 'Of which case.';
COMMENT ON COLUMN office.parcel.card IS 'Which card; one envelope at a time.';
COMMENT ON COLUMN office.parcel.kind IS 'basic 基本型, special 特例型, specified 特定事項伝達型 (issuance::parcel::ParcelKind).';
COMMENT ON COLUMN office.parcel.number IS '引受番号, digits alone.';
COMMENT ON COLUMN office.parcel.state IS 'How far it is (issuance::parcel::ParcelState).';
COMMENT ON COLUMN office.parcel.since IS 'Since when the office knows it so.';
COMMENT ON COLUMN office.parcel.closed_at IS 'When the envelope was closed: its letter and its chip agreed.';
COMMENT ON COLUMN office.parcel.closed_by IS 'By whom.';
COMMENT ON COLUMN office.parcel.seen_by IS 'Who looked too; the same clerk where the office''s rule lets one look twice.';
COMMENT ON COLUMN office.parcel.two_clerks IS 'Whether the rule asked for two clerks.';
COMMENT ON COLUMN office.parcel.accepted_on IS '引受日: the day on which the post office took it.';
COMMENT ON COLUMN office.parcel.notified_on IS 'The day on which the arrival notice was delivered; its ten days count from it.';
COMMENT ON COLUMN office.parcel.return_reason IS 'Why it came back (issuance::parcel::ReturnReason).';

CREATE TRIGGER parcel_begins AFTER INSERT ON office.parcel FOR EACH ROW EXECUTE FUNCTION office.may_move('parcel');
CREATE TRIGGER parcel_moves AFTER UPDATE ON office.parcel FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION office.may_move('parcel');
CREATE TRIGGER parcel_stays_as_closed AFTER UPDATE ON office.parcel FOR EACH ROW
    WHEN ((OLD.case_id, OLD.card, OLD.kind, OLD.number, OLD.closed_at, OLD.closed_by, OLD.seen_by, OLD.two_clerks)
        IS DISTINCT FROM (NEW.case_id, NEW.card, NEW.kind, NEW.number, NEW.closed_at, NEW.closed_by, NEW.seen_by, NEW.two_clerks)
        OR OLD.accepted_on IS NOT NULL AND NEW.accepted_on IS DISTINCT FROM OLD.accepted_on
        OR OLD.notified_on IS NOT NULL AND NEW.notified_on IS DISTINCT FROM OLD.notified_on)
    EXECUTE FUNCTION office.refuse_move('parcel_stays_as_closed');

-- An envelope is where its state says, at commit: prepared in the box, on its way in the post under its own number.
CREATE FUNCTION office.check_parcel() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    here record;
BEGIN
    SELECT p.state, p.number || '/' || p.accepted_on AS under, w.kind, w.name INTO here
    FROM office.parcel p LEFT JOIN office.card_place w ON w.card = p.card
    WHERE p.card = NEW.card
    AND p.state NOT IN ('delivered', 'withdrawn', 'opened');
    IF (here.state IS NULL AND EXISTS (SELECT FROM office.card_place w WHERE w.card = NEW.card AND w.kind IN ('outgoing', 'post', 'returned')))
        OR (here.state IS NOT NULL AND here.kind IS DISTINCT FROM CASE here.state WHEN 'prepared' THEN 'outgoing'
            WHEN 'returned' THEN 'returned' WHEN 'missing' THEN 'lost' ELSE 'post' END)
        OR (here.kind = 'post' AND here.name IS DISTINCT FROM here.under) THEN
        RAISE EXCEPTION 'an envelope is where its state says' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'parcel_where_it_is', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_parcel() IS 'Refuses a card in the post without an envelope, and an envelope that is elsewhere than its card.';
CREATE CONSTRAINT TRIGGER parcel_where_it_is AFTER INSERT OR UPDATE OF state, accepted_on ON office.parcel
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_parcel();
CREATE CONSTRAINT TRIGGER transfer_with_parcel AFTER INSERT ON office.transfer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_parcel();

-- A card received from the post was handed over by it: the looks are those of the closing of its envelope.
ALTER TABLE office.handover DROP CONSTRAINT handover_rule_check;
ALTER TABLE office.handover ADD CONSTRAINT handover_rule_check CHECK (rule IN ('two_clerks', 'one_clerk_twice', 'by_post'));
COMMENT ON COLUMN office.handover.rule IS 'Who had to look: two clerks, one clerk twice, or those who closed the envelope.';
CREATE OR REPLACE FUNCTION office.check_looks() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    looked boolean;
BEGIN
    IF NEW.rule = 'by_post' THEN
        looked := EXISTS (SELECT FROM office.parcel p WHERE p.case_id = NEW.case_id AND p.card = NEW.card AND p.state = 'delivered'
            AND p.closed_by = NEW.first_staff AND p.seen_by = NEW.second_staff
            AND p.closed_at = NEW.first_at AND p.closed_at = NEW.second_at);
    ELSE
        looked := EXISTS (SELECT FROM office.handover_sight s WHERE s.case_id = NEW.case_id AND s.card = NEW.card
                AND s.staff = NEW.first_staff AND s.at = NEW.first_at)
            AND EXISTS (SELECT FROM office.handover_sight s WHERE s.case_id = NEW.case_id AND s.card = NEW.card
                AND s.staff = NEW.second_staff AND s.at = NEW.second_at)
            AND (SELECT count(*) FROM office.handover_sight s WHERE s.case_id = NEW.case_id) >= 2;
    END IF;
    IF NOT looked
        OR NOT EXISTS (SELECT FROM office.delivery_notice n WHERE n.case_id = NEW.case_id AND n.replaced_at IS NULL)
        OR NEW.rule <> 'by_post' AND EXISTS (SELECT FROM office.incident i WHERE i.case_id = NEW.case_id AND i.closed_at IS NULL) THEN
        RAISE EXCEPTION 'a handover takes two looks, a good notice and nothing unsettled' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'handover_as_looked', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION office.check_handover() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_case uuid;
    kase record;
    kard record;
    over record;
BEGIN
    IF TG_TABLE_NAME = 'card_case' THEN the_case := NEW.id; ELSE the_case := NEW.case_id; END IF;
    SELECT c.card, c.closed_at IS NOT NULL AND c.cancellation IS NULL AS done INTO kase FROM office.card_case c WHERE c.id = the_case;
    SELECT h.card INTO over FROM office.handover h WHERE h.case_id = the_case;
    -- The one card of the case that was not given up.
    SELECT k.id, k.activated_at IS NOT NULL AS given INTO kard FROM office.card k WHERE k.case_id = the_case AND k.damaged_at IS NULL;
    IF kard.id IS DISTINCT FROM kase.card THEN
        RAISE EXCEPTION 'a case has the card that was bound to it until that is given up'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_has_its_card';
    END IF;
    IF kase.done IS DISTINCT FROM (over.card IS NOT NULL)
        OR coalesce(kard.given, false) IS DISTINCT FROM (over.card IS NOT NULL)
        OR (over.card IS NOT NULL AND (over.card IS DISTINCT FROM kase.card OR NOT EXISTS (
            SELECT FROM office.transfer t WHERE t.card = over.card AND t.evidence IN ('handover', 'carrier', 'carried_over')))) THEN
        RAISE EXCEPTION 'a card is active exactly when its handover is recorded'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'card_active_when_handed_over';
    END IF;
    RETURN NULL;
END $$;

-- How the resident wants the card: said in the application, which is sealed; in plain for the queues.
ALTER TABLE office.card_case ADD COLUMN delivery text CHECK (delivery IN ('counter', 'restricted_post'));
COMMENT ON COLUMN office.card_case.delivery IS 'How the card is to reach the resident now; what the application asked for stays in it, sealed. Empty in cases from before the office posted cards: as in the application.';

INSERT INTO office.second_purpose (purpose) VALUES ('envelope');
INSERT INTO office.audit_act (act, meaning) VALUES
    ('case.delivery_changed', 'The way by which the card reaches its resident was changed.'),
    ('parcel.closed', 'An envelope was closed: its letter and the chip in it agreed, and two looked.'),
    ('parcel.withdrawn', 'An envelope was opened again before it was posted.'),
    ('parcel.posted', 'The post office took an envelope; the count agreed.'),
    ('parcel.followed', 'What the carrier said of an envelope was recorded.'),
    ('parcel.received', 'The holder received the card from the post; it became active.'),
    ('parcel.returned', 'An envelope came back.'),
    ('parcel.opened', 'An envelope that came back was opened; its card goes on by another way.');

GRANT SELECT, INSERT, UPDATE (state, since, accepted_on, notified_on, return_reason) ON office.parcel TO madoguchi_office;
GRANT UPDATE (delivery) ON office.card_case TO madoguchi_office;
GRANT SELECT ON office.parcel TO madoguchi_reader;
