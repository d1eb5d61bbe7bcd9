-- Cards as the front knows them, and the office's messages that made them so.

CREATE TABLE front.sender (
    name text PRIMARY KEY CHECK (name <> ''),
    applied bigint NOT NULL CHECK (applied >= 0),
    heard_at timestamptz NOT NULL
);
COMMENT ON TABLE front.sender IS 'Offices that send registrations, each with how far its messages were applied.';
COMMENT ON COLUMN front.sender.name IS 'The office, as it signs its envelopes (iss).';
COMMENT ON COLUMN front.sender.applied IS 'Sequence number of the last message applied; the next one must follow it.';
COMMENT ON COLUMN front.sender.heard_at IS 'When the last message came: its age is shown to operators.';

CREATE TABLE front.intake (
    sender text NOT NULL REFERENCES front.sender,
    seq bigint NOT NULL CHECK (seq > 0),
    jti text NOT NULL,
    body_sha256 bytea NOT NULL CHECK (octet_length(body_sha256) = 32),
    applied_at timestamptz NOT NULL,
    PRIMARY KEY (sender, seq),
    CONSTRAINT intake_jti_once UNIQUE (sender, jti)
);
COMMENT ON TABLE front.intake IS 'Every message applied, so that one sent again is answered and not applied again.';
COMMENT ON COLUMN front.intake.sender IS 'Whose.';
COMMENT ON COLUMN front.intake.seq IS 'Its number with that sender, without gaps from 1.';
COMMENT ON COLUMN front.intake.jti IS 'The envelope''s id.';
COMMENT ON COLUMN front.intake.body_sha256 IS 'Hash of what the envelope says: another message under the same number is refused.';
COMMENT ON COLUMN front.intake.applied_at IS 'When.';

CREATE TABLE front.holder (
    registration uuid PRIMARY KEY,
    sender text NOT NULL REFERENCES front.sender,
    certificate_sha256 bytea NOT NULL CONSTRAINT holder_certificate_once UNIQUE CHECK (octet_length(certificate_sha256) = 32),
    use text NOT NULL CHECK (use IN ('authentication', 'eligibility')),
    state text NOT NULL CHECK (state IN ('registered', 'active', 'suspended', 'revoked')),
    reason text,
    pseudonym bytea NOT NULL,
    edition integer NOT NULL CHECK (edition >= 0),
    since timestamptz NOT NULL,
    CONSTRAINT holder_revoked_with_reason CHECK ((state = 'revoked') = (reason IS NOT NULL))
);
COMMENT ON TABLE front.holder IS 'One registered certificate each. Nothing here links the two certificates of one card, or says whose they are.';
COMMENT ON COLUMN front.holder.registration IS 'The office''s random id of the registration.';
COMMENT ON COLUMN front.holder.sender IS 'The office that registered it; no other may change it.';
COMMENT ON COLUMN front.holder.certificate_sha256 IS 'SHA-256 of the certificate (DER).';
COMMENT ON COLUMN front.holder.use IS 'What the certificate is for: authentication (PIN) or eligibility (no PIN).';
COMMENT ON COLUMN front.holder.state IS 'registered until the card is handed over; active; suspended and resumed; revoked for good.';
COMMENT ON COLUMN front.holder.reason IS 'Why it was revoked.';
COMMENT ON COLUMN front.holder.pseudonym IS 'The encrypted polymorphic pseudonym (64 bytes), sealed once more by the front.';
COMMENT ON COLUMN front.holder.edition IS 'Which of the halves'' keys it is encrypted under; raised by a rotation.';
COMMENT ON COLUMN front.holder.since IS 'Since when it stands in its state.';

CREATE FUNCTION front.refuse_return() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'revoked' THEN
        RAISE EXCEPTION 'a revoked registration stays revoked' USING ERRCODE = 'check_violation', CONSTRAINT = 'holder_revoked_for_good';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION front.refuse_return() IS 'A revoked registration never changes again.';
CREATE TRIGGER holder_revoked_for_good BEFORE UPDATE OF state ON front.holder
    FOR EACH ROW EXECUTE FUNCTION front.refuse_return();

GRANT SELECT, INSERT, UPDATE (applied, heard_at) ON front.sender TO relay_front;
GRANT SELECT, INSERT ON front.intake TO relay_front;
GRANT SELECT, INSERT, UPDATE (state, reason, since, pseudonym, edition) ON front.holder TO relay_front;
