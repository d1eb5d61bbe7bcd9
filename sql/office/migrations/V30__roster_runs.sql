-- What each import changed is kept, so that one run can be undone: exactly what it changed, and nothing that came after.

ALTER TABLE office.roster_import ADD COLUMN undoes bigint CONSTRAINT import_undone_once UNIQUE REFERENCES office.roster_import;
ALTER TABLE office.roster_import ADD CONSTRAINT import_undoes_an_earlier_one CHECK (undoes < number);
COMMENT ON COLUMN office.roster_import.undoes IS 'The run that this one put back; of such a run changed counts the people put back, gone those taken out again.';

CREATE TABLE office.roster_change (
    import bigint NOT NULL REFERENCES office.roster_import,
    resident uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('added', 'changed', 'gone')),
    left_hash bytea NOT NULL CHECK (octet_length(left_hash) = 32),
    household_index bytea CHECK (octet_length(household_index) = 32),
    likeness_index bytea CHECK (octet_length(likeness_index) = 32),
    identity bytea,
    residence bytea,
    row_hash bytea CHECK (octet_length(row_hash) = 32),
    gone_at timestamptz,
    PRIMARY KEY (import, resident),
    CONSTRAINT change_keeps_what_was CHECK (num_nulls(household_index, likeness_index, identity, residence, row_hash)
        = CASE kind WHEN 'changed' THEN 0 ELSE 5 END),
    CONSTRAINT change_was_gone_only_before_a_change CHECK (gone_at IS NULL OR kind = 'changed')
);
COMMENT ON TABLE office.roster_change IS 'What each import changed, with the row as it was before. Removed once the run is too old to be undone.';
COMMENT ON COLUMN office.roster_change.import IS 'Which run.';
COMMENT ON COLUMN office.roster_change.resident IS 'Whose row. Not a reference: who was added is deleted when the run is undone.';
COMMENT ON COLUMN office.roster_change.kind IS 'added, changed, gone (marked as gone).';
COMMENT ON COLUMN office.roster_change.left_hash IS 'row_hash as the run left it: a row that has another one now was written by a later run.';
COMMENT ON COLUMN office.roster_change.household_index IS 'Before a change: household_index.';
COMMENT ON COLUMN office.roster_change.likeness_index IS 'Before a change: likeness_index.';
COMMENT ON COLUMN office.roster_change.identity IS 'Before a change: identity, sealed as it stood in office.resident.';
COMMENT ON COLUMN office.roster_change.residence IS 'Before a change: residence, sealed as it stood in office.resident.';
COMMENT ON COLUMN office.roster_change.row_hash IS 'Before a change: row_hash.';
COMMENT ON COLUMN office.roster_change.gone_at IS 'Before a change: gone_at.';

-- The office's role takes people out again only by this: those whom a run added that another row undoes.
CREATE FUNCTION office.take_out_added(undoing bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    taken_out bigint;
BEGIN
    DELETE FROM office.resident r USING office.roster_change c, office.roster_import i
        WHERE i.number = undoing AND c.import = i.undoes AND c.kind = 'added'
        AND r.id = c.resident AND r.row_hash = c.left_hash;
    GET DIAGNOSTICS taken_out = ROW_COUNT;
    RETURN taken_out;
END $$;
COMMENT ON FUNCTION office.take_out_added IS 'Deletes the residents added by the run that run undoing undoes, as far as nobody changed them; says how many.';
REVOKE ALL ON FUNCTION office.take_out_added FROM PUBLIC;

-- So that what a run changed can be removed without a right to delete: only what is older than can be undone.
CREATE FUNCTION office.forget_roster_changes(before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    forgotten bigint;
BEGIN
    DELETE FROM office.roster_change c USING office.roster_import i WHERE i.number = c.import AND i.at < before;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;
COMMENT ON FUNCTION office.forget_roster_changes IS 'Removes what runs before a moment changed; says how many rows.';
REVOKE ALL ON FUNCTION office.forget_roster_changes FROM PUBLIC;

GRANT SELECT, INSERT ON office.roster_change TO madoguchi_office;
GRANT EXECUTE ON FUNCTION office.take_out_added, office.forget_roster_changes TO madoguchi_office;

INSERT INTO office.audit_act (act, meaning) VALUES
    ('roster.undone', 'What one import of the roster had changed was put back.');
