//! The demonstration's tray of virtual cards; only with `Setup::demo`.

use issuance::case::CaseId;

use crate::{
    facts::Tray,
    order::{Order, Reply},
};

impl Reply for Tray {}

/// What the hands at the tray do; each brings the tray as it then is.
#[derive(Debug)]
pub enum TrayHands {
    /// Look: slots, cards and passwords.
    Look,
    /// Put a virtual card in a slot.
    Insert { slot: u8, card: String },
    /// Pull the card from a slot.
    Remove { slot: u8 },
    /// A new blank in the tray.
    New,
}

impl Order for TrayHands {
    type Reply = Tray;
    const IS_OF_CASE: bool = false;
}

/// What a scanner would read from the notice of this case that was printed last.
#[derive(Debug)]
pub struct TrayScanNotice(pub CaseId);

impl Order for TrayScanNotice {
    type Reply = NoticeScanned;
}

/// The payload, as a scanner types it.
#[derive(Debug)]
pub struct NoticeScanned(pub String);

impl Reply for NoticeScanned {}
