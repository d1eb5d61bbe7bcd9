//! Handing a card over.

use issuance::case::ShelfPlace;

use super::cases::{CaseAt, CaseNow};
use crate::{
    facts::{Agreement, Incident, Sight},
    order::{Order, Reply},
};

/// Read the chip in the resident reader and compare notice, shelf, chip and PIN with the records.
#[derive(Debug)]
pub struct CheckHandover {
    pub case: CaseAt,
    pub notice: String,
    /// The place the card was taken from.
    pub shelf: ShelfPlace,
}

impl Order for CheckHandover {
    type Reply = Agreements;
}

/// Every comparison, none left out.
#[derive(Debug)]
pub struct Agreements(pub Vec<Agreement>);

impl Reply for Agreements {}

/// Record the sights of one clerk. The second clerk's are recorded under the proof of [`super::staff::SecondClerk`].
#[derive(Debug)]
pub struct ConfirmSight {
    pub case: CaseAt,
    /// 1 or 2.
    pub time: u8,
    /// What was confirmed; all of [`Sight::ALL`].
    pub sights: Vec<Sight>,
}

impl Order for ConfirmSight {
    type Reply = ();
}

/// Hand the card over: the desk compares everything once more, the card becomes active, the case closed.
#[derive(Debug)]
pub struct HandOver {
    pub case: CaseAt,
    pub notice: String,
    /// The place the card was taken from.
    pub shelf: ShelfPlace,
}

impl Order for HandOver {
    type Reply = CaseNow;
}

/// Put the card back, with the incident recorded.
#[derive(Debug)]
pub struct ReturnToShelf {
    pub case: CaseAt,
    /// What did not agree.
    pub incident: Incident,
}

impl Order for ReturnToShelf {
    type Reply = CaseNow;
}
