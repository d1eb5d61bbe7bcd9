-- A service that asks for passing names (transient) shows another one at each visit, and that is right.

ALTER TABLE front.partner DROP CONSTRAINT partner_sign_in_check, DROP CONSTRAINT partner_on_when_tried;
ALTER TABLE front.partner ADD CONSTRAINT partner_sign_in_check CHECK (sign_in IN ('untried', 'named', 'unnamed', 'passing'));
ALTER TABLE front.partner ADD CONSTRAINT partner_on_when_tried CHECK (
    state <> 'on' OR kind = 'provider' OR (sign_in IN ('named', 'passing') AND logout IN ('sealed', 'without')));
COMMENT ON COLUMN front.partner.sign_in IS 'What the trial showed of its reading the name: untried, named (the same twice), unnamed (empty), passing (another at each visit, as it asks for them).';
