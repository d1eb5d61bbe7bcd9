-- What one session served to two services stands nowhere side by side, and no time to the second stands beside a
-- person: whoever reads this database, even with the services' own records in the other hand, finds nothing by which
-- two services' records of one person could be matched. What the front needs for single logout it works out from its
-- keys, which are not here.
--
-- Sessions that were going on could not be carried over: the services in them hold a SessionIndex that nobody can
-- work out. They end; whoever was signed in shows the card again.

DELETE FROM front.participant;
DELETE FROM front.session;

DROP INDEX front.session_of_holder;
ALTER TABLE front.session
    DROP CONSTRAINT session_of_somebody,
    DROP COLUMN holder,
    DROP COLUMN context,
    DROP COLUMN upstream,
    DROP COLUMN authenticated_at,
    ADD COLUMN place bytea CONSTRAINT session_place_once UNIQUE CHECK (octet_length(place) = 32),
    ADD COLUMN facts bytea NOT NULL,
    ADD CONSTRAINT session_over_has_no_place CHECK (ended_at IS NULL OR place IS NULL),
    ADD CONSTRAINT session_times_are_coarse CHECK (
        date_trunc('hour', expires_at, 'UTC') = expires_at AND date_trunc('hour', ended_at, 'UTC') = ended_at);
COMMENT ON COLUMN front.session.place IS 'Keyed hash of the registration that was shown and of one of the places its sessions can take: found from the registration, and no two sessions of one person are alike. Empty once it is over, and where another provider knows the person.';
COMMENT ON COLUMN front.session.facts IS 'Who, how strong, when, until when: sealed.';
COMMENT ON COLUMN front.session.expires_at IS 'When its row may go: the next full hour after it ends by itself.';
COMMENT ON COLUMN front.session.ended_at IS 'The hour in which it ended.';

DROP INDEX front.participant_to_be_told;
ALTER TABLE front.participant
    DROP CONSTRAINT participant_pkey,
    DROP CONSTRAINT participant_told_given_up_or_waiting,
    DROP COLUMN session,
    DROP COLUMN session_index,
    DROP COLUMN since,
    DROP COLUMN told_at,
    DROP COLUMN given_up_at,
    ADD COLUMN id bytea PRIMARY KEY CHECK (octet_length(id) = 32),
    ADD COLUMN session bytea NOT NULL,
    ADD COLUMN given_up boolean NOT NULL DEFAULT false,
    ADD COLUMN until date NOT NULL,
    ADD CONSTRAINT participant_given_up_or_waiting CHECK (NOT (given_up AND next_try_at IS NOT NULL));
CREATE INDEX participant_to_be_told ON front.participant (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX participant_by_end ON front.participant (until);
COMMENT ON TABLE front.participant IS 'Services that were given an assertion in a session, for single logout. A service that knows that the session is over has no row any more.';
COMMENT ON COLUMN front.participant.id IS 'Keyed hash of service and SessionIndex. The SessionIndex itself is worked out from the session and the service.';
COMMENT ON COLUMN front.participant.session IS 'Which session, sealed.';
COMMENT ON COLUMN front.participant.given_up IS 'Telling it was given up: it was away until the bound, or takes no logout from server to server.';
COMMENT ON COLUMN front.participant.until IS 'The day after which the row goes.';

GRANT INSERT, UPDATE (cookie, place, facts) ON front.session TO relay_front;
GRANT INSERT, UPDATE (session, name_id, tries, next_try_at, given_up, until) ON front.participant TO relay_front;
