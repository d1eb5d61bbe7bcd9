//! The contract of [`Records`] as tests that every body runs: the one in memory and the one in PostgreSQL.
//!
//! A failed rule panics with the rule's sentence, as a test does; nothing but tests calls this. Each function is a
//! rule and can be run alone; [`all`] runs them one after the other on one body, which also shows that cases do
//! not disturb one another.

use std::time::Duration;

use relay_core::chance::{Chance, draw};
use time::{OffsetDateTime, macros::datetime};

use super::{CardState, CertificateSerial, Entry, KeySlot, Records, RecordsError, Reservation, Step};
use crate::case::{CardId, CaseId, CaseState};

/// A body under test, with what a test must arrange and ask beside the port.
pub trait House {
    /// The body.
    fn records(&mut self) -> &mut dyn Records;
    /// A new case whose person is verified.
    fn verified_case(&mut self) -> CaseId;
    /// Where a case stands.
    fn case_state(&mut self, case: CaseId) -> CaseState;
    /// Whether a certificate serial is revoked.
    fn is_revoked(&mut self, serial: CertificateSerial) -> bool;
}

type Rule = fn(&mut dyn House, &mut dyn Chance);

/// Every rule, by its name.
pub const RULES: [(&str, Rule); 15] = [
    (
        "a chip binds a verified case and asking again gives the same card",
        binding_is_idempotent,
    ),
    (
        "a chip bound to one case is taken for every other",
        a_bound_chip_is_taken,
    ),
    ("a case being made takes no second chip", one_chip_a_case),
    ("an unknown card is told, not made up", an_unknown_card_is_told),
    (
        "an irreversible step is not done without its intent",
        intent_comes_first,
    ),
    (
        "a step done stays done when it is intended again",
        a_done_step_stays_done,
    ),
    (
        "what gathered is recorded together or not at all, and again without harm",
        writing_is_whole,
    ),
    (
        "a whole card is recorded in six writes, each asked twice",
        a_card_in_few_writes,
    ),
    (
        "a key is replaced only while no serial is reserved for it",
        keys_follow_serials,
    ),
    ("one public key never stands in two places", one_key_one_place),
    (
        "a serial is used once, and asked again the reservation is the same to the microsecond",
        serials_are_single_use,
    ),
    (
        "a certificate must carry its reserved serial and is never exchanged",
        certificates_follow_serials,
    ),
    (
        "a serial withdrawn is revoked and gives its slot to another",
        a_withdrawn_serial_gives_way,
    ),
    (
        "a card is made when every step is done, and not before",
        made_comes_last,
    ),
    (
        "a damaged card frees its case, is revoked, and its chip never comes back",
        damage_frees_the_case,
    ),
];

/// Runs every rule on `house`.
pub fn all(house: &mut dyn House, chance: &mut dyn Chance) {
    for (_, rule) in RULES {
        rule(house, chance);
    }
}

/// A chip binds a verified case; asking again, as after a lost answer, gives the same card.
pub fn binding_is_idempotent(house: &mut dyn House, chance: &mut dyn Chance) {
    let (case, chip) = (house.verified_case(), chip(chance));
    let card = house.records().bind_chip(case, &chip).unwrap();
    assert_eq!(house.case_state(case), CaseState::Making { card });
    assert_eq!(house.records().bind_chip(case, &chip), Ok(card));
    let journal = house.records().journal(card).unwrap();
    assert_eq!(
        (journal.case, journal.chip, journal.state),
        (case, chip, CardState::Making)
    );
    assert!(journal.steps.is_empty() && journal.serials.is_empty() && journal.certificates.is_empty());
}

/// A chip bound to one case is taken for every other.
pub fn a_bound_chip_is_taken(house: &mut dyn House, chance: &mut dyn Chance) {
    let (one, other, chip) = (house.verified_case(), house.verified_case(), chip(chance));
    house.records().bind_chip(one, &chip).unwrap();
    let refused = house.records().bind_chip(other, &chip);
    assert!(matches!(refused, Err(RecordsError::ChipTaken { .. })), "{refused:?}");
    assert_eq!(house.case_state(other), CaseState::Verified);
}

/// A case being made takes no second chip.
pub fn one_chip_a_case(house: &mut dyn House, chance: &mut dyn Chance) {
    let (case, card) = bound(house, chance);
    let refused = house.records().bind_chip(case, &chip(chance));
    assert!(matches!(refused, Err(RecordsError::NotNow(_))), "{refused:?}");
    assert_eq!(house.case_state(case), CaseState::Making { card });
}

/// An unknown card is told, not made up.
pub fn an_unknown_card_is_told(house: &mut dyn House, chance: &mut dyn Chance) {
    let nobody = CardId::new(chance);
    let records = house.records();
    assert!(matches!(records.journal(nobody), Err(RecordsError::Conflict(_))));
    assert!(matches!(
        records.intend(nobody, Step::Write),
        Err(RecordsError::Conflict(_))
    ));
    assert!(matches!(records.damaged(nobody, "?"), Err(RecordsError::Conflict(_))));
    assert!(matches!(records.made(nobody), Err(RecordsError::Conflict(_))));
}

/// An irreversible step is not done without its intent; the others need none.
pub fn intent_comes_first(house: &mut dyn House, chance: &mut dyn Chance) {
    let (_, card) = bound(house, chance);
    for step in Step::ALL {
        let outcome = house.records().done(card, step, Duration::from_millis(1));
        match step.is_irreversible() {
            true => assert!(matches!(outcome, Err(RecordsError::Conflict(_))), "{}", step.as_str()),
            false => assert_eq!(outcome, Ok(()), "{}", step.as_str()),
        }
    }
    let records = house.records();
    records.intend(card, Step::Write).unwrap();
    assert_eq!(records.journal(card).unwrap().steps.get(&Step::Write), Some(&false));
    records.done(card, Step::Write, Duration::from_millis(7)).unwrap();
    assert_eq!(records.journal(card).unwrap().steps.get(&Step::Write), Some(&true));
}

/// A step done stays done when a resumed session intends it again.
pub fn a_done_step_stays_done(house: &mut dyn House, chance: &mut dyn Chance) {
    let (_, card) = bound(house, chance);
    let records = house.records();
    for _ in 0..2 {
        records.intend(card, Step::Write).unwrap();
        records.done(card, Step::Write, Duration::from_millis(7)).unwrap();
    }
    records.intend(card, Step::Write).unwrap();
    assert_eq!(records.journal(card).unwrap().steps.get(&Step::Write), Some(&true));
}

/// What gathered is recorded together, and again without harm; where one part is refused, nothing of it is.
pub fn writing_is_whole(house: &mut dyn House, chance: &mut dyn Chance) {
    let case = house.verified_case();
    let (chip, took) = (chip(chance), Duration::from_millis(3));
    let opened = [
        Entry::Done(Step::Select, took),
        Entry::Done(Step::Authenticate, took),
        Entry::Intent(Step::Write),
    ];
    let records = house.records();
    let journal = records.bind(case, &chip, &opened).unwrap();
    let card = journal.card;
    let steps = [(Step::Select, true), (Step::Authenticate, true), (Step::Write, false)];
    assert_eq!((&journal.chip, &journal.steps), (&chip, &steps.into()));
    assert_eq!(records.bind(case, &chip, &opened).unwrap(), journal);
    assert_eq!(records.journal(card).unwrap(), journal);
    for _ in 0..2 {
        records.write(card, &opened).unwrap();
    }
    assert_eq!(records.journal(card).unwrap(), journal);
    records.write(card, &[Entry::Done(Step::Write, took)]).unwrap();
    records.write(card, &[Entry::Intent(Step::Write)]).unwrap();
    assert_eq!(records.journal(card).unwrap().steps.get(&Step::Write), Some(&true));
    let before = records.journal(card).unwrap();
    let key = key(chance);
    let refused = [
        Entry::Key(KeySlot::Authentication, key),
        Entry::Reservation(KeySlot::Authentication, reservation(chance)),
        Entry::Intent(Step::IssueCertificates),
        Entry::Done(Step::Close, took),
    ];
    let early = records.write(card, &refused);
    assert!(matches!(early, Err(RecordsError::Conflict(_))), "{early:?}");
    assert_eq!(records.journal(card).unwrap(), before);
}

/// A whole card in as few writes as the procedure makes, each written twice as after a lost answer.
pub fn a_card_in_few_writes(house: &mut dyn House, chance: &mut dyn Chance) {
    let (case, took) = (house.verified_case(), Duration::from_millis(3));
    let (authentication, eligibility) = (KeySlot::Authentication, KeySlot::Eligibility);
    let (one, other) = (reservation(chance), reservation(chance));
    let (key_one, key_other, chip) = (key(chance), key(chance), chip(chance));
    let [certificate_one, certificate_other] = [one, other].map(|reserved| certificate(reserved.serial()));
    let records = house.records();
    let first = [
        Entry::Done(Step::Select, took),
        Entry::Done(Step::Authenticate, took),
        Entry::Intent(Step::GenerateAuthenticationKey),
    ];
    let card = records.bind(case, &chip, &first).unwrap().card;
    let writes = [
        vec![
            Entry::Key(authentication, key_one),
            Entry::Done(Step::GenerateAuthenticationKey, took),
            Entry::Intent(Step::GenerateEligibilityKey),
        ],
        vec![
            Entry::Key(eligibility, key_other),
            Entry::Done(Step::GenerateEligibilityKey, took),
            Entry::Done(Step::ProvePossession, took),
            Entry::Intent(Step::IssueCertificates),
            Entry::Reservation(authentication, one),
            Entry::Reservation(eligibility, other),
        ],
        vec![
            Entry::Certificate(authentication, certificate_one.clone()),
            Entry::Certificate(eligibility, certificate_other.clone()),
            Entry::Done(Step::IssueCertificates, took),
            Entry::Intent(Step::Write),
        ],
        vec![
            Entry::Done(Step::Write, took),
            Entry::Done(Step::ReadBack, took),
            Entry::Done(Step::Verify, took),
            Entry::Intent(Step::Close),
        ],
        vec![Entry::Done(Step::Close, took), Entry::Made],
    ];
    for entries in &writes {
        let kept = records.write(card, entries).unwrap();
        assert_eq!(records.write(card, entries).unwrap(), kept);
        if entries.len() == 6 {
            assert_eq!(kept, [(authentication, one), (eligibility, other)].into());
        }
    }
    let journal = records.journal(card).unwrap();
    assert_eq!(journal.state, CardState::Made);
    let certificates = [(authentication, certificate_one), (eligibility, certificate_other)];
    assert_eq!(journal.certificates, certificates.into());
    assert_eq!(house.case_state(case), CaseState::Made { card });
}

/// A key is replaced only while no serial is reserved for it.
pub fn keys_follow_serials(house: &mut dyn House, chance: &mut dyn Chance) {
    let (_, card) = bound(house, chance);
    let (first, second, third) = (key(chance), key(chance), key(chance));
    let slot = KeySlot::Authentication;
    let records = house.records();
    records.keep_public_key(card, slot, &first).unwrap();
    records.keep_public_key(card, slot, &second).unwrap();
    records.reserve_serial(card, slot, reservation(chance)).unwrap();
    assert!(matches!(
        records.keep_public_key(card, slot, &third),
        Err(RecordsError::Conflict(_))
    ));
    records.keep_public_key(card, slot, &second).unwrap();
    assert_eq!(records.journal(card).unwrap().public_keys.get(&slot), Some(&second));
}

/// One public key never stands in two places: not in both slots, not on two cards.
pub fn one_key_one_place(house: &mut dyn House, chance: &mut dyn Chance) {
    let ((_, one), (_, other)) = (bound(house, chance), bound(house, chance));
    let key = key(chance);
    let records = house.records();
    records.keep_public_key(one, KeySlot::Authentication, &key).unwrap();
    for (card, slot) in [
        (one, KeySlot::Eligibility),
        (other, KeySlot::Authentication),
        (other, KeySlot::Eligibility),
    ] {
        assert!(matches!(
            records.keep_public_key(card, slot, &key),
            Err(RecordsError::Conflict(_))
        ));
    }
}

/// A serial is used once; asked again for the same slot, the reservation is the same to the microsecond: the certificate
/// is dated from it, and one signed again must not differ.
pub fn serials_are_single_use(house: &mut dyn House, chance: &mut dyn Chance) {
    let ((_, one), (_, other)) = (bound(house, chance), bound(house, chance));
    let first = reservation(chance);
    let second = Reservation::new(CertificateSerial::new(chance), MOMENT + Duration::from_secs(86_400));
    let (authentication, eligibility) = (KeySlot::Authentication, KeySlot::Eligibility);
    let early = house.records().reserve_serial(one, authentication, first);
    assert!(
        matches!(early, Err(RecordsError::Conflict(_))),
        "a serial without a key"
    );
    for (card, slot) in [(one, authentication), (one, eligibility), (other, authentication)] {
        let key = key(chance);
        house.records().keep_public_key(card, slot, &key).unwrap();
    }
    let records = house.records();
    assert_eq!(records.reserve_serial(one, authentication, first), Ok(first));
    assert_eq!(records.reserve_serial(one, authentication, second), Ok(first));
    let borrowed = Reservation::new(first.serial(), second.at());
    for (card, slot) in [(one, eligibility), (other, authentication)] {
        assert!(matches!(
            records.reserve_serial(card, slot, borrowed),
            Err(RecordsError::Conflict(_))
        ));
    }
    assert_eq!(records.reserve_serial(one, eligibility, second), Ok(second));
    let serials = records.journal(one).unwrap().serials;
    let expected = [(authentication, first.serial()), (eligibility, second.serial())];
    assert_eq!(serials, expected.into());
    // Not only while the answer is fresh: a certificate kept or not, the moment stays.
    let certificate = certificate(first.serial());
    records.keep_certificate(one, authentication, &certificate).unwrap();
    assert_eq!(records.reserve_serial(one, authentication, second), Ok(first));
}

/// A certificate must carry its reserved serial and is never exchanged for another.
pub fn certificates_follow_serials(house: &mut dyn House, chance: &mut dyn Chance) {
    let (_, card) = bound(house, chance);
    let slot = KeySlot::Eligibility;
    let serial = CertificateSerial::new(chance);
    let right = certificate(serial);
    let (again, wrong) = (certificate(serial), certificate(CertificateSerial::new(chance)));
    let key = key(chance);
    let records = house.records();
    assert!(matches!(
        records.keep_certificate(card, slot, &right),
        Err(RecordsError::Conflict(_))
    ));
    records.keep_public_key(card, slot, &key).unwrap();
    let reserved = Reservation::new(serial, MOMENT);
    records.reserve_serial(card, slot, reserved).unwrap();
    assert!(matches!(
        records.keep_certificate(card, slot, &wrong),
        Err(RecordsError::Conflict(_))
    ));
    assert!(matches!(
        records.keep_certificate(card, slot, b"no certificate"),
        Err(RecordsError::Conflict(_))
    ));
    records.keep_certificate(card, slot, &right).unwrap();
    records.keep_certificate(card, slot, &right).unwrap();
    assert!(matches!(
        records.keep_certificate(card, slot, &again),
        Err(RecordsError::Conflict(_))
    ));
    assert_eq!(records.journal(card).unwrap().certificates.get(&slot), Some(&right));
}

/// A serial withdrawn, with its certificate or without, is revoked, never taken again, and gives its slot to another.
pub fn a_withdrawn_serial_gives_way(house: &mut dyn House, chance: &mut dyn Chance) {
    let (_, card) = bound(house, chance);
    let [first, _] = keep_both(house.records(), card, chance);
    let (slot, fresh) = (KeySlot::Authentication, reservation(chance));
    let records = house.records();
    let kept = records.write(card, &[Entry::Withdrawn(slot), Entry::Reservation(slot, fresh)]);
    assert_eq!(kept, Ok([(slot, fresh)].into()));
    let journal = records.journal(card).unwrap();
    assert_eq!(journal.serials.get(&slot), Some(&fresh.serial()));
    assert_eq!(journal.certificates.keys().collect::<Vec<_>>(), [&KeySlot::Eligibility]);
    let reused = records.reserve_serial(card, KeySlot::Eligibility, Reservation::new(first, MOMENT));
    assert_ne!(reused.map(|kept| kept.serial()), Ok(first));
    records
        .keep_certificate(card, slot, &certificate(fresh.serial()))
        .unwrap();
    // Asked again, as by a session that lost the answer, without anything to withdraw.
    records.write(card, &[Entry::Withdrawn(slot)]).unwrap();
    records.write(card, &[Entry::Withdrawn(slot)]).unwrap();
    assert_eq!(records.journal(card).unwrap().serials.get(&slot), None);
    assert!(house.is_revoked(first) && house.is_revoked(fresh.serial()));
}

/// A card is made when every step is done and both certificates are kept, and not before; twice is once.
pub fn made_comes_last(house: &mut dyn House, chance: &mut dyn Chance) {
    let (case, card) = bound(house, chance);
    keep_both(house.records(), card, chance);
    for step in Step::ALL {
        assert!(matches!(house.records().made(card), Err(RecordsError::Conflict(_))));
        assert_eq!(house.case_state(case), CaseState::Making { card });
        house.records().intend(card, step).unwrap();
        house.records().done(card, step, Duration::from_millis(1)).unwrap();
    }
    house.records().made(card).unwrap();
    house.records().made(card).unwrap();
    assert_eq!(house.case_state(case), CaseState::Made { card });
    assert_eq!(house.records().journal(card).unwrap().state, CardState::Made);
    assert!(matches!(
        house.records().intend(card, Step::Write),
        Err(RecordsError::Conflict(_))
    ));
    let key = key(chance);
    let late = house.records().keep_public_key(card, KeySlot::Authentication, &key);
    assert!(matches!(late, Err(RecordsError::Conflict(_))));
}

/// A damaged card frees its case, its certificates are revoked, and its chip never comes back.
pub fn damage_frees_the_case(house: &mut dyn House, chance: &mut dyn Chance) {
    let (case, card) = bound(house, chance);
    let serials = keep_both(house.records(), card, chance);
    let chip_bound = house.records().journal(card).unwrap().chip;
    assert!(serials.iter().all(|serial| !house.is_revoked(*serial)));
    house.records().damaged(card, "the chip lost its key").unwrap();
    house.records().damaged(card, "the chip lost its key").unwrap();
    assert_eq!(house.case_state(case), CaseState::Verified);
    assert!(serials.iter().all(|serial| house.is_revoked(*serial)));
    assert_eq!(house.records().journal(card).unwrap().state, CardState::Damaged);
    let refused = house.records().bind_chip(case, &chip_bound);
    assert!(matches!(refused, Err(RecordsError::ChipTaken { .. })), "{refused:?}");
    assert!(matches!(house.records().made(card), Err(RecordsError::Conflict(_))));
    let successor = house.records().bind_chip(case, &chip(chance)).unwrap();
    assert_ne!(successor, card);
    assert_eq!(house.case_state(case), CaseState::Making { card: successor });
    // Its serials stay used: the successor cannot take them.
    let key = key(chance);
    let records = house.records();
    records
        .keep_public_key(successor, KeySlot::Authentication, &key)
        .unwrap();
    let taken = Reservation::new(serials[0], MOMENT);
    let reused = records.reserve_serial(successor, KeySlot::Authentication, taken);
    assert!(matches!(reused, Err(RecordsError::Conflict(_))));
}

fn bound(house: &mut dyn House, chance: &mut dyn Chance) -> (CaseId, CardId) {
    let case = house.verified_case();
    let card = house.records().bind_chip(case, &chip(chance)).unwrap();
    (case, card)
}

fn keep_both(records: &mut dyn Records, card: CardId, chance: &mut dyn Chance) -> [CertificateSerial; 2] {
    [KeySlot::Authentication, KeySlot::Eligibility].map(|slot| {
        let reserved = reservation(chance);
        let serial = reserved.serial();
        records.keep_public_key(card, slot, &key(chance)).unwrap();
        records.reserve_serial(card, slot, reserved).unwrap();
        records.keep_certificate(card, slot, &certificate(serial)).unwrap();
        serial
    })
}

/// When the rules reserve: finer than a database keeps it.
const MOMENT: OffsetDateTime = datetime!(2026-11-22 1:02:03.123_456_789 UTC);

fn reservation(chance: &mut dyn Chance) -> Reservation {
    Reservation::new(CertificateSerial::new(chance), MOMENT)
}

fn chip(chance: &mut dyn Chance) -> Vec<u8> {
    draw::<10>(chance).to_vec()
}

/// Bytes in place of a public key: the records keep them, the authority is who checks them.
fn key(chance: &mut dyn Chance) -> Vec<u8> {
    draw::<64>(chance).to_vec()
}

/// A small certificate with the serial, under a key of its own: two of them are never the same.
fn certificate(serial: CertificateSerial) -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.serial_number = Some(rcgen::SerialNumber::from_slice(&serial.0));
    params.self_signed(&key).unwrap().der().to_vec()
}
