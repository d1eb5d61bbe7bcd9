//! Stock-taking on the screen: a shelf counted by the reader, an envelope by its number, the result confirmed by another.

use issuance::custody::Custody;
use time::Duration;
use uuid::Uuid;

use super::counter::*;
use crate::{
    fault::Fault,
    key::Key::{Char, Enter, Esc, F},
    orders::{cases::OpenCase, stock::*},
};

const COUNT: Uuid = Uuid::from_u128(77);

fn taking(state: CountState, missing: u32, is_own: bool) -> StockTaking {
    StockTaking {
        id: COUNT,
        place: CountedPlace::Shelf,
        state,
        begun_at: NOW - Duration::minutes(20),
        by: shown(SATO).name,
        is_own,
        confirmed_by: (state == CountState::Confirmed).then(|| shown(NAKAMURA).name),
        expected: 3,
        missing,
        surplus: 1,
    }
}

fn card(chip: &str, found: Finding) -> CountedCard {
    let known = found != Finding::Unknown;
    CountedCard {
        chip: chip.into(),
        case: known.then(|| (case_id(), case(shelved()).number)),
        place: known.then(|| Custody::read("shelf", Some("A-12".into())).unwrap()),
        found,
    }
}

fn cards(missing: usize) -> Vec<CountedCard> {
    let lost = [
        "8B42 19F0 0C77 A1D3 5E20",
        "8B42 19F0 0C77 A1D3 5E21",
        "8B42 19F0 0C77 A1D3 5E22",
    ];
    let mut cards: Vec<_> = lost[..missing]
        .iter()
        .map(|chip| card(chip, Finding::Missing))
        .collect();
    cards.push(card("0A11 0000 0000 0000 0001", Finding::Unknown));
    cards.extend(lost[missing..].iter().map(|chip| card(chip, Finding::There)));
    cards
}

#[test]
fn a_shelf_is_counted_card_by_card_and_what_nobody_has_seen_stays_in_sight() {
    let mut counter = Counter::with_clerk();
    counter.press(Char('z'));
    counter.answer(StockTakings(vec![taking(CountState::Confirmed, 0, false)]));
    insta::assert_snapshot!("stock_list", counter.screen(80, 24));
    counter.press(Char('1'));
    assert!(counter.is_asked_with(|order: &BeginStockTaking| order.0 == CountedPlace::Shelf));
    counter.answer(StockCount(taking(CountState::Open, 3, false), cards(3)));
    insta::assert_snapshot!("stock_count", counter.screen(80, 24));
    counter.resident_card(1);
    assert!(counter.is_asked::<CountCard>());
    let number = Some(case(shelved()).number);
    counter.answer(Counted {
        found: Finding::There,
        again: false,
        number,
    });
    counter.answer(StockCount(taking(CountState::Open, 2, false), cards(2)));
    let page = counter.screen(80, 24);
    assert!(
        page.contains("2026-000352 ありました") && page.contains("1/3"),
        "{page}"
    );
    assert!(!page.contains("A1D3 5E22"), "what was found needs nobody: {page}");
    counter.types("13112383852");
    counter.press(Enter);
    assert!(counter.is_asked::<CountEnvelope>());
    counter.answer(Counted {
        found: Finding::Surplus,
        again: false,
        number,
    });
    assert!(counter.screen(80, 24).contains("別の所にあるカード"));
    counter.answer(StockCount(taking(CountState::Open, 2, false), cards(2)));
    counter.types("12");
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("11けた"));
}

#[test]
fn a_card_that_lies_there_is_counted_and_one_that_was_not_is_not_said_to_be() {
    let mut counter = Counter::with_clerk();
    counter.resident_card(1);
    counter.press(Char('z'));
    counter.answer(StockTakings(Vec::new()));
    counter.press(Char('1'));
    counter.answer(StockCount(taking(CountState::Open, 3, false), cards(3)));
    assert!(counter.is_asked::<CountCard>(), "it lay there before the count began");
    counter.refuse(Fault::DatabaseDown);
    let page = counter.screen(80, 24);
    assert!(
        page.contains("まだ数えていません") && !page.contains("数えました。"),
        "{page}"
    );
    counter.resident_card(2);
    counter.answer(Counted {
        found: Finding::There,
        again: false,
        number: Some(case(shelved()).number),
    });
    counter.answer(StockCount(taking(CountState::Open, 2, false), cards(2)));
    assert!(counter.screen(80, 24).contains("数えました。"));
    // Locked: whoever lays a card down now does not count in the clerk's name.
    counter.staff_card_pulled();
    counter.resident_card(3);
    assert!(!counter.is_asked::<CountCard>());
}

#[test]
fn a_count_is_confirmed_by_another_person_who_has_seen_what_is_missing() {
    let mut counter = Counter::with_clerk();
    counter.press(Char('z'));
    counter.answer(StockTakings(vec![taking(CountState::Open, 1, false)]));
    counter.press(Enter);
    counter.answer(StockCount(taking(CountState::Open, 1, false), cards(1)));
    counter.press(F(2));
    assert!(!counter.is_asked::<FinishCount>());
    assert!(counter.screen(80, 24).contains("まだ見ていないカードが 1 枚"));
    counter.press(F(2));
    assert!(counter.is_asked::<FinishCount>());
    counter.answer(StockCount(taking(CountState::Counted, 1, true), cards(1)));
    assert!(counter.screen(80, 24).contains("ほかの職員が"));
    counter.press(Char('y'));
    assert!(!counter.is_asked::<ConfirmCount>(), "not by whoever counted");

    counter.press(Esc);
    counter.answer(StockTakings(vec![taking(CountState::Counted, 1, false)]));
    counter.press(Enter);
    counter.answer(StockCount(taking(CountState::Counted, 1, false), cards(1)));
    insta::assert_snapshot!("stock_result", counter.screen(80, 24));
    counter.press(Char('y'));
    assert!(counter.is_asked::<ConfirmCount>());
    counter.refuse(Fault::DatabaseDown);
    counter.press(Char('y'));
    counter.answer(StockCount(taking(CountState::Confirmed, 1, false), cards(1)));
    assert!(counter.screen(80, 24).contains("確かめました"));
    counter.press(Enter);
    assert!(counter.is_asked::<OpenCase>(), "what is missing goes on from its case");
}
