//! Where a case's cards are: found, given back, missed, destroyed.

use issuance::{
    acts::SecondPurpose,
    case::CaseState,
    custody::{Custody, Evidence, PlaceKind},
    lifecycle::Lifecycle,
    standing::HolderCheck,
};
use time::Duration;

use super::{
    counter::*,
    standing::{HANDED_OVER, second_clerk_agrees},
};
use crate::{
    fault::Fault,
    key::Key::{Char, Enter, Esc, Left, Right},
    orders::{cases::OpenCase, custody::*, reconciliation::*},
};

fn moved(to: Custody, evidence: Evidence, days: i64) -> CardMove {
    CardMove {
        to,
        evidence: Some(evidence),
        at: NOW - Duration::days(days),
        by: Some(shown(SATO).name),
        second: matches!(evidence, Evidence::Handover).then(|| shown(NAKAMURA).name),
    }
}

fn trail(lifecycle: Lifecycle, place: Custody) -> CardTrail {
    CardTrail {
        card: card_id(),
        chip: "8B42 19F0 0C77 A1D3 5E20".into(),
        lifecycle,
        is_bound: true,
        place: place.clone(),
        moves: vec![
            moved(Custody::reader("窓口1"), Evidence::ChipRead, 40),
            moved(Custody::drawer("窓口1"), Evidence::MakingDone, 40),
            moved(
                Custody::read("shelf", Some("A-12".into())).unwrap(),
                Evidence::PlaceScanned,
                40,
            ),
            moved(Custody::HOLDER, Evidence::Handover, 31),
            moved(place, Evidence::HolderSays, 1),
        ],
    }
}

fn at_custody(state: CaseState, cards: Vec<CardTrail>) -> Counter {
    let mut counter = Counter::with_case(case(state));
    counter.press(Char('w'));
    counter.answer(CardTrails(cards));
    counter
}

#[test]
fn a_lost_card_that_was_brought_in_is_put_away_and_given_back_before_two() {
    let mut counter = at_custody(HANDED_OVER, vec![trail(Lifecycle::Suspended, Custody::LOST)]);
    insta::assert_snapshot!("custody_lost", counter.screen(80, 24));
    counter.press(Char('b'));
    assert!(
        !counter.screen(80, 24).contains("本人が窓口にいて"),
        "it does not lie here yet"
    );
    counter.press(Char('d'));
    counter.types("交番から届けられた");
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &MoveCard| order.to == PlaceKind::Drawer));
    counter.answer(Box::new(case(HANDED_OVER)));
    counter.answer(CardTrails(vec![trail(Lifecycle::Suspended, Custody::drawer("窓口1"))]));

    counter.press(Char('b'));
    counter.press(Char('1'));
    counter.types("免許証を提示");
    insta::assert_snapshot!("custody_give_back", counter.screen(80, 24));
    counter.press(Enter);
    assert!(
        counter.screen(80, 24).contains("読取機に置いて"),
        "the chip is compared"
    );
    counter.resident_card(1);
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("二人目の職員"));
    second_clerk_agrees(&mut counter, SecondPurpose::Custody);
    assert!(counter.is_asked_with(|order: &GiveBack| order.check == HolderCheck::Document));
    // The wrong card lay there: nothing is used up, and the second clerk need not come back.
    counter.refuse(Fault::Refused {
        key: "refused-other-chip",
        facts: Vec::new(),
        passing: false,
    });
    counter.answer(CardTrails(vec![trail(Lifecycle::Suspended, Custody::drawer("窓口1"))]));
    counter.resident_card(4);
    counter.press(Enter);
    assert!(counter.is_asked::<GiveBack>());
}

#[test]
fn a_card_that_is_missing_before_its_handover_is_given_up_and_the_page_says_so() {
    let mut lost = case(made());
    lost.problem = Some(crate::facts::Problem::CardMissing);
    let mut counter = Counter::with_case(lost);
    let page = counter.screen(80, 24);
    assert!(
        page.contains("カードを取りやめる") && page.contains("所在不明"),
        "{page}"
    );
    counter.press(Enter);
    assert!(!counter.screen(80, 24).contains("経過"), "Enter does what it says");
}

#[test]
fn nothing_is_done_with_a_card_that_may_be_used_or_is_in_an_envelope() {
    let outgoing = Custody::OUTGOING;
    for (lifecycle, place) in [(Lifecycle::Active, Custody::HOLDER), (Lifecycle::Made, outgoing)] {
        let mut counter = at_custody(HANDED_OVER, vec![trail(lifecycle, place)]);
        for key in ['d', 'b', 'm', 'x'] {
            counter.press(Char(key));
            let page = counter.screen(80, 24);
            assert!(page.contains("8B42"), "{key}: {page}");
            assert!(!page.contains("メモ"), "{key}: {page}");
        }
    }
}

#[test]
fn a_card_is_destroyed_only_once_it_is_over_and_two_see_it() {
    let here = Custody::drawer("窓口1");
    let mut counter = at_custody(HANDED_OVER, vec![trail(Lifecycle::Suspended, here.clone())]);
    counter.press(Char('x'));
    assert!(!counter.screen(80, 24).contains("チップを裁断"));
    let mut counter = at_custody(HANDED_OVER, vec![trail(Lifecycle::Revoked, here)]);
    counter.press(Char('x'));
    counter.types("裁断した");
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("二人目の職員"));
    assert!(!counter.is_asked::<MoveCard>());
}

#[test]
fn what_could_not_be_moved_keeps_what_was_typed() {
    let mut counter = at_custody(made(), vec![trail(Lifecycle::Made, Custody::drawer("窓口1"))]);
    counter.press(Char('m'));
    counter.types("引き出しを二人で探した");
    counter.press(Enter);
    counter.press(Esc);
    assert!(counter.screen(80, 24).contains("引き出しを二人で探した"));
    let mut counter = at_custody(HANDED_OVER, vec![trail(Lifecycle::Suspended, Custody::LOST)]);
    counter.press(Char('d'));
    counter.types("届けられた");
    counter.press(Enter);
    counter.refuse(Fault::DatabaseDown);
    assert!(counter.screen(80, 24).contains("届けられた"));
}

#[test]
fn every_sum_of_the_reconciliation_opens_to_its_cards() {
    let mut counter = Counter::with_clerk();
    counter.press(Char('r'));
    let total = [1_189, 1_163, 10, 1, 12, 2, 1];
    let counted = |by, parts: &[(&str, Sums)]| Reconciled {
        by,
        total,
        parts: parts.iter().map(|(part, sums)| ((*part).to_owned(), *sums)).collect(),
        unaccounted: 1,
    };
    counter.answer(counted(By::All, &[]));
    counter.press(Char('2'));
    let days = [
        ("2026-11-20", [1_180, 1_160, 10, 1, 7, 2, 0]),
        ("2026-11-21", [9, 3, 0, 0, 5, 0, 1]),
    ];
    counter.answer(counted(By::Day, &days));
    insta::assert_snapshot!("reconciliation_days", counter.screen(80, 24));
    counter.press(Char('3'));
    counter.answer(counted(By::Channel, &[("counter", total)]));
    assert!(counter.screen(80, 24).contains("窓口"));
    for _ in 0..9 {
        counter.press(Right);
    }
    counter.press(Left);
    counter.press(Right);
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &LoadAccounted| {
        order.account == Account::Difference && order.part.is_none() && order.by == By::Channel
    }));
    counter.answer(Accounted(vec![AccountedCase {
        case: case_id(),
        number: case(shelved()).number,
        opened_at: NOW - Duration::days(1),
        card_at: Some(Custody::DESTROYED),
    }]));
    insta::assert_snapshot!("reconciliation_difference", counter.screen(80, 24));
    counter.press(Enter);
    assert!(counter.is_asked::<OpenCase>());
}
