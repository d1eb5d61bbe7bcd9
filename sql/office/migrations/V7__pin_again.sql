-- A PIN set anew before the handover: recorded before the chip is touched, and after.

INSERT INTO office.audit_act (act, meaning) VALUES
    ('card.pin_reset_begun', 'The PIN of a card not yet handed over is about to be set anew.'),
    ('card.pin_reset', 'The resident set the PIN anew.');
