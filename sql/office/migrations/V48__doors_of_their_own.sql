-- What a role could still write by itself comes out of functions and triggers that act for the owner: a session, what an import
-- changed, and the places of the trail's tree, which one role of its own gives.

-- A session begins at a desk for the holder of a good staff card, when it begins, and the trail says so.
CREATE FUNCTION office.begin_session(session uuid, at_desk text, of_card bytea, began timestamptz) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    holder uuid;
    broken text;
BEGIN
    SELECT p.id INTO holder FROM office.staff_certificate c JOIN office.staff p ON p.id = c.staff
        WHERE c.serial = of_card AND c.until IS NULL AND p.disabled_at IS NULL;
    broken := CASE
        WHEN holder IS NULL THEN 'session_of_a_card_holder'
        WHEN began NOT BETWEEN clock_timestamp() - interval '10 minutes' AND clock_timestamp() + interval '1 minute'
            AND NOT (SELECT c.by_hand FROM office.clock c) THEN 'session_when_it_begins'
    END;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'a session begins with a good staff card, now' USING ERRCODE = 'check_violation',
            CONSTRAINT = broken, TABLE = 'staff_session', SCHEMA = 'office';
    END IF;
    INSERT INTO office.staff_session (id, staff, desk, began_at) VALUES (session, holder, at_desk, began);
    RETURN holder;
END $$;
COMMENT ON FUNCTION office.begin_session IS 'Begins a session of a staff card''s holder at a desk, and says who that is. No role writes a session by itself.';
REVOKE ALL ON FUNCTION office.begin_session FROM PUBLIC;
GRANT EXECUTE ON FUNCTION office.begin_session TO madoguchi_office;
REVOKE INSERT ON office.staff_session FROM madoguchi_office;

CREATE FUNCTION office.check_session_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM office.audit_event e WHERE e.at = NEW.began_at AND e.act = 'session.began' AND e.outcome = 'done'
            AND e.actor = NEW.staff::text AND e.subjects ->> 'session' = NEW.id::text) THEN
        RAISE EXCEPTION 'a session that the trail does not know' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'session_is_told', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_session_told() IS 'Refuses, at commit, a session whose beginning is not in the trail.';
CREATE CONSTRAINT TRIGGER session_is_told AFTER INSERT ON office.staff_session
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_session_told();

-- A staff card opens for somebody, and stops opening, by an administrator who is logged in; or by setup, while nobody may administer.
CREATE FUNCTION office.check_staff_certificate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM office.audit_event e WHERE e.at = coalesce(NEW.until, NEW.since) AND e.outcome = 'done'
            AND e.act IN ('staff.added', 'staff.certificate_registered', 'staff.disabled') AND e.subjects ->> 'staff' = NEW.staff::text
            AND CASE WHEN e.actor ~ '^[0-9a-f-]{36}$'
                THEN EXISTS (SELECT FROM office.staff_role r WHERE r.staff = e.actor::uuid AND r.role = 'administration')
                ELSE NOT EXISTS (SELECT FROM office.staff_role r JOIN office.staff p ON p.id = r.staff
                    WHERE r.role = 'administration' AND p.disabled_at IS NULL AND r.staff <> NEW.staff) END) THEN
        RAISE EXCEPTION 'a staff card opens and stops opening by an administrator, and the trail says so' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'staff_certificate_by_administrator', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_staff_certificate() IS 'Refuses, at commit, a staff card''s certificate that no administrator registered or ended.';
CREATE CONSTRAINT TRIGGER staff_certificate_by_administrator AFTER INSERT OR UPDATE ON office.staff_certificate
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION office.check_staff_certificate();

-- Copies are on record, in the copy itself too; so is that a set-up is one.
INSERT INTO office.audit_act (act, meaning) VALUES
    ('backup.made', 'A copy of the whole set-up was begun.'),
    ('backup.restored', 'The set-up was restored from a copy; what was recorded after the copy is not here.');

-- What an import changed is kept by the rows it changes, so that no run can say it added somebody whom it did not add, and have
-- them taken out by an undoing.
CREATE FUNCTION office.check_newest_run(run bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF run IS DISTINCT FROM (SELECT max(i.number) FROM office.roster_import i) THEN
        RAISE EXCEPTION 'residents are changed by the newest run alone' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'resident_changed_by_newest_run', TABLE = 'resident', SCHEMA = 'office';
    END IF;
END $$;
COMMENT ON FUNCTION office.check_newest_run IS 'Refuses a change of residents in the name of a run that is over.';
REVOKE ALL ON FUNCTION office.check_newest_run FROM PUBLIC;
CREATE FUNCTION office.keep_added() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM office.check_newest_run(w.changed_by) FROM (SELECT DISTINCT changed_by FROM written) w;
    INSERT INTO office.roster_change (import, resident, kind, left_hash) SELECT changed_by, id, 'added', row_hash FROM written;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.keep_added() IS 'Keeps whom an import added.';
CREATE TRIGGER resident_added AFTER INSERT ON office.resident
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION office.keep_added();
CREATE FUNCTION office.keep_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM office.check_newest_run(w.changed_by) FROM (SELECT DISTINCT changed_by FROM written) w;
    INSERT INTO office.roster_change (import, resident, kind, left_hash, household_index, likeness_index, identity, residence,
        row_hash, gone_at)
    SELECT w.changed_by, w.id, CASE WHEN g.only_gone THEN 'gone' ELSE 'changed' END, w.row_hash,
        CASE WHEN NOT g.only_gone THEN o.household_index END, CASE WHEN NOT g.only_gone THEN o.likeness_index END,
        CASE WHEN NOT g.only_gone THEN o.identity END, CASE WHEN NOT g.only_gone THEN o.residence END,
        CASE WHEN NOT g.only_gone THEN o.row_hash END, CASE WHEN NOT g.only_gone THEN o.gone_at END
    FROM written w JOIN was o ON o.id = w.id JOIN office.roster_import i ON i.number = w.changed_by
    CROSS JOIN LATERAL (SELECT o.gone_at IS NULL AND w.gone_at IS NOT NULL AND (o.household_index, o.likeness_index, o.identity,
        o.residence, o.row_hash) = (w.household_index, w.likeness_index, w.identity, w.residence, w.row_hash) AS only_gone) g
    -- An undoing is not undone.
    WHERE i.undoes IS NULL;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.keep_changed() IS 'Keeps what an import changed, as it was before, and whom it marked as gone.';
CREATE TRIGGER resident_changed AFTER UPDATE ON office.resident
    REFERENCING OLD TABLE AS was NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION office.keep_changed();
REVOKE INSERT ON office.roster_change FROM madoguchi_import;

-- The sealer gives places in the tree, and nobody else does; what has none waits for it.
GRANT USAGE ON SCHEMA office TO madoguchi_sealer;
GRANT SELECT ON refinery_schema_history TO madoguchi_sealer;
GRANT SELECT (seq, hash) ON office.audit_event TO madoguchi_sealer;
GRANT SELECT, DELETE ON office.audit_unsealed TO madoguchi_sealer;
GRANT SELECT, INSERT ON office.audit_leaf, office.audit_head TO madoguchi_sealer;
REVOKE DELETE ON office.audit_unsealed FROM madoguchi_office;
REVOKE INSERT ON office.audit_leaf, office.audit_head FROM madoguchi_office;
CREATE FUNCTION office.check_sealed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM taken t WHERE NOT EXISTS (SELECT FROM office.audit_leaf l WHERE l.seq = t.seq)) THEN
        RAISE EXCEPTION 'an event waits until it has its place in the tree' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'unsealed_until_it_has_its_place', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_sealed() IS 'Refuses that an event stops waiting before it has its place in the tree.';
CREATE TRIGGER unsealed_until_it_has_its_place AFTER DELETE ON office.audit_unsealed
    REFERENCING OLD TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION office.check_sealed();
CREATE TRIGGER unsealed_is_not_changed BEFORE UPDATE OR TRUNCATE ON office.audit_unsealed
    FOR EACH STATEMENT EXECUTE FUNCTION office.refuse_change();
