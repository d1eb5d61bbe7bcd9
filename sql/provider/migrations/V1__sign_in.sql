-- What one service provider keeps of sign-ins: requests it sent, messages it has taken, sessions, history.
--
-- Persons are known by a keyed hash of the pseudonym that this provider alone is given; the pseudonym itself stands
-- sealed in the session it began and nowhere else. Times that stand beside a person are whole minutes, ids are random
-- and no row carries the order of its writing, so that two providers' databases cannot be laid side by side and matched
-- by when things happened. A single logout leaves no time at all: it reaches several providers at one moment.
--
-- Two roles stand outside the migrations: NAME_owner owns all this and runs migrations, NAME is what the portal logs in
-- as. Each provider has a database and a pair of its own, so the portal's is found by the owner's name.

CREATE SCHEMA provider;
COMMENT ON SCHEMA provider IS 'One service provider''s sign-ins. It knows nobody''s name, number or address.';

CREATE TABLE provider.request_sent (
    id text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 256),
    browser_index bytea NOT NULL CHECK (octet_length(browser_index) = 32),
    target text NOT NULL CHECK (target LIKE '/%' AND target NOT LIKE '//%' AND length(target) <= 512),
    until timestamptz NOT NULL
);
CREATE INDEX request_sent_by_end ON provider.request_sent (until);
COMMENT ON TABLE provider.request_sent IS 'AuthnRequests that wait for their answer. A row is taken away by the answer: it answers once.';
COMMENT ON COLUMN provider.request_sent.id IS 'The request''s SAML id, which the answer names.';
COMMENT ON COLUMN provider.request_sent.browser_index IS 'Keyed hash of the secret in the browser that was sent off: nobody else''s browser brings the answer.';
COMMENT ON COLUMN provider.request_sent.target IS 'The page that was asked for: a path of this portal.';
COMMENT ON COLUMN provider.request_sent.until IS 'After that no answer counts.';

CREATE TABLE provider.message_seen (
    message_index bytea PRIMARY KEY CHECK (octet_length(message_index) = 32),
    until timestamptz NOT NULL
);
CREATE INDEX message_seen_by_end ON provider.message_seen (until);
COMMENT ON TABLE provider.message_seen IS 'Assertions and logout requests that were taken: none counts twice, after a restart either.';
COMMENT ON COLUMN provider.message_seen.message_index IS 'Keyed hash of sender and message id.';
COMMENT ON COLUMN provider.message_seen.until IS 'The message is refused for its age from then on, and the row is not needed.';

CREATE TABLE provider.session (
    id uuid PRIMARY KEY,
    secret_index bytea NOT NULL CONSTRAINT session_secret_once UNIQUE CHECK (octet_length(secret_index) = 32),
    person_index bytea NOT NULL CHECK (octet_length(person_index) = 32),
    name bytea NOT NULL,
    session_index text CHECK (length(session_index) BETWEEN 1 AND 256),
    context text NOT NULL CHECK (length(context) BETWEEN 1 AND 256),
    signed_in_at timestamptz NOT NULL CHECK (signed_in_at = date_trunc('minute', signed_in_at)),
    idle_until timestamptz NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX session_of_person ON provider.session (person_index);
CREATE INDEX session_by_end ON provider.session (until);
COMMENT ON TABLE provider.session IS 'Who is signed in now. A session that ends leaves nothing here.';
COMMENT ON COLUMN provider.session.id IS 'Random; what the sealed name is bound to.';
COMMENT ON COLUMN provider.session.secret_index IS 'Keyed hash of the secret in the browser''s cookie.';
COMMENT ON COLUMN provider.session.person_index IS 'Keyed hash of the pseudonym.';
COMMENT ON COLUMN provider.session.name IS 'The NameID, sealed: needed to ask for a logout.';
COMMENT ON COLUMN provider.session.session_index IS 'The identity provider''s index of the session, which a logout names.';
COMMENT ON COLUMN provider.session.context IS 'How the person was authenticated: a SAML context class.';
COMMENT ON COLUMN provider.session.signed_in_at IS 'When, to the minute.';
COMMENT ON COLUMN provider.session.idle_until IS 'It ends then unless it is used.';
COMMENT ON COLUMN provider.session.until IS 'It ends then at the latest.';

CREATE TABLE provider.sign_in_history (
    id uuid PRIMARY KEY,
    person_index bytea NOT NULL CHECK (octet_length(person_index) = 32),
    at timestamptz NOT NULL CHECK (at = date_trunc('minute', at)),
    context text NOT NULL CHECK (length(context) BETWEEN 1 AND 256)
);
CREATE INDEX sign_in_history_of_person ON provider.sign_in_history (person_index, at DESC);
CREATE INDEX sign_in_history_by_time ON provider.sign_in_history (at);
COMMENT ON TABLE provider.sign_in_history IS 'Sign-ins, for the person to look through; kept for a limited time.';
COMMENT ON COLUMN provider.sign_in_history.id IS 'Random.';
COMMENT ON COLUMN provider.sign_in_history.person_index IS 'Keyed hash of the pseudonym.';
COMMENT ON COLUMN provider.sign_in_history.at IS 'When, to the minute.';
COMMENT ON COLUMN provider.sign_in_history.context IS 'How: a SAML context class.';

DO $$
DECLARE
    portal text := regexp_replace(current_user, '_owner$', '');
BEGIN
    IF portal = current_user THEN
        RAISE EXCEPTION 'the owner of a provider''s schema is named NAME_owner, not %', current_user;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA provider TO %I', portal);
    EXECUTE format('GRANT SELECT ON public.refinery_schema_history TO %I', portal);
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA provider TO %I', portal);
    -- The one thing that changes in a row: a session that is used goes on.
    EXECUTE format('GRANT UPDATE (idle_until) ON provider.session TO %I', portal);
END
$$;
