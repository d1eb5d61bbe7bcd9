-- What was refused at the door. A message that nobody can be held to is no event of the trail: anybody could fill the disk
-- with them. They are counted instead, by the hour, by partner and by rule; nothing of the message is kept, and no row stands for
-- a person or a visit.

CREATE TABLE front.refusal (
    hour timestamptz NOT NULL CONSTRAINT refusal_by_the_hour CHECK (date_trunc('hour', hour, 'UTC') = hour),
    partner text NOT NULL CHECK (partner <> ''),
    rule text NOT NULL CHECK (rule <> '' AND length(rule) <= 64),
    count bigint NOT NULL CHECK (count > 0),
    PRIMARY KEY (hour, partner, rule)
);
COMMENT ON TABLE front.refusal IS 'Messages that were refused, counted. Rows only grow in number.';
COMMENT ON COLUMN front.refusal.hour IS 'The hour they came in.';
COMMENT ON COLUMN front.refusal.partner IS 'Entity id of the partner that the message said it was from, where one of that name is registered; else unknown.';
COMMENT ON COLUMN front.refusal.rule IS 'Code of the refusal, as in the logs.';
COMMENT ON COLUMN front.refusal.count IS 'How many.';
GRANT SELECT, INSERT, UPDATE (count) ON front.refusal TO relay_front;

CREATE FUNCTION front.refusal_counts_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.count < OLD.count THEN
        RAISE EXCEPTION 'what was counted is not taken back' USING ERRCODE = 'check_violation', CONSTRAINT = 'refusal_counts_up';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER refusal_counts_up BEFORE UPDATE ON front.refusal FOR EACH ROW EXECUTE FUNCTION front.refusal_counts_up();
