-- What one provider of records keeps. Its people stand here under the owner's own numbers, sealed; a person's pseudonym at
-- this provider stands as a keyed hash beside the owner's number and nowhere else. Another provider has other pseudonyms for
-- the same people, so two of these databases have nothing in common by which they could be laid side by side.
--
-- Two roles stand outside the migrations: NAME_owner owns all this and runs migrations, NAME is what the provider logs in as.

CREATE SCHEMA records;
COMMENT ON SCHEMA records IS 'One provider''s records of its people.';

CREATE TABLE records.subject (
    id uuid PRIMARY KEY,
    owner_index bytea NOT NULL CHECK (octet_length(owner_index) = 32),
    identity_index bytea NOT NULL CONSTRAINT subject_once UNIQUE CHECK (octet_length(identity_index) = 32),
    identity bytea NOT NULL,
    person_index bytea CHECK (octet_length(person_index) = 32),
    linked_on date,
    link_row uuid CONSTRAINT subject_link_row_once UNIQUE,
    link_result text CHECK (link_result IN ('linked', 'nobody', 'several', 'doubled', 'taken', 'withdrawn')),
    CONSTRAINT subject_linked_whole CHECK ((person_index IS NULL) = (linked_on IS NULL))
);
CREATE INDEX subject_of_owner ON records.subject (owner_index);
CREATE INDEX subject_of_person ON records.subject (person_index) WHERE person_index IS NOT NULL;
CREATE INDEX subject_waiting ON records.subject (id) WHERE person_index IS NULL AND link_result IS NULL;
COMMENT ON TABLE records.subject IS 'A person as the owner of the records knows them. The same number with another name or birthday is another subject: it may be another person, and is linked anew.';
COMMENT ON COLUMN records.subject.id IS 'Random; what sealed columns are bound to.';
COMMENT ON COLUMN records.subject.owner_index IS 'Keyed hash of the owner''s own number of the person.';
COMMENT ON COLUMN records.subject.identity_index IS 'Keyed hash of the owner''s number, kana name and day of birth together.';
COMMENT ON COLUMN records.subject.identity IS 'Kana name, day of birth and the owner''s number, sealed: what a link is found by.';
COMMENT ON COLUMN records.subject.person_index IS 'Keyed hash of the person''s pseudonym here; none while nobody is linked. Several subjects of one owner''s number may have one person: a changed name.';
COMMENT ON COLUMN records.subject.linked_on IS 'Since which day it is linked.';
COMMENT ON COLUMN records.subject.link_row IS 'The random number under which it stands in the last list for linking.';
COMMENT ON COLUMN records.subject.link_result IS 'How the last list ended for it: linked; nobody found; several found; another line of the list was the same resident; the person is linked to another number already; the link was taken back.';

CREATE TABLE records.candidate (
    subject uuid NOT NULL REFERENCES records.subject,
    person_index bytea NOT NULL CHECK (octet_length(person_index) = 32),
    PRIMARY KEY (subject, person_index)
);
CREATE INDEX candidate_of_person ON records.candidate (person_index);
COMMENT ON TABLE records.candidate IS 'Whom a subject in the queue may be: to these people alone it is unknown whether there are records of them.';
COMMENT ON COLUMN records.candidate.subject IS 'Who is not linked.';
COMMENT ON COLUMN records.candidate.person_index IS 'Keyed hash of the pseudonym here of a person who may be meant.';

CREATE TABLE records.link_act (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject uuid NOT NULL REFERENCES records.subject,
    person_index bytea NOT NULL CHECK (octet_length(person_index) = 32),
    act text NOT NULL CHECK (act IN ('linked', 'withdrawn', 'allowed')),
    at timestamptz NOT NULL,
    by_whom text NOT NULL CHECK (length(by_whom) BETWEEN 1 AND 100),
    because text CHECK (length(because) BETWEEN 1 AND 400),
    CONSTRAINT link_act_says_why CHECK (act = 'linked' OR because IS NOT NULL)
);
CREATE INDEX link_act_of_subject ON records.link_act (subject, person_index, number DESC);
COMMENT ON TABLE records.link_act IS 'Every link that was made and taken back. Rows are only ever added. A link that was taken back is not made again by a list until somebody allows it.';
COMMENT ON COLUMN records.link_act.number IS 'In the order of recording.';
COMMENT ON COLUMN records.link_act.subject IS 'Whose records.';
COMMENT ON COLUMN records.link_act.person_index IS 'Keyed hash of the pseudonym here of the person who was linked.';
COMMENT ON COLUMN records.link_act.act IS 'Linked by a list, taken back, or allowed again.';
COMMENT ON COLUMN records.link_act.at IS 'When.';
COMMENT ON COLUMN records.link_act.by_whom IS 'By whom.';
COMMENT ON COLUMN records.link_act.because IS 'Why, in words.';

CREATE TABLE records.load (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind ~ '^[a-z][a-z-]{0,63}$'),
    as_of timestamptz NOT NULL,
    loaded_at timestamptz NOT NULL,
    loaded_by text NOT NULL CHECK (loaded_by <> ''),
    rows integer NOT NULL CHECK (rows >= 0),
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    undone_at timestamptz
);
CREATE INDEX load_current ON records.load (kind, id DESC) WHERE undone_at IS NULL;
COMMENT ON TABLE records.load IS 'What was taken over from the owner, whole each time. The newest that was not undone is what is answered.';
COMMENT ON COLUMN records.load.id IS 'In the order of loading.';
COMMENT ON COLUMN records.load.kind IS 'Which kind of records.';
COMMENT ON COLUMN records.load.as_of IS 'How things stood then, as the owner says.';
COMMENT ON COLUMN records.load.loaded_at IS 'When it was taken over.';
COMMENT ON COLUMN records.load.loaded_by IS 'By whom.';
COMMENT ON COLUMN records.load.rows IS 'How many rows.';
COMMENT ON COLUMN records.load.sha256 IS 'Hash of what was taken over.';
COMMENT ON COLUMN records.load.undone_at IS 'When it was undone: the one before counts again.';

CREATE TABLE records.entry (
    id uuid PRIMARY KEY,
    load bigint NOT NULL REFERENCES records.load,
    subject uuid NOT NULL REFERENCES records.subject,
    content bytea NOT NULL
);
CREATE INDEX entry_of_subject ON records.entry (subject, load);
CREATE INDEX entry_of_load ON records.entry (load);
COMMENT ON TABLE records.entry IS 'One record of a person, in one load.';
COMMENT ON COLUMN records.entry.id IS 'Random; what the content is bound to.';
COMMENT ON COLUMN records.entry.load IS 'Which load.';
COMMENT ON COLUMN records.entry.subject IS 'Whose.';
COMMENT ON COLUMN records.entry.content IS 'Its items by name, sealed.';

CREATE TABLE records.agreement (
    asker text NOT NULL CHECK (length(asker) BETWEEN 1 AND 1024),
    asker_name text NOT NULL CHECK (length(asker_name) <= 200),
    kind text NOT NULL,
    edition integer NOT NULL CHECK (edition > 0),
    purposes text[] NOT NULL CHECK (cardinality(purposes) > 0),
    items text[] NOT NULL CHECK (cardinality(items) > 0),
    fresh_hours integer NOT NULL CHECK (fresh_hours BETWEEN 1 AND 87600),
    responsible text NOT NULL CHECK (length(responsible) BETWEEN 1 AND 200),
    policy text NOT NULL CHECK (length(policy) BETWEEN 1 AND 100),
    checked_until date NOT NULL,
    proposed_by text NOT NULL CHECK (proposed_by <> ''),
    proposed_signature text NOT NULL,
    approved_by text CONSTRAINT agreement_is_by_two CHECK (approved_by <> proposed_by),
    approved_signature text,
    suspended text CHECK (length(suspended) BETWEEN 1 AND 400),
    PRIMARY KEY (asker, kind, edition),
    CONSTRAINT agreement_approved_whole CHECK ((approved_by IS NULL) = (approved_signature IS NULL))
);
COMMENT ON TABLE records.agreement IS 'What is given to whom, and how fresh it must be. The newest edition that both sides approved counts; without one nothing is answered.';
COMMENT ON COLUMN records.agreement.asker IS 'Who asks: an entity id.';
COMMENT ON COLUMN records.agreement.asker_name IS 'What people call the one who asks: told to a person whose records were looked at. Empty: the entity id is.';
COMMENT ON COLUMN records.agreement.kind IS 'Which kind of records.';
COMMENT ON COLUMN records.agreement.edition IS 'From 1; a change is a new edition.';
COMMENT ON COLUMN records.agreement.purposes IS 'What for it may be asked.';
COMMENT ON COLUMN records.agreement.items IS 'Which items are given; * for all.';
COMMENT ON COLUMN records.agreement.fresh_hours IS 'How old the records may be before they are overdue.';
COMMENT ON COLUMN records.agreement.responsible IS 'Who answers for their freshness, for people.';
COMMENT ON COLUMN records.agreement.policy IS 'Which version of the relay''s policy on personal data the provider acknowledged.';
COMMENT ON COLUMN records.agreement.checked_until IS 'Until which day the provider''s check sheet holds: afterwards nothing is answered.';
COMMENT ON COLUMN records.agreement.proposed_by IS 'Who put it forward: one side''s operator.';
COMMENT ON COLUMN records.agreement.proposed_signature IS 'That operator''s signature under edition and terms.';
COMMENT ON COLUMN records.agreement.approved_by IS 'Who approved it: the other side''s operator.';
COMMENT ON COLUMN records.agreement.approved_signature IS 'That operator''s signature under the same words.';
COMMENT ON COLUMN records.agreement.suspended IS 'Why nothing is given for now, in words for callers; none while it is.';

CREATE TABLE records.look (
    id uuid PRIMARY KEY,
    person_index bytea NOT NULL CHECK (octet_length(person_index) = 32),
    at timestamptz NOT NULL CHECK (at = date_trunc('minute', at)),
    asker text NOT NULL,
    kind text NOT NULL,
    purpose text NOT NULL,
    context text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('answered', 'refused')),
    rule text CHECK ((outcome = 'refused') = (rule IS NOT NULL))
);
CREATE INDEX look_of_person ON records.look (person_index, at DESC);
CREATE INDEX look_at ON records.look (at);
COMMENT ON TABLE records.look IS 'Who looked at a person''s records, answered or refused: for the person. Rows are only ever added, until records.forget_looks ends their keeping time.';
COMMENT ON COLUMN records.look.id IS 'Random.';
COMMENT ON COLUMN records.look.person_index IS 'Keyed hash of the person''s pseudonym here.';
COMMENT ON COLUMN records.look.at IS 'When, to the minute.';
COMMENT ON COLUMN records.look.asker IS 'Which institution: an entity id.';
COMMENT ON COLUMN records.look.kind IS 'At which kind of records.';
COMMENT ON COLUMN records.look.purpose IS 'What for.';
COMMENT ON COLUMN records.look.context IS 'How the person was authenticated at the relay.';
COMMENT ON COLUMN records.look.outcome IS 'Answered or refused.';
COMMENT ON COLUMN records.look.rule IS 'Why it was refused.';

CREATE FUNCTION records.forget_looks(before timestamptz) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH old AS (DELETE FROM records.look WHERE at < least(before, now() - interval '90 days') RETURNING 1) SELECT count(*) FROM old
$$;
REVOKE ALL ON FUNCTION records.forget_looks FROM PUBLIC;
COMMENT ON FUNCTION records.forget_looks IS 'Removes looks whose keeping time is over, never one of the last 90 days; how many.';

CREATE TABLE records.consent (
    person_index bytea NOT NULL CHECK (octet_length(person_index) = 32),
    asker text NOT NULL,
    kind text NOT NULL,
    given boolean NOT NULL,
    since timestamptz NOT NULL,
    text_sha256 bytea NOT NULL CHECK (octet_length(text_sha256) = 32),
    PRIMARY KEY (person_index, asker, kind)
);
COMMENT ON TABLE records.consent IS 'What a person said about giving a kind of records to somebody. Without a row the agreement''s purposes decide.';
COMMENT ON COLUMN records.consent.person_index IS 'Keyed hash of the person''s pseudonym here.';
COMMENT ON COLUMN records.consent.asker IS 'To whom: an entity id.';
COMMENT ON COLUMN records.consent.kind IS 'Which kind of records.';
COMMENT ON COLUMN records.consent.given IS 'Given, or withdrawn.';
COMMENT ON COLUMN records.consent.since IS 'Since when.';
COMMENT ON COLUMN records.consent.text_sha256 IS 'Hash of the text that was shown.';

DO $$
DECLARE
    provider text := regexp_replace(current_user, '_owner$', '');
BEGIN
    IF provider = current_user THEN
        RAISE EXCEPTION 'the owner of a provider''s schema is named NAME_owner, not %', current_user;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA records TO %I', provider);
    EXECUTE format('GRANT SELECT ON public.refinery_schema_history TO %I', provider);
    EXECUTE format('GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA records TO %I', provider);
    EXECUTE format('GRANT UPDATE (person_index, linked_on, link_row, link_result) ON records.subject TO %I', provider);
    EXECUTE format('GRANT DELETE ON records.candidate TO %I', provider);
    EXECUTE format('GRANT UPDATE (undone_at) ON records.load TO %I', provider);
    EXECUTE format('GRANT DELETE ON records.entry TO %I', provider);
    EXECUTE format('GRANT EXECUTE ON FUNCTION records.forget_looks TO %I', provider);
    EXECUTE format('GRANT UPDATE (approved_by, approved_signature, suspended) ON records.agreement TO %I', provider);
    EXECUTE format('GRANT UPDATE (given, since, text_sha256) ON records.consent TO %I', provider);
END
$$;
