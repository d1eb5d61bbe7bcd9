//! Errors of cards, database and paper as the screens' [`Fault`]s. What has no words of its own becomes a code that
//! the clerk can read out and support finds in the log.

use card::{CardError, TransportError};
use issuance::{handover::Mismatch, notice::PaperError, pin::Weak};
use office::OfficeError;
use relay_core::chance::{OsChance, draw};
use store::StoreError;

use crate::tui::fault::Fault;

/// Whose card it was: the same answer means a password there and a PIN here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// A member of the staff.
    Staff,
    /// A resident.
    Resident,
}

/// Anything without words of its own. The error goes to the log beside the code; our errors carry nothing personal.
pub fn other(error: &dyn std::fmt::Display) -> Fault {
    let code = hex::encode_upper(draw::<3>(&mut OsChance));
    tracing::error!(code, %error, "unexpected");
    Fault::Other { code }
}

/// A card's refusal.
pub fn of_card(error: &CardError, whose: Whose) -> Fault {
    match (error, whose) {
        (CardError::Transport(error), _) => of_transport(error),
        (CardError::NotOurCard | CardError::WrongIssuerKeys, _) => Fault::ForeignCard,
        (CardError::WrongPin { tries_left }, Whose::Staff) => Fault::WrongPassword {
            tries_left: *tries_left,
        },
        (CardError::WrongPin { tries_left }, Whose::Resident) => Fault::WrongPin {
            tries_left: *tries_left,
        },
        (CardError::PinBlocked, Whose::Staff) => Fault::PasswordBlocked,
        (CardError::PinBlocked, Whose::Resident) => Fault::PinBlocked,
        (CardError::PinNotSet | CardError::KeyMissing(_), Whose::Staff) => Fault::StaffUnknown,
        (CardError::PinAlreadySet, _) => Fault::PinAlreadySet,
        (CardError::PinRefused, Whose::Resident) => Fault::PinWeak(Weak::NotFourDigits),
        (CardError::Closed(_), _) => Fault::NotBlank,
        (CardError::Refused { status, .. }, _) => {
            tracing::warn!(%error, "the card refused");
            Fault::CardRefused(status.0)
        }
        (error, _) => other(error),
    }
}

/// Why no answer came from the card.
pub fn of_transport(error: &TransportError) -> Fault {
    match error {
        // Put in anew is another card until it was read again: to the clerk the same thing as pulled.
        TransportError::Removed | TransportError::Reset => Fault::CardRemoved,
        TransportError::ReaderGone(_) => Fault::ReaderGone,
        TransportError::ServiceGone => Fault::CardServiceGone,
        TransportError::InUse(_) => Fault::CardInUse,
        TransportError::Other(_) => other(error),
    }
}

/// Why the database did not do it.
pub fn of_store(error: &StoreError) -> Fault {
    match error {
        StoreError::Unreachable { .. } | StoreError::AnswerLost { .. } => {
            tracing::warn!(%error, "the database is away");
            Fault::DatabaseDown
        }
        StoreError::DiskFull { .. } => Fault::DiskFull,
        StoreError::Conflict { .. } => Fault::ChangedMeanwhile,
        StoreError::Constraint { .. } | StoreError::Denied { .. } | StoreError::Other { .. } => other(error),
    }
}

/// Why the office's records did not do it.
pub fn of_office(error: &OfficeError) -> Fault {
    match error {
        OfficeError::Store(error) => of_store(error),
        OfficeError::NotAllowed(role) => Fault::NotAllowed(*role),
        OfficeError::NotFound(_) => Fault::NotFound,
        OfficeError::StaffUnknown => Fault::StaffUnknown,
        OfficeError::HeldBy { staff, desk, until } => Fault::HeldBy {
            staff: staff.clone(),
            desk: desk.clone(),
            until: *until,
        },
        OfficeError::ChangedMeanwhile | OfficeError::NotHeld => Fault::ChangedMeanwhile,
        // A card that stands elsewhere than the screen said: another desk was quicker.
        OfficeError::CardConflict(_) => {
            tracing::warn!(%error, "the card's records");
            Fault::ChangedMeanwhile
        }
        OfficeError::NotNow(_)
        | OfficeError::NotInPerson
        | OfficeError::PinNotSet
        | OfficeError::NoNotice
        | OfficeError::NotFirstRun => Fault::NotNow,
        OfficeError::ApprovalMissing => Fault::AgreementGone,
        OfficeError::IncidentOpen => Fault::IncidentOpen,
        OfficeError::SessionOver => Fault::SessionOver,
        OfficeError::ClockWentBack => Fault::ClockWentBack,
        OfficeError::ShelfTaken(case) => Fault::ShelfTaken(*case),
        OfficeError::ChipTaken(_) => Fault::ChipTaken,
        OfficeError::PinAlreadySet => Fault::PinAlreadySet,
        OfficeError::SamePerson => Fault::SamePerson,
        OfficeError::OtherClerk => Fault::OtherStaff,
        OfficeError::HandoverRefused(refused) => of_handover(&refused.mismatches),
        error => other(error),
    }
}

/// What did not agree when everything was compared for the last time: what was true a moment ago no longer is.
fn of_handover(mismatches: &[Mismatch]) -> Fault {
    let any = |these: &[Mismatch]| mismatches.iter().any(|mismatch| these.contains(mismatch));
    if any(&[Mismatch::OtherChip]) {
        Fault::WrongChip
    } else if any(&[Mismatch::OtherCase, Mismatch::OtherToken]) {
        Fault::NoticeInvalid
    } else if any(&[Mismatch::OtherShelf]) {
        Fault::ChangedMeanwhile
    } else {
        Fault::NotNow
    }
}

/// Why nothing was printed.
pub fn of_paper(error: &PaperError) -> Fault {
    match error {
        PaperError::FontsMissing { .. } | PaperError::FontUnusable { .. } => {
            tracing::error!(%error, "fonts");
            Fault::FontsMissing
        }
        PaperError::Glyph(glyph) => Fault::MissingGlyph {
            character: glyph.character.clone(),
            number: glyph.code_points.clone(),
            place: glyph.field.clone(),
        },
        PaperError::DiskFull { .. } => Fault::DiskFull,
        error => other(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_entry_is_a_password_on_a_staff_card_and_a_pin_on_a_residents() {
        let wrong = CardError::WrongPin { tries_left: 2 };
        assert_eq!(of_card(&wrong, Whose::Staff), Fault::WrongPassword { tries_left: 2 });
        assert_eq!(of_card(&wrong, Whose::Resident), Fault::WrongPin { tries_left: 2 });
    }

    #[test]
    fn a_card_put_in_anew_is_not_the_card_that_was_read() {
        assert_eq!(of_transport(&TransportError::Reset), Fault::CardRemoved);
    }

    #[test]
    fn a_clock_of_the_records_that_went_back_is_not_blamed_on_this_terminal() {
        assert_eq!(of_office(&OfficeError::ClockWentBack), Fault::ClockWentBack);
    }

    #[test]
    fn two_unexpected_errors_have_two_codes() {
        assert_ne!(other(&"one"), other(&"two"));
    }
}
