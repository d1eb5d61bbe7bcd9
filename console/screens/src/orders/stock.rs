//! 棚卸し: the cards of a place counted and compared with the ledger.

use issuance::{
    case::{CaseId, CaseNumber},
    custody::Custody,
    parcel::TrackingNumber,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::order::{Order, Reply};

/// What is counted in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CountedPlace {
    /// Every place of the shelf.
    Shelf,
    /// The drawer of a desk.
    Drawer(String),
    Outgoing,
    Returned,
}

/// How far a count is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountState {
    Open,
    /// Another person is to confirm it.
    Counted,
    Confirmed,
}

/// A count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockTaking {
    pub id: Uuid,
    pub place: CountedPlace,
    pub state: CountState,
    pub begun_at: OffsetDateTime,
    /// Who began it, or counted.
    pub by: String,
    /// Whether that is who is logged in.
    pub is_own: bool,
    pub confirmed_by: Option<String>,
    /// Cards that the ledger has there.
    pub expected: u32,
    pub missing: u32,
    pub surplus: u32,
}

/// The counts, the newest first.
#[derive(Debug)]
pub struct LoadStockTakings;

impl Order for LoadStockTakings {
    type Reply = StockTakings;
}

/// The counts.
#[derive(Debug)]
pub struct StockTakings(pub Vec<StockTaking>);

impl Reply for StockTakings {}

/// Begin the count of a place, or go on with today's.
#[derive(Debug)]
pub struct BeginStockTaking(pub CountedPlace);

impl Order for BeginStockTaking {
    type Reply = StockCount;
}

/// A count with its cards.
#[derive(Debug)]
pub struct LoadStockTaking(pub Uuid);

impl Order for LoadStockTaking {
    type Reply = StockCount;
}

/// A count and every card that it is about: missing first, then too much, then those found.
#[derive(Debug)]
pub struct StockCount(pub StockTaking, pub Vec<CountedCard>);

impl Reply for StockCount {}

/// A card of a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedCard {
    /// Chip serial, grouped hex.
    pub chip: String,
    pub case: Option<(CaseId, CaseNumber)>,
    /// Where the ledger has it.
    pub place: Option<Custody>,
    pub found: Finding,
}

/// What a count says of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    Missing,
    /// Found, and in the ledger elsewhere.
    Surplus,
    /// In no record.
    Unknown,
    There,
}

/// Count the card in the resident reader.
#[derive(Debug)]
pub struct CountCard(pub Uuid);

impl Order for CountCard {
    type Reply = Counted;
}

/// Count an envelope by its number.
#[derive(Debug)]
pub struct CountEnvelope(pub Uuid, pub TrackingNumber);

impl Order for CountEnvelope {
    type Reply = Counted;
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub found: Finding,
    pub again: bool,
    pub number: Option<CaseNumber>,
}

impl Reply for Counted {}

/// Everything at the place was counted.
#[derive(Debug)]
pub struct FinishCount(pub Uuid);

impl Order for FinishCount {
    type Reply = StockCount;
}

/// Confirm what somebody else counted.
#[derive(Debug)]
pub struct ConfirmCount(pub Uuid);

impl Order for ConfirmCount {
    type Reply = StockCount;
}
