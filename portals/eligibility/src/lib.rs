//! A clinic's portal at its reception desk: a patient's insurance is checked with the card, without a PIN (decision 26).
//!
//! An instance of [`portal_service`] whom workers sign in to. The patient's card is read by the card bridge at the desk;
//! the browser brings its signature here, the relay names the insurer, the insurer answers, and nothing is stored: what a
//! desk checked today is in memory until the day or the session ends.
//!
//! From the top: [`Config`] is its one file, [`Clinic`] the program as a whole, `pages` the desk's screen, [`check`] what
//! came of a card, [`handed_on`] the same in the forms that a clinic's own software reads, [`compare`] beside what the
//! clinic has written.

pub mod check;
mod clinic;
pub mod compare;
mod config;
mod desks;
pub mod handed_on;
mod pages;

pub use clinic::{Clinic, Listening, PORTAL, StartError};
pub use config::Config;
