//! Cards that go by post: 本人限定受取郵便.

use std::path::PathBuf;

use issuance::{
    application::Delivery,
    case::{CaseId, CaseNumber},
    parcel::{Parcel, ParcelEvent, ParcelId, ParcelKind, ParcelState, ReturnReason, TrackingNumber},
};
use time::{Date, OffsetDateTime};

use super::cases::{CaseAt, CaseNow};
use crate::order::{Order, Reply};

/// Every card that goes by post and is not received.
#[derive(Debug)]
pub struct LoadPosting;

impl Order for LoadPosting {
    type Reply = Posting;
}

/// The cards by post.
#[derive(Debug)]
pub struct Posting(pub Vec<ByPost>);

impl Reply for Posting {}

/// A card that goes by post, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByPost {
    pub case: CaseId,
    /// 受付番号
    pub number: CaseNumber,
    pub name: String,
    /// Whether the roster has the addressee no more.
    pub is_gone: bool,
    /// Its envelope; `None` where none is closed yet.
    pub parcel: Option<Parcel>,
    pub since: OffsetDateTime,
}

/// The post office took these envelopes today.
#[derive(Debug)]
pub struct PostParcels {
    pub parcels: Vec<ParcelId>,
    /// How many were counted at the counter of the post office.
    pub counted: u16,
}

impl Order for PostParcels {
    type Reply = Posted;
}

/// How many were posted.
#[derive(Debug)]
pub struct Posted(pub u16);

impl Reply for Posted {}

/// Read the carrier's file; keep what it says unless it is only looked at.
#[derive(Debug)]
pub struct FollowFile {
    pub path: PathBuf,
    pub dry_run: bool,
}

impl Order for FollowFile {
    type Reply = FileRead;
}

/// What came of opening the carrier's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileRead {
    Told(FileTold),
    /// It is not there, a folder, or not for us to read.
    Unreadable,
}

impl Reply for FileRead {}

/// What the carrier's file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileTold {
    /// Lines that change something.
    pub taken: usize,
    /// Lines that were known.
    pub known: usize,
    /// Lines that somebody must look at, in their order.
    pub odd: Vec<OddLine>,
    /// Whether it was kept.
    pub is_kept: bool,
}

/// A line of the file that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OddLine {
    /// From 1, the header included.
    pub line: usize,
    pub case: Option<CaseNumber>,
    pub why: OddWhy,
}

/// Why a line was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OddWhy {
    /// The number is none, or its check digit is wrong.
    NotANumber,
    /// The carrier's word is not known.
    NotAStatus(String),
    NotADay,
    /// The file has no such columns; these it has.
    NoColumns(String),
    /// It ends in the middle of a cell.
    CutShort,
    /// No envelope under way has it.
    NoSuchNumber,
    /// It cannot be from where the envelope stands.
    NotNow(ParcelState),
    /// Before it was posted, or in the future.
    DayImpossible,
}

/// Close an envelope over the card in the resident reader, under the proof of [`super::staff::SecondClerk`] where two are
/// asked for.
#[derive(Debug)]
pub struct CloseEnvelope {
    pub case: CaseAt,
    pub kind: ParcelKind,
    pub number: TrackingNumber,
    /// The code of the letter that goes into it.
    pub notice: String,
}

impl Order for CloseEnvelope {
    type Reply = CaseNow;
}

/// Let the card reach the resident by another way.
#[derive(Debug)]
pub struct ChangeDelivery {
    pub case: CaseAt,
    pub to: Delivery,
    pub words: String,
}

impl Order for ChangeDelivery {
    type Reply = CaseNow;
}

/// Open the case's envelope again: one not posted yet, or one that came back.
#[derive(Debug)]
pub struct OpenEnvelope {
    pub case: CaseAt,
    pub words: String,
}

impl Order for OpenEnvelope {
    type Reply = CaseNow;
}

/// What the carrier said of the case's envelope.
#[derive(Debug)]
pub struct FollowParcel {
    pub case: CaseAt,
    pub parcel: ParcelId,
    pub event: ParcelEvent,
    pub on: Date,
}

impl Order for FollowParcel {
    type Reply = CaseNow;
}

/// The case's envelope lies in the office again.
#[derive(Debug)]
pub struct TakeBack {
    pub case: CaseAt,
    pub parcel: ParcelId,
    pub reason: ReturnReason,
}

impl Order for TakeBack {
    type Reply = CaseNow;
}

/// The case's envelope is nowhere to be found, under the proof of [`super::staff::SecondClerk`].
#[derive(Debug)]
pub struct MissParcel {
    pub case: CaseAt,
}

impl Order for MissParcel {
    type Reply = CaseNow;
}
