-- Who may ask whom for a person's records. A row is an agreement: this asker may be referred to this provider for this
-- service, for these purposes, while it lasts. Two operators stand for each edition of it; without one nobody is referred.

ALTER TABLE front.message_seen
    DROP CONSTRAINT message_seen_kind_check,
    ADD CONSTRAINT message_seen_kind_check CHECK (kind IN ('authn_request', 'logout_request', 'logout_response', 'artifact_resolve', 'manage_name_id', 'upstream_response', 'assertion', 'envelope', 'discovery'));

CREATE TABLE front.agreement (
    asker text NOT NULL REFERENCES front.partner,
    service_type text NOT NULL CHECK (service_type ~ '^[!-~]+$' AND length(service_type) <= 256),
    edition integer NOT NULL CHECK (edition > 0),
    provider text NOT NULL REFERENCES front.partner CHECK (provider <> asker),
    address text NOT NULL CHECK (address LIKE 'https://%' AND length(address) <= 1024),
    about text NOT NULL CHECK (length(about) BETWEEN 1 AND 200),
    until date NOT NULL,
    proposed_by text NOT NULL CHECK (proposed_by <> ''),
    proposed_at timestamptz NOT NULL,
    approved_by text CONSTRAINT agreement_is_by_two CHECK (approved_by <> proposed_by),
    approved_at timestamptz,
    suspended_by text CHECK (suspended_by <> ''),
    suspended_because text CHECK (length(suspended_because) BETWEEN 1 AND 400),
    PRIMARY KEY (asker, service_type, edition),
    CONSTRAINT agreement_is_approved_by_somebody CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CONSTRAINT agreement_is_suspended_for_a_reason CHECK ((suspended_by IS NULL) = (suspended_because IS NULL))
);
COMMENT ON TABLE front.agreement IS 'Which service may be referred to which provider for a person''s records. The newest approved edition counts.';
COMMENT ON COLUMN front.agreement.asker IS 'The service that asks: an entity id.';
COMMENT ON COLUMN front.agreement.service_type IS 'What is asked for: a URI.';
COMMENT ON COLUMN front.agreement.edition IS 'From 1; a change is a new edition, approved anew.';
COMMENT ON COLUMN front.agreement.provider IS 'Who has it: an entity id.';
COMMENT ON COLUMN front.agreement.address IS 'Where the provider is asked.';
COMMENT ON COLUMN front.agreement.about IS 'What it is, for people.';
COMMENT ON COLUMN front.agreement.until IS 'The last day on which it holds: by then the provider''s check sheet is to be renewed.';
COMMENT ON COLUMN front.agreement.proposed_by IS 'The operator who put it forward.';
COMMENT ON COLUMN front.agreement.proposed_at IS 'When.';
COMMENT ON COLUMN front.agreement.approved_by IS 'The other operator, who approved it.';
COMMENT ON COLUMN front.agreement.approved_at IS 'When.';
COMMENT ON COLUMN front.agreement.suspended_by IS 'Who suspended it, if somebody did: nobody is referred until it is resumed.';
COMMENT ON COLUMN front.agreement.suspended_because IS 'Why, in words for operators.';
GRANT SELECT, INSERT, UPDATE (approved_by, approved_at, suspended_by, suspended_because) ON front.agreement TO relay_front;

INSERT INTO front.audit_act (act, meaning) VALUES
    ('records.referred', 'A service was given a reference to a provider of a person''s records, with the person''s name there sealed to the provider.'),
    ('records.refused', 'A service asked for such a reference and was given none.'),
    ('records.linked', 'An office had a person''s name at a provider made and sealed to the provider, for linking the provider''s records.'),
    ('agreement.proposed', 'An operator put an agreement forward: who may be referred to whom.'),
    ('agreement.approved', 'Another operator approved it.'),
    ('agreement.suspended', 'An operator suspended an agreement, or resumed it.');
