-- The same card shown again carries its session on, under a new cookie.

GRANT UPDATE (cookie, context, authenticated_at) ON front.session TO relay_front;
COMMENT ON COLUMN front.session.authenticated_at IS 'When the card was shown last.';
