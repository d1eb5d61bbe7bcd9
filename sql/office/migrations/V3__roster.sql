-- The roster as imported. Everything about a person is sealed; what is looked up by value is a keyed hash.

CREATE TABLE office.roster_import (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    act uuid NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    rows integer NOT NULL CHECK (rows >= 0),
    added integer NOT NULL CHECK (added >= 0),
    changed integer NOT NULL CHECK (changed >= 0),
    unchanged integer NOT NULL CHECK (unchanged >= 0),
    gone integer NOT NULL CHECK (gone >= 0),
    CONSTRAINT import_adds_up CHECK (rows = added + changed + unchanged)
);
COMMENT ON TABLE office.roster_import IS 'One line for each import that was taken over.';
COMMENT ON COLUMN office.roster_import.number IS 'Running number; consoles learn by it that the roster changed.';
COMMENT ON COLUMN office.roster_import.act IS 'The act''s id in the audit trail.';
COMMENT ON COLUMN office.roster_import.at IS 'When.';
COMMENT ON COLUMN office.roster_import.actor IS 'Staff id, or import.';
COMMENT ON COLUMN office.roster_import.rows IS 'Residents in the file.';
COMMENT ON COLUMN office.roster_import.added IS 'Of them new.';
COMMENT ON COLUMN office.roster_import.changed IS 'Of them changed.';
COMMENT ON COLUMN office.roster_import.unchanged IS 'Of them as before.';
COMMENT ON COLUMN office.roster_import.gone IS 'Residents marked as gone because the file has them no more.';

CREATE TABLE office.resident (
    id uuid PRIMARY KEY,
    number_index bytea NOT NULL CONSTRAINT resident_number_once UNIQUE CHECK (octet_length(number_index) = 32),
    household_index bytea NOT NULL CHECK (octet_length(household_index) = 32),
    likeness_index bytea NOT NULL CHECK (octet_length(likeness_index) = 32),
    identity bytea NOT NULL,
    residence bytea NOT NULL,
    row_hash bytea NOT NULL CHECK (octet_length(row_hash) = 32),
    changed_by bigint NOT NULL REFERENCES office.roster_import,
    gone_at timestamptz
);
CREATE INDEX resident_by_household ON office.resident (household_index);
CREATE INDEX resident_by_likeness ON office.resident (likeness_index);
CREATE INDEX resident_by_change ON office.resident (changed_by);
COMMENT ON TABLE office.resident IS 'Residents of the roster.';
COMMENT ON COLUMN office.resident.id IS 'Id in every record; random, says nothing of the person.';
COMMENT ON COLUMN office.resident.number_index IS '宛名番号 as a keyed hash.';
COMMENT ON COLUMN office.resident.household_index IS '世帯番号 as a keyed hash: residents of one household share it.';
COMMENT ON COLUMN office.resident.likeness_index IS 'Reading of the name and birthday as a keyed hash: two records that may be one person share it.';
COMMENT ON COLUMN office.resident.identity IS 'Number, household, names, birthday, sex, relation, change: sealed.';
COMMENT ON COLUMN office.resident.residence IS 'Postal code, address, building, telephone, 支援措置: sealed.';
COMMENT ON COLUMN office.resident.row_hash IS 'Keyed hash of the whole row, for telling changed rows from unchanged ones.';
COMMENT ON COLUMN office.resident.changed_by IS 'The import that last changed the row.';
COMMENT ON COLUMN office.resident.gone_at IS 'Since when the roster has the person no more (moved away, died).';

GRANT SELECT, INSERT ON office.roster_import TO madoguchi_office;
GRANT SELECT, INSERT, UPDATE (household_index, likeness_index, identity, residence, row_hash, changed_by, gone_at)
    ON office.resident TO madoguchi_office;
