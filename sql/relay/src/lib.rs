//! What the relay front and the blind half keep: cards, encrypted pseudonyms, sessions, partners, hashes of blobs.
