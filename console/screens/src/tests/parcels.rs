//! A card by post: its envelope closed and opened, followed and taken back; the board and the carrier's file.

use issuance::{
    application::Delivery,
    case::{CaseState, PostPlace},
    parcel::{Parcel, ParcelEvent, ParcelId, ParcelKind, ParcelState, ReturnReason, TrackingNumber},
    staff::Role,
};
use time::{Date, Duration, macros::date};
use uuid::Uuid;

use super::counter::*;
use crate::{
    facts::*,
    key::Key::{Char, Down, Enter, Esc, F},
    orders::parcels::*,
};

const LETTER: &str = "MDG1-2026-000352-ABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn number(text: &str) -> TrackingNumber {
    TrackingNumber::parse(text).unwrap()
}

fn parcel(state: ParcelState) -> Parcel {
    let posted = !matches!(state, ParcelState::Prepared);
    Parcel {
        id: ParcelId::from_uuid(Uuid::from_u128(900)),
        kind: ParcelKind::Special,
        number: number("131-12-38385-2"),
        state,
        accepted_on: posted.then_some(date!(2026 - 11 - 18)),
        notified_on: (state == ParcelState::Notified).then_some(date!(2026 - 11 - 19)),
        reason: (state == ParcelState::Returned).then_some(ReturnReason::StorageOver),
    }
}

/// A case to go by post, with its envelope.
fn by_post(state: CaseState, envelope: Option<ParcelState>) -> CaseView {
    let mut case = case(state);
    case.application = case.application.clone().to_be_delivered(Delivery::RestrictedPost);
    case.notice_printed = Some(NOW);
    if let Some(card) = &mut case.card {
        card.pin_set = true;
    }
    case.parcel = envelope.map(parcel);
    case
}

fn in_envelope(at: PostPlace) -> CaseState {
    CaseState::ByPost { card: card_id(), at }
}

/// At the page of the case's envelope.
fn at_envelope(case: CaseView) -> Counter {
    let mut counter = Counter::with_case(case);
    counter.press(Enter);
    counter
}

#[test]
fn an_envelope_is_closed_over_number_letter_and_chip() {
    let mut counter = at_envelope(by_post(made(), None));
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("1〜3で選んで"));
    counter.press(Char('2'));
    counter.types("131-12-38385-3");
    counter.press(Enter);
    let told = counter.screen(80, 24);
    assert!(told.contains("131-12-38385-2"), "what was probably meant: {told}");
    for _ in 0..14 {
        counter.press(crate::key::Key::Backspace);
    }
    counter.types("131-12-38385-2");
    counter.press(Enter);
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("通知書の二次元コードを読み取って"));
    counter.scan(LETTER);
    insta::assert_snapshot!("parcel_close", counter.screen(80, 24));
    counter.press(Enter);
    assert!(!counter.is_asked::<CloseEnvelope>(), "no card lies there");
    counter.resident_card(1);
    counter.press(Enter);
    assert!(
        counter.screen(80, 24).contains("二人目の職員"),
        "two look, where the rule asks for two"
    );
    counter.press(Esc);
    counter.state.common.setup.sights = Sights::OneClerkTwice;
    counter.press(Enter);
    let asked = |order: &CloseEnvelope| {
        order.kind == ParcelKind::Special && order.number == number("13112383852") && order.notice == LETTER
    };
    assert!(counter.is_asked_with(asked));
    counter.answer(Box::new(by_post(
        in_envelope(PostPlace::Outgoing),
        Some(ParcelState::Prepared),
    )));
    insta::assert_snapshot!("parcel_outgoing", counter.screen(80, 24));
}

#[test]
fn before_the_letter_is_printed_there_is_no_envelope_and_the_way_can_still_be_changed() {
    for (state, said) in [
        (made(), "先に、封筒に入れる手紙"),
        (CaseState::Applied, "カードができたら"),
    ] {
        let mut case = by_post(state, None);
        case.notice_printed = None;
        let mut counter = Counter::with_case(case);
        counter.press(Char('y'));
        assert!(counter.screen(80, 24).contains(said));
        counter.press(Enter);
        assert!(!counter.is_asked::<CloseEnvelope>());
        counter.press(F(8));
        counter.types("やはり窓口で受け取る");
        counter.press(Enter);
        assert!(counter.is_asked_with(|order: &ChangeDelivery| order.to == Delivery::Counter));
    }
}

#[test]
fn a_kind_that_the_documents_do_not_open_is_not_chosen() {
    let mut case = by_post(made(), None);
    case.post_kinds = vec![ParcelKind::Basic, ParcelKind::Special];
    let mut counter = at_envelope(case);
    counter.press(Char('3'));
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("薄い字の種類は"));
}

#[test]
fn what_the_carrier_says_is_recorded_with_its_day_and_none_that_cannot_be() {
    let mut counter = at_envelope(by_post(in_envelope(PostPlace::InPost), Some(ParcelState::Notified)));
    insta::assert_snapshot!("parcel_in_post", counter.screen(80, 24));
    counter.press(Enter);
    assert!(
        counter.screen(80, 24).contains("選んで"),
        "nothing is chosen beforehand"
    );
    counter.press(Down);
    counter.press(Down);
    counter.types("令和9年1月1日");
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("まだ来ていない日"));
    for _ in 0..9 {
        counter.press(crate::key::Key::Backspace);
    }
    counter.press(Enter);
    let today: Date = NOW.date();
    assert!(counter.is_asked_with(|order: &FollowParcel| order.event == ParcelEvent::Delivered && order.on == today));
}

#[test]
fn an_envelope_that_came_back_is_taken_in_with_its_reason_and_opened_with_words() {
    let mut counter = at_envelope(by_post(in_envelope(PostPlace::InPost), Some(ParcelState::ComingBack)));
    counter.press(Down);
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &TakeBack| order.reason == ReturnReason::StorageOver));
    counter.answer(Box::new(by_post(
        in_envelope(PostPlace::Returned),
        Some(ParcelState::Returned),
    )));
    insta::assert_snapshot!("parcel_returned", counter.screen(80, 24));
    counter.press(Enter);
    counter.types("電話がついた。窓口に来る");
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &OpenEnvelope| order.words == "電話がついた。窓口に来る"));
}

#[test]
fn a_card_for_the_counter_goes_by_post_once_somebody_asked_for_it() {
    let mut counter = Counter::with_case(case(shelved()));
    counter.press(Char('y'));
    counter.press(Enter);
    counter.types("本人から電話。来られない");
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &ChangeDelivery| order.to == Delivery::RestrictedPost));
}

fn board() -> Posting {
    let row = |serial: u32, name: &str, state: Option<ParcelState>, gone: bool| ByPost {
        case: issuance::case::CaseId::from_uuid(Uuid::from_u128(serial.into())),
        number: issuance::case::CaseNumber { year: 2026, serial },
        name: name.into(),
        is_gone: gone,
        parcel: state.map(|state| Parcel {
            id: ParcelId::from_uuid(Uuid::from_u128(1000 + u128::from(serial))),
            ..parcel(state)
        }),
        since: NOW - Duration::days(2),
    };
    Posting(vec![
        row(351, "山口 さくら", None, false),
        row(352, "山口 𠮷郎", Some(ParcelState::Prepared), false),
        row(353, "田中 一", Some(ParcelState::Prepared), true),
        row(354, "山口 さくら", Some(ParcelState::Notified), false),
        row(355, "田中 一", Some(ParcelState::Returned), false),
    ])
}

fn at_board() -> Counter {
    let mut counter = Counter::with_clerk();
    counter.press(Char('p'));
    counter.answer(board());
    counter
}

#[test]
fn the_board_shows_what_is_due_and_only_good_envelopes_are_handed_to_the_post_office() {
    let mut counter = at_board();
    insta::assert_snapshot!("posting", counter.screen(80, 24));
    counter.press(Char('d'));
    counter.press(Enter);
    assert!(counter.screen(80, 24).contains("数えた通数を入れて"));
    counter.types("1");
    insta::assert_snapshot!("posting_count", counter.screen(80, 24));
    counter.press(Enter);
    let one = ParcelId::from_uuid(Uuid::from_u128(1352));
    assert!(counter.is_asked_with(|order: &PostParcels| order.parcels == [one] && order.counted == 1));
    counter.answer(Posted(1));
    assert!(counter.screen(80, 24).contains("1 通を差し出しました"));
}

#[test]
fn the_carriers_file_is_looked_at_before_it_is_kept_and_its_odd_lines_are_told() {
    let mut counter = at_board();
    counter.press(Char('f'));
    counter.types("/mnt/usb/tracking.csv");
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &FollowFile| order.dry_run));
    let told = FileTold {
        taken: 12,
        known: 3,
        odd: vec![
            OddLine {
                line: 7,
                case: None,
                why: OddWhy::NotAStatus("HELD".into()),
            },
            OddLine {
                line: 9,
                case: Some(issuance::case::CaseNumber {
                    year: 2026,
                    serial: 352,
                }),
                why: OddWhy::NotNow(ParcelState::Prepared),
            },
        ],
        is_kept: false,
    };
    counter.answer(FileRead::Told(told.clone()));
    insta::assert_snapshot!("posting_file", counter.screen(80, 24));
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &FollowFile| !order.dry_run));
    counter.answer(FileRead::Told(FileTold { is_kept: true, ..told }));
    assert!(counter.screen(80, 24).contains("次の行は記録していません"));
    // Another file is looked at first, too.
    counter.types("2");
    counter.press(Enter);
    assert!(counter.is_asked_with(|order: &FollowFile| order.dry_run));
    counter.answer(FileRead::Unreadable);
    assert!(counter.screen(80, 24).contains("開けません"));
    // Of a file with nothing to take nothing is kept, and nobody is told that it was.
    counter.press(Enter);
    let odd = vec![OddLine {
        line: 1,
        case: None,
        why: OddWhy::NoColumns("name, address".into()),
    }];
    counter.answer(FileRead::Told(FileTold {
        odd,
        ..FileTold::default()
    }));
    let told = counter.screen(80, 24);
    assert!(
        told.contains("記録する新しい知らせはありません") && told.contains("name, address"),
        "{told}"
    );
    counter.press(Enter);
    assert!(!counter.is_asked::<FollowFile>());
    counter.press(Esc);
}

#[test]
fn a_missed_envelope_takes_a_second_clerk_and_a_clerk_without_the_role_is_told() {
    let mut counter = at_envelope(by_post(in_envelope(PostPlace::InPost), Some(ParcelState::Posted)));
    counter.press(F(9));
    assert!(counter.screen(80, 24).contains("二人目"));
    assert!(!counter.is_asked::<MissParcel>());
    let mut counter = Counter::with_clerk_who_may(&[Role::Reception]);
    counter.press(Char('p'));
    counter.answer(board());
    counter.press(Char('d'));
    assert!(counter.screen(80, 24).contains("交付"), "which role it takes");
}
