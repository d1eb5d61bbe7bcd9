//! A caller's card is stopped whatever desk has the case open, and the stop ends by itself unless the holder comes.

use issuance::staff::Role;
use office::{
    CardStanding, HolderCheck, HolderRefusal, OfficeError, RevocationReason,
    cases::SecondPurpose,
    testing::{Clerk, TestOffice},
};
use relay_core::audit::Outcome;
use time::Duration;

use crate::outbox::{handed_over, open};

const DAYS: u16 = 14;

async fn standing(office: &TestOffice, case: issuance::case::CaseId) -> CardStanding {
    office.office.card_standing(case).await.unwrap().unwrap()
}

async fn stopped() -> (TestOffice, Clerk, issuance::case::CaseId) {
    let (office, clerk) = open().await;
    let case = handed_over(&office, &clerk, 0).await;
    let until = office
        .office
        .stop_by_telephone(&clerk.act(), case, HolderCheck::Unconfirmed, DAYS, "バスの中で失くした")
        .await
        .unwrap();
    assert_eq!(
        until - relay_core::clock::Clock::now(&office.clock),
        Duration::days(DAYS.into())
    );
    (office, clerk, case)
}

#[tokio::test]
async fn a_card_is_stopped_while_another_desk_has_the_case_open() {
    let (office, clerk) = open().await;
    let case = handed_over(&office, &clerk, 0).await;
    let records = &office.office;
    let other = office.clerk("高橋 学", "窓口3", &[Role::Reception]).await.unwrap();
    records.claim(&clerk.act(), case).await.unwrap();
    let check = HolderCheck::Questions;
    let held = records.claim(&other.act(), case).await;
    assert!(matches!(held, Err(OfficeError::HeldBy { .. })), "{held:?}");
    records
        .stop_by_telephone(&other.act(), case, check, DAYS, "電車に忘れた")
        .await
        .unwrap();
    assert_eq!(standing(&office, case).await, CardStanding::Suspended);
    let given = records.given_card(case).await.unwrap().unwrap();
    assert_eq!((given.by.as_str(), given.told.waiting), ("高橋 学", 6));
    assert!(given.stop_until.is_some());
    let again = records
        .stop_by_telephone(&other.act(), case, check, DAYS, "もう一度")
        .await;
    assert_eq!(again.unwrap_err().refused_as(), Some(&HolderRefusal::AlreadyStopped));
}

#[tokio::test]
async fn a_stop_that_nobody_confirms_ends_on_its_day_and_once() {
    let (office, _, case) = stopped().await;
    let records = &office.office;
    office.clock.advance(Duration::days(DAYS.into()) - Duration::seconds(1));
    assert_eq!(records.end_telephone_stops().await.unwrap(), 0);
    assert_eq!(standing(&office, case).await, CardStanding::Suspended);
    office.clock.advance(Duration::seconds(1));
    // Two processes ask in the same moment.
    let both = tokio::join!(records.end_telephone_stops(), records.end_telephone_stops());
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 1);
    assert_eq!(standing(&office, case).await, CardStanding::Active);
    let journal = records.journal(case).await.unwrap();
    let last = journal.last().unwrap();
    assert_eq!((last.act.as_str(), last.outcome), ("card.stop_lapsed", Outcome::Done));
    assert_eq!(last.who, "telephone_stop");
    assert_eq!(records.given_card(case).await.unwrap().unwrap().stop_until, None);
}

#[tokio::test]
async fn a_stop_confirmed_in_person_stays_until_the_card_is_resumed() {
    let (office, clerk, case) = stopped().await;
    let records = &office.office;
    let by_telephone = records
        .confirm_stop(&clerk.act(), case, HolderCheck::CalledBack, "電話")
        .await;
    let by_telephone = by_telephone.unwrap_err();
    assert_eq!(by_telephone.refused_as(), Some(&HolderRefusal::NotInPerson));
    records
        .confirm_stop(&clerk.act(), case, HolderCheck::Document, "免許証を見た")
        .await
        .unwrap();
    let called_again = records
        .stop_by_telephone(&clerk.act(), case, HolderCheck::Questions, DAYS, "もう一度")
        .await;
    assert_eq!(
        called_again.unwrap_err().refused_as(),
        Some(&HolderRefusal::AlreadyStopped)
    );
    office.clock.advance(Duration::days(365));
    assert_eq!(records.end_telephone_stops().await.unwrap(), 0);
    assert_eq!(standing(&office, case).await, CardStanding::Suspended);
    let twice = records
        .confirm_stop(&clerk.act(), case, HolderCheck::Document, "もう一度")
        .await;
    let twice = twice.unwrap_err();
    assert_eq!(twice.refused_as(), Some(&HolderRefusal::NoStop));
    records
        .resume_card(&clerk.act(), case, HolderCheck::Document, "見つかった")
        .await
        .unwrap();
    assert_eq!(standing(&office, case).await, CardStanding::Active);
}

#[tokio::test]
async fn a_card_ended_meanwhile_does_not_come_back_when_the_stop_would_end() {
    let (office, clerk, case) = stopped().await;
    let records = &office.office;
    let second = office.clerk("高橋 学", "窓口3", &[Role::Issuing]).await.unwrap();
    let asked = SecondPurpose::Revocation;
    let (approval, _) = records
        .approve(&clerk.act(), case, asked, &second.serial)
        .await
        .unwrap();
    let reason = RevocationReason::KeyCompromise;
    records
        .revoke_card(&clerk.act(), case, reason, approval, "見つからない")
        .await
        .unwrap();
    let called_again = records
        .stop_by_telephone(&clerk.act(), case, HolderCheck::Questions, DAYS, "もう一度")
        .await;
    assert_eq!(
        called_again.unwrap_err().refused_as(),
        Some(&HolderRefusal::AlreadyOver)
    );
    office.clock.advance(Duration::days(365));
    assert_eq!(records.end_telephone_stops().await.unwrap(), 0);
    assert_eq!(standing(&office, case).await, CardStanding::Revoked);
}
