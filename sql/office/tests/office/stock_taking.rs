//! Stock-taking: what lies at a place against the ledger, kept as it is counted, confirmed by another person.

use issuance::{custody::Custody, machine::Machine as _, staff::Role};
use office::{
    USER,
    cases::SecondPurpose,
    stock_taking::{CountState, CountedPlace, Finding, Mark, StockRefusal},
    testing::{Clerk, TestOffice, adults, city},
};
use store::{Store, StoreError};
use time::Duration;

use crate::{
    make_card, on_card_thread,
    outbox::open,
    parcels::{closed, number},
    place,
};

/// Cards made, each at its place of the shelf.
async fn shelved(office: &TestOffice, clerk: &Clerk, chips: &[(&'static [u8], &str)]) {
    let residents = adults(&city(60));
    for (nth, (chip, shelf)) in chips.iter().enumerate() {
        let case = office.verified(clerk, &residents[nth]).await.unwrap().id;
        let chip = *chip;
        on_card_thread(office, clerk, move |records| make_card(records, case, chip)).await;
        let at = office.now(clerk, case).await.unwrap();
        office.office.shelve(&clerk.act(), at, &place(shelf)).await.unwrap();
        office.office.release(&clerk.act(), case).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_count_names_what_is_missing_and_what_is_too_much_and_another_person_confirms_it() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let other = office.clerk("高橋 学", "窓口3", &[Role::Handover]).await.unwrap();
    shelved(
        &office,
        &clerk,
        &[(b"chip-a", "A-1"), (b"chip-b", "A-2"), (b"chip-c", "A-3")],
    )
    .await;
    let drawer = Custody::drawer("窓口1");
    let stray = records.chip(b"chip-c").await.unwrap().unwrap();
    records.claim(&clerk.act(), stray.case).await.unwrap();
    let at = office.now(&clerk, stray.case).await.unwrap();
    records.give_up_card(&clerk.act(), at, "割れた").await.unwrap();
    assert_eq!(records.transfers(stray.card).await.unwrap().pop().unwrap().to, drawer);

    let id = records
        .begin_stock_taking(&clerk.act(), &CountedPlace::Shelf)
        .await
        .unwrap();
    let count = async |who: &Clerk, chip: &[u8]| {
        let mark = Mark::Chip(chip.to_vec());
        records.count_card(&who.act(), id, &mark).await
    };
    assert_eq!(count(&clerk, b"chip-a").await.unwrap().found, Finding::There);
    let again = count(&clerk, b"chip-a").await.unwrap();
    assert!(again.again && again.found == Finding::There);
    // A card that was given up and put back into the shelf, and one that is no card of ours.
    assert_eq!(count(&clerk, b"chip-c").await.unwrap().found, Finding::Surplus);
    assert_eq!(count(&clerk, b"strange").await.unwrap().found, Finding::Unknown);
    // A console that died goes on with the same count.
    let same = records.begin_stock_taking(&other.act(), &CountedPlace::Shelf).await;
    assert_eq!(same.unwrap(), id);
    let (so_far, cards) = records.stock_taking(id).await.unwrap();
    assert_eq!(
        (so_far.state, so_far.expected, so_far.missing, so_far.surplus),
        (CountState::Open, 2, 1, 2)
    );
    assert_eq!(
        cards.iter().map(|card| card.found).collect::<Vec<_>>(),
        [Finding::Missing, Finding::Surplus, Finding::Unknown, Finding::There]
    );
    let early = records.confirm_count(&other.act(), id).await;
    assert!(early.is_err_and(|error| error.is(&StockRefusal::NotCounted)));

    records.finish_count(&clerk.act(), id).await.unwrap();
    let late = count(&other, b"chip-b").await;
    assert!(late.is_err_and(|error| error.is(&StockRefusal::Over)));
    let own = records.confirm_count(&clerk.act(), id).await;
    assert!(own.is_err_and(|error| error.is(&StockRefusal::SamePerson)));
    records.confirm_count(&other.act(), id).await.unwrap();
    let (ended, cards) = records.stock_taking(id).await.unwrap();
    assert_eq!(
        (ended.state, ended.expected, ended.missing, ended.surplus),
        (CountState::Confirmed, 2, 1, 2)
    );
    assert_eq!(ended.confirmed_by.as_deref(), Some("高橋 学"));
    let missing = cards.iter().find(|card| card.found == Finding::Missing).unwrap();
    assert_eq!(missing.chip, b"chip-b");

    // What the count came to stays so, though the card is found to be lost now: two say it.
    let lost = records.chip(b"chip-b").await.unwrap().unwrap();
    records.claim(&clerk.act(), lost.case).await.unwrap();
    let agreed = records
        .approve(&clerk.act(), lost.case, SecondPurpose::Custody, &other.serial)
        .await;
    let at = office.now(&clerk, lost.case).await.unwrap();
    records
        .move_card(
            &clerk.act(),
            at,
            lost.card,
            &Custody::LOST,
            Some(agreed.unwrap().0),
            "棚卸しで見当たらない",
        )
        .await
        .unwrap();
    assert_eq!(records.stock_taking(id).await.unwrap().0, ended);
    // And the case goes on with another card.
    let at = office.now(&clerk, lost.case).await.unwrap();
    records.give_up_card(&clerk.act(), at, "所在不明").await.unwrap();
    let next = on_card_thread(&office, &clerk, move |records| make_card(records, lost.case, b"chip-d")).await;
    let _ = next;
    assert!(records.chip(b"chip-b").await.unwrap().unwrap().state.is_over());
    assert!(records.verify_audit().await.unwrap().broken.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_moves_during_a_count_is_neither_missing_nor_too_much() {
    let (office, clerk) = open().await;
    let records = &office.office;
    shelved(&office, &clerk, &[(b"chip-a", "A-1")]).await;
    let id = records
        .begin_stock_taking(&clerk.act(), &CountedPlace::Shelf)
        .await
        .unwrap();
    office.clock.advance(Duration::minutes(1));
    let (act, mark) = (clerk.act(), Mark::Chip(b"chip-a".to_vec()));
    let counted = records.count_card(&act, id, &mark).await.unwrap();
    assert_eq!(counted.found, Finding::There);
    // Its holder comes for it, and another is put away meanwhile.
    let there = records.chip(b"chip-a").await.unwrap().unwrap();
    records.claim(&clerk.act(), there.case).await.unwrap();
    let at = office.now(&clerk, there.case).await.unwrap();
    records.give_up_card(&clerk.act(), at, "割れた").await.unwrap();
    let next = adults(&city(60))[1].clone();
    let case = office.verified(&clerk, &next).await.unwrap().id;
    on_card_thread(&office, &clerk, move |records| make_card(records, case, b"chip-b")).await;
    let at = office.now(&clerk, case).await.unwrap();
    records.shelve(&clerk.act(), at, &place("A-2")).await.unwrap();
    records.finish_count(&clerk.act(), id).await.unwrap();
    let (ended, cards) = records.stock_taking(id).await.unwrap();
    assert_eq!((ended.expected, ended.missing, ended.surplus), (1, 0, 0), "{cards:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envelopes_are_counted_by_their_numbers_and_a_count_of_yesterday_gives_way() {
    let (office, clerk) = open().await;
    let records = &office.office;
    closed(&office, &clerk, 0).await;
    closed(&office, &clerk, 1).await;
    let id = records
        .begin_stock_taking(&clerk.act(), &CountedPlace::Outgoing)
        .await
        .unwrap();
    let counted = records.count_card(&clerk.act(), id, &Mark::Envelope(number(0))).await;
    assert_eq!(counted.unwrap().found, Finding::There);
    let none = records.count_card(&clerk.act(), id, &Mark::Envelope(number(7))).await;
    assert!(none.is_err_and(|error| error.is(&StockRefusal::NoSuchEnvelope)));
    office.clock.advance(Duration::days(1));
    let next = records
        .begin_stock_taking(&clerk.act(), &CountedPlace::Outgoing)
        .await
        .unwrap();
    assert_ne!(next, id);
    let late = records.finish_count(&clerk.act(), id).await;
    assert!(late.is_err_and(|error| error.is(&StockRefusal::Over)));
    assert_eq!(records.stock_takings(10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_keeps_a_count_that_ended_as_it_was() {
    let (office, clerk) = open().await;
    let records = &office.office;
    shelved(&office, &clerk, &[(b"chip-a", "A-1")]).await;
    let id = records
        .begin_stock_taking(&clerk.act(), &CountedPlace::Shelf)
        .await
        .unwrap();
    records.finish_count(&clerk.act(), id).await.unwrap();
    let store = Store::new(&office.database.door(USER));
    let run = async |sql: String| {
        let sql = &sql;
        let done: Result<(), StoreError> = store.run("past", |tx| async move { tx.batch(sql).await }).await;
        done.unwrap_err()
    };
    let by = clerk.id;
    for (sql, rule) in [
        (
            format!("UPDATE office.stock_taking SET confirmed_at = now(), confirmed_by = '{by}'"),
            "stock_taking_by_two",
        ),
        (
            "UPDATE office.stock_taking SET expected = 0".to_owned(),
            "stock_taking_ended",
        ),
        (
            "UPDATE office.stock_taking SET abandoned_at = now()".to_owned(),
            "stock_taking_ended",
        ),
        (
            format!("INSERT INTO office.stock_counted VALUES ('{id}', 'x', NULL, false, now(), '{by}')"),
            "stock_taking_ended",
        ),
        (
            format!("INSERT INTO office.stock_finding VALUES ('{id}', 'x', NULL, 'unknown')"),
            "stock_taking_ended",
        ),
    ] {
        let refused = run(sql.clone()).await;
        assert!(refused.is_constraint(rule), "{sql}: {refused}");
    }
    for sql in [
        "DELETE FROM office.stock_finding",
        "DELETE FROM office.stock_taking",
        // Nobody begins a count that is counted already.
        "INSERT INTO office.stock_taking (id, kind, begun_at, begun_by, counted_at, counted_by, expected)\n\
         SELECT gen_random_uuid(), kind, begun_at, begun_by, counted_at, counted_by, expected FROM office.stock_taking",
    ] {
        let refused = run(sql.to_owned()).await;
        assert!(matches!(refused, StoreError::Denied { .. }), "{sql}: {refused:?}");
    }
}
