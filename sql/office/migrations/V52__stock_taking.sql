-- 棚卸し: what lies at a place is counted, card by card, and compared with the ledger; another person confirms what came of it.

CREATE TABLE office.stock_taking (
    id uuid PRIMARY KEY,
    kind text NOT NULL REFERENCES office.place_kind,
    name text,
    begun_at timestamptz NOT NULL,
    begun_by uuid NOT NULL REFERENCES office.staff,
    abandoned_at timestamptz,
    counted_at timestamptz,
    counted_by uuid REFERENCES office.staff,
    expected integer,
    confirmed_at timestamptz,
    confirmed_by uuid REFERENCES office.staff,
    CONSTRAINT stock_taking_place CHECK (kind IN ('shelf', 'drawer', 'outgoing', 'returned') AND (kind = 'drawer') = (name IS NOT NULL)),
    CONSTRAINT stock_taking_counted CHECK ((counted_at IS NULL) = (counted_by IS NULL) AND (counted_at IS NULL) = (expected IS NULL)),
    CONSTRAINT stock_taking_confirmed CHECK ((confirmed_at IS NULL) = (confirmed_by IS NULL) AND (confirmed_at IS NULL OR counted_at IS NOT NULL)),
    CONSTRAINT stock_taking_by_two CHECK (confirmed_by <> counted_by)
);
CREATE UNIQUE INDEX stock_taking_one_at_a_place ON office.stock_taking (kind, coalesce(name, ''))
    WHERE counted_at IS NULL AND abandoned_at IS NULL;
COMMENT ON TABLE office.stock_taking IS 'A count of the cards at a place, compared with the ledger of custody.';
COMMENT ON COLUMN office.stock_taking.id IS 'Which one.';
COMMENT ON COLUMN office.stock_taking.kind IS 'What kind of place is counted: the whole shelf, a drawer, a box.';
COMMENT ON COLUMN office.stock_taking.name IS 'Whose drawer.';
COMMENT ON COLUMN office.stock_taking.begun_at IS 'When the count began.';
COMMENT ON COLUMN office.stock_taking.begun_by IS 'By whom.';
COMMENT ON COLUMN office.stock_taking.abandoned_at IS 'When a count that nobody finished on its day gave way to the next.';
COMMENT ON COLUMN office.stock_taking.counted_at IS 'When everything had been counted.';
COMMENT ON COLUMN office.stock_taking.counted_by IS 'Who says so.';
COMMENT ON COLUMN office.stock_taking.expected IS 'How many cards the ledger had there at that moment.';
COMMENT ON COLUMN office.stock_taking.confirmed_at IS 'When another person looked at what came of it.';
COMMENT ON COLUMN office.stock_taking.confirmed_by IS 'Who.';

CREATE TABLE office.stock_counted (
    stock_taking uuid NOT NULL REFERENCES office.stock_taking,
    chip bytea NOT NULL,
    card uuid REFERENCES office.card,
    here boolean NOT NULL,
    at timestamptz NOT NULL,
    counted_by uuid NOT NULL REFERENCES office.staff,
    PRIMARY KEY (stock_taking, chip),
    CHECK (card IS NOT NULL OR NOT here)
);
COMMENT ON TABLE office.stock_counted IS 'A card that was in somebody''s hand during a count.';
COMMENT ON COLUMN office.stock_counted.stock_taking IS 'During which.';
COMMENT ON COLUMN office.stock_counted.chip IS 'Its chip''s serial.';
COMMENT ON COLUMN office.stock_counted.card IS 'Which card; empty for a chip that the records do not know.';
COMMENT ON COLUMN office.stock_counted.here IS 'Whether the ledger had it there in that moment: what is handed over a minute later was no surplus.';
COMMENT ON COLUMN office.stock_counted.at IS 'When.';
COMMENT ON COLUMN office.stock_counted.counted_by IS 'By whom.';

CREATE TABLE office.stock_finding (
    stock_taking uuid NOT NULL REFERENCES office.stock_taking,
    chip bytea NOT NULL,
    card uuid REFERENCES office.card,
    finding text NOT NULL CHECK (finding IN ('missing', 'surplus', 'unknown')),
    PRIMARY KEY (stock_taking, chip),
    CHECK ((card IS NULL) = (finding = 'unknown'))
);
COMMENT ON TABLE office.stock_finding IS 'Where a count and the ledger differed when it ended.';
COMMENT ON COLUMN office.stock_finding.stock_taking IS 'Which count.';
COMMENT ON COLUMN office.stock_finding.chip IS 'The chip''s serial.';
COMMENT ON COLUMN office.stock_finding.card IS 'Which card.';
COMMENT ON COLUMN office.stock_finding.finding IS 'missing: in the ledger, not found. surplus: found, in the ledger elsewhere. unknown: in no record.';

CREATE FUNCTION office.check_stock_taking() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'stock_taking' THEN
        -- What was counted, and confirmed, stays so.
        IF (OLD.counted_at, OLD.counted_by, OLD.expected) IS DISTINCT FROM (NEW.counted_at, NEW.counted_by, NEW.expected) AND OLD.counted_at IS NOT NULL
            OR OLD.confirmed_at IS NOT NULL AND (OLD.confirmed_at, OLD.confirmed_by) IS DISTINCT FROM (NEW.confirmed_at, NEW.confirmed_by)
            OR OLD.abandoned_at IS NOT NULL
            OR NEW.abandoned_at IS NOT NULL AND NEW.counted_at IS NOT NULL THEN
            RAISE EXCEPTION 'a count that ended stays as it was' USING ERRCODE = 'check_violation',
                CONSTRAINT = 'stock_taking_ended', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
        END IF;
        RETURN NULL;
    END IF;
    -- What came of a count is written before it is said to be over.
    IF EXISTS (SELECT FROM office.stock_taking t
        WHERE t.id = NEW.stock_taking AND (t.counted_at IS NOT NULL OR t.abandoned_at IS NOT NULL)) THEN
        RAISE EXCEPTION 'nothing is added to a count that ended' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'stock_taking_ended', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.check_stock_taking() IS 'Refuses to change a count that ended, and to add to it.';
CREATE TRIGGER stock_taking_stays AFTER UPDATE ON office.stock_taking FOR EACH ROW EXECUTE FUNCTION office.check_stock_taking();
CREATE TRIGGER stock_counted_in_time AFTER INSERT ON office.stock_counted FOR EACH ROW EXECUTE FUNCTION office.check_stock_taking();
CREATE TRIGGER stock_finding_in_time AFTER INSERT ON office.stock_finding FOR EACH ROW EXECUTE FUNCTION office.check_stock_taking();

INSERT INTO office.audit_act (act, meaning) VALUES
    ('stock.counted', 'The cards at a place were counted and compared with the ledger.'),
    ('stock.confirmed', 'Another person confirmed what a count came to.');

-- A count begins open; what it came to is a change that the triggers look at.
GRANT SELECT, INSERT (id, kind, name, begun_at, begun_by),
    UPDATE (abandoned_at, counted_at, counted_by, expected, confirmed_at, confirmed_by) ON office.stock_taking TO madoguchi_office;
GRANT SELECT, INSERT ON office.stock_counted, office.stock_finding TO madoguchi_office;
GRANT SELECT ON office.stock_taking, office.stock_counted, office.stock_finding TO madoguchi_reader;
