-- An act about no case was known by its verb and asker alone: asked for again under the same id with something else in it, it
-- got the answer of the former.
ALTER TABLE office.act_answer ADD COLUMN content bytea;
COMMENT ON COLUMN office.act_answer.content IS 'What was asked for, as a keyed hash, where no case says it.';
