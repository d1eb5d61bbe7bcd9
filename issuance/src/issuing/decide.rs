//! What comes next for a card: a pure decision over the records and the chip.

use std::collections::BTreeMap;

use card::{ChipLife, KeySlot};

use crate::records::{CardJournal, CardState, Step};

/// What is known of the chip in the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipFacts {
    pub chip: Vec<u8>,
    /// Where it stands in its life.
    pub life: ChipLife,
    /// The public keys on it, SubjectPublicKeyInfo in DER.
    pub keys: BTreeMap<KeySlot, Vec<u8>>,
    /// What was done since it was selected.
    pub session: Session,
}

/// What holds only while the card stays in the reader.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Session {
    /// Both keys answered a challenge.
    pub proved: bool,
    /// What was read back last was what should be there.
    pub read_back: bool,
    /// How often it was not.
    pub mismatches: u8,
    /// Certificates and keys were verified together.
    pub verified: bool,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Do(Step),
    /// Nothing: the card is complete.
    Finished,
    /// Nothing: the card cannot be finished.
    Damaged(Damage),
    /// Nothing: the card in the reader is not the one bound to the case.
    WrongChip,
}

/// Why a card cannot be finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The records say so already.
    #[error("the card was marked damaged before")]
    MarkedBefore,
    /// A serial is reserved for a key that is no longer on the chip.
    #[error("the {0:?} key recorded for the card is no longer on its chip")]
    KeyLost(KeySlot),
    /// The chip is closed, and something is missing that can only be made before.
    #[error("the chip is closed although {} is not done", .0.as_str())]
    ClosedTooEarly(Step),
    /// Written twice, it reads back wrong.
    #[error("the chip does not keep what is written to it")]
    DoesNotKeep,
    /// The chip made a weak key.
    #[error("the chip made a {0:?} key that must not be used")]
    BadKey(KeySlot),
    /// The chip does not sign with its key.
    #[error("the chip did not prove that it holds its {0:?} key")]
    NotProved(KeySlot),
    /// What is recorded and written does not verify.
    #[error("the {0:?} certificate does not verify")]
    BadCertificate(KeySlot),
}

/// The step that makes the key of `slot`.
pub(super) const fn generating(slot: KeySlot) -> Step {
    match slot {
        KeySlot::Authentication => Step::GenerateAuthenticationKey,
        KeySlot::Eligibility => Step::GenerateEligibilityKey,
    }
}

/// What comes next for the card of `journal` with the chip of `facts` in the reader.
pub fn decide(journal: &CardJournal, facts: &ChipFacts) -> Next {
    if facts.chip != journal.chip {
        return Next::WrongChip;
    }
    match journal.state {
        CardState::Making => {}
        CardState::Made | CardState::Active | CardState::Suspended | CardState::Revoked | CardState::Expired => {
            return Next::Finished;
        }
        CardState::Damaged => return Next::Damaged(Damage::MarkedBefore),
    }
    match first_to_do(journal, facts) {
        Ok(()) => Next::Finished,
        Err(Next::Do(step)) if facts.life == ChipLife::Closed && step < Step::ReadBack && step > Step::Authenticate => {
            Next::Damaged(Damage::ClosedTooEarly(step))
        }
        Err(next) => next,
    }
}

/// The first thing missing, in the order of the steps; `Ok` when nothing is.
fn first_to_do(journal: &CardJournal, facts: &ChipFacts) -> Result<(), Next> {
    let done = |step| journal.steps.get(&step) == Some(&true);
    let unless = |met: bool, step| if met { Ok(()) } else { Err(Next::Do(step)) };
    unless(done(Step::Select), Step::Select)?;
    unless(done(Step::Authenticate), Step::Authenticate)?;
    for slot in KeySlot::ALL {
        let (recorded, on_chip) = (journal.public_keys.get(&slot), facts.keys.get(&slot));
        let agree = recorded.is_some() && recorded == on_chip;
        if !agree && journal.serials.contains_key(&slot) {
            return Err(Next::Damaged(Damage::KeyLost(slot)));
        }
        unless(agree && done(generating(slot)), generating(slot))?;
    }
    let all_issued = KeySlot::ALL.iter().all(|slot| journal.certificates.contains_key(slot));
    unless(
        done(Step::ProvePossession) && (all_issued || facts.session.proved),
        Step::ProvePossession,
    )?;
    unless(all_issued && done(Step::IssueCertificates), Step::IssueCertificates)?;
    // What reads back wrong is written once more; a chip that then still differs does not keep its memory.
    if facts.session.mismatches > 1 || (facts.session.mismatches > 0 && facts.life == ChipLife::Closed) {
        return Err(Next::Damaged(Damage::DoesNotKeep));
    }
    unless(done(Step::Write), Step::Write)?;
    unless(facts.session.read_back && done(Step::ReadBack), Step::ReadBack)?;
    unless(facts.session.verified && done(Step::Verify), Step::Verify)?;
    unless(facts.life == ChipLife::Closed && done(Step::Close), Step::Close)
}

#[cfg(test)]
mod tests {
    use relay_core::chance::SeededChance;

    use super::*;
    use crate::{
        case::{CardId, CaseId},
        records::CertificateSerial,
    };

    /// A card that was made up to and without `step`, with the chip as it is then in a fresh session.
    fn up_to(step: Step) -> (CardJournal, ChipFacts) {
        let mut chance = SeededChance::new(1);
        let reached = |earlier: Step| earlier < step;
        let keys: BTreeMap<_, _> = KeySlot::ALL
            .into_iter()
            .filter(|slot| reached(generating(*slot)))
            .map(|slot| (slot, vec![slot.reference(); 4]))
            .collect();
        let issued = reached(Step::IssueCertificates);
        let per_slot = |bytes: u8| {
            KeySlot::ALL
                .into_iter()
                .map(move |slot| (slot, bytes + slot.reference()))
        };
        let journal = CardJournal {
            card: CardId::new(&mut chance),
            case: CaseId::new(&mut chance),
            chip: vec![7; 10],
            state: CardState::Making,
            steps: Step::ALL
                .into_iter()
                .filter(|s| reached(*s))
                .map(|s| (s, true))
                .collect(),
            public_keys: keys.clone(),
            serials: per_slot(0x40)
                .filter(|_| issued)
                .map(|(slot, byte)| (slot, CertificateSerial([byte; 16])))
                .collect(),
            certificates: per_slot(0)
                .filter(|_| issued)
                .map(|(slot, byte)| (slot, vec![byte]))
                .collect(),
        };
        let facts = ChipFacts {
            chip: vec![7; 10],
            life: if keys.is_empty() {
                ChipLife::Blank
            } else {
                ChipLife::Personalising
            },
            keys,
            session: Session::default(),
        };
        (journal, facts)
    }

    #[test]
    fn a_card_left_before_any_step_goes_on_with_what_the_chip_has_forgotten() {
        for (left_before, next) in [
            (Step::Select, Step::Select),
            (Step::Authenticate, Step::Authenticate),
            (Step::GenerateAuthenticationKey, Step::GenerateAuthenticationKey),
            (Step::GenerateEligibilityKey, Step::GenerateEligibilityKey),
            (Step::ProvePossession, Step::ProvePossession),
            // The proof lived in the session that ended.
            (Step::IssueCertificates, Step::ProvePossession),
            (Step::Write, Step::Write),
            (Step::ReadBack, Step::ReadBack),
            // Before the chip is closed, what is on it is read again.
            (Step::Verify, Step::ReadBack),
            (Step::Close, Step::ReadBack),
        ] {
            let (journal, facts) = up_to(left_before);
            assert_eq!(decide(&journal, &facts), Next::Do(next), "{left_before:?}");
        }
    }

    #[test]
    fn within_one_session_the_steps_follow_one_another() {
        let (mut journal, mut facts) = up_to(Step::IssueCertificates);
        facts.session.proved = true;
        assert_eq!(decide(&journal, &facts), Next::Do(Step::IssueCertificates));
        (journal, facts) = up_to(Step::Verify);
        facts.session.read_back = true;
        assert_eq!(decide(&journal, &facts), Next::Do(Step::Verify));
        (journal, facts) = up_to(Step::Close);
        (facts.session.read_back, facts.session.verified) = (true, true);
        assert_eq!(decide(&journal, &facts), Next::Do(Step::Close));
        facts.life = ChipLife::Closed;
        assert_eq!(
            decide(&journal, &facts),
            Next::Do(Step::Close),
            "closed, and not recorded"
        );
        journal.steps.insert(Step::Close, true);
        assert_eq!(decide(&journal, &facts), Next::Finished);
    }

    #[test]
    fn another_chip_is_told_whatever_the_card_is() {
        for state in [
            CardState::Making,
            CardState::Made,
            CardState::Active,
            CardState::Suspended,
            CardState::Revoked,
            CardState::Expired,
            CardState::Damaged,
        ] {
            let (mut journal, mut facts) = up_to(Step::Write);
            journal.state = state;
            facts.chip = vec![8; 10];
            assert_eq!(decide(&journal, &facts), Next::WrongChip);
        }
    }

    #[test]
    fn a_key_that_changed_is_made_again_until_a_serial_is_reserved_for_it() {
        for (left_before, next) in [
            (Step::ProvePossession, Next::Do(Step::GenerateEligibilityKey)),
            (Step::Write, Next::Damaged(Damage::KeyLost(KeySlot::Eligibility))),
            (Step::Close, Next::Damaged(Damage::KeyLost(KeySlot::Eligibility))),
        ] {
            let (journal, mut facts) = up_to(left_before);
            facts.keys.insert(KeySlot::Eligibility, vec![9; 4]);
            assert_eq!(decide(&journal, &facts), next, "another key, {left_before:?}");
            facts.keys.remove(&KeySlot::Eligibility);
            assert_eq!(decide(&journal, &facts), next, "no key, {left_before:?}");
        }
    }

    #[test]
    fn a_key_on_the_chip_whose_making_was_not_recorded_is_looked_at_by_its_own_step() {
        let (journal, mut facts) = up_to(Step::GenerateAuthenticationKey);
        facts.keys.insert(KeySlot::Authentication, vec![1; 4]);
        assert_eq!(decide(&journal, &facts), Next::Do(Step::GenerateAuthenticationKey));
    }

    #[test]
    fn one_missing_certificate_is_issued_and_the_other_is_kept() {
        let (mut journal, mut facts) = up_to(Step::Write);
        journal.certificates.remove(&KeySlot::Eligibility);
        journal.steps.insert(Step::IssueCertificates, false);
        assert_eq!(decide(&journal, &facts), Next::Do(Step::ProvePossession));
        facts.session.proved = true;
        assert_eq!(decide(&journal, &facts), Next::Do(Step::IssueCertificates));
    }

    #[test]
    fn what_reads_back_wrong_is_written_once_more_and_then_given_up() {
        let (mut journal, mut facts) = up_to(Step::Close);
        facts.session.mismatches = 1;
        journal.steps.insert(Step::Write, false);
        assert_eq!(decide(&journal, &facts), Next::Do(Step::Write));
        facts.session.mismatches = 2;
        assert_eq!(decide(&journal, &facts), Next::Damaged(Damage::DoesNotKeep));
    }

    #[test]
    fn a_chip_that_closed_too_early_is_damaged_and_one_that_closed_in_time_is_finished() {
        for step in Step::ALL {
            let (journal, mut facts) = up_to(step);
            facts.life = ChipLife::Closed;
            let next = decide(&journal, &facts);
            match step {
                Step::Select | Step::Authenticate => assert_eq!(next, Next::Do(step)),
                Step::ReadBack | Step::Verify | Step::Close => assert_eq!(next, Next::Do(Step::ReadBack)),
                _ => assert!(matches!(next, Next::Damaged(Damage::ClosedTooEarly(_))), "{step:?}"),
            }
        }
        let (journal, mut facts) = up_to(Step::Close);
        facts.life = ChipLife::Closed;
        facts.session.mismatches = 1;
        assert_eq!(decide(&journal, &facts), Next::Damaged(Damage::DoesNotKeep));
    }

    #[test]
    fn made_and_damaged_cards_are_left_alone() {
        let (mut journal, facts) = up_to(Step::Write);
        for (state, next) in [
            (CardState::Made, Next::Finished),
            (CardState::Active, Next::Finished),
            (CardState::Suspended, Next::Finished),
            (CardState::Revoked, Next::Finished),
            (CardState::Expired, Next::Finished),
            (CardState::Damaged, Next::Damaged(Damage::MarkedBefore)),
        ] {
            journal.state = state;
            assert_eq!(decide(&journal, &facts), next);
        }
    }
}
