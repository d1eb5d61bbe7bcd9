-- A PIN that its holder knows is changed at the counter; the card itself asks for the present one.
INSERT INTO office.audit_act (act, meaning) VALUES
    ('card.pin_changed', 'The resident changed the PIN, entering the present one first.');
