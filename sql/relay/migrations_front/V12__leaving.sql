-- Leaving joins nobody. Until now the trail had a row for each service that was told of a session's end, at that moment and
-- with the session's name there: rows of two services stood side by side, and each led back to a sign-in. Whether services
-- are told is counted instead, by the hour, service and result; what of a session is still to be told stands in
-- front.participant alone. (Rows written before stay: nobody can change the trail.)

CREATE TABLE front.telling (
    hour timestamptz NOT NULL CONSTRAINT telling_by_the_hour CHECK (date_trunc('hour', hour, 'UTC') = hour),
    service text NOT NULL REFERENCES front.partner (entity_id),
    result text NOT NULL CHECK (result IN ('told', 'failed', 'given_up')),
    binding text NOT NULL CHECK (binding IN ('soap', 'browser')),
    reason text NOT NULL CHECK (length(reason) <= 64 AND (reason = '') = (result = 'told')),
    count bigint NOT NULL CHECK (count > 0),
    PRIMARY KEY (hour, service, result, binding, reason)
);
COMMENT ON TABLE front.telling IS 'Services that were told of sessions that ended, or were not, counted. Rows only grow in number.';
COMMENT ON COLUMN front.telling.hour IS 'The hour in which it was tried.';
COMMENT ON COLUMN front.telling.service IS 'Which service.';
COMMENT ON COLUMN front.telling.result IS 'told: it answered that it knows. failed: a try in vain, one for each. given_up: it stays not told of a session.';
COMMENT ON COLUMN front.telling.binding IS 'soap: from server to server; browser: by a visit.';
COMMENT ON COLUMN front.telling.reason IS 'Why it was in vain; of given_up, why the last try was. Empty when it was told.';
COMMENT ON COLUMN front.telling.count IS 'How many sessions, or tries.';
GRANT SELECT, INSERT, UPDATE (count) ON front.telling TO relay_front;
CREATE TRIGGER telling_counts_up BEFORE UPDATE ON front.telling FOR EACH ROW EXECUTE FUNCTION front.refusal_counts_up();

-- The acts stay in the list where the trail has rows of theirs.
DELETE FROM front.audit_act a WHERE act IN ('logout.told', 'logout.given_up')
    AND NOT EXISTS (SELECT FROM front.audit_event e WHERE e.act = a.act);
UPDATE front.audit_act SET meaning = meaning || ' (Counted in front.telling by now.)' WHERE act IN ('logout.told', 'logout.given_up');

-- What is under way in one browser at two services has nothing in common: the cookie is hashed with the id. Who is on the
-- way while this is applied begins again at the service.
DELETE FROM front.procedure;
ALTER TABLE front.procedure ADD CONSTRAINT procedure_times_are_coarse CHECK (
    date_trunc('hour', began_at, 'UTC') = began_at AND date_trunc('minute', expires_at, 'UTC') = expires_at);
COMMENT ON COLUMN front.procedure.browser IS 'Keyed hash of its id and the cookie of the browser it belongs to; empty where there is none (ECP, SOAP).';
COMMENT ON COLUMN front.procedure.began_at IS 'The hour in which the request was taken.';
COMMENT ON COLUMN front.procedure.expires_at IS 'The full minute at which it is given up.';

-- The moment of a change stands in the trail, beside a name for the registration that only the front's keys explain; the
-- same moment in the registration's own row would explain it too.
UPDATE front.holder SET since = date_trunc('hour', since, 'UTC');
ALTER TABLE front.holder ADD CONSTRAINT holder_since_is_coarse CHECK (date_trunc('hour', since, 'UTC') = since);
COMMENT ON COLUMN front.holder.since IS 'The hour since which it stands in its state.';
