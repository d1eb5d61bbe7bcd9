//! The port through which the issuing procedure records what it does: four verbs, two bodies.
//!
//! One body is PostgreSQL (`sql/office`), the other lives in memory for tests ([`soft`]); both face the same
//! [`contract`]. Every verb is durable when it returns `Ok`: the procedure acts on the card only after the
//! intent is recorded (boulder, `docs/ISSUANCE-CYCLE.md`).

use std::{collections::BTreeMap, fmt, time::Duration};

use relay_core::chance::{Chance, draw};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::case::{CardId, CaseId};

pub mod contract;
pub mod soft;

/// Serial number of a certificate: 16 random bytes, the first neither zero nor above 0x7f, so that its DER
/// is a positive integer of fixed length (RFC 5280 §4.1.2.2: at most 20 octets, unique within the authority).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CertificateSerial(pub [u8; 16]);

impl CertificateSerial {
    /// A fresh serial. Its first byte is 0x40–0x7f, which leaves 126 bits of chance.
    pub fn new(chance: &mut dyn Chance) -> Self {
        let mut bytes: [u8; 16] = draw(chance);
        bytes[0] = (bytes[0] & 0x7f) | 0x40;
        Self(bytes)
    }

    /// The serial of a certificate in DER, when it is one of ours (16 bytes).
    pub fn of_certificate(der: &[u8]) -> Option<Self> {
        let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
        certificate.raw_serial().try_into().ok().map(Self)
    }
}

/// Until when a certificate in DER is good, itself included (RFC 5280 §4.1.2.5); `None` for what is no certificate.
pub fn good_until(der: &[u8]) -> Option<OffsetDateTime> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    Some(certificate.validity().not_after.to_datetime())
}

impl fmt::Display for CertificateSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(self.0))
    }
}

/// A serial taken for one certificate, and the moment it was taken. Everything in the certificate that neither the card
/// nor the authority decides follows from the two, so that one signed again is the same, byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    serial: CertificateSerial,
    #[serde(with = "time::serde::timestamp::microseconds")]
    at: OffsetDateTime,
}

impl Reservation {
    /// `serial`, reserved `at` that moment: in UTC, less what is beyond the microsecond, as a database keeps it.
    pub fn new(serial: CertificateSerial, at: OffsetDateTime) -> Self {
        let beyond = Duration::from_nanos(u64::from(at.nanosecond() % 1_000));
        Self {
            serial,
            at: at.to_offset(time::UtcOffset::UTC) - beyond,
        }
    }

    /// The serial.
    pub const fn serial(&self) -> CertificateSerial {
        self.serial
    }

    /// When it was reserved, by the clock of the desk that did.
    pub const fn at(&self) -> OffsetDateTime {
        self.at
    }
}

/// Which of the card's keys: `1` authentication (PIN), `2` eligibility (no PIN).
pub use card::KeySlot;

/// The steps of making a card, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// カードを開く
    Select,
    /// 発行者として認証
    Authenticate,
    /// 本人認証用の鍵を作る
    GenerateAuthenticationKey,
    /// 資格確認用の鍵を作る
    GenerateEligibilityKey,
    /// 鍵を持つことの証明
    ProvePossession,
    /// 証明書を発行
    IssueCertificates,
    /// 書き込む
    Write,
    /// 読み返す
    ReadBack,
    /// 検証する
    Verify,
    /// 発行を閉じる: the chip leaves its personalisation state
    Close,
}

impl Step {
    /// Every step in order.
    pub const ALL: [Self; 10] = [
        Self::Select,
        Self::Authenticate,
        Self::GenerateAuthenticationKey,
        Self::GenerateEligibilityKey,
        Self::ProvePossession,
        Self::IssueCertificates,
        Self::Write,
        Self::ReadBack,
        Self::Verify,
        Self::Close,
    ];

    /// Whether the step changes something that cannot be taken back (a key on the chip, a signature of the
    /// authority, the chip's files, the chip's life): its intent must be in the records before it is begun.
    /// The other steps only ask and compare; for them the outcome alone is recorded.
    pub const fn is_irreversible(self) -> bool {
        matches!(
            self,
            Self::GenerateAuthenticationKey
                | Self::GenerateEligibilityKey
                | Self::IssueCertificates
                | Self::Write
                | Self::Close
        )
    }

    /// Whether the procedure may be stopped just before this step because a clerk asks for it. Every card can be taken
    /// up again where it was left, but once certificates are signed the rest takes a moment and is not put off.
    pub const fn safe_to_stop(self) -> bool {
        !matches!(self, Self::Write | Self::ReadBack | Self::Verify | Self::Close)
    }

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Authenticate => "authenticate",
            Self::GenerateAuthenticationKey => "generate_authentication_key",
            Self::GenerateEligibilityKey => "generate_eligibility_key",
            Self::ProvePossession => "prove_possession",
            Self::IssueCertificates => "issue_certificates",
            Self::Write => "write",
            Self::ReadBack => "read_back",
            Self::Verify => "verify",
            Self::Close => "close",
        }
    }
}

/// Where a card stands in the records. Active comes with the handover and not before.
pub use crate::lifecycle::Lifecycle as CardState;

/// Everything recorded about one card so far: what a resumed procedure starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardJournal {
    pub card: CardId,
    /// The case it is bound to.
    pub case: CaseId,
    /// The chip's serial, as the chip gives it.
    pub chip: Vec<u8>,
    pub state: CardState,
    /// Steps whose intent is recorded; `true` once their outcome is too.
    pub steps: BTreeMap<Step, bool>,
    /// Public keys read from the chip's answer, SubjectPublicKeyInfo in DER.
    pub public_keys: BTreeMap<KeySlot, Vec<u8>>,
    /// Serials reserved, none of them ever reserved again.
    pub serials: BTreeMap<KeySlot, CertificateSerial>,
    pub certificates: BTreeMap<KeySlot, Vec<u8>>,
}

/// Why a record could not be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordsError {
    /// The database does not answer. Nothing was recorded, or it was and the answer was lost: read the journal again.
    #[error("the records cannot be reached: {0}")]
    Unreachable(String),
    /// The disk that holds the records is full; nothing was recorded.
    #[error("the disk of the records is full")]
    DiskFull,
    /// The chip is known already.
    #[error("chip {chip} is already bound to another case or was damaged")]
    ChipTaken { chip: String },
    /// The case is not in a state that allows this.
    #[error(transparent)]
    NotNow(#[from] crate::machine::NotNow),
    /// The agreement of a second person that is to be used up is not there, or was used before.
    #[error("the second person's agreement is missing")]
    NotAgreed,
    /// The records contradict what is asked (unknown card, another case's card, second serial for one key).
    #[error("the records do not allow it: {0}")]
    Conflict(String),
}

/// One thing to be recorded about a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The public key that the chip made for a slot, SubjectPublicKeyInfo in DER. A second key for one slot replaces the
    /// first only while no serial is reserved for it. A key already recorded for another slot or another card is a
    /// [`RecordsError::Conflict`]: cards with a broken random generator do make the same key twice.
    Key(KeySlot, Vec<u8>),
    /// A certificate issued under its slot's reserved serial ([`CertificateSerial::of_certificate`]), DER. Another serial,
    /// or a second, different certificate for the slot, is a [`RecordsError::Conflict`].
    Certificate(KeySlot, Vec<u8>),
    /// The step was done and took that long; of a repeated step the first time counts. An
    /// [irreversible](Step::is_irreversible) step whose intent is not recorded is a [`RecordsError::Conflict`].
    Done(Step, Duration),
    /// The step is about to be done. For a step already done (a resumed session writes once more), it stays done.
    Intent(Step),
    /// A fresh serial for a certificate of the slot: the reservation to keep unless there is one already. A serial
    /// reserved before for anything else is a [`RecordsError::Conflict`], and so is a slot without a public key.
    Reservation(KeySlot, Reservation),
    /// The slot's reserved serial is let go of, with its certificate where one is kept: both are revoked, never used again,
    /// and the slot takes another. Where there is none, nothing happens.
    Withdrawn(KeySlot),
    /// Every step is done: card and case are made. While a step of [`Step::ALL`] is not done or a certificate is not
    /// kept, a [`RecordsError::Conflict`].
    Made,
}

/// Serials as they stand in the records, by the slot they are for.
pub type Reservations = BTreeMap<KeySlot, Reservation>;

/// What the issuing procedure needs recorded. Every verb is idempotent: asked again after a lost answer, it
/// gives what was recorded the first time. A verb about a card that is not being made is a
/// [`RecordsError::Conflict`], save [`journal`](Self::journal) and the repetition of what already happened.
///
/// The first four are what a body provides; the others say one thing of them.
pub trait Records {
    /// All that is recorded about `card`.
    fn journal(&mut self, card: CardId) -> Result<CardJournal, RecordsError>;
    /// Binds a blank's chip serial to a verified case, which is then being made, and writes the `first` entries about the
    /// card; gives its journal. For the chip already bound to this case, its card. A chip bound to another case, or whose
    /// card was damaged, is [`RecordsError::ChipTaken`]; a case that is not verified is [`RecordsError::NotNow`].
    fn bind(&mut self, case: CaseId, chip: &[u8], first: &[Entry]) -> Result<CardJournal, RecordsError>;
    /// Writes what gathered between two irreversible acts: all of it, in order, or nothing. Gives the reservations among
    /// the entries as they are kept, serial and moment, which are earlier ones where there were any.
    fn write(&mut self, card: CardId, entries: &[Entry]) -> Result<Reservations, RecordsError>;
    /// The card, being made or made, can't be finished: its certificates and reserved serials are revoked, its chip is
    /// never taken again, its case is verified again.
    fn damaged(&mut self, card: CardId, reason: &str) -> Result<(), RecordsError>;

    /// Binds a chip and says nothing more about its card.
    fn bind_chip(&mut self, case: CaseId, chip: &[u8]) -> Result<CardId, RecordsError> {
        self.bind(case, chip, &[]).map(|journal| journal.card)
    }
    /// Writes an [`Entry::Intent`].
    fn intend(&mut self, card: CardId, step: Step) -> Result<(), RecordsError> {
        self.write(card, &[Entry::Intent(step)]).map(drop)
    }
    /// Writes an [`Entry::Done`].
    fn done(&mut self, card: CardId, step: Step, took: Duration) -> Result<(), RecordsError> {
        self.write(card, &[Entry::Done(step, took)]).map(drop)
    }
    /// Writes an [`Entry::Key`].
    fn keep_public_key(&mut self, card: CardId, slot: KeySlot, spki: &[u8]) -> Result<(), RecordsError> {
        self.write(card, &[Entry::Key(slot, spki.to_vec())]).map(drop)
    }
    /// Writes an [`Entry::Reservation`]; gives the one that is kept.
    fn reserve_serial(&mut self, card: CardId, slot: KeySlot, fresh: Reservation) -> Result<Reservation, RecordsError> {
        let kept = self.write(card, &[Entry::Reservation(slot, fresh)])?;
        kept.get(&slot)
            .copied()
            .ok_or_else(|| RecordsError::Conflict("the reservation is not in the records".into()))
    }
    /// Writes an [`Entry::Certificate`].
    fn keep_certificate(&mut self, card: CardId, slot: KeySlot, der: &[u8]) -> Result<(), RecordsError> {
        self.write(card, &[Entry::Certificate(slot, der.to_vec())]).map(drop)
    }
    /// Writes an [`Entry::Made`].
    fn made(&mut self, card: CardId) -> Result<(), RecordsError> {
        self.write(card, &[Entry::Made]).map(drop)
    }
}
