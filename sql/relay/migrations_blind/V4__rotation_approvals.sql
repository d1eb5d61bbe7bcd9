-- A key rotation begins only while two operators allow it: the front alone, whoever holds it, cannot begin one.

CREATE TABLE blind.rotation_approval (
    edition integer NOT NULL CHECK (edition > 0),
    until timestamptz NOT NULL CHECK (date_trunc('second', until) = until),
    operator text NOT NULL CHECK (operator <> ''),
    signature text NOT NULL CHECK (signature <> ''),
    at timestamptz NOT NULL,
    PRIMARY KEY (edition, until, operator)
);
COMMENT ON TABLE blind.rotation_approval IS 'Operators who signed that a key rotation may begin. Two who signed for the same moment open it; the process checks the signatures, so that a row put here by another opens nothing.';
COMMENT ON COLUMN blind.rotation_approval.edition IS 'The edition that may be left behind.';
COMMENT ON COLUMN blind.rotation_approval.until IS 'A rotation may begin until then.';
COMMENT ON COLUMN blind.rotation_approval.operator IS 'Who signed.';
COMMENT ON COLUMN blind.rotation_approval.signature IS 'The signature over edition and moment.';
COMMENT ON COLUMN blind.rotation_approval.at IS 'When it was put here.';
GRANT SELECT, INSERT ON blind.rotation_approval TO blind_half;
