//! What one service provider keeps: sessions, messages already taken, sign-in history, under its own pseudonyms only.
