//! My Page: what a resident sees after signing in with the card.
