//! Why something asked for was not done, as facts: the words are chosen on the screen, in the clerk's language.

use issuance::{case::CaseNumber, pin::Weak, staff::Role};
use time::OffsetDateTime;

mod relay;

pub use relay::FrontFault;

use super::{
    common::{Message, Told},
    theme::Meaning,
};

/// A refusal or failure. Holds nothing personal but what the clerk may see anyway (a colleague's name).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The database does not answer; nothing was lost, the desk keeps trying.
    DatabaseDown,
    /// Another desk holds the case.
    HeldBy {
        staff: String,
        desk: String,
        /// When the hold ends by itself.
        until: OffsetDateTime,
    },
    /// The case was changed by someone meanwhile; the desk sends the case as it stands now with `CaseOpened` when
    /// it is opened again.
    ChangedMeanwhile,
    /// The case's state does not allow it.
    NotNow,
    /// The session was ended: by a login elsewhere under this desk's name, or by an administrator.
    SessionOver,
    /// The role does not allow it.
    NotAllowed(Role),
    /// The office refused it for a reason of one of its modules, which has words of its own.
    Refused {
        /// The key of the words.
        key: &'static str,
        /// What is put into them.
        facts: Vec<(&'static str, Told)>,
        /// Whether the person can go on at once.
        passing: bool,
    },
    /// No such case, resident or notice.
    NotFound,
    /// The second clerk's agreement is used up or was given up with the case: it must be given anew.
    AgreementGone,
    /// The scanned notice is not one of ours, or is no longer good.
    NoticeInvalid,
    /// The scanned notice belongs to this case, not to the open one.
    NoticeOfAnother(CaseNumber),

    /// The staff card's password was wrong.
    WrongPassword {
        /// Tries left on the card.
        tries_left: u8,
    },
    /// The staff card's password is blocked.
    PasswordBlocked,
    /// The staff card is not registered, or is no longer valid.
    StaffUnknown,
    /// Another person's card was inserted to unlock.
    OtherStaff,
    /// The second clerk is the first one.
    SamePerson,

    /// The resident's PIN was wrong.
    WrongPin {
        /// Tries left on the card.
        tries_left: u8,
    },
    /// The resident's PIN is blocked.
    PinBlocked,
    /// The PIN is one of the refused ones, found by the last check (with what the screen may not know).
    PinWeak(Weak),
    /// A PIN is set already.
    PinAlreadySet,

    /// No card in the reader.
    NoCard,
    /// The card was pulled.
    CardRemoved,
    /// Another program is using the card.
    CardInUse,
    /// The reader is gone.
    ReaderGone,
    /// The card service (pcscd) does not run.
    CardServiceGone,
    /// The card service runs and does not answer: what was asked of a card is given up.
    CardServiceSilent,
    /// Not a card of ours.
    ForeignCard,
    /// The card is not a blank.
    NotBlank,
    /// The chip is bound to another case, or was damaged.
    ChipTaken,
    /// Not the card of this case.
    WrongChip,
    /// The card refused a command with this status word.
    CardRefused(u16),

    /// The authority's keys cannot be used (missing, wrong passphrase file, expired).
    AuthorityUnavailable,
    /// The disk is full; what was to be written.
    DiskFull,
    /// The clock cannot be right.
    ClockWrong,
    /// A character has no glyph in the fonts; nothing was printed.
    MissingGlyph {
        /// The character, as it is.
        character: String,
        /// Its code points or MJ number.
        number: String,
        /// In which line of the paper, a word of the paper's own.
        place: String,
    },
    /// The fonts for printing are not installed.
    FontsMissing,
    /// The job was stopped, and nothing was done.
    Cancelled,
    /// The relay's front did not do what its operator asked.
    Front(FrontFault),
    /// Anything else; the code is for the support desk and the log.
    Other {
        /// Found again in the log.
        code: String,
    },
}

impl Fault {
    /// The words for it.
    pub fn message(&self) -> Message {
        let (key, facts) = self.words();
        let meaning = match self {
            Self::DatabaseDown
            | Self::HeldBy { .. }
            | Self::ChangedMeanwhile
            | Self::CardInUse
            | Self::NoCard
            | Self::Refused { passing: true, .. }
            | Self::Cancelled => Meaning::NeedsYou,
            _ => Meaning::Stop,
        };
        Message { meaning, key, facts }
    }

    fn words(&self) -> (&'static str, Vec<(&'static str, Told)>) {
        let number = |name, value: &dyn ToString| vec![(name, Told::Text(value.to_string()))];
        match self {
            Self::DatabaseDown => ("fault-database-down", vec![]),
            Self::HeldBy { staff, desk, until } => (
                "fault-held-by",
                vec![
                    ("staff", Told::Text(staff.clone())),
                    ("desk", Told::Text(desk.clone())),
                    ("until", Told::Moment(*until)),
                ],
            ),
            Self::ChangedMeanwhile => ("fault-changed-meanwhile", vec![]),
            Self::NotNow => ("fault-not-now", vec![]),
            Self::Refused { key, facts, .. } => (key, facts.clone()),
            Self::SessionOver => ("fault-session-over", vec![]),
            Self::NotAllowed(role) => ("fault-not-allowed", vec![("role", Told::Word(role_word(*role)))]),
            Self::NotFound => ("fault-not-found", vec![]),
            Self::AgreementGone => ("fault-agreement-gone", vec![]),
            Self::NoticeInvalid => ("fault-notice-invalid", vec![]),
            Self::NoticeOfAnother(case) => ("fault-notice-of-another", number("case", case)),
            Self::WrongPassword { tries_left } => ("fault-wrong-password", number("tries", tries_left)),
            Self::PasswordBlocked => ("fault-password-blocked", vec![]),
            Self::StaffUnknown => ("fault-staff-unknown", vec![]),
            Self::OtherStaff => ("fault-other-staff", vec![]),
            Self::SamePerson => ("fault-same-person", vec![]),
            Self::WrongPin { tries_left } => ("fault-wrong-pin", number("tries", tries_left)),
            Self::PinBlocked => ("fault-pin-blocked", vec![]),
            Self::PinWeak(weak) => (weak_word(*weak), vec![]),
            Self::PinAlreadySet => ("fault-pin-already-set", vec![]),
            Self::NoCard => ("fault-no-card", vec![]),
            Self::CardRemoved => ("fault-card-removed", vec![]),
            Self::CardInUse => ("fault-card-in-use", vec![]),
            Self::ReaderGone => ("fault-reader-gone", vec![]),
            Self::CardServiceGone => ("fault-card-service-gone", vec![]),
            Self::CardServiceSilent => ("fault-card-service-silent", vec![]),
            Self::ForeignCard => ("fault-foreign-card", vec![]),
            Self::NotBlank => ("fault-not-blank", vec![]),
            Self::ChipTaken => ("fault-chip-taken", vec![]),
            Self::WrongChip => ("fault-wrong-chip", vec![]),
            Self::CardRefused(status) => ("fault-card-refused", number("status", &format!("{status:04X}"))),
            Self::AuthorityUnavailable => ("fault-authority-unavailable", vec![]),
            Self::DiskFull => ("fault-disk-full", vec![]),
            Self::ClockWrong => ("fault-clock-wrong", vec![]),
            Self::MissingGlyph {
                character,
                number,
                place,
            } => (
                "fault-missing-glyph",
                vec![
                    ("character", Told::Text(character.clone())),
                    ("number", Told::Text(number.clone())),
                    ("place", Told::Text(place.clone())),
                ],
            ),
            Self::FontsMissing => ("fault-fonts-missing", vec![]),
            Self::Cancelled => ("fault-cancelled", vec![]),
            Self::Front(fault) => fault.words(),
            Self::Other { code } => ("fault-other", number("code", code)),
        }
    }
}

/// Whether words are about the staff card that lay in the reader: of the one that lies there now they say nothing.
pub(super) fn is_about_staff_card(key: &str) -> bool {
    let about = [
        Fault::NoCard,
        Fault::CardRemoved,
        Fault::CardInUse,
        Fault::ForeignCard,
        Fault::StaffUnknown,
        Fault::OtherStaff,
        Fault::SamePerson,
        Fault::WrongPassword { tries_left: 0 },
        Fault::PasswordBlocked,
    ];
    about.iter().any(|fault| fault.words().0 == key)
}

/// The word for a role.
pub const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Reception => "role-reception",
        Role::Verification => "role-verification",
        Role::Issuing => "role-issuing",
        Role::Handover => "role-handover",
        Role::ProtectedAddress => "role-protected-address",
        Role::Administration => "role-administration",
    }
}

/// Why a PIN is refused, in words for the resident.
pub(super) const fn weak_word(weak: Weak) -> &'static str {
    match weak {
        Weak::NotFourDigits => "weak-not-four-digits",
        Weak::OneDigit => "weak-one-digit",
        Weak::Pattern => "weak-pattern",
        Weak::Sequence => "weak-sequence",
        Weak::Birthday => "weak-birthday",
        Weak::Phone => "weak-phone",
        Weak::Address => "weak-address",
        Weak::Number => "weak-number",
    }
}
