-- The trail is sealed into a tree (RFC 6962): places without holes in the order of one sealer, as the events' numbers have gaps
-- where transactions were rolled back. The heads are signed and kept outside the database too.

COMMENT ON COLUMN office.audit_event.seq IS 'Order of writing; gaps are transactions that were rolled back. The places of the tree (audit_leaf) have none.';

CREATE TABLE office.audit_unsealed (
    seq bigint PRIMARY KEY
);
COMMENT ON TABLE office.audit_unsealed IS 'Events that have no place in the tree yet; written by a trigger with the event, emptied by the sealer.';
COMMENT ON COLUMN office.audit_unsealed.seq IS 'The event.';
INSERT INTO office.audit_unsealed (seq) SELECT seq FROM office.audit_event;

-- Nobody who writes an event can leave it out: the trigger acts for the owner.
CREATE FUNCTION office.await_sealing() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO office.audit_unsealed (seq) SELECT seq FROM written;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION office.await_sealing() IS 'Has every event that is written wait for its place in the tree.';
CREATE TRIGGER audit_event_awaits_sealing AFTER INSERT ON office.audit_event
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION office.await_sealing();

CREATE TABLE office.audit_leaf (
    place bigint PRIMARY KEY CHECK (place >= 0),
    -- No foreign key: the place must outlive an event that somebody takes out.
    seq bigint NOT NULL CONSTRAINT audit_leaf_once UNIQUE,
    leaf bytea NOT NULL CHECK (octet_length(leaf) = 32)
);
COMMENT ON TABLE office.audit_leaf IS 'Places of events in the tree, from 0 without holes. Rows are only ever added.';
COMMENT ON COLUMN office.audit_leaf.place IS 'Place of the leaf.';
COMMENT ON COLUMN office.audit_leaf.seq IS 'The event that stands there.';
COMMENT ON COLUMN office.audit_leaf.leaf IS 'SHA-256 of the leaf: a zero byte, the event''s number (8 bytes, big endian), the event''s hash.';
CREATE TRIGGER audit_leaf_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON office.audit_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION office.refuse_change();

CREATE TABLE office.audit_head (
    size bigint PRIMARY KEY CHECK (size > 0),
    at timestamptz NOT NULL,
    frontier bytea NOT NULL CHECK (octet_length(frontier) > 0 AND octet_length(frontier) % 32 = 0),
    note text NOT NULL CHECK (note <> '')
);
COMMENT ON TABLE office.audit_head IS 'Signed heads of the tree. Rows are only ever added; the same heads are kept outside the database.';
COMMENT ON COLUMN office.audit_head.size IS 'Events in the tree.';
COMMENT ON COLUMN office.audit_head.at IS 'When it was signed.';
COMMENT ON COLUMN office.audit_head.frontier IS 'The tree''s right edge: the hashes from which it goes on.';
COMMENT ON COLUMN office.audit_head.note IS 'The head as a checkpoint (C2SP tlog-checkpoint) in a signed note.';
CREATE TRIGGER audit_head_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON office.audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION office.refuse_change();

GRANT SELECT, DELETE ON office.audit_unsealed TO madoguchi_office;
GRANT SELECT, INSERT ON office.audit_leaf, office.audit_head TO madoguchi_office;
