//! The carrier's file, and every card accounted for.

use issuance::{
    case::{CaseState, PostPlace},
    parcel::{ParcelEvent, ParcelState, ReturnReason},
};
use office::{
    Account, TallyBy,
    parcels::{CarrierLine, CarrierTold},
    testing::{adults, city},
};
use store::{Store, StoreError};
use time::{Date, Duration};

use crate::{
    outbox::open,
    parcels::{at_place, closed, number, posted, state, today},
};

fn line(line: usize, nth: usize, event: ParcelEvent, on: Date) -> CarrierLine {
    CarrierLine {
        line,
        number: number(nth),
        event,
        on,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_carriers_file_is_taken_by_envelope_and_every_odd_line_is_told() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let (good, _) = posted(&office, &clerk, 0).await;
    let (half, _) = posted(&office, &clerk, 1).await;
    let (waiting, _) = closed(&office, &clerk, 2).await;
    let first = today(&office);
    office.clock.advance(Duration::days(3));
    let day = today(&office);
    let file = [
        // A week late and out of order: sorted by its days.
        line(2, 0, ParcelEvent::Delivered, day),
        line(3, 0, ParcelEvent::Arrived, first + Duration::days(1)),
        line(4, 0, ParcelEvent::Accepted, first),
        // One good line and one that cannot be: none of them.
        line(5, 1, ParcelEvent::Arrived, first + Duration::days(1)),
        line(6, 1, ParcelEvent::Delivered, day + Duration::days(9)),
        line(7, 2, ParcelEvent::Delivered, day),
        line(8, 9, ParcelEvent::Delivered, day),
    ];
    let numbers = |case| async move { records.case(clerk.session, case).await.unwrap().number };
    let (good_number, half_number, waiting_number) = (numbers(good).await, numbers(half).await, numbers(waiting).await);
    let taken = |case, state| CarrierTold::Taken { case, state };
    let expected: Vec<(usize, CarrierTold)> = vec![
        (2, taken(good_number, ParcelState::Delivered)),
        (3, taken(good_number, ParcelState::Arrived)),
        (4, CarrierTold::Known { case: good_number }),
        (5, taken(half_number, ParcelState::Arrived)),
        (6, CarrierTold::DayImpossible { case: half_number }),
        (
            7,
            CarrierTold::NotNow {
                case: waiting_number,
                state: ParcelState::Prepared,
            },
        ),
        (8, CarrierTold::NoSuchNumber),
    ];
    let told = records.follow_file(&clerk.act(), &file, true).await.unwrap();
    assert_eq!(told.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(
        at_place(&office, &clerk, good).await,
        Some(PostPlace::InPost),
        "looked at only"
    );
    let told = records.follow_file(&clerk.act(), &file, false).await.unwrap();
    assert_eq!(told.into_iter().collect::<Vec<_>>(), expected);
    assert!(matches!(
        state(&office, &clerk, good).await,
        CaseState::HandedOver { .. }
    ));
    let stays = records.parcel_by_number(&number(1)).await.unwrap().unwrap();
    assert_eq!(stays.envelope.unwrap().state, ParcelState::Posted);
    // The same file again: what was taken is known.
    let again = records.follow_file(&clerk.act(), &file, false).await.unwrap();
    assert_eq!(again[&2], CarrierTold::Known { case: good_number });
    assert_eq!(again[&3], CarrierTold::Known { case: good_number });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_application_is_in_one_of_five_places_and_the_sums_say_so() {
    let (office, clerk) = open().await;
    let records = &office.office;
    crate::outbox::handed_over(&office, &clerk, 0).await;
    posted(&office, &clerk, 1).await;
    closed(&office, &clerk, 2).await;
    let (case, _) = posted(&office, &clerk, 3).await;
    let parcel = records
        .parcel_by_number(&number(3))
        .await
        .unwrap()
        .unwrap()
        .envelope
        .unwrap()
        .id;
    records
        .take_back(&clerk.act(), parcel, ReturnReason::Unknown)
        .await
        .unwrap();
    let resident = adults(&city(60))[4].clone();
    let opened = office.verified(&clerk, &resident).await.unwrap().id;
    let at = office.now(&clerk, opened).await.unwrap();
    records.cancel(&clerk.act(), at, "転出").await.unwrap();
    let total = records.reconcile(TallyBy::All).await.unwrap();
    let sums = total.total;
    assert_eq!(
        (
            sums.applied,
            sums.delivered,
            sums.cancelled,
            sums.returned,
            sums.stored,
            sums.in_transit,
            sums.difference
        ),
        (5, 1, 1, 1, 1, 1, 0)
    );
    let by_channel = records.reconcile(TallyBy::Channel).await.unwrap().parts;
    assert_eq!(
        (by_channel["counter"].applied, by_channel["restricted_post"].applied),
        (2, 3)
    );
    let by_desk = records.reconcile(TallyBy::Desk).await.unwrap().parts;
    assert_eq!(by_desk["窓口1"].applied, 5);
    assert_eq!(records.reconcile(TallyBy::Day).await.unwrap().parts.len(), 1);
    // Each sum opens to as many applications, of the part that was asked for.
    for (account, count) in [
        (Account::Applied, 5),
        (Account::Delivered, 1),
        (Account::Cancelled, 1),
        (Account::Returned, 1),
        (Account::Stored, 1),
        (Account::InTransit, 1),
        (Account::Difference, 0),
    ] {
        let behind = records.accounted((TallyBy::All, None), account, 100).await.unwrap();
        assert_eq!(behind.len(), count, "{account:?}");
    }
    let by_post = records.accounted((TallyBy::Channel, Some("restricted_post")), Account::Applied, 100);
    assert_eq!(by_post.await.unwrap().len(), 3);
    let elsewhere = records.accounted((TallyBy::Desk, Some("窓口9")), Account::Applied, 100);
    assert_eq!(elsewhere.await.unwrap().len(), 0);
    // A card that the ledger has nowhere: named, with where it was seen last.
    let lost = records.case(clerk.session, case).await.unwrap();
    let card = lost.card.unwrap().id;
    let forged = format!("DELETE FROM office.card_place WHERE card = '{card}'");
    let forged = &forged;
    let gone: Result<(), StoreError> = Store::new(&office.database.superuser())
        .run("forged", |tx| async move { tx.batch(forged).await })
        .await;
    gone.unwrap();
    let found = records.reconcile(TallyBy::All).await.unwrap();
    assert_eq!(found.total.difference, 1);
    assert_eq!(
        (found.unaccounted[0].number, found.unaccounted[0].places.len()),
        (lost.number, 0)
    );
}
