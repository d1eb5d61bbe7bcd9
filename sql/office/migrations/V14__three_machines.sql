-- Where an application stands, whether its card may be used and where the card is were one column. They become three:
-- card_case.state ends at the card made, card.state says whether it may be used, and the ledger of transfers where it is.
-- No constraint of one names a state of another: what they share are facts (a handover, a moment), checked at commit.

-- Custody: kinds of place, ways between them, the ledger, and where each card is by it.

CREATE TABLE office.place_kind (
    kind text PRIMARY KEY,
    named boolean NOT NULL,
    holds_one boolean NOT NULL,
    meaning text NOT NULL
);
COMMENT ON TABLE office.place_kind IS 'Kinds of place a card can be at; the same list stands in issuance::custody.';
COMMENT ON COLUMN office.place_kind.kind IS 'Name of the kind.';
COMMENT ON COLUMN office.place_kind.named IS 'Whether there are several, told apart by a name.';
COMMENT ON COLUMN office.place_kind.holds_one IS 'Whether each holds one card and no more.';
COMMENT ON COLUMN office.place_kind.meaning IS 'What it means, for an auditor.';
INSERT INTO office.place_kind (kind, named, holds_one, meaning) VALUES
    ('stock', false, false, 'Among the blanks, where every card comes from.'),
    ('reader', true, false, 'In the card reader of a desk.'),
    ('drawer', true, false, 'In the locked drawer of a desk.'),
    ('shelf', true, true, 'In a place of the locked shelf.'),
    ('holder', false, false, 'In its holder''s hand.'),
    ('destroyed', false, false, 'Destroyed before two people.'),
    ('lost', false, false, 'Nobody knows where.');

CREATE TABLE office.transfer_rule (
    from_kind text NOT NULL REFERENCES office.place_kind,
    to_kind text NOT NULL REFERENCES office.place_kind,
    evidence text NOT NULL,
    roles text[] NOT NULL,
    two_people boolean NOT NULL,
    PRIMARY KEY (from_kind, to_kind, evidence)
);
COMMENT ON TABLE office.transfer_rule IS 'The ways cards may take; the same list stands in issuance::custody. Ways that nobody has a role for brought in what was recorded before there was a ledger.';
COMMENT ON COLUMN office.transfer_rule.from_kind IS 'From a place of this kind.';
COMMENT ON COLUMN office.transfer_rule.to_kind IS 'To a place of this kind.';
COMMENT ON COLUMN office.transfer_rule.evidence IS 'Shown by this.';
COMMENT ON COLUMN office.transfer_rule.roles IS 'Moved by someone with one of these roles.';
COMMENT ON COLUMN office.transfer_rule.two_people IS 'Whether a second person must have seen it.';
INSERT INTO office.transfer_rule (from_kind, to_kind, evidence, roles, two_people) VALUES
    ('stock', 'reader', 'chip_read', '{issuing}', false),
    ('reader', 'reader', 'chip_read', '{issuing}', false),
    ('reader', 'drawer', 'making_done', '{issuing}', false),
    ('reader', 'drawer', 'words', '{issuing,handover}', false),
    ('shelf', 'drawer', 'words', '{issuing,handover}', false),
    ('drawer', 'shelf', 'place_scanned', '{issuing,handover}', false),
    ('shelf', 'shelf', 'place_scanned', '{issuing,handover}', false),
    ('shelf', 'holder', 'handover', '{handover}', false),
    ('holder', 'lost', 'holder_says', '{reception,verification,issuing,handover}', false),
    ('lost', 'holder', 'holder_says', '{verification,issuing}', false),
    ('holder', 'drawer', 'words', '{issuing,handover}', false),
    ('lost', 'drawer', 'words', '{issuing,handover}', false),
    ('drawer', 'destroyed', 'words', '{issuing,handover}', true),
    ('drawer', 'lost', 'words', '{issuing,handover,administration}', true),
    ('shelf', 'lost', 'words', '{issuing,handover,administration}', true),
    ('stock', 'reader', 'carried_over', '{}', false),
    ('stock', 'drawer', 'carried_over', '{}', false),
    ('stock', 'shelf', 'carried_over', '{}', false),
    ('stock', 'holder', 'carried_over', '{}', false),
    ('stock', 'lost', 'carried_over', '{}', false);

CREATE TABLE office.transfer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    card uuid NOT NULL REFERENCES office.card,
    from_kind text NOT NULL,
    from_name text,
    to_kind text NOT NULL,
    to_name text CHECK (length(to_name) BETWEEN 1 AND 64),
    evidence text NOT NULL,
    at timestamptz NOT NULL,
    act uuid,
    moved_by uuid REFERENCES office.staff,
    seen_by uuid REFERENCES office.staff,
    CONSTRAINT transfer_way FOREIGN KEY (from_kind, to_kind, evidence) REFERENCES office.transfer_rule,
    CONSTRAINT transfer_by_someone CHECK ((evidence = 'carried_over') = (moved_by IS NULL) AND (evidence = 'carried_over') = (act IS NULL)),
    CONSTRAINT transfer_two_people CHECK (seen_by <> moved_by)
);
CREATE INDEX transfer_of_card ON office.transfer (card, id);
COMMENT ON TABLE office.transfer IS 'The ledger of custody: every card''s way from place to place. Rows are only ever added.';
COMMENT ON COLUMN office.transfer.id IS 'Order of writing.';
COMMENT ON COLUMN office.transfer.card IS 'Which card.';
COMMENT ON COLUMN office.transfer.from_kind IS 'What kind of place it left.';
COMMENT ON COLUMN office.transfer.from_name IS 'Which one.';
COMMENT ON COLUMN office.transfer.to_kind IS 'What kind of place it came to.';
COMMENT ON COLUMN office.transfer.to_name IS 'Which one.';
COMMENT ON COLUMN office.transfer.evidence IS 'What shows it (issuance::custody::Evidence); carried_over for what was recorded before there was a ledger.';
COMMENT ON COLUMN office.transfer.at IS 'When.';
COMMENT ON COLUMN office.transfer.act IS 'The act''s id in the audit trail.';
COMMENT ON COLUMN office.transfer.moved_by IS 'By whom.';
COMMENT ON COLUMN office.transfer.seen_by IS 'Who saw it too, where two people must.';

CREATE TABLE office.card_place (
    card uuid PRIMARY KEY REFERENCES office.card,
    kind text NOT NULL REFERENCES office.place_kind,
    name text,
    one boolean NOT NULL,
    transfer bigint NOT NULL REFERENCES office.transfer,
    since timestamptz NOT NULL
);
CREATE UNIQUE INDEX place_holds_one ON office.card_place (kind, name) WHERE one;
CREATE INDEX card_at_place ON office.card_place (kind, name);
COMMENT ON TABLE office.card_place IS 'Where each card is: the last line of the ledger about it, written by the ledger itself.';
COMMENT ON COLUMN office.card_place.card IS 'Which card; at one place at a time.';
COMMENT ON COLUMN office.card_place.kind IS 'What kind of place.';
COMMENT ON COLUMN office.card_place.name IS 'Which one.';
COMMENT ON COLUMN office.card_place.one IS 'Whether the place holds one card and no more.';
COMMENT ON COLUMN office.card_place.transfer IS 'The line of the ledger that says so.';
COMMENT ON COLUMN office.card_place.since IS 'Since when.';

-- What is recorded so far: one line a card. The trail knows at which desk a card was bound, made or given up.
INSERT INTO office.transfer (card, from_kind, to_kind, to_name, evidence, at)
SELECT k.id, 'stock', place.kind,
    CASE place.kind WHEN 'shelf' THEN c.shelf WHEN 'reader' THEN desk.name WHEN 'drawer' THEN desk.name END,
    'carried_over', coalesce(k.revoked_at, k.expired_at, k.damaged_at, k.activated_at, k.made_at, k.bound_at)
FROM office.card k
LEFT JOIN office.card_case c ON c.card = k.id
CROSS JOIN LATERAL (SELECT CASE
    WHEN k.state = 'making' THEN 'reader'
    WHEN k.state = 'made' AND c.shelf IS NOT NULL THEN 'shelf'
    WHEN k.state IN ('made', 'damaged') THEN 'drawer'
    WHEN k.state = 'active' AND EXISTS (SELECT FROM office.registration r WHERE r.card = k.id AND r.state = 'suspended') THEN 'lost'
    WHEN k.state = 'revoked' AND EXISTS (
        SELECT FROM office.certificate x WHERE x.card = k.id AND x.revocation = 'key_compromise') THEN 'lost'
    ELSE 'holder' END AS kind) place
CROSS JOIN LATERAL (SELECT coalesce((
    SELECT e.desk FROM office.audit_event e
    WHERE e.case_id = k.case_id AND e.subjects ->> 'card' = k.id::text AND e.desk <> ''
    AND e.act IN ('card.bound', 'card.made', 'card.damaged') AND e.outcome = 'done' ORDER BY e.seq DESC LIMIT 1), '—') AS name) desk
ORDER BY k.bound_at, k.id;
INSERT INTO office.card_place (card, kind, name, one, transfer, since)
SELECT t.card, t.to_kind, t.to_name, p.holds_one, t.id, t.at FROM office.transfer t JOIN office.place_kind p ON p.kind = t.to_kind;

CREATE FUNCTION office.keep_place() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    here record;
    place record;
    way record;
    broken text;
BEGIN
    SELECT p.kind, p.name INTO here FROM office.card_place p WHERE p.card = NEW.card FOR UPDATE;
    SELECT k.named, k.holds_one INTO place FROM office.place_kind k WHERE k.kind = NEW.to_kind;
    SELECT r.roles, r.two_people INTO way FROM office.transfer_rule r
    WHERE r.from_kind = NEW.from_kind AND r.to_kind = NEW.to_kind AND r.evidence = NEW.evidence;
    broken := CASE
        WHEN way IS NULL THEN 'transfer_way'
        WHEN NEW.from_kind <> coalesce(here.kind, 'stock') OR NEW.from_name IS DISTINCT FROM here.name THEN 'transfer_from_where_it_is'
        WHEN (NEW.to_name IS NOT NULL) <> place.named THEN 'transfer_to_named_place'
        WHEN NOT EXISTS (SELECT FROM office.staff_role s WHERE s.staff = NEW.moved_by AND s.role = ANY (way.roles)) THEN 'transfer_role'
        WHEN way.two_people AND NEW.seen_by IS NULL THEN 'transfer_two_people'
    END;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'a card moves from where it is, on a way there is, by whoever may'
            USING ERRCODE = 'check_violation', CONSTRAINT = broken, TABLE = 'transfer', SCHEMA = 'office';
    END IF;
    INSERT INTO office.card_place AS p (card, kind, name, one, transfer, since)
    VALUES (NEW.card, NEW.to_kind, NEW.to_name, place.holds_one, NEW.id, NEW.at)
    ON CONFLICT (card) DO UPDATE SET kind = excluded.kind, name = excluded.name, one = excluded.one,
        transfer = excluded.transfer, since = excluded.since;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.keep_place() IS 'Refuses a transfer from where the card is not, on no known way, by somebody without the role or alone where two must be; keeps where the card is.';
CREATE TRIGGER transfer_keeps_place AFTER INSERT ON office.transfer FOR EACH ROW EXECUTE FUNCTION office.keep_place();
CREATE TRIGGER transfer_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON office.transfer
    FOR EACH STATEMENT EXECUTE FUNCTION office.refuse_change();

GRANT SELECT ON office.place_kind, office.transfer_rule, office.card_place TO madoguchi_office;
GRANT SELECT, INSERT ON office.transfer TO madoguchi_office;

-- Lifecycle: a card suspended says so itself; what the relay was told of its registrations follows it.

ALTER TABLE office.card DROP CONSTRAINT card_state_check;
ALTER TABLE office.card DROP CONSTRAINT card_pin_before_handover;
ALTER TABLE office.card DROP CONSTRAINT card_active_since;
DROP TRIGGER card_active_when_handed_over ON office.card;
DROP TRIGGER case_handed_over_with_card ON office.card_case;
DROP TRIGGER handover_with_card ON office.handover;
DROP FUNCTION office.check_active_card();
DROP INDEX office.card_one_active_of_resident;

ALTER TABLE office.card ADD COLUMN since timestamptz;
UPDATE office.card k SET
    since = coalesce(r.since, k.revoked_at, k.expired_at, k.damaged_at, k.activated_at, k.made_at, k.bound_at),
    state = coalesce(r.state, k.state)
    FROM office.card self LEFT JOIN office.registration r ON r.card = self.id AND r.slot = 1 AND r.state = 'suspended'
    WHERE self.id = k.id;
ALTER TABLE office.card ALTER COLUMN since SET NOT NULL;
ALTER TABLE office.card ADD CONSTRAINT card_state_check
    CHECK (state IN ('making', 'made', 'active', 'suspended', 'revoked', 'expired', 'damaged'));
ALTER TABLE office.card ADD CONSTRAINT card_pin_before_handover CHECK (activated_at IS NULL OR pin_set_at IS NOT NULL);
ALTER TABLE office.card ADD CONSTRAINT card_active_since
    CHECK ((activated_at IS NOT NULL) = (state IN ('active', 'suspended', 'revoked', 'expired')));
CREATE UNIQUE INDEX card_one_good_of_resident ON office.card (resident) WHERE state IN ('active', 'suspended');
COMMENT ON COLUMN office.card.state IS 'Whether it may be used (issuance::lifecycle::Lifecycle): making, made, active, suspended (reported lost), revoked, expired, damaged (given up before its handover).';
COMMENT ON COLUMN office.card.since IS 'Since when it stands so.';
COMMENT ON COLUMN office.card.activated_at IS 'When it was handed over; it stays when the card is suspended or over.';
GRANT UPDATE (since) ON office.card TO madoguchi_office;

-- Application: it ends at the card made. That the office is done with the case is a moment, not a state.

ALTER TABLE office.card_case DROP CONSTRAINT card_case_state_check;
ALTER TABLE office.card_case DROP CONSTRAINT case_card_from_making;
ALTER TABLE office.card_case DROP CONSTRAINT case_shelf_when_shelved;
ALTER TABLE office.card_case DROP CONSTRAINT case_closed_at_its_end;
DROP INDEX office.case_open_once;
DROP INDEX office.case_by_state;
DROP INDEX office.shelf_place_once;
UPDATE office.card_case SET state = 'made' WHERE state NOT IN ('applied', 'verified', 'making', 'cancelled');
ALTER TABLE office.card_case DROP COLUMN shelf;
ALTER TABLE office.card_case ADD CONSTRAINT card_case_state_check CHECK (state IN ('applied', 'verified', 'making', 'made', 'cancelled'));
ALTER TABLE office.card_case ADD CONSTRAINT case_card_from_making CHECK ((card IS NOT NULL) = (state IN ('making', 'made')));
ALTER TABLE office.card_case ADD CONSTRAINT case_closed_at_its_end
    CHECK (CASE state WHEN 'cancelled' THEN closed_at IS NOT NULL WHEN 'made' THEN true ELSE closed_at IS NULL END);
CREATE UNIQUE INDEX case_open_once ON office.card_case (resident) WHERE closed_at IS NULL;
CREATE INDEX case_by_state ON office.card_case (state, since) WHERE closed_at IS NULL;
COMMENT ON COLUMN office.card_case.state IS 'Where the application stands (issuance::application::ApplicationState), up to the card made.';
COMMENT ON COLUMN office.card_case.since IS 'When anything about its course last changed.';
COMMENT ON COLUMN office.card_case.closed_at IS 'When the office was done with it: cancelled, or its card handed over.';
COMMENT ON TABLE office.registration IS '登録: what the relay''s front knows a card''s certificate by. No pseudonym is kept here: the office has none.';
COMMENT ON COLUMN office.registration.state IS 'What the front is told of it: active, suspended, revoked. It follows the card.';

-- What the three have in common, at commit: the handover.
CREATE FUNCTION office.check_handover() RETURNS trigger LANGUAGE plpgsql AS $$
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
            SELECT FROM office.transfer t WHERE t.card = over.card AND t.evidence IN ('handover', 'carried_over')))) THEN
        RAISE EXCEPTION 'a card is active exactly when its handover is recorded'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'card_active_when_handed_over';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_handover() IS 'Refuses a card in use without a handover, a handover without its card, case and transfer, and a case that lost its card.';
CREATE CONSTRAINT TRIGGER card_active_when_handed_over AFTER INSERT OR UPDATE OF state, activated_at, damaged_at ON office.card
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_handover();
CREATE CONSTRAINT TRIGGER case_handed_over_with_card AFTER INSERT OR UPDATE OF state, card, closed_at ON office.card_case
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_handover();
CREATE CONSTRAINT TRIGGER handover_with_card AFTER INSERT ON office.handover
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_handover();

INSERT INTO office.audit_act (act, meaning) VALUES
    ('card.moved', 'A card was put, found, destroyed or missed at a place, outside the course of its case.');
