-- What was refused at the door. A message that nobody can be held to is no event of the trail: anybody could fill the disk
-- with them. They are counted instead, by the hour, by what was asked for and by rule; nothing of the message is kept, and no row stands for
-- a person or a visit.

CREATE TABLE blind.refusal (
    hour timestamptz NOT NULL CONSTRAINT refusal_by_the_hour CHECK (date_trunc('hour', hour, 'UTC') = hour),
    asked text NOT NULL CHECK (asked <> ''),
    rule text NOT NULL CHECK (rule <> '' AND length(rule) <= 64),
    count bigint NOT NULL CHECK (count > 0),
    PRIMARY KEY (hour, asked, rule)
);
COMMENT ON TABLE blind.refusal IS 'Messages that were refused, counted. Rows only grow in number.';
COMMENT ON COLUMN blind.refusal.hour IS 'The hour they came in.';
COMMENT ON COLUMN blind.refusal.asked IS 'What was asked for: finish, compare, share, rotation; pins for files of the folder.';
COMMENT ON COLUMN blind.refusal.rule IS 'Code of the refusal, as in the logs.';
COMMENT ON COLUMN blind.refusal.count IS 'How many.';
GRANT SELECT, INSERT, UPDATE (count) ON blind.refusal TO blind_half;

CREATE FUNCTION blind.refusal_counts_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.count < OLD.count THEN
        RAISE EXCEPTION 'what was counted is not taken back' USING ERRCODE = 'check_violation', CONSTRAINT = 'refusal_counts_up';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER refusal_counts_up BEFORE UPDATE ON blind.refusal FOR EACH ROW EXECUTE FUNCTION blind.refusal_counts_up();
