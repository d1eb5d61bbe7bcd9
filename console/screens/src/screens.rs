//! The screens, each a small book: its state, its update, its view.

pub mod application;
pub mod card_show;
pub mod case;
pub mod handover;
pub mod journal;
pub mod login;
pub mod making;
pub mod papers;
pub mod pin;
pub mod relay;
pub mod resident;
pub mod search;
pub mod shelf;
pub mod shown;
pub mod standing;
pub mod today;
pub mod verify;
