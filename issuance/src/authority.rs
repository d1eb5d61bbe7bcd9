//! The office's certification authority: made once in a ceremony, opened each day, asked for one certificate at a time.
//!
//! A root signs two issuing authorities, one for residents' cards and one for staff cards, and is then locked away.
//! A certificate is issued in two moves: [`Authority::prepare`] checks everything and gives a [`Prepared`], which
//! [`Authority::issue`] uses up (boulder, `issuance/cert.go`). What was signed is read back by an independent parser
//! against the [profile](Profile) before anyone gets to see it.
//!
//! Private keys are reached through the port [`Signer`] alone: sealed files here, a PKCS#11 token behind the same port.

use std::path::PathBuf;

mod ceremony;
mod chain;
mod der;
mod folder;
mod issue;
mod lint;
mod passphrase;
mod prepare;
mod profile;
mod public_key;
mod responder;
mod revocation;
mod sealed_key;
mod signer;
#[cfg(test)]
mod tests;
mod token;

pub use certificate_status::{List as PublishedList, Register};

pub use ceremony::{CeremonyPlan, CeremonyRecord, hold_ceremony};
pub use chain::{ChainError, Trust, VerifiedCertificate};
pub use folder::Authorities;
pub use issue::{Authority, Issued};
pub use lint::{Expected, LintError, Verdict, lint};
pub use passphrase::Passphrase;
pub use prepare::{Challenge, PrepareError, Prepared, Proof, Request, ReservedSerial, Subject};
pub use profile::{AuthorityName, ObjectArc, Pointers, Profile, Settings};
pub use public_key::{CheckedKey, KeyError};
pub use responder::ResponderRequest;
pub use revocation::{RevocationList, RevocationReason, Revoked};
pub use signer::{Signer, SignerError, SoftSigner};
pub use token::{Token, TokenSigner};

/// Why an authority could not be made, opened or used.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A ceremony was asked for where an authority already is.
    #[error("{0} already holds an authority; an authority is never overwritten")]
    AlreadyThere(PathBuf),
    /// A file could not be read or written.
    #[error("{what} {path}: {source}")]
    File {
        /// `reading`, `writing`…
        what: &'static str,
        path: PathBuf,
        /// What the system said (no space left, no such file…).
        source: std::io::Error,
    },
    /// The passphrase file may be read by others.
    #[error("{path} may be read by others (mode {mode:03o}); make it 0600")]
    PassphraseOpenToOthers { path: PathBuf, mode: u32 },
    /// The passphrase is too short to protect a key.
    #[error("the passphrase in {path} is shorter than {least} characters")]
    PassphraseTooShort { path: PathBuf, least: usize },
    /// The passphrase does not open the key, or the sealed key was changed.
    #[error("{0} does not open: wrong passphrase, or the file was changed")]
    NotOpened(PathBuf),
    /// A file of the authority is not what the ceremony wrote.
    #[error("{path}: {why}")]
    Damaged {
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The settings of a ceremony cannot be used.
    #[error("the authority's settings: {0}")]
    Settings(String),
    /// The token that holds a key cannot be used.
    #[error("{path}: {why}")]
    Token { path: PathBuf, why: String },
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The certificate or list could not be built.
    #[error("building what is to be signed: {0}")]
    Building(String),
    /// What was signed does not follow its profile; it was thrown away.
    #[error("the signed certificate does not follow its profile and was thrown away: {0}")]
    Lint(#[from] LintError),
    /// What a responder asks cannot be certified.
    #[error("the responder's request: {0}")]
    Responder(String),
    /// A prepared request was brought to another authority than the one that checked it.
    #[error("the request was prepared by another authority")]
    OtherAuthority,
}
