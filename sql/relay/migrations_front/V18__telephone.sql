-- A telephone asks to be signed in, and a card at another machine approves. What the telephone asks is a procedure that is
-- found by its digits; what a machine with a reader does about it is another, of that machine's browser.

ALTER TABLE front.procedure
    DROP CONSTRAINT procedure_kind_check,
    ADD CONSTRAINT procedure_kind_check CHECK (kind IN ('sign_in', 'logout', 'telephone', 'approval'));
COMMENT ON TABLE front.procedure IS 'Sign-ins and logouts under way, requests of telephones, and their approvals.';
COMMENT ON COLUMN front.procedure.id IS 'Its id; of a telephone''s request a keyed hash of its digits.';
COMMENT ON COLUMN front.procedure.kind IS 'sign_in, logout, telephone (a request to be approved elsewhere) or approval (of one).';
COMMENT ON COLUMN front.procedure.browser IS 'Keyed hash of the cookie of the browser it belongs to; empty where there is none (ECP, SOAP), and for a telephone''s request, which a sign-in of its browser names.';

INSERT INTO front.audit_act (act, meaning) VALUES
    ('telephone.approved', 'A card approved at another machine what a telephone had asked.'),
    ('telephone.refused', 'What a telephone had asked was refused there, or another picture was chosen.');
