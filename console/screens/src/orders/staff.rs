//! Staff cards, sessions, the second clerk, the end.

pub use issuance::acts::SecondPurpose;
use secrecy::SecretString;

use crate::{
    facts::{Session, StaffCard, StaffShown},
    order::{Order, Reply},
};

/// Read the card in the staff reader: whose, and tries left. No password is sent.
#[derive(Debug)]
pub struct ReadStaffCard;

impl Order for ReadStaffCard {
    type Reply = StaffCard;
    const IS_OF_CASE: bool = false;
}

/// Verify the password on the staff card, check the certificate and the registration, begin a session (audited).
#[derive(Debug)]
pub struct Login {
    /// 8–16 alphanumerics.
    pub password: SecretString,
}

impl Order for Login {
    type Reply = Session;
    const IS_OF_CASE: bool = false;
}

/// As [`Login`], by the person who is logged in; [`crate::fault::Fault::OtherStaff`] for anyone else. Keeps session and
/// leases.
#[derive(Debug)]
pub struct Unlock {
    pub password: SecretString,
}

impl Order for Unlock {
    type Reply = Session;
    const IS_OF_CASE: bool = false;
}

/// First run only: personalise the blank in the staff reader, register its holder as administrator, log in.
#[derive(Debug)]
pub struct CreateAdministrator {
    /// 職員番号.
    pub number: String,
    pub name: String,
    /// New password of the card.
    pub password: SecretString,
}

impl Order for CreateAdministrator {
    type Reply = Session;
    const IS_OF_CASE: bool = false;
}

/// Audit that the screen was locked.
#[derive(Debug)]
pub struct ScreenLocked {
    /// Whether because the card was pulled (else idle time or by key).
    pub card_pulled: bool,
}

impl Order for ScreenLocked {
    type Reply = ();
    const IS_OF_CASE: bool = false;
}

/// End the session: release every lease (audited).
#[derive(Debug)]
pub struct LogOut;

impl Order for LogOut {
    type Reply = ();
    const IS_OF_CASE: bool = false;
}

/// Verify the password on the card that is now in the staff reader, which must be another person's with the role that
/// the purpose needs. The desk keeps the proof for this case until the case is closed or the purpose is used.
#[derive(Debug)]
pub struct SecondClerk {
    pub purpose: SecondPurpose,
    pub password: SecretString,
}

impl Order for SecondClerk {
    type Reply = StaffShown;
}

/// Leave the program. The event loop ends before it is handed on: nothing comes back.
#[derive(Debug)]
pub struct Quit;

impl Order for Quit {
    type Reply = ();
    const IS_OF_CASE: bool = false;
}

impl Reply for StaffCard {}
impl Reply for Session {}
impl Reply for StaffShown {}
