-- What a message says is known again by a keyed hash: a plain one could be worked out for each registration here, and would
-- lead from the message's row to its event in the trail. Rows that are there keep theirs, and are known by it.

COMMENT ON COLUMN front.intake.body_sha256 IS 'Keyed hash of what the envelope says: another message under the same number is refused.';
