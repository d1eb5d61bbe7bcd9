-- A card stopped on the telephone stays stopped until its holder confirms it in person, or the stop ends by itself.

CREATE TABLE office.telephone_stop (
    id uuid PRIMARY KEY,
    card uuid NOT NULL REFERENCES office.card,
    stopped_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    settled_at timestamptz,
    settled_as text CHECK (settled_as IN ('confirmed', 'lapsed', 'overtaken')),
    CONSTRAINT telephone_stop_lasts CHECK (until > stopped_at),
    CONSTRAINT telephone_stop_settled_somehow CHECK ((settled_at IS NULL) = (settled_as IS NULL)),
    CONSTRAINT telephone_stop_lapses_late CHECK (settled_as IS DISTINCT FROM 'lapsed' OR settled_at >= until)
);
CREATE UNIQUE INDEX telephone_stop_one_open ON office.telephone_stop (card) WHERE settled_at IS NULL;
CREATE INDEX telephone_stop_due ON office.telephone_stop (until) WHERE settled_at IS NULL;
COMMENT ON TABLE office.telephone_stop IS 'A card stopped because somebody called: a caller is not a holder, so the stop ends by itself unless it is confirmed in person.';
COMMENT ON COLUMN office.telephone_stop.id IS 'The stop.';
COMMENT ON COLUMN office.telephone_stop.card IS 'Which card; one open stop each.';
COMMENT ON COLUMN office.telephone_stop.stopped_at IS 'When the call was taken.';
COMMENT ON COLUMN office.telephone_stop.until IS 'When it ends by itself.';
COMMENT ON COLUMN office.telephone_stop.settled_at IS 'When it was settled.';
COMMENT ON COLUMN office.telephone_stop.settled_as IS 'confirmed: in person, the card stays suspended; lapsed: nobody came; overtaken: the card was resumed or ended otherwise.';
GRANT SELECT, INSERT, UPDATE (settled_at, settled_as) ON office.telephone_stop TO madoguchi_office;

INSERT INTO office.audit_act (act, meaning) VALUES
    ('card.stopped_by_telephone', 'A card was stopped on the telephone, for a number of days unless its holder confirms it in person.'),
    ('card.stop_confirmed', 'The holder confirmed in person that their card, stopped on the telephone, stays stopped.'),
    ('card.stop_lapsed', 'Nobody confirmed in person that a card was to stay stopped: it may be used again.');
