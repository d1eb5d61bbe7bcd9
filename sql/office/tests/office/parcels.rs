//! Cards by post: from the closing of the envelope to its receipt, or back.

use issuance::{
    application::Delivery,
    case::{CaseId, CaseState, PostPlace},
    handover::{NoticeCode, SightRule},
    parcel::{ParcelEvent, ParcelId, ParcelKind, ParcelState, ReturnReason, TrackingNumber},
    staff::Role,
};
use office::{
    Act, CardStanding, OfficeError, TallyBy, USER,
    cases::{
        ApprovalId, ApprovalRefusal, CaseAt, HandoverRefusal, Paper, PrintedPaper, Printing, Queue, SecondPurpose,
    },
    parcels::{Envelope, ParcelRefusal},
    testing::{Clerk, TestOffice, adults, city},
};
use relay_core::clock::{Clock as _, JST};
use store::{Store, StoreError};
use time::{Date, Duration, macros::date};

use crate::{
    make_card, on_card_thread,
    outbox::{hand_over_made, open},
};

const TWO: SightRule = SightRule::TwoClerks;

pub fn number(nth: usize) -> TrackingNumber {
    let body = 1_311_238_000 + nth as u64;
    TrackingNumber::parse(&format!("{body}{}", body % 7)).unwrap()
}

pub fn today(office: &TestOffice) -> Date {
    office.clock.now().to_offset(JST).date()
}

fn chip(nth: usize) -> Vec<u8> {
    format!("chip-{nth:04}").into_bytes()
}

/// The `nth` adult's case, made with its PIN set, to go by post; with the code of its letter.
async fn to_post(office: &TestOffice, clerk: &Clerk, nth: usize) -> (CaseId, NoticeCode) {
    let resident = adults(&city(60))[nth].clone();
    let case = office.verified(clerk, &resident).await.unwrap().id;
    let bound = chip(nth);
    on_card_thread(office, clerk, move |records| make_card(records, case, &bound)).await;
    let records = &office.office;
    let at = office.now(clerk, case).await.unwrap();
    records.pin_set(&clerk.act(), at).await.unwrap();
    let at = office.now(clerk, case).await.unwrap();
    records
        .change_delivery(&clerk.act(), at, Delivery::RestrictedPost, "仕事で来られない")
        .await
        .unwrap();
    let notice = records.issue_notice(&clerk.act(), case).await.unwrap();
    (case, notice)
}

async fn agreed(office: &TestOffice, clerk: &Clerk, case: CaseId, purpose: SecondPurpose) -> ApprovalId {
    let second = office.clerk("高橋 学", "窓口2", &[Role::Handover]).await.unwrap();
    let given = office.office.approve(&clerk.act(), case, purpose, &second.serial).await;
    given.unwrap().0
}

async fn close(
    office: &TestOffice,
    clerk: &Clerk,
    case: CaseId,
    envelope: &Envelope,
    second: Option<ApprovalId>,
) -> Result<ParcelId, OfficeError> {
    let at = office.now(clerk, case).await.unwrap();
    office
        .office
        .close_envelope(&clerk.act(), at, envelope, TWO, second)
        .await?;
    let parcel = office.office.parcel_by_number(&envelope.number).await?.unwrap();
    Ok(parcel.envelope.unwrap().id)
}

fn envelope(nth: usize, notice: &NoticeCode) -> Envelope {
    Envelope {
        kind: ParcelKind::Special,
        number: number(nth),
        notice: notice.clone(),
        chip: chip(nth),
    }
}

/// The `nth` adult's card in its closed envelope.
pub async fn closed(office: &TestOffice, clerk: &Clerk, nth: usize) -> (CaseId, ParcelId) {
    let (case, notice) = to_post(office, clerk, nth).await;
    let second = agreed(office, clerk, case, SecondPurpose::Envelope).await;
    let parcel = close(office, clerk, case, &envelope(nth, &notice), Some(second))
        .await
        .unwrap();
    (case, parcel)
}

/// The same in the post since today.
pub async fn posted(office: &TestOffice, clerk: &Clerk, nth: usize) -> (CaseId, ParcelId) {
    let (case, parcel) = closed(office, clerk, nth).await;
    let taken = office
        .office
        .post_parcels(&clerk.act(), &[parcel], 1, today(office))
        .await;
    assert_eq!(taken.unwrap(), 1);
    (case, parcel)
}

pub async fn state(office: &TestOffice, clerk: &Clerk, case: CaseId) -> CaseState {
    office.office.case(clerk.session, case).await.unwrap().state
}

pub async fn at_place(office: &TestOffice, clerk: &Clerk, case: CaseId) -> Option<PostPlace> {
    match state(office, clerk, case).await {
        CaseState::ByPost { at, .. } => Some(at),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_by_post_is_active_in_the_moment_its_holder_has_it_and_not_before() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let (case, parcel) = closed(&office, &clerk, 0).await;
    assert_eq!(at_place(&office, &clerk, case).await, Some(PostPlace::Outgoing));
    assert_eq!(records.queue(Queue::ByPost, 10).await.unwrap().len(), 1);
    records
        .post_parcels(&clerk.act(), &[parcel], 1, today(&office))
        .await
        .unwrap();
    assert_eq!(at_place(&office, &clerk, case).await, Some(PostPlace::InPost));
    assert_eq!(
        records.card_standing(case).await.unwrap(),
        None,
        "not active in the post"
    );
    for event in [ParcelEvent::MovedOn, ParcelEvent::Notified] {
        office.clock.advance(Duration::days(1));
        records
            .follow_parcel(&clerk.act(), parcel, event, today(&office))
            .await
            .unwrap();
    }
    assert_eq!(records.outbox_state().await.unwrap().waiting, 0);
    let stands = records
        .follow_parcel(&clerk.act(), parcel, ParcelEvent::Delivered, today(&office))
        .await;
    assert_eq!(stands.unwrap(), ParcelState::Delivered);
    assert_eq!(records.card_standing(case).await.unwrap(), Some(CardStanding::Active));
    assert_eq!(
        records.outbox_state().await.unwrap().waiting,
        4,
        "the front is told of both keys"
    );
    assert!(matches!(
        state(&office, &clerk, case).await,
        CaseState::HandedOver { .. }
    ));
    assert!(records.parcels().await.unwrap().is_empty());
    let total = records.reconcile(TallyBy::All).await.unwrap().total;
    assert_eq!((total.applied, total.delivered, total.difference), (1, 1, 0));
    // Said once more it changes nothing; a card in somebody's hand does not come back by post.
    let again = records
        .follow_parcel(&clerk.act(), parcel, ParcelEvent::SentBack, today(&office))
        .await;
    assert!(matches!(again, Err(OfficeError::NotNow(_))), "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_envelope_is_closed_only_over_its_own_letter_and_chip_before_two() {
    let (office, clerk) = open().await;
    let (case, notice) = to_post(&office, &clerk, 0).await;
    let (_, other) = to_post(&office, &clerk, 1).await;
    // The desk holds one case at a time.
    office.office.claim(&clerk.act(), case).await.unwrap();
    let right = envelope(0, &notice);
    for wrong in [
        Envelope {
            notice: other,
            ..right.clone()
        },
        Envelope {
            chip: chip(1),
            ..right.clone()
        },
        Envelope {
            chip: Vec::new(),
            ..right.clone()
        },
    ] {
        let refused = close(&office, &clerk, case, &wrong, None).await.unwrap_err();
        assert!(
            matches!(refused.refused_as(), Some(HandoverRefusal::Mismatched(_))),
            "{refused}"
        );
    }
    let alone = close(&office, &clerk, case, &right, None).await.unwrap_err();
    assert_eq!(alone.refused_as(), Some(&ApprovalRefusal::Missing));
    assert!(matches!(state(&office, &clerk, case).await, CaseState::Made { .. }));
    // What was tried is in the trail: three that did not agree, and one alone.
    let journal = office.office.journal(case).await.unwrap();
    let refused = journal
        .iter()
        .filter(|entry| entry.outcome == relay_core::audit::Outcome::Refused);
    assert_eq!(refused.filter(|entry| entry.act == "parcel.closed").count(), 4);
    let second = agreed(&office, &clerk, case, SecondPurpose::Envelope).await;
    close(&office, &clerk, case, &right, Some(second)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_envelopes_never_carry_one_number_at_a_time() {
    let (office, clerk) = open().await;
    let (first, parcel) = posted(&office, &clerk, 0).await;
    let (second, notice) = to_post(&office, &clerk, 1).await;
    let same = Envelope {
        number: number(0),
        ..envelope(1, &notice)
    };
    let approval = agreed(&office, &clerk, second, SecondPurpose::Envelope).await;
    let refused = close(&office, &clerk, second, &same, Some(approval)).await.unwrap_err();
    let taken = office.office.case(clerk.session, first).await.unwrap().number;
    let expected = ParcelRefusal::NumberTaken {
        number: number(0),
        case: taken,
    };
    assert_eq!(refused.refused_as(), Some(&expected));
    // Once the first is received, the number may come round.
    office
        .office
        .follow_parcel(&clerk.act(), parcel, ParcelEvent::Delivered, today(&office))
        .await
        .unwrap();
    office.clock.advance(Duration::days(400));
    let approval = agreed(&office, &clerk, second, SecondPurpose::Envelope).await;
    let parcel = close(&office, &clerk, second, &same, Some(approval)).await.unwrap();
    office
        .office
        .post_parcels(&clerk.act(), &[parcel], 1, today(&office))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_post_office_takes_all_that_were_counted_or_none() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let (first, one) = closed(&office, &clerk, 0).await;
    let (_, two) = closed(&office, &clerk, 1).await;
    let both = [one, two];
    let miscounted = records
        .post_parcels(&clerk.act(), &both, 3, today(&office))
        .await
        .unwrap_err();
    assert_eq!(
        miscounted.refused_as(),
        Some(&ParcelRefusal::CountDiffers { counted: 3, listed: 2 })
    );
    for impossible in [today(&office) - Duration::days(1), today(&office) + Duration::days(1)] {
        let refused = records
            .post_parcels(&clerk.act(), &both, 2, impossible)
            .await
            .unwrap_err();
        assert_eq!(refused.refused_as(), Some(&ParcelRefusal::DayImpossible));
    }
    // One is taken out in the meantime: the other does not go alone under a count of two.
    records.claim(&clerk.act(), first).await.unwrap();
    let at = office.now(&clerk, first).await.unwrap();
    records
        .withdraw_parcel(&clerk.act(), at, "番号を書き損じた")
        .await
        .unwrap();
    let gone = records.post_parcels(&clerk.act(), &both, 2, today(&office)).await;
    assert!(matches!(gone, Err(OfficeError::NotNow(_))), "{gone:?}");
    assert_eq!(
        records
            .post_parcels(&clerk.act(), &[two], 1, today(&office))
            .await
            .unwrap(),
        1
    );
    // The one taken out lies in the drawer and is closed anew, under the number that was never posted.
    assert!(matches!(state(&office, &clerk, first).await, CaseState::Made { .. }));
    let notice = records.notice(first).await.unwrap().unwrap();
    let again = agreed(&office, &clerk, first, SecondPurpose::Envelope).await;
    close(&office, &clerk, first, &envelope(0, &notice), Some(again))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_envelope_that_came_back_goes_out_anew_or_is_collected() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let (case, parcel) = posted(&office, &clerk, 0).await;
    office.clock.advance(Duration::days(12));
    for event in [ParcelEvent::StorageOver, ParcelEvent::SentBack] {
        let on = today(&office);
        if event == ParcelEvent::StorageOver {
            records
                .follow_parcel(&clerk.act(), parcel, ParcelEvent::Arrived, on)
                .await
                .unwrap();
        }
        records.follow_parcel(&clerk.act(), parcel, event, on).await.unwrap();
    }
    let back = records
        .take_back(&clerk.act(), parcel, ReturnReason::StorageOver)
        .await
        .unwrap();
    assert_eq!(
        (back, at_place(&office, &clerk, case).await),
        (case, Some(PostPlace::Returned))
    );
    let total = records.reconcile(TallyBy::All).await.unwrap().total;
    assert_eq!((total.returned, total.difference), (1, 0));
    records.claim(&clerk.act(), case).await.unwrap();
    let at = office.now(&clerk, case).await.unwrap();
    records
        .open_returned(&clerk.act(), at, "電話で、窓口に来ると")
        .await
        .unwrap();
    // Another envelope, taken out again, and to the counter after all.
    let notice = records.notice(case).await.unwrap().unwrap();
    let second = agreed(&office, &clerk, case, SecondPurpose::Envelope).await;
    let anew = Envelope {
        number: number(7),
        ..envelope(0, &notice)
    };
    close(&office, &clerk, case, &anew, Some(second)).await.unwrap();
    let at = office.now(&clerk, case).await.unwrap();
    let sealed = records.change_delivery(&clerk.act(), at, Delivery::Counter, "—").await;
    assert!(
        matches!(sealed, Err(OfficeError::NotNow(_))),
        "it lies in an envelope: {sealed:?}"
    );
    records.withdraw_parcel(&clerk.act(), at, "窓口に来た").await.unwrap();
    let at = office.now(&clerk, case).await.unwrap();
    records
        .change_delivery(&clerk.act(), at, Delivery::Counter, "窓口に来た")
        .await
        .unwrap();
    assert!(records.parcels().await.unwrap().is_empty());
    let queue = records.queue(Queue::ToShelve, 10).await.unwrap();
    assert_eq!(queue.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missed_envelope_takes_two_and_its_card_is_given_up_for_another() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let (case, parcel) = posted(&office, &clerk, 0).await;
    let second = agreed(&office, &clerk, case, SecondPurpose::Custody).await;
    let at = office.now(&clerk, case).await.unwrap();
    records.miss_parcel(&clerk.act(), at, second).await.unwrap();
    // It is nowhere: the one difference there can be, and it is named.
    let found = records.reconcile(TallyBy::All).await.unwrap();
    assert_eq!((found.total.difference, found.unaccounted.len()), (1, 1));
    assert_eq!(found.unaccounted[0].card_at.as_deref(), Some("lost"));
    let at = office.now(&clerk, case).await.unwrap();
    records
        .give_up_card(&clerk.act(), at, "郵便局の調査でも見つからない")
        .await
        .unwrap();
    assert_eq!(records.reconcile(TallyBy::All).await.unwrap().total.difference, 0);
    assert!(matches!(state(&office, &clerk, case).await, CaseState::Verified));
    // It turns up after all: taken in, it opens nothing any more.
    records
        .take_back(&clerk.act(), parcel, ReturnReason::Other)
        .await
        .unwrap();
    assert!(matches!(state(&office, &clerk, case).await, CaseState::Verified));
    let bound = chip(40);
    on_card_thread(&office, &clerk, move |records| make_card(records, case, &bound)).await;
    assert!(matches!(state(&office, &clerk, case).await, CaseState::Made { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_verified_to_come_again_is_not_sent_the_card_and_who_is_gone_neither() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let (case, parcel) = closed(&office, &clerk, 0).await;
    let people: Vec<_> = city(60)
        .into_iter()
        .filter(|one| one.number != adults(&city(60))[0].number)
        .collect();
    let rows = people.into_iter().enumerate().map(|(at, one)| (at as u64 + 2, one));
    let planned = office
        .importer
        .plan_import(rows.collect::<Vec<_>>(), &|_, _| {})
        .await
        .unwrap();
    let import = Act::of_process("import", uuid::Uuid::from_u128(7));
    office
        .importer
        .apply_import(&import, &planned, office::roster::Missing::MarkGone, &|_, _| {})
        .await
        .unwrap();
    let refused = records
        .post_parcels(&clerk.act(), &[parcel], 1, today(&office))
        .await
        .unwrap_err();
    let number = records.case(clerk.session, case).await.unwrap().number;
    assert_eq!(refused.refused_as(), Some(&ParcelRefusal::AddresseeGone(number)));
    assert!(records.parcels().await.unwrap()[0].is_gone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_refuses_a_card_in_the_post_without_its_envelope_and_a_receipt_nobody_closed() {
    let (office, clerk) = open().await;
    let (case, _) = posted(&office, &clerk, 0).await;
    let card = office.office.case(clerk.session, case).await.unwrap().card.unwrap().id;
    let store = Store::new(&office.database.door(USER));
    for (sql, rule) in [
        (
            format!(
                "INSERT INTO office.handover SELECT '{case}', '{card}', now(), 'by_post', closed_by, closed_at, seen_by, closed_at\n\
                 FROM office.parcel WHERE case_id = '{case}'"
            ),
            "handover_as_looked",
        ),
        (
            format!("UPDATE office.parcel SET state = 'returned', return_reason = 'moved' WHERE case_id = '{case}'"),
            "parcel_where_it_is",
        ),
        (
            format!(
                "UPDATE office.parcel SET accepted_on = '{}' WHERE case_id = '{case}'",
                date!(2020 - 01 - 01)
            ),
            "parcel_stays_as_closed",
        ),
    ] {
        let sql = &sql;
        let refused: StoreError = store
            .run("forged", |tx| async move { tx.batch(sql).await })
            .await
            .unwrap_err();
        assert!(refused.is_constraint(rule), "{rule}: {refused}");
    }
}

/// An act of another session may not hold the case; it follows envelopes all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_envelope_is_followed_while_another_desk_has_its_case_open() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let (case, parcel) = posted(&office, &clerk, 0).await;
    records.claim(&clerk.act(), case).await.unwrap();
    let seen: CaseAt = office.now(&clerk, case).await.unwrap();
    let other = office.clerk("高橋 学", "窓口3", &[Role::Handover]).await.unwrap();
    let act: Act = other.act();
    records
        .follow_parcel(&act, parcel, ParcelEvent::Arrived, today(&office))
        .await
        .unwrap();
    // Asked again under the same id it is done once.
    let again = records
        .follow_parcel(&act, parcel, ParcelEvent::Arrived, today(&office))
        .await;
    assert_eq!(again.unwrap(), ParcelState::Arrived);
    let second = agreed(&office, &clerk, case, SecondPurpose::Custody).await;
    let stale = records.miss_parcel(&clerk.act(), seen, second).await;
    assert!(matches!(stale, Err(OfficeError::ChangedMeanwhile)), "{stale:?}");
    let reception = office.clerk("田中 愛", "窓口4", &[Role::Reception]).await.unwrap();
    let refused = records
        .follow_parcel(&reception.act(), parcel, ParcelEvent::Notified, today(&office))
        .await;
    assert!(
        matches!(refused, Err(OfficeError::NotAllowed(Role::Handover))),
        "{refused:?}"
    );
}

/// Both ways out of the office end in the holder's hand; nothing else does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_meant_for_the_counter_is_put_into_no_envelope() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let resident = adults(&city(60))[0].clone();
    let case = office.verified(&clerk, &resident).await.unwrap().id;
    let bound = chip(0);
    on_card_thread(&office, &clerk, move |records| make_card(records, case, &bound)).await;
    let notice = records.issue_notice(&clerk.act(), case).await.unwrap();
    let refused = close(&office, &clerk, case, &envelope(0, &notice), None)
        .await
        .unwrap_err();
    assert_eq!(refused.refused_as(), Some(&ParcelRefusal::ForCounter));
    hand_over_made(&office, &clerk, case, &chip(0)).await;
    let at = office.now(&clerk, case).await.unwrap();
    let over = records
        .change_delivery(&clerk.act(), at, Delivery::RestrictedPost, "—")
        .await;
    assert!(matches!(over, Err(OfficeError::NotNow(_))), "{over:?}");
}

/// A letter says to come, or comes with the card: one that tells the other way is no longer good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_delivery_ends_the_letter_that_told_the_other_way() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let (case, letter) = to_post(&office, &clerk, 0).await;
    let paper = PrintedPaper {
        paper: Paper::Notice,
        pages: 1,
        sha256: [7; 32],
        addressee: [9; 32],
        printing: Printing::Fresh,
    };
    records.paper_printed(&clerk.act(), case, paper).await.unwrap();
    let printed = async || {
        records
            .case(clerk.session, case)
            .await
            .unwrap()
            .printed
            .contains_key(&Paper::Notice)
    };
    assert!(printed().await);
    let at = office.now(&clerk, case).await.unwrap();
    records
        .change_delivery(&clerk.act(), at, Delivery::Counter, "やはり窓口で")
        .await
        .unwrap();
    assert!(!printed().await, "it is printed anew");
    assert_eq!(records.case_by_notice(&letter).await.unwrap(), None);
    let at = office.now(&clerk, case).await.unwrap();
    records
        .change_delivery(&clerk.act(), at, Delivery::RestrictedPost, "やはり郵送で")
        .await
        .unwrap();
    let second = agreed(&office, &clerk, case, SecondPurpose::Envelope).await;
    let refused = close(&office, &clerk, case, &envelope(0, &letter), Some(second))
        .await
        .unwrap_err();
    assert_eq!(refused.refused_as(), Some(&HandoverRefusal::NoNotice));
    // A card given up takes its letter with it, too: the next card's is not printed yet.
    let letter = records.issue_notice(&clerk.act(), case).await.unwrap();
    records.paper_printed(&clerk.act(), case, paper).await.unwrap();
    let at = office.now(&clerk, case).await.unwrap();
    records.give_up_card(&clerk.act(), at, "割れていた").await.unwrap();
    let bound = chip(41);
    on_card_thread(&office, &clerk, move |records| make_card(records, case, &bound)).await;
    assert!(!printed().await);
    assert_eq!(records.case_by_notice(&letter).await.unwrap(), None);
}
