-- A login role for each program, with what it does and no more: the console at the desks, the import of the roster, the outbox
-- process, and an auditor who only reads. They are made beside the database (office::install); this comes after every table.

GRANT USAGE ON SCHEMA office TO madoguchi_import, madoguchi_dispatch, madoguchi_reader;
GRANT SELECT ON refinery_schema_history TO madoguchi_import, madoguchi_dispatch, madoguchi_reader;

GRANT SELECT, INSERT ON office.roster_import TO madoguchi_import;
GRANT SELECT, INSERT, UPDATE (household_index, likeness_index, identity, residence, row_hash, changed_by, gone_at)
    ON office.resident TO madoguchi_import;
GRANT SELECT, INSERT ON office.audit_event TO madoguchi_import;
GRANT SELECT, INSERT, UPDATE (answer) ON office.act_answer TO madoguchi_import;
GRANT SELECT (id, resident, state, closed_at) ON office.card_case TO madoguchi_import;
GRANT SELECT (id, resident, state) ON office.card TO madoguchi_import;
REVOKE INSERT, UPDATE (household_index, likeness_index, identity, residence, row_hash, changed_by, gone_at)
    ON office.resident FROM madoguchi_office;
REVOKE INSERT ON office.roster_import FROM madoguchi_office;
GRANT SELECT, INSERT ON office.roster_change TO madoguchi_import;
GRANT EXECUTE ON FUNCTION office.take_out_added, office.forget_roster_changes TO madoguchi_import;
REVOKE INSERT ON office.roster_change FROM madoguchi_office;
REVOKE EXECUTE ON FUNCTION office.take_out_added, office.forget_roster_changes FROM madoguchi_office;

GRANT SELECT, UPDATE (seq, body, applied_at, refused_at, refused_by) ON office.outbox TO madoguchi_dispatch;
GRANT SELECT, UPDATE (tried_at, answered_at, trouble) ON office.outbox_sender TO madoguchi_dispatch;
GRANT SELECT ON office.registration, office.card, office.certificate TO madoguchi_dispatch;
GRANT SELECT (id, year, serial, card) ON office.card_case TO madoguchi_dispatch;
GRANT SELECT, INSERT ON office.audit_event TO madoguchi_dispatch;
REVOKE UPDATE (seq, body, applied_at, refused_at, refused_by) ON office.outbox FROM madoguchi_office;
REVOKE UPDATE (tried_at, answered_at, trouble) ON office.outbox_sender FROM madoguchi_office;

GRANT SELECT ON office.audit_event, office.audit_act, office.transfer, office.transfer_rule, office.place_kind,
    office.card_place, office.transition, office.revocation_list, office.audit_leaf, office.audit_head, office.audit_unsealed
    TO madoguchi_reader;

-- What came after the rules of what is once and for ever.
CREATE TRIGGER telephone_stop_stays_settled AFTER UPDATE ON office.telephone_stop FOR EACH ROW
    WHEN (OLD.settled_at IS NOT NULL) EXECUTE FUNCTION office.refuse_move('telephone_stop_stays_settled');
