-- A message that a rule of the register refuses for good uses its number up, so that one such message holds nothing else up.
-- Its answer is kept beside it: sent again it is answered the same.

ALTER TABLE front.intake ADD COLUMN refused_by text CHECK (refused_by ~ '^[a-z_.]{1,64}$');
COMMENT ON TABLE front.intake IS 'Every message applied or refused for good, so that one sent again is answered the same and not applied again.';
COMMENT ON COLUMN front.intake.refused_by IS 'The rule that refused it for good; empty when it was applied.';
COMMENT ON COLUMN front.intake.applied_at IS 'When it was applied or refused.';
COMMENT ON COLUMN front.sender.applied IS 'Sequence number of the last message applied or refused for good; the next one must follow it.';
CREATE INDEX intake_refused ON front.intake (sender) WHERE refused_by IS NOT NULL;
