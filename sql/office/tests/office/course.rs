//! What a clerk can be asked about a case: each stage with its time, its people and its place.

use issuance::{
    case::{CaseId, CaseState},
    course::{Course, Stage},
    handover::{OnCounter, Sight, SightRule},
    records::Records,
    staff::Role,
};
use office::{
    CardStanding, HolderCheck, OfficeRecords,
    cases::{CaseFile, Paper, PrintedPaper, Printing, SecondPurpose},
    testing::{self, Clerk, TestOffice, adults, city},
};

use crate::{make_bound_card, make_card, on_card_thread, place};

const ME: &str = "佐藤 恵";
const COLLEAGUE: &str = "鈴木 誠";

async fn open() -> (TestOffice, Clerk, Clerk) {
    let office = testing::open().await.unwrap();
    office.import(city(60)).await.unwrap();
    let me = office.clerk_of_all_trades("窓口1").await.unwrap();
    let colleague = office.clerk(COLLEAGUE, "窓口2", &Role::ALL).await.unwrap();
    (office, me, colleague)
}

async fn file(office: &TestOffice, clerk: &Clerk, case: CaseId) -> CaseFile {
    office.office.case(clerk.session, case).await.unwrap()
}

/// By whom, and with whom.
fn people(course: &Course, stage: Stage) -> (&str, Vec<&str>) {
    let passed = &course[&stage];
    (&passed.by, passed.with.iter().map(String::as_str).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stage_of_a_visit_says_when_by_whom_with_whom_and_where_until_long_after_the_handover() {
    let (office, me, colleague) = open().await;
    let records = &office.office;
    let resident = adults(&city(60))[0].clone();
    let case = office.verified(&me, &resident).await.unwrap().id;

    // Two agree to the making; the colleague goes on with the case from the PIN on.
    let (agreed, _) = records
        .approve(&me.act(), case, SecondPurpose::Making, &colleague.serial)
        .await
        .unwrap();
    let handle = tokio::runtime::Handle::current();
    let mut by_two = OfficeRecords::new(records.clone(), handle, me.session).with_second(agreed);
    let card = tokio::task::spawn_blocking(move || {
        let card = by_two.bind_chip(case, b"chip-0001").unwrap();
        make_bound_card(&mut by_two, card);
        card
    })
    .await
    .unwrap();
    records.release(&me.act(), case).await.unwrap();
    records.claim(&colleague.act(), case).await.unwrap();
    let at = office.now(&colleague, case).await.unwrap();
    records.pin_set(&colleague.act(), at).await.unwrap();
    let notice = records.issue_notice(&colleague.act(), case).await.unwrap();
    let printed = PrintedPaper {
        paper: Paper::Notice,
        pages: 1,
        sha256: [7; 32],
        printing: Printing::Fresh,
        addressee: [0; 32],
    };
    records.paper_printed(&colleague.act(), case, printed).await.unwrap();
    for shelf in ["A-1", "B-2"] {
        office.clock.advance(time::Duration::minutes(1));
        let at = office.now(&colleague, case).await.unwrap();
        records.shelve(&colleague.act(), at, &place(shelf)).await.unwrap();
    }
    let shelved_at = file(&office, &colleague, case).await.since;

    // The colleague looks first, the clerk who made the card second.
    office.clock.advance(time::Duration::days(1));
    let at = office.now(&colleague, case).await.unwrap();
    records
        .confirm_sight(&colleague.act(), at, 1, &Sight::ALL, None)
        .await
        .unwrap();
    let (agreed, _) = records
        .approve(&colleague.act(), case, SecondPurpose::Handover, &me.serial)
        .await
        .unwrap();
    let second = Some(agreed);
    records
        .confirm_sight(&colleague.act(), at, 2, &Sight::ALL, second)
        .await
        .unwrap();
    records
        .hand_over(
            &colleague.act(),
            at,
            &OnCounter::new(&notice, &place("B-2"), b"chip-0001", true),
            SightRule::TwoClerks,
        )
        .await
        .unwrap();

    let over = file(&office, &colleague, case).await;
    assert_eq!(over.state, CaseState::HandedOver { card });
    assert_eq!(people(&over.course, Stage::Applied), (ME, vec![]));
    assert_eq!(people(&over.course, Stage::Verified), (ME, vec![]));
    assert_eq!(people(&over.course, Stage::Bound), (ME, vec![COLLEAGUE]));
    assert_eq!(people(&over.course, Stage::Made), (ME, vec![]));
    assert_eq!(people(&over.course, Stage::PinSet), (COLLEAGUE, vec![]));
    assert_eq!(people(&over.course, Stage::NoticePrinted), (COLLEAGUE, vec![]));
    assert_eq!(people(&over.course, Stage::HandedOver), (COLLEAGUE, vec![ME]));
    assert_eq!(over.course[&Stage::HandedOver].at, over.since);
    // Where it lay, and since when, is still known now that the place is another's.
    let shelved = &over.course[&Stage::Shelved];
    assert_eq!(
        (&shelved.shelf, shelved.at, shelved.by.as_str()),
        (&Some(place("B-2")), shelved_at, COLLEAGUE)
    );
    assert_eq!(over.standing, Some(CardStanding::Active));
    assert_eq!(over.course.get(&Stage::Restated), None);

    // Lost: whoever is asked afterwards sees since when, and who stopped it.
    records
        .suspend_card(&me.act(), case, HolderCheck::Questions, "電話で連絡")
        .await
        .unwrap();
    let lost = file(&office, &colleague, case).await;
    assert_eq!(lost.standing, Some(CardStanding::Suspended));
    assert!(lost.is_untold, "nobody has told the relay");
    assert_eq!(people(&lost.course, Stage::Restated), (ME, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_given_up_takes_its_stages_with_it_and_the_new_one_has_its_own() {
    let (office, me, colleague) = open().await;
    let records = &office.office;
    let case = office.verified(&me, &adults(&city(60))[0]).await.unwrap().id;
    on_card_thread(&office, &me, move |records| make_card(records, case, b"chip-0001")).await;
    let at = office.now(&me, case).await.unwrap();
    records.pin_set(&me.act(), at).await.unwrap();
    let at = office.now(&me, case).await.unwrap();
    records.shelve(&me.act(), at, &place("A-1")).await.unwrap();
    let at = office.now(&me, case).await.unwrap();
    records.give_up_card(&me.act(), at, "券面の傷").await.unwrap();
    let stages = async || file(&office, &me, case).await.course.into_keys().collect::<Vec<_>>();
    assert_eq!(stages().await, [Stage::Applied, Stage::Verified]);

    records.release(&me.act(), case).await.unwrap();
    records.claim(&colleague.act(), case).await.unwrap();
    on_card_thread(&office, &colleague, move |records| {
        make_card(records, case, b"chip-0002")
    })
    .await;
    let again = file(&office, &me, case).await.course;
    assert_eq!(people(&again, Stage::Made), (COLLEAGUE, vec![]));
    assert_eq!(again.get(&Stage::PinSet), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pin_set_anew_is_of_the_later_clerk_and_an_application_ended_says_who_ended_it() {
    let (office, me, colleague) = open().await;
    let records = &office.office;
    let people_here = adults(&city(60));
    let case = office.verified(&me, &people_here[0]).await.unwrap().id;
    on_card_thread(&office, &me, move |records| make_card(records, case, b"chip-0001")).await;
    let at = office.now(&me, case).await.unwrap();
    records.pin_set(&me.act(), at).await.unwrap();
    records.release(&me.act(), case).await.unwrap();
    records.claim(&colleague.act(), case).await.unwrap();
    let at = office.now(&colleague, case).await.unwrap();
    records.may_set_pin(&colleague.act(), at, true).await.unwrap();
    records.pin_reset(&colleague.act(), at).await.unwrap();
    let course = file(&office, &me, case).await.course;
    assert_eq!(people(&course, Stage::PinSet), (COLLEAGUE, vec![]));

    let opened = office.applied(&me, &people_here[1]).await.unwrap();
    records.cancel(&me.act(), opened.at, "本人の申出").await.unwrap();
    let ended = file(&office, &me, opened.at.id).await;
    assert_eq!(people(&ended.course, Stage::Cancelled), (ME, vec![]));
    assert_eq!(ended.course[&Stage::Cancelled].at, ended.since);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_agreed_to_an_exception_stands_with_the_verification() {
    let (office, me, colleague) = open().await;
    let records = &office.office;
    let resident = adults(&city(60))[0].clone();
    let opened = office.applied(&me, &resident).await.unwrap();
    let verification = office.verification_despite(me.id, &resident, colleague.id);
    for _ in 0..2 {
        let purpose = SecondPurpose::VerificationException;
        records
            .approve(&me.act(), opened.at.id, purpose, &colleague.serial)
            .await
            .unwrap();
    }
    records
        .verify_person(&me.act(), opened.at, &verification)
        .await
        .unwrap();
    let course = file(&office, &me, opened.at.id).await.course;
    assert_eq!(people(&course, Stage::Verified), (ME, vec![COLLEAGUE]));
}
