-- What went wrong is settled by two: whoever says how it ended, and another clerk who agreed with their own card.
INSERT INTO office.second_purpose (purpose) VALUES ('incident');

ALTER TABLE office.incident ADD COLUMN closed_with uuid REFERENCES office.staff;
COMMENT ON COLUMN office.incident.closed_with IS 'Who agreed: always another. Empty in what was settled before two were asked for.';
ALTER TABLE office.incident ADD CONSTRAINT incident_closed_by_two
    CHECK (closed_at IS NULL OR closed_with IS NOT NULL AND closed_with <> closed_by) NOT VALID;
GRANT UPDATE (closed_with) ON office.incident TO madoguchi_office;

CREATE FUNCTION office.check_settled() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM office.second_approval a WHERE a.case_id = NEW.case_id AND a.purpose = 'incident'
            AND a.maker = NEW.closed_by AND a.checker = NEW.closed_with AND a.used_at = NEW.closed_at) THEN
        RAISE EXCEPTION 'whoever settles it with another clerk has that clerk''s agreement' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'incident_closed_as_agreed', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_settled() IS 'Refuses the end of an incident that no second clerk agreed to.';
CREATE TRIGGER incident_closed_as_agreed AFTER UPDATE ON office.incident FOR EACH ROW
    WHEN (NEW.closed_at IS NOT NULL AND OLD.closed_at IS NULL) EXECUTE FUNCTION office.check_settled();
