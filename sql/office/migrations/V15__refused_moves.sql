-- What the office's machines do not allow, the database refuses: one table of moves, one trigger function that reads it, and
-- for what is once and for ever one that only says no. The names of the rules are constraint names, so that the program maps
-- them to its own refusals without reading words.

CREATE TABLE office.transition (
    machine text NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    PRIMARY KEY (machine, from_state, to_state)
);
COMMENT ON TABLE office.transition IS 'Every move of the office''s machines; a test compares it with the tables in issuance (Machine::transitions), both ways.';
COMMENT ON COLUMN office.transition.machine IS 'Which machine: application (card_case), lifecycle (card), registration.';
COMMENT ON COLUMN office.transition.from_state IS 'From which state; empty where one begins.';
COMMENT ON COLUMN office.transition.to_state IS 'To which.';
INSERT INTO office.transition (machine, from_state, to_state) VALUES
    ('application', '', 'applied'),
    ('application', 'applied', 'verified'),
    ('application', 'applied', 'cancelled'),
    ('application', 'verified', 'making'),
    ('application', 'verified', 'cancelled'),
    ('application', 'making', 'made'),
    ('application', 'making', 'verified'),
    ('application', 'made', 'verified'),
    ('lifecycle', '', 'making'),
    ('lifecycle', 'making', 'made'),
    ('lifecycle', 'making', 'damaged'),
    ('lifecycle', 'made', 'damaged'),
    ('lifecycle', 'made', 'active'),
    ('lifecycle', 'active', 'suspended'),
    ('lifecycle', 'suspended', 'active'),
    ('lifecycle', 'active', 'revoked'),
    ('lifecycle', 'suspended', 'revoked'),
    ('lifecycle', 'active', 'expired'),
    ('lifecycle', 'suspended', 'expired'),
    ('registration', '', 'active'),
    ('registration', 'active', 'suspended'),
    ('registration', 'suspended', 'active'),
    ('registration', 'active', 'revoked'),
    ('registration', 'suspended', 'revoked');

CREATE FUNCTION office.may_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was text := '';
BEGIN
    IF TG_OP = 'UPDATE' THEN was := OLD.state; END IF;
    IF NOT EXISTS (SELECT FROM office.transition t WHERE t.machine = TG_ARGV[0] AND t.from_state = was AND t.to_state = NEW.state) THEN
        RAISE EXCEPTION 'the % has no move from "%" to "%"', TG_ARGV[0], was, NEW.state USING ERRCODE = 'check_violation',
            CONSTRAINT = TG_ARGV[0] || '_move', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.may_move() IS 'Refuses a move that office.transition does not have; after the row is written, so that no other trigger changes it any more.';
CREATE TRIGGER case_begins AFTER INSERT ON office.card_case FOR EACH ROW EXECUTE FUNCTION office.may_move('application');
CREATE TRIGGER case_moves AFTER UPDATE ON office.card_case FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION office.may_move('application');
CREATE TRIGGER card_begins AFTER INSERT ON office.card FOR EACH ROW EXECUTE FUNCTION office.may_move('lifecycle');
CREATE TRIGGER card_moves AFTER UPDATE ON office.card FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION office.may_move('lifecycle');
CREATE TRIGGER registration_begins AFTER INSERT ON office.registration FOR EACH ROW EXECUTE FUNCTION office.may_move('registration');
CREATE TRIGGER registration_moves AFTER UPDATE ON office.registration FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION office.may_move('registration');

-- Registrations stand as their card does, at commit.
CREATE FUNCTION office.check_registration() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    the_card uuid;
BEGIN
    IF TG_TABLE_NAME = 'card' THEN the_card := NEW.id; ELSE the_card := NEW.card; END IF;
    IF EXISTS (
        SELECT FROM office.card k LEFT JOIN office.registration r ON r.card = k.id WHERE k.id = the_card
        AND (r.state IS NOT NULL OR k.activated_at IS NOT NULL)
        AND r.state IS DISTINCT FROM CASE WHEN k.revoked_at IS NOT NULL OR k.expired_at IS NOT NULL THEN 'revoked' ELSE k.state END
    ) THEN
        RAISE EXCEPTION 'the registrations of a card stand as the card does' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'registration_follows_card', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_registration() IS 'Refuses what would let the relay know a card otherwise than the office does.';
CREATE CONSTRAINT TRIGGER card_with_registration AFTER UPDATE OF state ON office.card
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_registration();
CREATE CONSTRAINT TRIGGER registration_with_card AFTER INSERT OR UPDATE OF state ON office.registration
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_registration();

-- What is once and for ever.
CREATE FUNCTION office.refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this change of % is refused: %', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'check_violation',
        CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
END $$;
COMMENT ON FUNCTION office.refuse_move() IS 'Refuses under the rule its trigger names; the trigger''s condition says what.';
CREATE TRIGGER certificate_stays_revoked AFTER UPDATE ON office.certificate FOR EACH ROW
    WHEN (OLD.revoked_at IS NOT NULL AND (NEW.revoked_at, NEW.revocation) IS DISTINCT FROM (OLD.revoked_at, OLD.revocation))
    EXECUTE FUNCTION office.refuse_move('certificate_stays_revoked');
CREATE TRIGGER certificate_stays_as_issued AFTER UPDATE ON office.certificate FOR EACH ROW
    WHEN (OLD.der IS NOT NULL AND NEW.der IS DISTINCT FROM OLD.der)
    EXECUTE FUNCTION office.refuse_move('certificate_stays_as_issued');
CREATE TRIGGER staff_certificate_stays_revoked AFTER UPDATE ON office.staff_certificate FOR EACH ROW
    WHEN (OLD.until IS NOT NULL AND (NEW.until, NEW.revocation) IS DISTINCT FROM (OLD.until, OLD.revocation))
    EXECUTE FUNCTION office.refuse_move('staff_certificate_stays_revoked');
CREATE TRIGGER session_stays_over AFTER UPDATE ON office.staff_session FOR EACH ROW
    WHEN (OLD.ended_at IS NOT NULL AND (NEW.ended_at, NEW.ending) IS DISTINCT FROM (OLD.ended_at, OLD.ending))
    EXECUTE FUNCTION office.refuse_move('session_stays_over');
CREATE TRIGGER approval_used_once AFTER UPDATE ON office.second_approval FOR EACH ROW
    WHEN (OLD.used_at IS NOT NULL) EXECUTE FUNCTION office.refuse_move('approval_used_once');
CREATE TRIGGER approval_begins_unused AFTER INSERT ON office.second_approval FOR EACH ROW
    WHEN (NEW.used_at IS NOT NULL) EXECUTE FUNCTION office.refuse_move('approval_used_once');
CREATE TRIGGER notice_stays_replaced AFTER UPDATE ON office.delivery_notice FOR EACH ROW
    WHEN (OLD.replaced_at IS NOT NULL) EXECUTE FUNCTION office.refuse_move('notice_stays_replaced');
CREATE TRIGGER incident_stays_closed AFTER UPDATE ON office.incident FOR EACH ROW
    WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION office.refuse_move('incident_stays_closed');
CREATE TRIGGER act_answered_once AFTER UPDATE ON office.act_answer FOR EACH ROW
    WHEN (OLD.answer IS NOT NULL AND NEW.answer IS DISTINCT FROM OLD.answer)
    EXECUTE FUNCTION office.refuse_move('act_answered_once');
CREATE TRIGGER case_stays_closed AFTER UPDATE ON office.card_case FOR EACH ROW
    WHEN (OLD.closed_at IS NOT NULL AND (NEW.state, NEW.card, NEW.closed_at, NEW.cancellation, NEW.verification)
        IS DISTINCT FROM (OLD.state, OLD.card, OLD.closed_at, OLD.cancellation, OLD.verification))
    EXECUTE FUNCTION office.refuse_move('case_stays_closed');
CREATE TRIGGER case_version_grows AFTER UPDATE ON office.card_case FOR EACH ROW
    WHEN (NEW.version <> OLD.version + 1) EXECUTE FUNCTION office.refuse_move('case_version_grows');
CREATE TRIGGER card_moment_stays AFTER UPDATE ON office.card FOR EACH ROW
    WHEN (OLD.made_at IS NOT NULL AND NEW.made_at IS DISTINCT FROM OLD.made_at
        OR OLD.activated_at IS NOT NULL AND NEW.activated_at IS DISTINCT FROM OLD.activated_at
        OR OLD.pin_set_at IS NOT NULL AND NEW.pin_set_at IS NULL)
    EXECUTE FUNCTION office.refuse_move('card_moment_stays');
CREATE TRIGGER step_stays_done AFTER UPDATE ON office.card_step FOR EACH ROW
    WHEN (OLD.done_at IS NOT NULL) EXECUTE FUNCTION office.refuse_move('step_stays_done');
CREATE TRIGGER registration_edition_grows AFTER UPDATE ON office.registration FOR EACH ROW
    WHEN (NEW.edition < OLD.edition) EXECUTE FUNCTION office.refuse_move('registration_edition_grows');
CREATE TRIGGER outbox_stays_as_composed AFTER UPDATE ON office.outbox FOR EACH ROW
    WHEN (OLD.seq IS NOT NULL AND NEW.seq IS DISTINCT FROM OLD.seq OR OLD.body IS NOT NULL AND NEW.body <> OLD.body)
    EXECUTE FUNCTION office.refuse_move('outbox_stays_as_composed');
CREATE TRIGGER outbox_stays_settled AFTER UPDATE ON office.outbox FOR EACH ROW
    WHEN (OLD.settled_at IS NOT NULL AND (NEW.settled_at, NEW.settled_as) IS DISTINCT FROM (OLD.settled_at, OLD.settled_as))
    EXECUTE FUNCTION office.refuse_move('outbox_stays_settled');
CREATE TRIGGER outbox_begins_unsent AFTER INSERT ON office.outbox FOR EACH ROW
    WHEN (NEW.seq IS NOT NULL OR NEW.body IS NOT NULL OR NEW.applied_at IS NOT NULL OR NEW.refused_at IS NOT NULL)
    EXECUTE FUNCTION office.refuse_move('outbox_begins_unsent');

-- Numbers without gaps: every number given is a case's, and every case takes the number that was just given.
CREATE TRIGGER numbers_begin_at_one AFTER INSERT ON office.case_number FOR EACH ROW
    WHEN (NEW.last <> 1) EXECUTE FUNCTION office.refuse_move('numbers_without_gaps');
CREATE TRIGGER numbers_grow_by_one AFTER UPDATE ON office.case_number FOR EACH ROW
    WHEN (NEW.last <> OLD.last + 1 OR NEW.year <> OLD.year) EXECUTE FUNCTION office.refuse_move('numbers_without_gaps');
CREATE FUNCTION office.check_number() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    fits boolean;
BEGIN
    IF TG_TABLE_NAME = 'card_case' THEN
        SELECT n.last = NEW.serial INTO fits FROM office.case_number n WHERE n.year = NEW.year;
    ELSIF TG_TABLE_NAME = 'case_number' THEN
        SELECT EXISTS (SELECT FROM office.card_case c WHERE c.year = NEW.year AND c.serial = NEW.last) INTO fits;
    ELSE
        SELECT coalesce(max(l.number), 0) + 1 = NEW.number INTO fits
        FROM office.revocation_list l WHERE l.authority = NEW.authority AND l.number <> NEW.number;
    END IF;
    IF fits IS NOT TRUE THEN
        RAISE EXCEPTION 'numbers are given one after the other' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'numbers_without_gaps', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_number() IS 'Refuses a number that does not follow the one before, and one that nothing has.';
CREATE TRIGGER case_numbered AFTER INSERT ON office.card_case FOR EACH ROW EXECUTE FUNCTION office.check_number();
CREATE TRIGGER list_numbered AFTER INSERT ON office.revocation_list FOR EACH ROW EXECUTE FUNCTION office.check_number();
CREATE CONSTRAINT TRIGGER number_has_case AFTER INSERT OR UPDATE ON office.case_number
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_number();

-- A handover is what two looks confirmed, taken by whoever held the case or agreed with their own card, with a good notice and
-- nothing unsettled.
CREATE FUNCTION office.check_look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM office.case_lease l JOIN office.staff_session s ON s.id = l.session AND s.ended_at IS NULL
            WHERE l.case_id = NEW.case_id AND l.staff = NEW.staff)
        AND NOT EXISTS (SELECT FROM office.second_approval a WHERE a.case_id = NEW.case_id AND a.purpose = 'handover'
            AND a.checker = NEW.staff AND a.used_at = NEW.at) THEN
        RAISE EXCEPTION 'whoever looks holds the case or agreed with their own card' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'look_by_who_is_there', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_look() IS 'Refuses a look of somebody who is not at the counter.';
CREATE TRIGGER look_by_who_is_there AFTER INSERT ON office.handover_sight FOR EACH ROW EXECUTE FUNCTION office.check_look();
CREATE FUNCTION office.check_looks() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM office.handover_sight s WHERE s.case_id = NEW.case_id AND s.card = NEW.card
            AND s.staff = NEW.first_staff AND s.at = NEW.first_at)
        OR NOT EXISTS (SELECT FROM office.handover_sight s WHERE s.case_id = NEW.case_id AND s.card = NEW.card
            AND s.staff = NEW.second_staff AND s.at = NEW.second_at)
        OR (SELECT count(*) FROM office.handover_sight s WHERE s.case_id = NEW.case_id) < 2
        OR NOT EXISTS (SELECT FROM office.delivery_notice n WHERE n.case_id = NEW.case_id AND n.replaced_at IS NULL)
        OR EXISTS (SELECT FROM office.incident i WHERE i.case_id = NEW.case_id AND i.closed_at IS NULL) THEN
        RAISE EXCEPTION 'a handover takes two looks, a good notice and nothing unsettled' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'handover_as_looked', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_looks() IS 'Refuses a handover that nobody looked at.';
CREATE TRIGGER handover_as_looked AFTER INSERT ON office.handover FOR EACH ROW EXECUTE FUNCTION office.check_looks();

-- Roles are given by an administrator who is logged in, and never to oneself.
ALTER TABLE office.staff_role ADD COLUMN given_by uuid REFERENCES office.staff;
ALTER TABLE office.staff_role ADD CONSTRAINT role_not_to_oneself CHECK (given_by <> staff);
COMMENT ON COLUMN office.staff_role.given_by IS 'Which administrator gave it; empty for the first administrator, whom setup registers.';
CREATE FUNCTION office.check_role() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.given_by IS NULL AND EXISTS (SELECT FROM office.staff_role r JOIN office.staff p ON p.id = r.staff
            WHERE r.role = 'administration' AND p.disabled_at IS NULL AND r.staff <> NEW.staff)
        OR NEW.given_by IS NOT NULL AND NOT EXISTS (SELECT FROM office.staff_role r
            JOIN office.staff_session s ON s.staff = r.staff AND s.ended_at IS NULL
            WHERE r.staff = NEW.given_by AND r.role = 'administration') THEN
        RAISE EXCEPTION 'roles are given by an administrator who is logged in' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'role_given_by_administrator', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_role() IS 'Refuses a role that no administrator gave.';
CREATE TRIGGER role_given_by_administrator AFTER INSERT ON office.staff_role FOR EACH ROW EXECUTE FUNCTION office.check_role();

-- The trail: what was done is told by whoever is there, when it happens.
CREATE TABLE office.clock (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    by_hand boolean NOT NULL
);
INSERT INTO office.clock (by_hand) VALUES (false);
COMMENT ON TABLE office.clock IS 'Whose clock counts; only the owner changes it.';
COMMENT ON COLUMN office.clock.one IS 'One row.';
COMMENT ON COLUMN office.clock.by_hand IS 'Whether moments come from elsewhere than this database''s clock: for trials, never for an office.';
CREATE FUNCTION office.check_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    broken text;
BEGIN
    broken := CASE
        WHEN NEW.at NOT BETWEEN clock_timestamp() - interval '10 minutes' AND clock_timestamp() + interval '1 minute'
            AND NOT (SELECT c.by_hand FROM office.clock c) THEN 'event_when_it_happens'
        WHEN session_user = 'madoguchi_import' AND NEW.actor <> 'import' THEN 'event_by_who_is_there'
        WHEN session_user = 'madoguchi_dispatch' AND NEW.actor <> 'dispatch' THEN 'event_by_who_is_there'
        WHEN NEW.outcome = 'done' AND NEW.actor ~ '^[0-9a-f-]{36}$' AND NOT EXISTS (
            SELECT FROM office.staff_session s WHERE s.staff = NEW.actor::uuid AND s.desk = NEW.desk
            AND (s.ended_at IS NULL OR s.ended_at = NEW.at)) THEN 'event_by_who_is_there'
    END;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'what was done is told by whoever is there, when it happens' USING ERRCODE = 'check_violation',
            CONSTRAINT = broken, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_event() IS 'Refuses an event of another time, of somebody who is not logged in at the desk it names, or of another program.';
CREATE TRIGGER event_as_it_happens AFTER INSERT ON office.audit_event FOR EACH ROW EXECUTE FUNCTION office.check_event();
