-- Whom a service means in a LogoutRequest is compared here, and every comparison is remembered: a front that could ask
-- again and again, or about names that no service sent, would read pseudonyms out of the answers.

CREATE TABLE blind.comparison (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    jti uuid NOT NULL,
    domain text NOT NULL CHECK (domain <> ''),
    entity text NOT NULL CHECK (entity <> ''),
    message_sha256 bytea NOT NULL CHECK (octet_length(message_sha256) = 32),
    same boolean,
    CONSTRAINT compared_once UNIQUE (entity, message_sha256)
);
CREATE INDEX comparison_lately ON blind.comparison (entity, at) WHERE same IS NOT TRUE;
COMMENT ON TABLE blind.comparison IS 'Every LogoutRequest whose name was compared with a person''s: written before the name is opened. Rows are never removed: no message is compared twice.';
COMMENT ON COLUMN blind.comparison.seq IS 'Order of writing.';
COMMENT ON COLUMN blind.comparison.at IS 'When.';
COMMENT ON COLUMN blind.comparison.jti IS 'Number of the front''s envelope.';
COMMENT ON COLUMN blind.comparison.domain IS 'The city whose people it was asked for.';
COMMENT ON COLUMN blind.comparison.entity IS 'The service that signed the message.';
COMMENT ON COLUMN blind.comparison.message_sha256 IS 'SHA-256 of the message''s ID, by which the service finds it among those it sent.';
COMMENT ON COLUMN blind.comparison.same IS 'Whether it named the person; empty when nothing was answered.';
GRANT SELECT, INSERT, UPDATE (same) ON blind.comparison TO blind_half;

CREATE FUNCTION blind.compared_is_said_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.same IS NOT NULL OR NEW.same IS NULL THEN
        RAISE EXCEPTION 'what was answered is not changed' USING ERRCODE = 'check_violation', CONSTRAINT = 'compared_is_said_once';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER compared_is_said_once BEFORE UPDATE ON blind.comparison FOR EACH ROW EXECUTE FUNCTION blind.compared_is_said_once();
