-- Records of other offices: their lists are matched with the roster, and a link that was wrong is taken back.
INSERT INTO office.audit_act (act, meaning) VALUES
    ('records.matched', 'A list of an office that holds records was matched with the roster.'),
    ('records.link_withdrawn', 'A wrong link of an office''s records to a resident was taken back.');
