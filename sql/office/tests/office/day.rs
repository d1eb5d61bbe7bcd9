//! One visit from the application to the card in the resident's hand.

use issuance::{
    case::CaseState,
    handover::{Mismatch, OnCounter, Sight, SightRule},
    records::CardState,
    staff::Role,
};
use office::{
    OfficeError,
    cases::{ApprovalRefusal, HandoverRefusal, OpeningRefusal, Phase, Problem, Queue, SecondPurpose},
    testing::{self, adults, city},
};
use relay_core::audit::Outcome;
use std::time::Duration;

use crate::{make_card, on_card_thread, place};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_goes_from_application_to_the_residents_hand() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let first = office.clerk_of_all_trades("窓口1").await.unwrap();
    let second = office.clerk("鈴木 誠", "窓口2", &[Role::Handover]).await.unwrap();
    let resident = adults(&residents)[0].clone();
    let records = &office.office;

    // 受付
    let id = office.resident(&resident.number).await.unwrap();
    let application = office.application(&resident);
    let act = first.act().took(Duration::from_secs(250));
    let opened = records
        .open_application(&act, id, &application, Some("—"))
        .await
        .unwrap();
    assert_eq!(opened.number.to_string(), "2026-000001");
    assert_eq!(records.today().await.unwrap().waiting[&Queue::ToVerify], 1);

    // 本人確認
    let verification = office.verification(first.id, &resident);
    records
        .verify_person(&first.act(), opened.at, &verification)
        .await
        .unwrap();
    let file = records.case(first.session, opened.at.id).await.unwrap();
    assert_eq!(file.verification.as_ref(), Some(verification.record()));
    assert_eq!(file.application, application);
    assert_eq!(records.queue(Queue::ToMake, 10).await.unwrap()[0].name, resident.name);

    // 発行
    let case = opened.at.id;
    let card = on_card_thread(&office, &first, move |records| make_card(records, case, b"chip-0001")).await;
    assert_eq!(records.today().await.unwrap().waiting[&Queue::ToShelve], 1);

    // 棚・通知・暗証番号
    let at = office.now(&first, case).await.unwrap();
    records.shelve(&first.act(), at, &place("A-1")).await.unwrap();
    let notice = records.issue_notice(&first.act(), case).await.unwrap();
    assert_eq!(records.case_by_notice(&notice).await.unwrap(), Some(case));
    let hand_over = async |chip: &[u8], shelf: &str| {
        let at = office.now(&first, case).await.unwrap();
        records
            .hand_over(
                &first.act(),
                at,
                &OnCounter::new(&notice, &place(shelf), chip, true),
                SightRule::TwoClerks,
            )
            .await
    };
    // Nothing has been looked at, the PIN is not set, and the wrong card lies there: all of it is told.
    match hand_over(b"chip-0002", "A-2").await {
        Err(error) => assert_eq!(
            mismatches(&error),
            [
                Mismatch::OtherShelf,
                Mismatch::OtherChip,
                Mismatch::PinNotSet,
                Mismatch::SightsMissing
            ]
        ),
        over => panic!("{over:?}"),
    }
    let at = office.now(&first, case).await.unwrap();
    records.pin_set(&first.act(), at).await.unwrap();
    let at = office.now(&first, case).await.unwrap();
    assert!(
        records
            .pin_set(&first.act(), at)
            .await
            .is_err_and(|error| error.is(&HandoverRefusal::PinAlreadySet))
    );

    // 交付: the first clerk looks, then the second with their own card.
    records
        .confirm_sight(&first.act(), at, 1, &Sight::ALL, None)
        .await
        .unwrap();
    records
        .confirm_sight(&first.act(), at, 2, &Sight::ALL, None)
        .await
        .unwrap();
    office.clock.advance(time::Duration::seconds(30));
    let alone = hand_over(b"chip-0001", "A-1").await;
    assert!(alone.is_err_and(|error| !mismatches(&error).is_empty()));
    let agreed = records
        .approve(&first.act(), case, SecondPurpose::Handover, &second.serial)
        .await
        .unwrap();
    assert_eq!(agreed.1, second.id);
    records
        .confirm_sight(&first.act(), at, 2, &Sight::ALL, Some(agreed.0))
        .await
        .unwrap();
    assert!(
        records
            .confirm_sight(&first.act(), at, 2, &Sight::ALL, Some(agreed.0))
            .await
            .is_err_and(|error| error.is(&ApprovalRefusal::Missing))
    );
    assert_eq!(records.card_journal(card).await.unwrap().state, CardState::Made);
    hand_over(b"chip-0001", "A-1").await.unwrap();
    assert_eq!(records.card_journal(card).await.unwrap().state, CardState::Active);

    let file = records.case(first.session, case).await.unwrap();
    assert_eq!(file.state, CaseState::HandedOver { card });
    assert_eq!(file.resident.cases.len(), 1);
    assert_eq!(
        records.case_by_notice(&notice).await.unwrap(),
        None,
        "a notice is good once"
    );
    let today = records.today().await.unwrap();
    assert_eq!((today.applied, today.made, today.handed_over), (1, 1, 1));
    assert_eq!(today.mean[&Phase::Application], Duration::from_secs(250));
    assert_eq!(today.mean[&Phase::Making], Duration::from_millis(100));
    assert!(today.waiting.values().all(|waiting| *waiting == 0));

    // 経過: who did what, in order, refusals included.
    let journal = records.journal(case).await.unwrap();
    assert!(journal.windows(2).all(|pair| pair[0].at <= pair[1].at));
    assert!(
        journal
            .iter()
            .all(|entry| entry.who == "佐藤 恵" && entry.desk.as_deref() == Some("窓口1"))
    );
    let acts: Vec<&str> = journal.iter().map(|entry| entry.act.as_str()).collect();
    assert_eq!(acts.first(), Some(&"case.applied"));
    assert_eq!(acts.last(), Some(&"case.handed_over"));
    assert_eq!(acts.iter().filter(|act| **act == "card.step_done").count(), 10);
    let refusals = journal.iter().filter(|entry| entry.outcome == Outcome::Refused).count();
    assert_eq!(refusals, 4);
    assert!(records.verify_audit().await.unwrap().broken.is_empty());

    // A second application: the person has a card.
    let again = records
        .open_application(&first.act(), id, &application, Some("—"))
        .await;
    assert!(
        matches!(again.as_ref().map_err(OfficeError::refused_as), Err(Some(OpeningRefusal::HasCard { number, .. })) if *number == opened.number)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_cannot_be_skipped_or_repeated() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let resident = &adults(&residents)[0];
    let opened = office.applied(&clerk, resident).await.unwrap();
    let records = &office.office;
    let early = records.shelve(&clerk.act(), opened.at, &place("A-1")).await;
    assert!(matches!(early, Err(OfficeError::NotNow(_))), "{early:?}");
    assert!(matches!(
        records.pin_set(&clerk.act(), opened.at).await,
        Err(OfficeError::NotNow(_))
    ));
    assert!(matches!(
        records.issue_notice(&clerk.act(), opened.at.id).await,
        Err(OfficeError::NotNow(_))
    ));
    let verification = office.verification(clerk.id, resident);
    records
        .verify_person(&clerk.act(), opened.at, &verification)
        .await
        .unwrap();
    let stale = records.verify_person(&clerk.act(), opened.at, &verification).await;
    assert!(matches!(stale, Err(OfficeError::ChangedMeanwhile)), "{stale:?}");
    let at = office.now(&clerk, opened.at.id).await.unwrap();
    let twice = records.verify_person(&clerk.act(), at, &verification).await;
    assert!(matches!(twice, Err(OfficeError::NotNow(_))), "{twice:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mismatch_sends_the_card_back_with_an_incident() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let other = office.clerk_of_all_trades("窓口2").await.unwrap();
    let case = office.verified(&clerk, &adults(&residents)[0]).await.unwrap().id;
    on_card_thread(&office, &clerk, move |records| make_card(records, case, b"chip-0001")).await;
    let records = &office.office;
    let at = office.now(&clerk, case).await.unwrap();
    records.shelve(&clerk.act(), at, &place("A-1")).await.unwrap();
    let at = office.now(&clerk, case).await.unwrap();
    records
        .confirm_sight(&clerk.act(), at, 1, &Sight::ALL, None)
        .await
        .unwrap();
    let new = office::cases::NewIncident {
        kind: office::cases::IncidentKind::HandoverMismatch,
        mismatched: vec![Mismatch::OtherChip],
        note: "棚の札と違う".into(),
    };
    let (incident, version) = records.open_incident(&clerk.act(), at, &new).await.unwrap();
    assert!(
        records.sights(case).await.unwrap().is_empty(),
        "looks taken are forgotten"
    );
    let rows = records.queue(Queue::Problems, 10).await.unwrap();
    assert_eq!(rows[0].problem, Some(Problem::HandoverMismatch));
    assert!(records.queue(Queue::ToHandOver, 10).await.unwrap().is_empty());
    let file = records.case(clerk.session, case).await.unwrap();
    assert_eq!(file.incidents[0].note, "棚の札と違う");
    assert_eq!(file.incidents[0].mismatched, ["other_chip"]);
    assert_eq!(office.now(&clerk, case).await.unwrap().version, version);
    // Until it is settled nothing is handed over, whatever agrees by now.
    let notice = records.issue_notice(&clerk.act(), case).await.unwrap();
    let at = office.now(&clerk, case).await.unwrap();
    let (shelf, rule) = (place("A-1"), SightRule::OneClerkTwice);
    let over = records
        .hand_over(
            &clerk.act(),
            at,
            &OnCounter::new(&notice, &shelf, b"chip-0001", true),
            rule,
        )
        .await;
    assert!(
        over.as_ref()
            .is_err_and(|error| error.is(&HandoverRefusal::IncidentOpen)),
        "{over:?}"
    );
    // Two means two: nobody settles it alone, nor by an agreement to something else.
    for (purpose, settles) in [(SecondPurpose::Handover, false), (SecondPurpose::Incident, true)] {
        let agreed = records.approve(&clerk.act(), case, purpose, &other.serial).await;
        let (act, second) = (clerk.act(), agreed.unwrap().0);
        let settled = records.close_incident(&act, at, incident, "札を直した", second).await;
        assert!(settled.is_ok() == settles, "{settled:?}");
    }
    assert_eq!(records.queue(Queue::ToHandOver, 10).await.unwrap().len(), 1);
    assert_eq!(records.shelf().await.unwrap()[0].case, case);

    // Trying until it fits is seen: what does not agree is in the journal, though nobody was to look yet.
    let compare = async |chip: &[u8]| {
        let at = office.now(&clerk, case).await.unwrap();
        records
            .compare_handover(&clerk.act(), at, &OnCounter::new(&notice, &shelf, chip, true))
            .await
    };
    let at = office.now(&clerk, case).await.unwrap();
    records.pin_set(&clerk.act(), at).await.unwrap();
    let other = compare(b"chip-0002").await;
    assert!(other.is_err_and(|error| mismatches(&error) == [Mismatch::OtherChip]));
    compare(b"chip-0001").await.unwrap();
    let journal = records.journal(case).await.unwrap();
    let refused: Vec<_> = journal
        .iter()
        .filter(|entry| entry.act == "case.handed_over" && entry.outcome == Outcome::Refused)
        .map(|entry| entry.details["refused"].as_str())
        .collect();
    assert_eq!(refused, [Some("incident_open"), Some("handover_mismatch")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pin_is_set_anew_before_the_handover_and_recorded_before_and_after() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let reception = office.clerk("鈴木 誠", "窓口2", &[Role::Reception]).await.unwrap();
    let verified = office.verified(&clerk, &adults(&residents)[0]).await.unwrap();
    let (records, case) = (&office.office, verified.id);
    let early = records.may_set_pin(&clerk.act(), verified, false).await;
    assert!(matches!(early, Err(OfficeError::NotNow(_))), "{early:?}");
    on_card_thread(&office, &clerk, move |records| make_card(records, case, b"chip-0001")).await;
    let at = office.now(&clerk, case).await.unwrap();
    assert!(
        records
            .may_set_pin(&clerk.act(), at, true)
            .await
            .is_err_and(|error| error.is(&HandoverRefusal::PinNotSet))
    );
    records.may_set_pin(&clerk.act(), at, false).await.unwrap();
    records.pin_set(&clerk.act(), at).await.unwrap();
    // Role, hold and version are asked before the chip is.
    assert!(matches!(
        records.may_set_pin(&clerk.act(), at, true).await,
        Err(OfficeError::ChangedMeanwhile)
    ));
    let at = office.now(&clerk, case).await.unwrap();
    assert!(matches!(
        records.may_set_pin(&reception.act(), at, true).await,
        Err(OfficeError::NotAllowed(_))
    ));
    assert!(
        records
            .may_set_pin(&clerk.act(), at, false)
            .await
            .is_err_and(|error| error.is(&HandoverRefusal::PinAlreadySet))
    );
    records.may_set_pin(&clerk.act(), at, true).await.unwrap();
    records.pin_reset(&clerk.act(), at).await.unwrap();
    let journal = records.journal(case).await.unwrap();
    let acts: Vec<&str> = journal
        .iter()
        .filter(|entry| entry.outcome == Outcome::Done && entry.act.starts_with("card.pin"))
        .map(|entry| entry.act.as_str())
        .collect();
    assert_eq!(acts, ["card.pin_set", "card.pin_reset_begun", "card.pin_reset"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clerk_gives_a_card_up_in_words_that_only_the_journal_shows() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let verified = office.verified(&clerk, &adults(&residents)[0]).await.unwrap();
    let (records, case) = (&office.office, verified.id);
    let early = records.give_up_card(&clerk.act(), verified, "まだない").await;
    assert!(matches!(early, Err(OfficeError::NotNow(_))), "{early:?}");
    on_card_thread(&office, &clerk, move |records| make_card(records, case, b"chip-0001")).await;
    let at = office.now(&clerk, case).await.unwrap();
    records.give_up_card(&clerk.act(), at, "券面の傷").await.unwrap();
    let file = records.case(clerk.session, case).await.unwrap();
    assert_eq!((file.state, file.card), (CaseState::Verified, None));
    assert_eq!(records.revoked().await.unwrap().len(), 2);
    let given_up = records.audit(case).await.unwrap().pop().unwrap().event;
    assert_eq!(given_up.act, "card.damaged");
    assert!(!format!("{:?}", given_up.details).contains("券面"), "sealed");
    let journal = records.journal(case).await.unwrap();
    assert_eq!(journal.last().unwrap().words.as_deref(), Some("券面の傷"));
    on_card_thread(&office, &clerk, move |records| make_card(records, case, b"chip-0002")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_can_be_ended_without_a_card_and_made_anew() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let resident = &adults(&residents)[0];
    let opened = office.applied(&clerk, resident).await.unwrap();
    let twice = office.applied(&clerk, resident).await;
    assert!(
        matches!(twice.as_ref().map_err(OfficeError::refused_as), Err(Some(OpeningRefusal::CaseOpen { case, .. })) if *case == opened.at.id),
        "{twice:?}"
    );
    office
        .office
        .cancel(&clerk.act(), opened.at, "本人の申出")
        .await
        .unwrap();
    let file = office.office.case(clerk.session, opened.at.id).await.unwrap();
    assert_eq!(
        file.state,
        CaseState::Cancelled {
            reason: "本人の申出".into()
        }
    );
    let anew = office.applied(&clerk, resident).await.unwrap();
    assert_eq!(anew.number.serial, 2);
    let found = office.office.duplicates(clerk.session, file.resident.id).await.unwrap();
    assert_eq!(found.open.unwrap().number, anew.number);
}

#[tokio::test]
async fn records_that_may_be_one_person_are_shown_before_an_application_is_taken() {
    let office = testing::open().await.unwrap();
    let residents = city(30);
    let mut twin = adults(&residents)[0].clone();
    twin.number = "9900000001".into();
    twin.household = "9900000001".into();
    let mut all = residents.clone();
    all.push(twin);
    office.import(all).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let resident = &adults(&residents)[0];
    let id = office.resident(&resident.number).await.unwrap();
    let found = office.office.duplicates(clerk.session, id).await.unwrap();
    assert_eq!(found.similar.len(), 1);
    let application = office.application(resident);
    let refused = office
        .office
        .open_application(&clerk.act(), id, &application, None)
        .await;
    assert!(
        matches!(
            refused.as_ref().map_err(OfficeError::refused_as),
            Err(Some(OpeningRefusal::Similar(1)))
        ),
        "{refused:?}"
    );
    let reason = Some("別人であることを確認");
    office
        .office
        .open_application(&clerk.act(), id, &application, reason)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looks_are_good_for_one_talk_with_one_person_only() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let first = office.clerk_of_all_trades("窓口1").await.unwrap();
    let second = office.clerk("鈴木 誠", "窓口2", &Role::ALL).await.unwrap();
    let case = office.verified(&first, &adults(&residents)[0]).await.unwrap().id;
    on_card_thread(&office, &first, move |records| make_card(records, case, b"chip-0001")).await;
    let records = &office.office;
    let at = office.now(&first, case).await.unwrap();
    records.shelve(&first.act(), at, &place("A-1")).await.unwrap();
    let notice = records.issue_notice(&first.act(), case).await.unwrap();
    let at = office.now(&first, case).await.unwrap();
    records.pin_set(&first.act(), at).await.unwrap();
    let at = office.now(&first, case).await.unwrap();
    let looks = async || records.sights(case).await.unwrap().len();
    let both_look = async || {
        for time in [1, 2] {
            office.clock.advance(time::Duration::seconds(5));
            records
                .confirm_sight(&first.act(), at, time, &Sight::ALL, None)
                .await
                .unwrap();
        }
    };
    let hand_over = async |who: &testing::Clerk, chip: &[u8]| {
        let (act, rule) = (who.act(), SightRule::OneClerkTwice);
        records
            .hand_over(&act, at, &OnCounter::new(&notice, &place("A-1"), chip, true), rule)
            .await
    };

    // A first look taken again: the second one before it was of another moment.
    both_look().await;
    records
        .confirm_sight(&first.act(), at, 1, &Sight::ALL, None)
        .await
        .unwrap();
    assert_eq!(looks().await, 1);

    // Renewing the hold forgets nothing; letting go of the case does: the resident left.
    both_look().await;
    records.renew(first.session, case).await.unwrap();
    records.claim(&first.act(), case).await.unwrap();
    assert_eq!(looks().await, 2);
    records.release(&first.act(), case).await.unwrap();
    records.claim(&first.act(), case).await.unwrap();
    assert_eq!(looks().await, 0);

    // Another desk takes over: its clerk has seen nobody.
    both_look().await;
    records.break_lease(&second.act(), case, "席を外した").await.unwrap();
    let refused = hand_over(&second, b"chip-0001").await;
    assert!(refused.is_err_and(|error| !mismatches(&error).is_empty()));
    records.break_lease(&first.act(), case, "戻った").await.unwrap();

    // Another card lay there when they looked: with the right one they look anew.
    both_look().await;
    assert!(hand_over(&first, b"chip-0002").await.is_err());
    assert_eq!(looks().await, 0);
    assert!(hand_over(&first, b"chip-0001").await.is_err());
    both_look().await;
    hand_over(&first, b"chip-0001").await.unwrap();
    assert_eq!(looks().await, 2, "kept for the receipt");
    records.release(&first.act(), case).await.unwrap();
    records.claim(&first.act(), case).await.unwrap();
    assert_eq!(looks().await, 2, "also when the case is opened again to print it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_went_back_hands_nothing_over_until_it_is_right() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let case = office.verified(&clerk, &adults(&residents)[0]).await.unwrap().id;
    let card = on_card_thread(&office, &clerk, move |records| make_card(records, case, b"chip-0001")).await;
    let records = &office.office;
    let at = office.now(&clerk, case).await.unwrap();
    records.shelve(&clerk.act(), at, &place("A-1")).await.unwrap();
    let notice = records.issue_notice(&clerk.act(), case).await.unwrap();
    let at = office.now(&clerk, case).await.unwrap();
    records.pin_set(&clerk.act(), at).await.unwrap();
    let at = office.now(&clerk, case).await.unwrap();
    for time in [1, 2] {
        office.clock.advance(time::Duration::seconds(5));
        records
            .confirm_sight(&clerk.act(), at, time, &Sight::ALL, None)
            .await
            .unwrap();
    }
    let hand_over = async || {
        let (act, rule) = (clerk.act(), SightRule::OneClerkTwice);
        records
            .hand_over(
                &act,
                at,
                &OnCounter::new(&notice, &place("A-1"), b"chip-0001", true),
                rule,
            )
            .await
    };
    office.clock.advance(time::Duration::hours(-1));
    let refused = hand_over().await;
    assert!(
        refused
            .as_ref()
            .is_err_and(|error| error.is(&HandoverRefusal::ClockWentBack)),
        "{refused:?}"
    );
    assert_eq!(records.card_journal(card).await.unwrap().state, CardState::Made);
    // Set right, it goes on where it stood: nobody looks again.
    office.clock.advance(time::Duration::hours(1));
    hand_over().await.unwrap();
    assert_eq!(records.card_journal(card).await.unwrap().state, CardState::Active);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_the_roster_has_no_more_gets_no_card() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let gone = adults(&residents)[0].clone();
    let left = residents.iter().filter(|one| one.number != gone.number).cloned();
    let rows: Vec<_> = left.enumerate().map(|(at, one)| (at as u64 + 2, one)).collect();
    let plan = office.importer.plan_import(rows, &|_, _| {}).await.unwrap();
    let act = office::Act::of_process("import", uuid::Uuid::from_u128(7));
    let missing = office::roster::Missing::MarkGone;
    office
        .importer
        .apply_import(&act, &plan, missing, &|_, _| {})
        .await
        .unwrap();
    let refused = office.applied(&clerk, &gone).await;
    assert!(matches!(refused, Err(OfficeError::NotFound(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_exception_takes_an_agreement_of_its_own() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let second = office.clerk("鈴木 誠", "窓口2", &Role::ALL).await.unwrap();
    let resident = &adults(&residents)[0];
    let opened = office.applied(&clerk, resident).await.unwrap();
    let verification = office.verification_despite(clerk.id, resident, second.id);
    assert_eq!(verification.record().exceptions.len(), 2);
    let (records, case) = (&office.office, opened.at.id);
    let agree = async || {
        let purpose = SecondPurpose::VerificationException;
        records
            .approve(&clerk.act(), case, purpose, &second.serial)
            .await
            .unwrap();
    };
    agree().await;
    let refused = records.verify_person(&clerk.act(), opened.at, &verification).await;
    assert!(
        refused.as_ref().is_err_and(|error| error.is(&ApprovalRefusal::Missing)),
        "{refused:?}"
    );
    agree().await;
    records
        .verify_person(&clerk.act(), opened.at, &verification)
        .await
        .unwrap();
    // The journal names who agreed, not their number in the records.
    let journal = records.journal(case).await.unwrap();
    let verified = journal.iter().rfind(|entry| entry.act == "case.verified").unwrap();
    assert_eq!(verified.details["approved_by"], serde_json::json!(["鈴木 誠"]));
}

/// What did not agree at a handover that was refused for it.
fn mismatches(error: &OfficeError) -> Vec<Mismatch> {
    match error.refused_as() {
        Some(HandoverRefusal::Mismatched(refused)) => refused.mismatches.clone(),
        _ => Vec::new(),
    }
}
