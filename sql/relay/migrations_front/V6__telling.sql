-- Telling services that a session is over goes on until each has answered or a bound is reached, whoever restarts
-- meanwhile.

ALTER TABLE front.participant
    ADD COLUMN tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    ADD COLUMN next_try_at timestamptz,
    ADD COLUMN given_up_at timestamptz,
    ADD CONSTRAINT participant_told_given_up_or_waiting CHECK (num_nonnulls(told_at, next_try_at, given_up_at) <= 1);
CREATE INDEX participant_to_be_told ON front.participant (next_try_at) WHERE next_try_at IS NOT NULL;
COMMENT ON COLUMN front.participant.tries IS 'How often it was told in vain that its session is over.';
COMMENT ON COLUMN front.participant.next_try_at IS 'Its session is over and it has not answered so: when it is told again. Set when the session ends.';
COMMENT ON COLUMN front.participant.given_up_at IS 'When telling it was given up: it was away until the bound, or takes no logout from server to server.';

GRANT UPDATE (tries, next_try_at, given_up_at) ON front.participant TO relay_front;

INSERT INTO front.audit_act (act, meaning) VALUES
    ('logout.given_up', 'Telling a service that a session is over was given up: it stays not told.');
