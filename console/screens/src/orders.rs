//! The orders, by subject, each with what it brings back. The desk's files of the same names carry them out.

pub mod cards;
pub mod cases;
pub mod custody;
pub mod given_card;
pub mod handover;
pub mod papers;
pub mod parcels;
pub mod queues;
pub mod reconciliation;
pub mod relay;
pub mod staff;
pub mod stock;
pub mod tray;
