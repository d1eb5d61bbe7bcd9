CREATE TABLE ledger (
    id integer PRIMARY KEY,
    amount integer NOT NULL CONSTRAINT ledger_amount_not_negative CHECK (amount >= 0)
);
GRANT SELECT, INSERT, UPDATE ON ledger TO store_test_clerk;
