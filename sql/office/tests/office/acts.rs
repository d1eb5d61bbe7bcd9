//! Acts are done once, and the trail of them cannot be changed.

use issuance::handover::Sight;
use office::{
    OWNER, OfficeError,
    cases::HandoverRefusal,
    testing::{self, adults, city},
};
use store::{Store, StoreError};

use crate::place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_act_asked_for_again_gives_the_first_answer_and_changes_nothing() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let resident = &adults(&residents)[0];
    let id = office.resident(&resident.number).await.unwrap();
    let application = office.application(resident);
    let act = clerk.act();
    let records = &office.office;
    let open = || records.open_application(&act, id, &application, Some("—"));
    let (once, at_the_same_moment) = tokio::join!(open(), open());
    let once = once.unwrap();
    assert_eq!(at_the_same_moment.unwrap(), once);
    assert_eq!(open().await.unwrap(), once);
    assert_eq!(records.audit(once.at.id).await.unwrap().len(), 1);
    let misused = records.cancel(&act, once.at, "—").await;
    assert!(matches!(misused, Err(OfficeError::ActIdUsed)), "{misused:?}");
    // The same verb about another case, or asked by another: not the same act.
    let other = office.applied(&clerk, &adults(&residents)[1]).await.unwrap().at.id;
    let claim = clerk.act();
    records.claim(&claim, once.at.id).await.unwrap();
    records.claim(&claim, once.at.id).await.unwrap();
    let misused = records.claim(&claim, other).await;
    assert!(matches!(misused, Err(OfficeError::ActIdUsed)), "{misused:?}");
    // About no case, and something else in it: neither.
    let (one, another) = (id, office.resident(&adults(&residents)[1].number).await.unwrap());
    let sight = clerk.act();
    records.reveal_address(&sight, one, "—").await.unwrap();
    records.reveal_address(&sight, one, "—").await.unwrap();
    let misused = records.reveal_address(&sight, another, "—").await.map(drop);
    assert!(matches!(misused, Err(OfficeError::ActIdUsed)), "{misused:?}");
    let colleague = office.clerk_of_all_trades("窓口2").await.unwrap();
    let theirs = office::Act::of(colleague.session, claim.id);
    let misused = records.claim(&theirs, once.at.id).await;
    assert!(matches!(misused, Err(OfficeError::ActIdUsed)), "{misused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_changes_or_removes_what_was_recorded() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    office.applied(&clerk, &adults(&residents)[0]).await.unwrap();
    for role in [office::USER, OWNER] {
        let store = Store::new(&office.database.door(role));
        for sql in [
            "UPDATE office.audit_event SET outcome = 'done'",
            "DELETE FROM office.audit_event",
            "TRUNCATE office.audit_event",
        ] {
            let refused: Result<(), StoreError> = store.run("tamper", |tx| async move { tx.batch(sql).await }).await;
            assert!(
                matches!(refused, Err(StoreError::Denied { .. })),
                "{role} {sql}: {refused:?}"
            );
        }
    }
    assert!(office.office.verify_audit().await.unwrap().broken.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_changed_behind_the_applications_back_is_named() {
    let office = testing::open().await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    office.office.screen_locked(&clerk.act(), true).await.unwrap();
    let store = Store::new(&office.database.superuser());
    let _: () = store
        .run("tamper", |tx| async move {
            tx.batch(
                "ALTER TABLE office.audit_event DISABLE TRIGGER ALL;\n\
                 UPDATE office.audit_event SET desk = '窓口9' WHERE act = 'screen.locked'",
            )
            .await
        })
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    let check = office.office.verify_audit().await.unwrap();
    assert_eq!(check.broken.len(), 1);
    assert!(check.checked > 1);
}

#[tokio::test]
async fn a_refusal_is_recorded_with_its_rule() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    office.clerk_of_all_trades("窓口1").await.unwrap();
    let trainee = office.clerk("田中 実", "窓口2", &[]).await.unwrap();
    let refused = office.applied(&trainee, &adults(&residents)[0]).await;
    assert!(matches!(refused, Err(OfficeError::NotAllowed(_))), "{refused:?}");
    let events = office
        .office
        .audit_since(time::OffsetDateTime::UNIX_EPOCH, 1)
        .await
        .unwrap();
    assert_eq!(events[0].event.act, "case.applied");
    assert_eq!(events[0].event.details["refused"], "role");
    assert_eq!(events[0].event.actor, trainee.id.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_verb_can_be_spawned() {
    fn spawnable<F: Future + Send + 'static>(verb: F) -> F {
        verb
    }
    let test = testing::open().await.unwrap();
    let (office, importer) = (test.office.clone(), test.importer.clone());
    let clerk = test.clerk_of_all_trades("窓口1").await.unwrap();
    let (session, act) = (clerk.session, clerk.act());
    let nobody = issuance::case::CaseId::from_uuid(uuid::Uuid::nil());
    let rows = city(5).into_iter().enumerate().map(|(at, one)| (at as u64, one));
    let verbs = spawnable(async move {
        assert!(office.case(session, nobody).await.is_err());
        assert!(office.claim(&act, nobody).await.is_err());
        let plan = importer.plan_import(rows, &|_, _| {}).await.unwrap();
        let act = office::Act::of_process("import", uuid::Uuid::from_u128(1));
        let keep = office::roster::Missing::Keep;
        importer.apply_import(&act, &plan, keep, &|_, _| {}).await.unwrap();
        office.search_index(&|_, _| {}).await.unwrap().len()
    });
    assert_eq!(tokio::spawn(verbs).await.unwrap(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_takes_in_the_person_the_name_and_the_card_and_the_trail_says_so() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let case = office.verified(&clerk, &adults(&residents)[0]).await.unwrap().id;
    crate::on_card_thread(&office, &clerk, move |records| {
        crate::make_card(records, case, b"chip-0001")
    })
    .await;
    let at = office.now(&clerk, case).await.unwrap();
    let records = &office.office;
    records.shelve(&clerk.act(), at, &place("A-1")).await.unwrap();
    let at = office.now(&clerk, case).await.unwrap();
    let half = records
        .confirm_sight(&clerk.act(), at, 1, &[Sight::Person, Sight::Card], None)
        .await;
    assert!(half.is_err_and(|error| error.is(&HandoverRefusal::NotAllLookedAt)));
    records
        .confirm_sight(&clerk.act(), at, 1, &Sight::ALL, None)
        .await
        .unwrap();
    let journal = records.journal(case).await.unwrap();
    let looked = &journal.last().unwrap().details["looked_at"];
    assert_eq!(*looked, serde_json::json!(["person", "name", "card"]));
}
