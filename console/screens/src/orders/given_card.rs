//! A card after its handover: stopped, let be used again, ended, its link mended; what the relay refused of it. Each
//! changes the card wherever the case stands open.

use issuance::{case::CaseId, standing::HolderCheck};
use relay_core::registration::RevocationReason;
use time::OffsetDateTime;

use crate::{
    facts::GivenCard,
    order::{Order, Reply},
};

impl Reply for GivenCard {}

/// Whether the card may be used, and what the relay knows of it.
#[derive(Debug)]
pub struct LoadStanding(pub CaseId);

impl Order for LoadStanding {
    type Reply = GivenCard;
}

/// Stop the card for now.
#[derive(Debug)]
pub struct SuspendCard {
    pub case: CaseId,
    /// How the clerk made sure of who asks.
    pub check: HolderCheck,
    pub words: String,
}

impl Order for SuspendCard {
    type Reply = GivenCard;
}

/// Stop the card for the days that the office allows, unless its holder confirms it in person. No case is opened.
#[derive(Debug)]
pub struct StopByTelephone {
    /// In which case it was handed over.
    pub case: CaseId,
    /// How the clerk made sure of the caller.
    pub check: HolderCheck,
    pub words: String,
}

impl Order for StopByTelephone {
    type Reply = StoppedUntil;
}

/// When a stop ends by itself.
#[derive(Debug)]
pub struct StoppedUntil(pub OffsetDateTime);

impl Reply for StoppedUntil {}

/// The holder came: a stop by telephone does not end by itself any more.
#[derive(Debug)]
pub struct ConfirmStop {
    pub case: CaseId,
    /// What the holder showed at the counter.
    pub check: HolderCheck,
    pub words: String,
}

impl Order for ConfirmStop {
    type Reply = GivenCard;
}

/// Let the card be used again.
#[derive(Debug)]
pub struct ResumeCard {
    pub case: CaseId,
    /// What the holder showed at the counter.
    pub check: HolderCheck,
    pub words: String,
}

impl Order for ResumeCard {
    type Reply = GivenCard;
}

/// End the card for good, under the proof of [`super::staff::SecondClerk`].
#[derive(Debug)]
pub struct RevokeCard {
    pub case: CaseId,
    /// Why, as its certificates' revocation says.
    pub reason: RevocationReason,
    pub words: String,
}

impl Order for RevokeCard {
    type Reply = GivenCard;
}

/// Have the card stand for the person's next origin, under the proof of [`super::staff::SecondClerk`].
#[derive(Debug)]
pub struct RelinkCard {
    pub case: CaseId,
    pub words: String,
}

impl Order for RelinkCard {
    type Reply = GivenCard;
}

/// Tell the relay again what it refused of the card.
#[derive(Debug)]
pub struct SendRefusedAnew {
    pub case: CaseId,
    pub words: String,
}

impl Order for SendRefusedAnew {
    type Reply = GivenCard;
}

/// Leave unsaid what the relay refused of the card.
#[derive(Debug)]
pub struct CloseRefused {
    pub case: CaseId,
    /// Why that is right.
    pub words: String,
}

impl Order for CloseRefused {
    type Reply = GivenCard;
}
