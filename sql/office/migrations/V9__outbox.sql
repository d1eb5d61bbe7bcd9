-- What the relay's front is told about cards handed over: the registrations, and the outbox (送信箱) that carries them.

-- A card handed over may be ended for good; it stays what the resident was given.
ALTER TABLE office.card DROP CONSTRAINT card_state_check;
ALTER TABLE office.card ADD CONSTRAINT card_state_check CHECK (state IN ('making', 'made', 'active', 'revoked', 'damaged'));
ALTER TABLE office.card DROP CONSTRAINT card_pin_before_handover;
ALTER TABLE office.card ADD CONSTRAINT card_pin_before_handover CHECK (state NOT IN ('active', 'revoked') OR pin_set_at IS NOT NULL);
ALTER TABLE office.card DROP CONSTRAINT card_active_since;
ALTER TABLE office.card ADD CONSTRAINT card_active_since CHECK ((activated_at IS NOT NULL) = (state IN ('active', 'revoked')));
ALTER TABLE office.card ADD COLUMN revoked_at timestamptz;
ALTER TABLE office.card ADD CONSTRAINT card_revoked_since CHECK ((revoked_at IS NOT NULL) = (state = 'revoked'));
COMMENT ON COLUMN office.card.state IS 'making, made, active (handed over), revoked (ended after its handover), damaged.';
COMMENT ON COLUMN office.card.revoked_at IS 'When it was ended after its handover.';
GRANT UPDATE (revoked_at) ON office.card TO madoguchi_office;

CREATE OR REPLACE FUNCTION office.check_active_card() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_card uuid;
    card_given boolean;
    handed_over boolean;
BEGIN
    IF TG_TABLE_NAME = 'card' THEN the_card := NEW.id; ELSE the_card := NEW.card; END IF;
    IF the_card IS NULL THEN RETURN NULL; END IF;
    SELECT state IN ('active', 'revoked') INTO card_given FROM office.card WHERE id = the_card;
    SELECT EXISTS (
        SELECT FROM office.card_case c JOIN office.handover h ON h.case_id = c.id AND h.card = c.card
        WHERE c.card = the_card AND c.state = 'handed_over'
    ) INTO handed_over;
    IF card_given IS DISTINCT FROM handed_over
        OR EXISTS (SELECT FROM office.card_case WHERE card = the_card AND (state = 'handed_over') <> handed_over) THEN
        RAISE EXCEPTION 'a card is active exactly when its handover is recorded'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'card_active_when_handed_over';
    END IF;
    RETURN NULL;
END $$;

ALTER TABLE office.second_approval DROP CONSTRAINT second_approval_purpose_check;
ALTER TABLE office.second_approval ADD CONSTRAINT second_approval_purpose_check
    CHECK (purpose IN ('verification_exception', 'making', 'handover', 'relink'));

CREATE TABLE office.registration (
    id uuid PRIMARY KEY,
    card uuid NOT NULL REFERENCES office.card,
    slot smallint NOT NULL CHECK (slot IN (1, 2)),
    edition integer NOT NULL DEFAULT 0 CHECK (edition >= 0),
    state text NOT NULL CHECK (state IN ('active', 'suspended', 'revoked')),
    since timestamptz NOT NULL,
    CONSTRAINT registration_one_a_slot UNIQUE (card, slot)
);
COMMENT ON TABLE office.registration IS '登録: what the relay''s front knows a card''s certificate by. No pseudonym is kept here: the office has none.';
COMMENT ON COLUMN office.registration.id IS 'Random; the only name the front and the office share.';
COMMENT ON COLUMN office.registration.card IS 'Of which card.';
COMMENT ON COLUMN office.registration.slot IS 'Of which of its certificates; the two are registered apart.';
COMMENT ON COLUMN office.registration.edition IS 'Which origin of the person: 0, and one more each time a wrong link was mended.';
COMMENT ON COLUMN office.registration.state IS 'active, suspended (reported lost), revoked.';
COMMENT ON COLUMN office.registration.since IS 'Since when.';

CREATE TABLE office.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    registration uuid NOT NULL REFERENCES office.registration,
    act text NOT NULL CHECK (act IN ('register', 'activate', 'suspend', 'resume', 'revoke', 'relink')),
    reason text,
    edition integer,
    approved_by uuid[] CHECK (cardinality(approved_by) = 2 AND approved_by[1] <> approved_by[2]),
    written_at timestamptz NOT NULL,
    seq bigint CONSTRAINT outbox_seq_once UNIQUE CHECK (seq > 0),
    body bytea,
    applied_at timestamptz,
    CONSTRAINT outbox_revoked_with_reason CHECK ((act = 'revoke') = (reason IS NOT NULL)),
    CONSTRAINT outbox_relinked_by_two CHECK ((act = 'relink') = (approved_by IS NOT NULL)),
    CONSTRAINT outbox_linked_with_edition CHECK ((act IN ('register', 'relink')) = (edition IS NOT NULL)),
    CONSTRAINT outbox_body_has_seq CHECK (body IS NULL OR seq IS NOT NULL),
    CONSTRAINT outbox_applied_has_seq CHECK (applied_at IS NULL OR seq IS NOT NULL)
);
CREATE INDEX outbox_waiting ON office.outbox (id) WHERE applied_at IS NULL;
COMMENT ON TABLE office.outbox IS '送信箱: what the front has to be told, written with the change it tells of, sent in order, each applied once.';
COMMENT ON COLUMN office.outbox.id IS 'Order of writing.';
COMMENT ON COLUMN office.outbox.registration IS 'About which registration.';
COMMENT ON COLUMN office.outbox.act IS 'What happened.';
COMMENT ON COLUMN office.outbox.reason IS 'Why it was revoked: key_compromise, superseded, cessation_of_operation, privilege_withdrawn (RFC 5280 §5.3.1).';
COMMENT ON COLUMN office.outbox.edition IS 'Which origin of the person it is to stand for.';
COMMENT ON COLUMN office.outbox.approved_by IS 'The two who approved the mending of a wrong link.';
COMMENT ON COLUMN office.outbox.written_at IS 'When it happened; the age of the oldest that waits is shown at every desk.';
COMMENT ON COLUMN office.outbox.seq IS 'Its number in the row of messages, given when it is composed; no gaps.';
COMMENT ON COLUMN office.outbox.body IS 'The message as composed, sealed: sent again it is the same. Removed once applied.';
COMMENT ON COLUMN office.outbox.applied_at IS 'When the front said that it was applied.';

CREATE TABLE office.outbox_sender (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    tried_at timestamptz,
    answered_at timestamptz,
    trouble text
);
INSERT INTO office.outbox_sender DEFAULT VALUES;
COMMENT ON TABLE office.outbox_sender IS 'How sending goes, for the desks'' status line.';
COMMENT ON COLUMN office.outbox_sender.one IS 'One row.';
COMMENT ON COLUMN office.outbox_sender.tried_at IS 'When sending was last tried.';
COMMENT ON COLUMN office.outbox_sender.answered_at IS 'When the front last answered.';
COMMENT ON COLUMN office.outbox_sender.trouble IS 'Why the last try failed; empty when it did not.';

CREATE FUNCTION office.tell_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('office_outbox', '');
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.tell_outbox() IS 'Wakes the sender, and the desks that show how it stands.';
CREATE TRIGGER outbox_written AFTER INSERT OR UPDATE OF applied_at ON office.outbox
    FOR EACH STATEMENT EXECUTE FUNCTION office.tell_outbox();
CREATE TRIGGER outbox_sender_changed AFTER UPDATE OF trouble ON office.outbox_sender
    FOR EACH STATEMENT EXECUTE FUNCTION office.tell_outbox();

GRANT SELECT, INSERT, UPDATE (edition, state, since) ON office.registration TO madoguchi_office;
GRANT SELECT, INSERT, UPDATE (seq, body, applied_at) ON office.outbox TO madoguchi_office;
GRANT SELECT, UPDATE (tried_at, answered_at, trouble) ON office.outbox_sender TO madoguchi_office;

-- Cards handed over before there was a relay are registered too.
INSERT INTO office.registration (id, card, slot, state, since)
    SELECT gen_random_uuid(), k.id, c.slot, 'active', now() FROM office.card k JOIN office.certificate c ON c.card = k.id
    WHERE k.state = 'active' AND c.der IS NOT NULL AND c.revoked_at IS NULL;
INSERT INTO office.outbox (registration, act, edition, written_at)
    SELECT r.id, told.act, CASE told.act WHEN 'register' THEN 0 END, now()
    FROM office.registration r, (VALUES (1, 'register'), (2, 'activate')) AS told (place, act) ORDER BY r.id, told.place;

INSERT INTO office.audit_act (act, meaning) VALUES
    ('card.suspended', 'A card handed over may not be used for now.'),
    ('card.resumed', 'A suspended card may be used again.'),
    ('card.revoked', 'A card handed over was ended for good, its certificates with it.'),
    ('card.relinked', 'A card''s registrations stand for the person''s next origin: a wrong link was mended.');
