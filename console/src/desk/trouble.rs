//! Errors of cards, database and paper as the screens' [`Fault`]s. What has no words of its own becomes a code that
//! the clerk can read out and support finds in the log.

use card::{CardError, TransportError};
use issuance::{notice::PaperError, pin::Weak};
use office::{Fact, OfficeError, Refusal};
use relay_core::chance::{OsChance, draw};
use store::StoreError;

use crate::tui::{
    common::Told,
    fault::{Fault, role_word},
};

/// Whose card it was: the same answer means a password there and a PIN here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// A member of the staff.
    Staff,
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
        OfficeError::Refused(refusal) => refused(refusal.as_ref()),
        OfficeError::NotNow(_) => Fault::NotNow,
        OfficeError::SessionOver => Fault::SessionOver,
        OfficeError::ChipTaken(_) => Fault::ChipTaken,
        error => other(error),
    }
}

/// A refusal in its module's own words: nothing here changes for a new one.
fn refused(refusal: &dyn Refusal) -> Fault {
    let told = |fact| match fact {
        Fact::Text(text) => Told::Text(text),
        Fact::Moment(at) => Told::Moment(at),
        Fact::Role(role) => Told::Word(role_word(role)),
    };
    let facts = refusal.facts().into_iter();
    Fault::Refused {
        key: refusal.word_key(),
        facts: facts.map(|(name, fact)| (name, told(fact))).collect(),
        passing: refusal.is_passing(),
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
    use std::{collections::BTreeSet, path::Path};

    use issuance::handover::{HandoverRefused, Mismatch};
    use office::cases::HandoverRefusal;

    use super::*;
    use crate::tui::{facts::Language, words::Words};

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
    fn every_refusal_of_the_office_has_words_of_its_own_and_none_says_only_not_now() {
        let words = Words::new();
        let every = office::refusal::every();
        let keys: BTreeSet<&str> = every.iter().map(|refusal| refusal.word_key()).collect();
        for key in &keys {
            for language in [Language::Japanese, Language::English] {
                assert_ne!(words.say(language, key, &[]), **key, "{key} has no words");
            }
            assert_ne!(*key, "fault-not-now");
        }
        // What the trail calls a refusal has words in the journal.
        for rule in every.iter().filter_map(|refusal| refusal.rule()) {
            let key = format!("rule-{}", rule.replace('_', "-"));
            assert_ne!(words.say(Language::English, &key, &[]), key, "{key} has no words");
        }
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("screens/words/ja.ftl");
        let file = std::fs::read_to_string(file).expect("the words are there");
        let written = file
            .lines()
            .filter_map(|line| line.split_once(" ="))
            .map(|(key, _)| key);
        let unsaid: Vec<&str> = written
            .filter(|key| key.starts_with("refused-") && !keys.contains(key))
            .collect();
        assert!(unsaid.is_empty(), "words of no refusal: {unsaid:?}");
    }

    #[test]
    fn a_clock_of_the_records_that_went_back_is_not_blamed_on_this_terminal() {
        let told = of_office(&HandoverRefusal::ClockWentBack.into());
        assert!(
            matches!(
                told,
                Fault::Refused {
                    key: "refused-clock-went-back",
                    ..
                }
            ),
            "{told:?}"
        );
    }

    #[test]
    fn a_pin_that_is_not_set_is_said_so_when_everything_is_compared_for_the_last_time() {
        let mismatches = vec![Mismatch::PinNotSet];
        let told = of_office(&HandoverRefusal::Mismatched(HandoverRefused { mismatches }).into());
        assert!(
            matches!(
                told,
                Fault::Refused {
                    key: "refused-pin-not-set",
                    ..
                }
            ),
            "{told:?}"
        );
    }

    #[test]
    fn two_unexpected_errors_have_two_codes() {
        assert_ne!(other(&"one"), other(&"two"));
    }
}
