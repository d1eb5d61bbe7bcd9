//! The office's acts, a row each: what an act is called in the audit trail, who may do it, whether a second person is
//! needed, at which stage it belongs, where it is offered and what it means to an auditor. The facts that its events
//! carry are the type that the row belongs to.
//!
//! The row is read by the office's verb (which refuses whoever may not), by the screen that offers the act, by the test
//! of the words, by the auditor's manual and by the test of the database's look-up table `office.audit_act`. A new act is
//! a type with its row here, a line of [`ALL`], its words (`act-…`, `try-…`) and a line of a migration.

#![allow(missing_docs, reason = "the facts of an act say by their names what they are")]

mod cards;
mod cases;
pub mod manual;
mod notices;
mod office;
mod parcels;
mod relay;
mod staff;
mod stock;

use std::str::FromStr;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use cards::*;
pub use cases::*;
pub use notices::*;
pub use office::*;
pub use parcels::*;
pub use relay::*;
pub use staff::*;
pub use stock::*;

use crate::{case::CaseState, staff::Role, standing::CardStanding};

/// An act, as the type of the facts that its events carry. Never a name, an address, a person's number or a PIN.
pub trait AuditAct: Serialize + DeserializeOwned + Send + Sync {
    const ROW: &'static ActRow;
}

/// What is said once about an act.
#[derive(Debug)]
pub struct ActRow {
    /// Thing and what was done to it: `card.suspended`. Never changed once an event carries it.
    pub name: &'static str,
    pub meaning: Meaning,
    pub who: Who,
    pub second: Second,
    pub stage: Stage,
    pub offered: Offered,
}

/// What an act means, for an auditor; the English stands in the database too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    pub japanese: &'static str,
    pub english: &'static str,
}

/// Who may do an act. Where several roles may, one of them is enough; the likeliest stands first and is the one that a
/// refusal names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Whoever is logged in, and programs.
    Anyone,
    Roles(&'static [Role]),
    /// People by their roles; a program without a person where its own command lets it (`setup`, `import`).
    RolesOrProgram(&'static [Role]),
    /// The roles are asked for only of those people and things that the verb looks at: people under support measures.
    RolesWhereProtected(&'static [Role]),
}

/// Whether another clerk must agree, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Second {
    None,
    Always(SecondPurpose),
    /// Where the configuration or the facts ask for it.
    Where(SecondPurpose),
}

/// The stage that an act belongs to.
#[derive(Debug, Clone, Copy)]
pub enum Stage {
    /// Neither a case nor a card: the office's own people, lists and papers.
    Office,
    /// A case, wherever it stands.
    AnyCase,
    /// A case that stands so.
    Case(fn(&CaseState) -> bool),
    /// A card that was handed over and stands so.
    Card(fn(CardStanding) -> bool),
}

/// Where an act is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// By this screen of the console (a file or folder of `console`'s screens).
    Screen(&'static str),
    Command(&'static str),
    /// By none: it happens as a part of something else.
    Nowhere(&'static str),
}

/// For what a second clerk agrees with their own card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondPurpose {
    /// 例外の承認: an exception in the identity verification.
    VerificationException,
    /// 二人での発行: making a card, where the configuration asks for it.
    Making,
    /// 交付の確認: the second look at a handover.
    Handover,
    /// 失効: the end of a card for good.
    Revocation,
    /// 結び直し: the mending of a card's link with the relay.
    Relink,
    /// 所在の確認: the destruction of a card, or that one is missing.
    Custody,
    /// 事故の解決: how it ended that something went wrong with a case.
    Incident,
    /// 封入の確認: the second look at what goes into an envelope.
    Envelope,
}

/// A clerk's own words in an event, sealed to it, in hex: they may name someone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedWords(pub String);

/// Every act, in the order in which the auditor's manual lists them.
pub const ALL: &[&ActRow] = &[
    SessionBegan::ROW,
    SessionEnded::ROW,
    ScreenLocked::ROW,
    ScreenUnlocked::ROW,
    StaffAdded::ROW,
    StaffRolesChanged::ROW,
    StaffSerialReserved::ROW,
    StaffCertificateRegistered::ROW,
    StaffDisabled::ROW,
    RosterImported::ROW,
    RosterUndone::ROW,
    RecordsMatched::ROW,
    RecordsLinkWithdrawn::ROW,
    AddressSeen::ROW,
    CaseApplied::ROW,
    CaseClaimed::ROW,
    CaseReleased::ROW,
    CaseLeaseBroken::ROW,
    CaseApproved::ROW,
    CaseVerified::ROW,
    CaseShelved::ROW,
    HandoverLooked::ROW,
    CaseHandedOver::ROW,
    CaseDeliveryChanged::ROW,
    ParcelClosed::ROW,
    ParcelWithdrawn::ROW,
    ParcelPosted::ROW,
    ParcelFollowed::ROW,
    ParcelReceived::ROW,
    ParcelReturned::ROW,
    ParcelOpened::ROW,
    CaseCancelled::ROW,
    IncidentOpened::ROW,
    IncidentClosed::ROW,
    NoticeIssued::ROW,
    PaperPrinted::ROW,
    PaperRemoved::ROW,
    BackupMade::ROW,
    BackupRestored::ROW,
    NoticeFactsImported::ROW,
    NoticeWishRecorded::ROW,
    NoticeWishEnded::ROW,
    NoticeRunCounted::ROW,
    NoticeRunReleased::ROW,
    NoticeRunApproved::ROW,
    NoticeBundleMade::ROW,
    NoticeBundleSent::ROW,
    NoticeBundlePrinted::ROW,
    NoticeBundleNotPrinted::ROW,
    NoticeBundleSettled::ROW,
    NoticeRunPosted::ROW,
    NoticeRunWithdrawn::ROW,
    NoticeLetterReturned::ROW,
    CardBound::ROW,
    CardKeyKept::ROW,
    CardSerialReserved::ROW,
    CardSerialWithdrawn::ROW,
    CardCertificateKept::ROW,
    CardStepDone::ROW,
    CardMade::ROW,
    CardDamaged::ROW,
    CardPinSet::ROW,
    CardPinResetBegun::ROW,
    CardPinReset::ROW,
    CardPinAllowed::ROW,
    CardPinChanged::ROW,
    CardSuspended::ROW,
    CardStoppedByTelephone::ROW,
    CardStopConfirmed::ROW,
    CardStopLapsed::ROW,
    CardResumed::ROW,
    CardRevoked::ROW,
    CardExpired::ROW,
    CardReplaced::ROW,
    CardMoved::ROW,
    CardGivenBack::ROW,
    CardRelinked::ROW,
    OutboxRefused::ROW,
    OutboxSentAnew::ROW,
    OutboxClosed::ROW,
    RevocationListSigned::ROW,
    StockCounted::ROW,
    StockConfirmed::ROW,
    ResponderCertified::ROW,
];

/// The row of the act called `name`.
pub fn row(name: &str) -> Option<&'static ActRow> {
    ALL.iter().copied().find(|row| row.name == name)
}

impl ActRow {
    /// The roles of which one is needed, the likeliest first; empty where none is.
    pub const fn roles(&self) -> &'static [Role] {
        match self.who {
            Who::Anyone => &[],
            Who::Roles(roles) | Who::RolesOrProgram(roles) | Who::RolesWhereProtected(roles) => roles,
        }
    }

    /// For what another clerk is asked each time; `None` where nobody is, or only sometimes.
    pub const fn second(&self) -> Option<SecondPurpose> {
        match self.second {
            Second::Always(purpose) => Some(purpose),
            Second::None | Second::Where(_) => None,
        }
    }

    /// Whether it can be done to a card that was handed over and stands so.
    pub fn suits_card(&self, standing: CardStanding) -> bool {
        matches!(self.stage, Stage::Card(suits) if suits(standing))
    }

    /// Whether it belongs to a case that stands so.
    pub fn suits_case(&self, state: &CaseState) -> bool {
        match self.stage {
            Stage::AnyCase => true,
            Stage::Case(suits) => suits(state),
            Stage::Office | Stage::Card(_) => false,
        }
    }

    /// The key of its words once it is done (`card suspended`): `act-` and the name with dashes.
    pub fn done_key(&self) -> String {
        format!("act-{}", self.name.replace(['.', '_'], "-"))
    }

    /// The key of its words as the thing that was tried (`suspending the card`).
    pub fn tried_key(&self) -> String {
        format!("try-{}", self.name.replace(['.', '_'], "-"))
    }
}

impl SecondPurpose {
    pub const ALL: [Self; 8] = [
        Self::VerificationException,
        Self::Making,
        Self::Handover,
        Self::Revocation,
        Self::Relink,
        Self::Custody,
        Self::Incident,
        Self::Envelope,
    ];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerificationException => "verification_exception",
            Self::Making => "making",
            Self::Handover => "handover",
            Self::Revocation => "revocation",
            Self::Relink => "relink",
            Self::Custody => "custody",
            Self::Incident => "incident",
            Self::Envelope => "envelope",
        }
    }

    /// The role that the second clerk needs.
    pub const fn role(self) -> Role {
        match self {
            Self::VerificationException => Role::Verification,
            Self::Making | Self::Relink | Self::Revocation => Role::Issuing,
            Self::Handover | Self::Custody | Self::Incident | Self::Envelope => Role::Handover,
        }
    }
}

impl FromStr for SecondPurpose {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
            .ok_or_else(|| format!("no second clerk agrees to {text}"))
    }
}

#[cfg(test)]
mod tests;
