-- A registration whose link is mended while somebody signs in with it: the name was made from the old link.

ALTER TABLE front.holder ADD COLUMN link integer NOT NULL DEFAULT 1 CHECK (link > 0);
COMMENT ON COLUMN front.holder.link IS 'How often the registration was linked to a person: raised when a wrong link is mended, not by a rotation of keys.';
GRANT UPDATE (link) ON front.holder TO relay_front;
