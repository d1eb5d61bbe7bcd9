-- Who is gone is found, and cards of theirs that can still be used are a queue.

CREATE INDEX resident_gone ON office.resident (id) WHERE gone_at IS NOT NULL;
COMMENT ON COLUMN office.resident.gone_at IS 'Since when the roster has the person no more (moved away, died). They are still found, with that mark.';
