-- Federation partners: who may ask, by which metadata, approved by which two operators.

CREATE TABLE front.partner (
    entity_id text PRIMARY KEY CHECK (length(entity_id) BETWEEN 1 AND 1024),
    kind text NOT NULL CHECK (kind IN ('service', 'provider')),
    state text NOT NULL CHECK (state IN ('proposed', 'trial', 'on', 'off')),
    state_since timestamptz NOT NULL,
    state_reason text,
    edition integer,
    logout text NOT NULL CHECK (logout IN ('untried', 'sealed', 'in_clear', 'without')),
    sign_in text NOT NULL CHECK (sign_in IN ('untried', 'named', 'unnamed')),
    assertion_seconds integer NOT NULL CHECK (assertion_seconds BETWEEN 30 AND 600),
    session_seconds integer NOT NULL CHECK (session_seconds BETWEEN 60 AND 43200),
    skew_seconds integer NOT NULL CHECK (skew_seconds BETWEEN 0 AND 300),
    exceptions text NOT NULL,
    share_sent_at timestamptz,
    version integer NOT NULL CHECK (version >= 1),
    CONSTRAINT partner_on_when_approved CHECK (state NOT IN ('trial', 'on') OR edition IS NOT NULL),
    CONSTRAINT partner_on_when_tried CHECK (
        state <> 'on' OR kind = 'provider' OR (sign_in = 'named' AND logout IN ('sealed', 'without')))
);
COMMENT ON TABLE front.partner IS 'Services that sign residents in here, and other consortia''s identity providers.';
COMMENT ON COLUMN front.partner.entity_id IS 'Its SAML entity id.';
COMMENT ON COLUMN front.partner.kind IS 'service: takes assertions from us. provider: an identity provider we pass sign-ins on to.';
COMMENT ON COLUMN front.partner.state IS 'proposed, on trial (operators'' test cards only), on, off.';
COMMENT ON COLUMN front.partner.state_since IS 'Since when.';
COMMENT ON COLUMN front.partner.state_reason IS 'Why it is off.';
COMMENT ON COLUMN front.partner.edition IS 'The edition of its metadata that counts.';
COMMENT ON COLUMN front.partner.logout IS 'What the trial showed of its LogoutRequest: untried, sealed, in_clear; or without: it goes on without single logout by a recorded decision.';
COMMENT ON COLUMN front.partner.sign_in IS 'What the trial showed of its reading the EncryptedID: untried, named, unnamed.';
COMMENT ON COLUMN front.partner.assertion_seconds IS 'How long an assertion for it is good (参考C6).';
COMMENT ON COLUMN front.partner.session_seconds IS 'How long its session may last before it must ask again.';
COMMENT ON COLUMN front.partner.skew_seconds IS 'How far its clock may be off.';
COMMENT ON COLUMN front.partner.exceptions IS 'What is taken from it beyond the profile, by name, separated by blanks (relay_core::saml::Exception).';
COMMENT ON COLUMN front.partner.share_sent_at IS 'When the blind half took our key share for it.';
COMMENT ON COLUMN front.partner.version IS 'Raised by each change.';

CREATE TABLE front.partner_metadata (
    entity_id text NOT NULL REFERENCES front.partner,
    edition integer NOT NULL CHECK (edition >= 1),
    metadata text NOT NULL,
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    valid_until timestamptz,
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    approved_by text,
    approved_at timestamptz,
    PRIMARY KEY (entity_id, edition),
    CONSTRAINT metadata_approved_by_another CHECK (approved_by <> proposed_by),
    CONSTRAINT metadata_approved_somehow CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);
ALTER TABLE front.partner ADD CONSTRAINT partner_edition_there
    FOREIGN KEY (entity_id, edition) REFERENCES front.partner_metadata;
COMMENT ON TABLE front.partner_metadata IS 'Every edition of a partner''s metadata, with who put it forward and who approved it.';
COMMENT ON COLUMN front.partner_metadata.entity_id IS 'Whose.';
COMMENT ON COLUMN front.partner_metadata.edition IS 'Counted from 1.';
COMMENT ON COLUMN front.partner_metadata.metadata IS 'The document as received.';
COMMENT ON COLUMN front.partner_metadata.sha256 IS 'Its hash: what both operators compared with the partner''s letter.';
COMMENT ON COLUMN front.partner_metadata.valid_until IS 'When it expires by itself.';
COMMENT ON COLUMN front.partner_metadata.proposed_by IS 'Operator who put it forward.';
COMMENT ON COLUMN front.partner_metadata.proposed_at IS 'When.';
COMMENT ON COLUMN front.partner_metadata.approved_by IS 'Another operator who approved it.';
COMMENT ON COLUMN front.partner_metadata.approved_at IS 'When.';

GRANT SELECT, INSERT, UPDATE (state, state_since, state_reason, edition, logout, sign_in, assertion_seconds,
    session_seconds, skew_seconds, exceptions, share_sent_at, version) ON front.partner TO relay_front;
GRANT SELECT, INSERT, UPDATE (approved_by, approved_at) ON front.partner_metadata TO relay_front;
