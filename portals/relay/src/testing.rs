//! Help for tests here and in the portals that sign in at the relay: cards made on the spot.

pub mod cards;
