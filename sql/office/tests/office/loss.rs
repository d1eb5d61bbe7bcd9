//! The database goes away and comes back in the middle of the day.

use issuance::{
    case::CaseState,
    records::{Records, RecordsError, Step},
};
use office::testing::{self, adults, city};
use store::{cluster::Stop, testing::LoneCluster};

use crate::on_card_thread;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_making_goes_on_after_the_database_was_away() {
    let cluster = LoneCluster::start_new().unwrap();
    let office = testing::open_on(&cluster).await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let case = office.verified(&clerk, &adults(&residents)[0]).await.unwrap().id;
    let card = on_card_thread(&office, &clerk, move |records| {
        let card = records.bind_chip(case, b"chip-0001").unwrap();
        records.intend(card, Step::GenerateAuthenticationKey).unwrap();
        card
    })
    .await;
    cluster.stop(Stop::Immediate).unwrap();
    let away = on_card_thread(&office, &clerk, move |records| {
        records.done(card, Step::GenerateAuthenticationKey, std::time::Duration::from_secs(3))
    })
    .await;
    assert!(matches!(away, Err(RecordsError::Unreachable(_))), "{away:?}");
    let away = office.office.case(clerk.session, case).await.unwrap_err();
    assert!(away.is_away(), "{away}");
    cluster.start().unwrap();
    let journal = on_card_thread(&office, &clerk, move |records| {
        records
            .done(card, Step::GenerateAuthenticationKey, std::time::Duration::from_secs(3))
            .unwrap();
        records.journal(card).unwrap()
    })
    .await;
    assert_eq!(journal.steps, [(Step::GenerateAuthenticationKey, true)].into());
    let file = office.office.case(clerk.session, case).await.unwrap();
    assert_eq!(file.state, CaseState::Making { card });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_act_asked_for_while_the_database_was_away_is_done_once_when_it_is_back() {
    let cluster = LoneCluster::start_new().unwrap();
    let office = testing::open_on(&cluster).await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let resident = &adults(&residents)[0];
    let id = office.resident(&resident.number).await.unwrap();
    let application = office.application(resident);
    let act = clerk.act();
    let open = || office.office.open_application(&act, id, &application, Some("—"));
    cluster.stop(Stop::Fast).unwrap();
    assert!(open().await.unwrap_err().is_away());
    cluster.start().unwrap();
    let opened = open().await.unwrap();
    cluster.stop(Stop::Immediate).unwrap();
    cluster.start().unwrap();
    assert_eq!(open().await.unwrap(), opened);
    assert_eq!(office.office.audit(opened.at.id).await.unwrap().len(), 1);
}
