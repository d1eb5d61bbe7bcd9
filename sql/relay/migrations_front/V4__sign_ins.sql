-- Sign-ins and logouts under way, sessions, and what was already taken. Every instance of the front reads the same
-- rows, so none keeps anything in memory that another would need.

CREATE TABLE front.procedure (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('sign_in', 'logout')),
    browser bytea CHECK (octet_length(browser) = 32),
    state bytea NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    began_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX procedure_by_expiry ON front.procedure (expires_at);
COMMENT ON TABLE front.procedure IS 'Sign-ins and logouts under way.';
COMMENT ON COLUMN front.procedure.id IS 'Its id; the trace id of its pages.';
COMMENT ON COLUMN front.procedure.kind IS 'sign_in or logout.';
COMMENT ON COLUMN front.procedure.browser IS 'Keyed hash of the cookie of the browser it belongs to; empty where there is none (ECP, SOAP).';
COMMENT ON COLUMN front.procedure.state IS 'Its state, sealed (it holds what the service sent, RelayState included).';
COMMENT ON COLUMN front.procedure.version IS 'Raised by each move; a move from an older version is refused.';
COMMENT ON COLUMN front.procedure.began_at IS 'When the request was taken.';
COMMENT ON COLUMN front.procedure.expires_at IS 'When it is given up.';

CREATE TABLE front.session (
    id uuid PRIMARY KEY,
    cookie bytea NOT NULL CONSTRAINT session_cookie_once UNIQUE CHECK (octet_length(cookie) = 32),
    holder uuid REFERENCES front.holder,
    context text NOT NULL,
    upstream text,
    authenticated_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    gone bytea CONSTRAINT session_gone_once UNIQUE CHECK (octet_length(gone) = 32),
    ended_at timestamptz,
    ending text CHECK (ending IN ('logout', 'card_gone', 'replaced', 'revoked', 'expired')),
    CONSTRAINT session_ended_somehow CHECK ((ended_at IS NULL) = (ending IS NULL)),
    CONSTRAINT session_of_somebody CHECK ((holder IS NULL) <> (upstream IS NULL))
);
CREATE INDEX session_of_holder ON front.session (holder) WHERE ended_at IS NULL;
CREATE INDEX session_by_expiry ON front.session (expires_at);
COMMENT ON TABLE front.session IS 'Sessions at the front: one card that was shown once and need not be shown again for a while.';
COMMENT ON COLUMN front.session.id IS 'Its id.';
COMMENT ON COLUMN front.session.cookie IS 'Keyed hash of the browser''s cookie.';
COMMENT ON COLUMN front.session.holder IS 'The certificate that was shown.';
COMMENT ON COLUMN front.session.context IS 'How: the authentication context class.';
COMMENT ON COLUMN front.session.upstream IS 'The other consortium''s identity provider, where that one knows the person and we do not.';
COMMENT ON COLUMN front.session.authenticated_at IS 'When the card was shown.';
COMMENT ON COLUMN front.session.expires_at IS 'When it ends by itself.';
COMMENT ON COLUMN front.session.gone IS 'Keyed hash of the token with which the card bridge says that the card was pulled.';
COMMENT ON COLUMN front.session.ended_at IS 'When it ended.';
COMMENT ON COLUMN front.session.ending IS 'How.';

CREATE TABLE front.participant (
    session uuid NOT NULL REFERENCES front.session ON DELETE CASCADE,
    service text NOT NULL REFERENCES front.partner (entity_id),
    session_index text NOT NULL CONSTRAINT participant_index_once UNIQUE,
    name_id bytea NOT NULL,
    since timestamptz NOT NULL,
    told_at timestamptz,
    PRIMARY KEY (session, service)
);
COMMENT ON TABLE front.participant IS 'Services that were given an assertion in a session, for single logout.';
COMMENT ON COLUMN front.participant.session IS 'Which session.';
COMMENT ON COLUMN front.participant.service IS 'Which service.';
COMMENT ON COLUMN front.participant.session_index IS 'SessionIndex: random, another for each service.';
COMMENT ON COLUMN front.participant.name_id IS 'The EncryptedID it got (readable by the service alone) or its transient NameID, sealed; it goes back in a LogoutRequest.';
COMMENT ON COLUMN front.participant.since IS 'When it got its first assertion of the session.';
COMMENT ON COLUMN front.participant.told_at IS 'When it answered that its session is over.';

CREATE TABLE front.artifact (
    handle bytea PRIMARY KEY CHECK (octet_length(handle) = 32),
    row uuid NOT NULL,
    service text NOT NULL REFERENCES front.partner (entity_id),
    message bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    taken_at timestamptz
);
CREATE INDEX artifact_by_expiry ON front.artifact (expires_at);
COMMENT ON TABLE front.artifact IS 'Messages waiting to be fetched by their artifact, once.';
COMMENT ON COLUMN front.artifact.handle IS 'Keyed hash of the artifact''s message handle.';
COMMENT ON COLUMN front.artifact.row IS 'What the message is sealed to.';
COMMENT ON COLUMN front.artifact.service IS 'The one service that may fetch it.';
COMMENT ON COLUMN front.artifact.message IS 'The message, sealed.';
COMMENT ON COLUMN front.artifact.expires_at IS 'Until when.';
COMMENT ON COLUMN front.artifact.taken_at IS 'When it was fetched.';

CREATE TABLE front.message_seen (
    kind text NOT NULL CHECK (kind IN ('authn_request', 'logout_request', 'logout_response', 'artifact_resolve', 'manage_name_id', 'upstream_response', 'assertion', 'envelope')),
    id bytea NOT NULL CHECK (octet_length(id) = 32),
    until timestamptz NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX message_seen_by_expiry ON front.message_seen (until);
COMMENT ON TABLE front.message_seen IS 'Messages already taken, so that none is taken twice while it is still good, also after a restart.';
COMMENT ON COLUMN front.message_seen.kind IS 'What kind of message.';
COMMENT ON COLUMN front.message_seen.id IS 'Keyed hash of issuer and message id.';
COMMENT ON COLUMN front.message_seen.until IS 'When the message itself is too old to be taken.';

GRANT SELECT, INSERT, UPDATE (browser, state, version, expires_at), DELETE ON front.procedure TO relay_front;
GRANT SELECT, INSERT, UPDATE (expires_at, gone, ended_at, ending), DELETE ON front.session TO relay_front;
GRANT SELECT, INSERT, UPDATE (session_index, name_id, told_at), DELETE ON front.participant TO relay_front;
GRANT SELECT, INSERT, UPDATE (taken_at), DELETE ON front.artifact TO relay_front;
GRANT SELECT, INSERT, DELETE ON front.message_seen TO relay_front;
