//! Two desks at once: one lease, one case, one place, numbers without gaps.

use issuance::staff::Role;
use office::{
    Change, OfficeError,
    cases::{HandoverRefusal, LEASE, OpeningRefusal, Problem, Queue},
    testing::{self, adults, city},
};

use crate::{make_card, on_card_thread, place};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_desks_that_reach_for_one_case_one_gets_it_and_the_other_is_told_who() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let one = office.clerk_of_all_trades("窓口1").await.unwrap();
    let other = office.clerk("鈴木 誠", "窓口2", &[Role::Reception]).await.unwrap();
    let opened = office.applied(&one, &adults(&residents)[0]).await.unwrap();
    office.office.release(&one.act(), opened.at.id).await.unwrap();
    let second = office.second_console();
    let (act_one, act_other) = (one.act(), other.act());
    let (a, b) = tokio::join!(
        office.office.claim(&act_one, opened.at.id),
        second.claim(&act_other, opened.at.id)
    );
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    let (lost, holder) = if a.is_ok() {
        (b, ("佐藤 恵", "窓口1"))
    } else {
        (a, ("鈴木 誠", "窓口2"))
    };
    match lost.unwrap_err() {
        OfficeError::HeldBy { staff, desk, until } => {
            assert_eq!((staff.as_str(), desk.as_str()), holder);
            assert!(until > time::macros::datetime!(2026-11-22 0:00 UTC));
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_hold_ends_by_itself_can_be_renewed_and_is_broken_only_in_the_open() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let one = office.clerk_of_all_trades("窓口1").await.unwrap();
    let other = office.clerk("鈴木 誠", "窓口2", &[Role::Reception]).await.unwrap();
    let case = office.applied(&one, &adults(&residents)[0]).await.unwrap().at.id;
    let records = &office.office;
    let lease = time::Duration::try_from(LEASE).unwrap();
    office.clock.advance(lease - time::Duration::seconds(1));
    records.renew(one.session, case).await.unwrap();
    office.clock.advance(lease - time::Duration::seconds(1));
    assert!(matches!(
        records.claim(&other.act(), case).await,
        Err(OfficeError::HeldBy { .. })
    ));
    office.clock.advance(time::Duration::seconds(2));
    records.claim(&other.act(), case).await.unwrap();
    assert!(matches!(
        records.renew(one.session, case).await,
        Err(OfficeError::HeldBy { .. })
    ));
    let at = office.now(&one, case).await.unwrap();
    let late = records.cancel(&one.act(), at, "—").await;
    assert!(matches!(late, Err(OfficeError::HeldBy { .. })), "{late:?}");

    records.break_lease(&one.act(), case, "鈴木さんは昼休み").await.unwrap();
    assert!(matches!(
        records.renew(other.session, case).await,
        Err(OfficeError::HeldBy { .. })
    ));
    let journal = records.journal(case).await.unwrap();
    let broken = journal.iter().find(|entry| entry.act == "case.lease_broken").unwrap();
    assert_eq!(broken.words.as_deref(), Some("鈴木さんは昼休み"));
    assert_eq!(broken.details["staff"], "鈴木 誠");
    assert_eq!(broken.details["held_at"], "窓口2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_applications_at_once_are_numbered_without_gaps() {
    let office = testing::open().await.unwrap();
    let residents = city(120);
    office.import(residents.clone()).await.unwrap();
    let one = office.clerk_of_all_trades("窓口1").await.unwrap();
    let applying = adults(&residents).into_iter().take(12).map(|resident| {
        let (office, one) = (&office, &one);
        async move { office.applied(one, &resident).await }
    });
    let taken: Vec<_> = futures_util::future::join_all(applying).await;
    let mut numbers: Vec<u32> = taken.iter().flatten().map(|opened| opened.number.serial).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>(), "{taken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_desks_that_take_one_persons_application_one_opens_a_case() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let one = office.clerk_of_all_trades("窓口1").await.unwrap();
    let other = office.clerk("鈴木 誠", "窓口2", &[Role::Reception]).await.unwrap();
    let resident = &adults(&residents)[0];
    let (a, b) = tokio::join!(office.applied(&one, resident), office.applied(&other, resident));
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    let lost = if a.is_ok() { b } else { a };
    assert!(
        matches!(
            lost.as_ref().map_err(OfficeError::refused_as),
            Err(Some(OpeningRefusal::CaseOpen { .. }))
        ),
        "{lost:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_place_in_the_shelf_holds_one_card() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let adults = adults(&residents);
    let mut made = Vec::new();
    for (at, resident) in adults.iter().take(2).enumerate() {
        let case = office.verified(&clerk, resident).await.unwrap().id;
        let chip = vec![at as u8; 10];
        on_card_thread(&office, &clerk, move |records| make_card(records, case, &chip)).await;
        made.push(office.now(&clerk, case).await.unwrap());
    }
    let records = &office.office;
    let second = office.second_console();
    let (act_one, act_other, a_1) = (clerk.act(), clerk.act(), place("A-1"));
    let (a, b) = tokio::join!(
        records.shelve(&act_one, made[0], &a_1),
        second.shelve(&act_other, made[1], &a_1)
    );
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    let lost = if a.is_ok() { b } else { a };
    assert!(
        lost.as_ref()
            .is_err_and(|error| matches!(error.refused_as(), Some(HandoverRefusal::ShelfTaken(_))))
    );
    assert_eq!(records.shelf().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_making_that_stopped_half_way_is_a_problem_once_nobody_is_at_it() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let case = office.verified(&clerk, &adults(&residents)[0]).await.unwrap().id;
    on_card_thread(&office, &clerk, move |records| {
        use issuance::records::Records as _;
        records.bind_chip(case, b"chip-0001").unwrap();
    })
    .await;
    let records = &office.office;
    assert_eq!(
        records.queue(Queue::ToMake, 10).await.unwrap()[0]
            .held_by
            .as_ref()
            .unwrap()
            .desk,
        "窓口1"
    );
    // The console dies; its clerk logs in again at the same desk.
    let act = office::Act::of_process("login", uuid::Uuid::from_u128(77));
    let begun = records.log_in(&act, "窓口1", &clerk.serial).await.unwrap();
    let rows = records.queue(Queue::Problems, 10).await.unwrap();
    assert_eq!(rows[0].problem, Some(Problem::MakingStopped));
    assert_eq!(rows[0].problem.unwrap().next_step(), "resume_making");
    let again = office::Act::of(begun.session, uuid::Uuid::from_u128(78));
    records.claim(&again, case).await.unwrap();
    assert!(records.queue(Queue::Problems, 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_hears_what_happens_at_another() {
    let office = testing::open().await.unwrap();
    let mut changes = office.second_console().changes().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    assert_eq!(changes.next().await, Some(Change::Roster));
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let opened = office.applied(&clerk, &adults(&residents)[0]).await.unwrap();
    assert_eq!(changes.next().await, Some(Change::Case(opened.at.id)));
    office.office.release(&clerk.act(), opened.at.id).await.unwrap();
    assert_eq!(changes.next().await, Some(Change::Case(opened.at.id)));
}
