//! The card of the open case: looked at, made, its PIN, given up.

use issuance::standing::HolderCheck;
use secrecy::SecretString;
use uuid::Uuid;

use super::cases::{CaseAt, CaseNow};
use crate::{
    facts::{CardFileView, CaseView, ChipView, MakingEnd},
    order::{JobId, Order, Reply},
};

/// Look at the card in the resident reader.
#[derive(Debug)]
pub struct ReadChip;

impl Order for ReadChip {
    type Reply = ChipView;
}

/// Make the card, or go on where the making stopped. Progress comes as [`crate::event::Event::Making`] with this job.
#[derive(Debug)]
pub struct StartMaking {
    pub case: CaseAt,
}

impl Order for StartMaking {
    type Reply = MakingEnd;
}

/// Ask the making to stop at the next safe place. The making's own reply says how it ended.
#[derive(Debug)]
pub struct CancelMaking {
    /// The job of [`StartMaking`].
    pub making: JobId,
}

impl Order for CancelMaking {
    type Reply = ();
}

/// Set the resident's first PIN.
#[derive(Debug)]
pub struct SetPin {
    pub case: CaseAt,
    pub pin: SecretString,
}

impl Order for SetPin {
    type Reply = CaseNow;
}

/// Set the PIN anew over the one that is there, blocked or not; only before the handover.
#[derive(Debug)]
pub struct SetPinAgain {
    pub case: CaseAt,
    pub pin: SecretString,
}

impl Order for SetPinAgain {
    type Reply = CaseNow;
}

/// Give leave to set the PIN anew of the card in the resident reader, which was handed over in this case. Its holder
/// stands at the counter and was verified so.
#[derive(Debug)]
pub struct AllowPinReset {
    pub case: CaseAt,
    /// What the holder showed.
    pub check: HolderCheck,
}

impl Order for AllowPinReset {
    type Reply = PinAllowed;
}

/// The permission, for this card alone, used up with the new PIN.
#[derive(Debug)]
pub struct PinAllowed(pub Uuid);

impl Reply for PinAllowed {}

/// Set the PIN anew by a permission, whatever the card's counter of tries says.
#[derive(Debug)]
pub struct SetPinByPermission {
    pub case: CaseAt,
    pub permission: Uuid,
    pub pin: SecretString,
}

impl Order for SetPinByPermission {
    type Reply = CaseNow;
}

/// Change the PIN of the card that was handed over in this case; a wrong old one costs a try.
#[derive(Debug)]
pub struct ChangePin {
    pub case: CaseAt,
    pub old: SecretString,
    pub new: SecretString,
}

/// What is said where the chip has the new PIN and the records could not be told.
pub const PIN_CHANGED_UNRECORDED: &str = "pin-changed-unrecorded";

impl Order for ChangePin {
    type Reply = CaseNow;
}

/// Give the case's card up, made or half made: a new blank takes its place.
#[derive(Debug)]
pub struct GiveUpCard {
    pub case: CaseAt,
    /// Why, in the clerk's words.
    pub reason: String,
}

impl Order for GiveUpCard {
    type Reply = CaseNow;
}

/// Try the resident's PIN; a wrong one costs a try.
#[derive(Debug)]
pub struct VerifyPin {
    pub pin: SecretString,
}

impl Order for VerifyPin {
    type Reply = PinRight;
}

/// The PIN was right.
#[derive(Debug)]
pub struct PinRight;

/// Every file that can be read of the card in the resident reader.
#[derive(Debug)]
pub struct ReadCardFiles;

impl Order for ReadCardFiles {
    type Reply = CardFiles;
}

/// The files of a card.
#[derive(Debug)]
pub struct CardFiles(pub Vec<CardFileView>);

impl Reply for ChipView {}
impl Reply for PinRight {}
impl Reply for CardFiles {}
impl Reply for MakingEnd {
    fn case(&self) -> Option<&CaseView> {
        match self {
            Self::Made(case) | Self::Damaged { case, .. } => Some(case),
            Self::Stopped { .. } => None,
        }
    }

    fn leaves_behind(&self) -> bool {
        matches!(self, Self::Stopped { .. })
    }
}
