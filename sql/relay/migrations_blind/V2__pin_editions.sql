-- A pin's file carries an edition that its operators signed for. Whoever writes the folder can put an old file back, with
-- all its signatures; here it is remembered which edition was honoured, and an older one is not.

ALTER TABLE blind.pinned_service ADD COLUMN edition integer NOT NULL DEFAULT 1 CHECK (edition > 0);
ALTER TABLE blind.pinned_service ALTER COLUMN edition DROP DEFAULT;
COMMENT ON COLUMN blind.pinned_service.edition IS 'The edition of the file.';

CREATE TABLE blind.pin_edition (
    entity text PRIMARY KEY CHECK (entity <> ''),
    edition integer NOT NULL CHECK (edition > 0),
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    withdrawn boolean NOT NULL,
    approved_by text[] NOT NULL CONSTRAINT edition_by_two CHECK (cardinality(approved_by) = 2 AND approved_by[1] <> approved_by[2]),
    since timestamptz NOT NULL
);
COMMENT ON TABLE blind.pin_edition IS 'The highest edition of each service''s pin that was ever honoured. An older one, or another file of the same edition, pins nothing.';
COMMENT ON COLUMN blind.pin_edition.entity IS 'The service''s entity id.';
COMMENT ON COLUMN blind.pin_edition.edition IS 'Its highest edition; it never becomes less.';
COMMENT ON COLUMN blind.pin_edition.digest IS 'SHA-256 of what the operators signed for.';
COMMENT ON COLUMN blind.pin_edition.withdrawn IS 'The edition says that the service is pinned no more.';
COMMENT ON COLUMN blind.pin_edition.approved_by IS 'The two operators whose signatures the file bears.';
COMMENT ON COLUMN blind.pin_edition.since IS 'When the process first honoured it.';
GRANT SELECT, INSERT, UPDATE (edition, digest, withdrawn, approved_by, since) ON blind.pin_edition TO blind_half;

-- Not even the process itself can go back.
CREATE FUNCTION blind.pin_edition_goes_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.entity <> OLD.entity OR NEW.edition <= OLD.edition THEN
        RAISE EXCEPTION 'an honoured edition is followed by a later one only' USING ERRCODE = 'check_violation', CONSTRAINT = 'pin_edition_goes_up';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER pin_edition_goes_up BEFORE UPDATE ON blind.pin_edition
    FOR EACH ROW EXECUTE FUNCTION blind.pin_edition_goes_up();

-- What stood pinned so far was edition 1: its digest is not known here, so the first file that is read decides.
