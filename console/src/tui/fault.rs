//! Why something asked for was not done, as facts: the words are chosen on the screen, in the clerk's language.

use issuance::{case::CaseNumber, staff::Role};
use time::OffsetDateTime;

/// A refusal or failure. Holds nothing personal but what the clerk may see anyway (a colleague's name).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The database does not answer; nothing was lost, the desk keeps trying.
    DatabaseDown,
    /// Another desk holds the case.
    HeldBy {
        /// The colleague's name.
        staff: String,
        /// Their desk.
        desk: String,
        /// When the hold ends by itself.
        until: OffsetDateTime,
    },
    /// The case was changed by someone meanwhile; the desk sends the case as it stands now with `CaseOpened` when
    /// it is opened again.
    ChangedMeanwhile,
    /// The case's state does not allow it.
    NotNow,
    /// The role does not allow it.
    NotAllowed(Role),
    /// No such case, resident or notice.
    NotFound,
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
    /// The PIN is one of the refused ones, found by the last check.
    PinWeak,
    /// A PIN is set already.
    PinAlreadySet,

    /// No card in the reader.
    NoCard,
    /// The card was pulled.
    CardRemoved,
    /// The reader is gone.
    ReaderGone,
    /// The card service (pcscd) does not run.
    CardServiceGone,
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
    /// Anything else; the code is for the support desk and the log.
    Other {
        /// Found again in the log.
        code: String,
    },
}
