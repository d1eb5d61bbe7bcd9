//! The office's procedures: application, identity verification, card issuing, handover, notices.
//!
//! Deciding code here is pure: a state and a fact give a new state. The card is reached through the
//! `card` crate, the database through the small port [`records::Records`], time and chance through
//! `relay-core`. Nothing here speaks SQL or draws a screen.

pub mod acts;
pub mod application;
pub mod authority;
pub mod calendar;
pub mod case;
pub mod check_digit;
pub mod course;
pub mod custody;
pub mod demo_city;
pub mod era;
pub mod handover;
pub mod identity;
pub mod issuing;
pub mod lifecycle;
pub mod machine;
pub mod name;
pub mod notice;
pub mod parcel;
pub mod person;
pub mod pin;
pub mod records;
pub mod roster;
pub mod staff;
pub mod standing;
pub mod whereabouts;
