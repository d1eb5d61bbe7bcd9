//! Where the cards of a case are, and what moves them outside the case's course.

use issuance::{
    case::{CardId, CaseId},
    custody::{Custody, Evidence, PlaceKind},
    lifecycle::Lifecycle,
    standing::HolderCheck,
};
use time::OffsetDateTime;

use super::cases::{CaseAt, CaseNow};
use crate::order::{Order, Reply};

/// Every card of the case, and how each came to where it is.
#[derive(Debug)]
pub struct LoadCustody(pub CaseId);

impl Order for LoadCustody {
    type Reply = CardTrails;
}

/// The cards of a case, the one it stands for now first.
#[derive(Debug)]
pub struct CardTrails(pub Vec<CardTrail>);

impl Reply for CardTrails {}

/// A card's way through the ledger of custody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardTrail {
    pub card: CardId,
    /// Chip serial, grouped hex.
    pub chip: String,
    pub lifecycle: Lifecycle,
    /// Whether the case stands for it; the others were given up.
    pub is_bound: bool,
    pub place: Custody,
    /// Oldest first.
    pub moves: Vec<CardMove>,
}

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardMove {
    pub to: Custody,
    /// `None` for what was recorded before there was a ledger.
    pub evidence: Option<Evidence>,
    pub at: OffsetDateTime,
    pub by: Option<String>,
    /// Who saw it too.
    pub second: Option<String>,
}

/// Move a card by a clerk's words; where two must see it, under the proof of [`super::staff::SecondClerk`].
#[derive(Debug)]
pub struct MoveCard {
    pub case: CaseAt,
    pub card: CardId,
    pub to: PlaceKind,
    pub words: String,
}

impl Order for MoveCard {
    type Reply = CaseNow;
}

/// Give the card in the resident reader back to its holder, under the proof of [`super::staff::SecondClerk`].
#[derive(Debug)]
pub struct GiveBack {
    pub case: CaseAt,
    pub check: HolderCheck,
    pub words: String,
}

impl Order for GiveBack {
    type Reply = CaseNow;
}
