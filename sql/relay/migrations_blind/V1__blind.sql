-- All that the blind half keeps. Nothing here stands for a person: no card, no registration, no half-way ciphertext and
-- no pseudonym, so that the whole database in a stranger's hands joins nobody.
-- Two roles stand outside the migrations: blind_owner owns all this and runs migrations; blind_half is what the process
-- logs in as and has only what is granted here.

CREATE SCHEMA blind;
COMMENT ON SCHEMA blind IS 'What the blind half keeps: services, the front''s shares for them, hashes of what it made, messages already taken.';
GRANT USAGE ON SCHEMA blind TO blind_half;
GRANT SELECT ON refinery_schema_history TO blind_half;

CREATE TABLE blind.pinned_service (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entity text NOT NULL CHECK (entity <> ''),
    certificate_sha256 bytea NOT NULL CHECK (octet_length(certificate_sha256) = 32),
    cipher text NOT NULL CHECK (cipher <> ''),
    transport text NOT NULL CHECK (transport <> ''),
    approved_by text[] NOT NULL CONSTRAINT pin_by_two CHECK (cardinality(approved_by) = 2 AND approved_by[1] <> approved_by[2]),
    since timestamptz NOT NULL,
    until timestamptz,
    CONSTRAINT pin_ends_after_it_began CHECK (until >= since)
);
CREATE UNIQUE INDEX pin_one_at_a_time ON blind.pinned_service (entity) WHERE until IS NULL;
COMMENT ON TABLE blind.pinned_service IS 'History of pins: which certificate a service''s pseudonyms were sealed to, from when to when. The pins themselves are signed files.';
COMMENT ON COLUMN blind.pinned_service.id IS 'Order of pinning.';
COMMENT ON COLUMN blind.pinned_service.entity IS 'The service''s entity id.';
COMMENT ON COLUMN blind.pinned_service.certificate_sha256 IS 'SHA-256 of its certificate, DER.';
COMMENT ON COLUMN blind.pinned_service.cipher IS 'What the content is encrypted with.';
COMMENT ON COLUMN blind.pinned_service.transport IS 'What the content''s key is encrypted with.';
COMMENT ON COLUMN blind.pinned_service.approved_by IS 'The two operators whose signatures the pin''s file bears.';
COMMENT ON COLUMN blind.pinned_service.since IS 'When the process first read it.';
COMMENT ON COLUMN blind.pinned_service.until IS 'When it was no longer there, or another took its place.';
GRANT SELECT, INSERT, UPDATE (until) ON blind.pinned_service TO blind_half;

CREATE TABLE blind.share (
    id uuid PRIMARY KEY,
    domain text NOT NULL CHECK (domain <> ''),
    entity text NOT NULL CHECK (entity <> ''),
    edition integer NOT NULL CHECK (edition > 0),
    share bytea NOT NULL,
    accepted_at timestamptz NOT NULL,
    CONSTRAINT share_once UNIQUE (domain, entity, edition)
);
COMMENT ON TABLE blind.share IS 'The front''s key shares, one for each service and edition of the keys. Never one for anything but a service.';
COMMENT ON COLUMN blind.share.id IS 'The row, as sealed values name it.';
COMMENT ON COLUMN blind.share.domain IS 'The city whose people it is for.';
COMMENT ON COLUMN blind.share.entity IS 'The service''s entity id.';
COMMENT ON COLUMN blind.share.edition IS 'Which keys.';
COMMENT ON COLUMN blind.share.share IS 'The share, sealed.';
COMMENT ON COLUMN blind.share.accepted_at IS 'When it came.';
GRANT SELECT, INSERT ON blind.share TO blind_half;

CREATE TABLE blind.tombstone (
    domain text NOT NULL CHECK (domain <> ''),
    entity text NOT NULL CHECK (entity <> ''),
    mark bytea NOT NULL CHECK (octet_length(mark) = 32),
    reason text NOT NULL CHECK (reason <> ''),
    approved_by text[] NOT NULL CONSTRAINT tombstone_by_two CHECK (cardinality(approved_by) = 2 AND approved_by[1] <> approved_by[2]),
    since timestamptz NOT NULL,
    PRIMARY KEY (domain, entity, mark)
);
COMMENT ON TABLE blind.tombstone IS 'Pseudonyms that a service asked to be given no more, because they stood for the wrong person.';
COMMENT ON COLUMN blind.tombstone.domain IS 'The city whose people it is about.';
COMMENT ON COLUMN blind.tombstone.entity IS 'The service''s entity id.';
COMMENT ON COLUMN blind.tombstone.mark IS 'Keyed hash of the pseudonym, another for each service.';
COMMENT ON COLUMN blind.tombstone.reason IS 'Which matter it belongs to, by its number.';
COMMENT ON COLUMN blind.tombstone.approved_by IS 'The two operators who set it.';
COMMENT ON COLUMN blind.tombstone.since IS 'Since when.';
GRANT SELECT, INSERT ON blind.tombstone TO blind_half;

CREATE TABLE blind.finish_log (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    jti uuid NOT NULL,
    domain text NOT NULL,
    entity text NOT NULL,
    request bytea NOT NULL CHECK (octet_length(request) = 32),
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused')),
    blob_sha256 bytea CHECK (octet_length(blob_sha256) = 32),
    refusal text,
    CONSTRAINT finished_or_refused CHECK ((outcome = 'done') = (blob_sha256 IS NOT NULL) AND (outcome = 'refused') = (refusal IS NOT NULL))
);
CREATE UNIQUE INDEX blob_once ON blind.finish_log (blob_sha256);
COMMENT ON TABLE blind.finish_log IS 'Every order to finish a pseudonym: what was made is named by its hash, for the auditor to match with the front''s assertions. Rows are never changed.';
COMMENT ON COLUMN blind.finish_log.seq IS 'Order of writing.';
COMMENT ON COLUMN blind.finish_log.at IS 'When.';
COMMENT ON COLUMN blind.finish_log.jti IS 'Number of the front''s envelope.';
COMMENT ON COLUMN blind.finish_log.domain IS 'The city whose people it was asked for.';
COMMENT ON COLUMN blind.finish_log.entity IS 'The service''s entity id.';
COMMENT ON COLUMN blind.finish_log.request IS 'The front''s salted hash of the service''s request.';
COMMENT ON COLUMN blind.finish_log.outcome IS 'done or refused.';
COMMENT ON COLUMN blind.finish_log.blob_sha256 IS 'SHA-256 of the EncryptedID that was handed out.';
COMMENT ON COLUMN blind.finish_log.refusal IS 'Code of the refusal.';
GRANT SELECT, INSERT ON blind.finish_log TO blind_half;

CREATE TABLE blind.jti_seen (
    jti uuid PRIMARY KEY,
    until timestamptz NOT NULL
);
CREATE INDEX jti_seen_until ON blind.jti_seen (until);
COMMENT ON TABLE blind.jti_seen IS 'Numbers of envelopes already taken, kept until their time refuses them.';
COMMENT ON COLUMN blind.jti_seen.jti IS 'The number.';
COMMENT ON COLUMN blind.jti_seen.until IS 'From then on it may be forgotten.';
GRANT SELECT, INSERT, DELETE ON blind.jti_seen TO blind_half;

CREATE TABLE blind.rotation (
    edition integer PRIMARY KEY CHECK (edition > 0),
    began_at timestamptz NOT NULL,
    stepped bigint NOT NULL DEFAULT 0 CHECK (stepped >= 0),
    last_at timestamptz NOT NULL
);
COMMENT ON TABLE blind.rotation IS 'Key rotations: how many ciphertexts went through this half. One that the front sent twice counts twice.';
COMMENT ON COLUMN blind.rotation.edition IS 'The edition that is left behind.';
COMMENT ON COLUMN blind.rotation.began_at IS 'First batch.';
COMMENT ON COLUMN blind.rotation.stepped IS 'Ciphertexts so far.';
COMMENT ON COLUMN blind.rotation.last_at IS 'Last batch.';
GRANT SELECT, INSERT, UPDATE (stepped, last_at) ON blind.rotation TO blind_half;
