//! A PIN forgotten or blocked after the handover: set anew by a permission for that card, whatever became of the card.

use issuance::staff::Role;
use office::{HolderCheck, HolderRefusal, OfficeError, RevocationReason, USER, cases::SecondPurpose};
use store::{Store, StoreError};

use crate::outbox::{handed_over, open};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pin_is_set_anew_once_by_a_permission_for_that_card() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let case = handed_over(&office, &clerk, 0).await;
    let other = handed_over(&office, &clerk, 1).await;
    let at = office.now(&clerk, case).await.unwrap();
    let allow = async |chip: &[u8], check| records.allow_pin_reset(&clerk.act(), at, chip, check).await;
    let by_telephone = allow(b"chip-0000", HolderCheck::CalledBack).await;
    assert!(by_telephone.unwrap_err().is(&HolderRefusal::NotInPerson));
    let another = allow(b"chip-0001", HolderCheck::Document).await;
    assert!(matches!(another, Err(OfficeError::CardConflict(_))), "{another:?}");
    let permission = allow(b"chip-0000", HolderCheck::Document).await.unwrap();

    // It is good for that card in that case, once.
    let at_other = office.now(&clerk, other).await.unwrap();
    for (at, chip) in [(at_other, b"chip-0001"), (at_other, b"chip-0000"), (at, b"chip-0001")] {
        let refused = records.pin_reset_by(&clerk.act(), at, permission, chip).await;
        assert!(matches!(refused, Err(OfficeError::NotFound(_))), "{refused:?}");
    }
    records.pin_permission(case, permission, b"chip-0000").await.unwrap();
    assert!(records.pin_permission(case, permission, b"chip-0001").await.is_err());
    office.clock.advance(time::Duration::minutes(2));
    records
        .pin_reset_by(&clerk.act(), at, permission, b"chip-0000")
        .await
        .unwrap();
    let at = office.now(&clerk, case).await.unwrap();
    let twice = records.pin_reset_by(&clerk.act(), at, permission, b"chip-0000").await;
    assert!(matches!(twice, Err(OfficeError::NotFound(_))), "{twice:?}");
    let file = records.case(clerk.session, case).await.unwrap();
    assert_eq!(
        file.card.unwrap().pin_set_at,
        Some(relay_core::clock::Clock::now(&office.clock))
    );

    assert!(
        records.pin_permission(case, permission, b"chip-0000").await.is_err(),
        "it was used"
    );

    // One that was not used runs out.
    let permission = records
        .allow_pin_reset(&clerk.act(), at, b"chip-0000", HolderCheck::TwoDocuments)
        .await
        .unwrap();
    office.clock.advance(time::Duration::minutes(16));
    assert!(records.pin_permission(case, permission, b"chip-0000").await.is_err());
    let late = records.pin_reset_by(&clerk.act(), at, permission, b"chip-0000").await;
    assert!(matches!(late, Err(OfficeError::NotFound(_))), "{late:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_card_is_resumed_before_its_pin_is_set_anew_and_one_that_is_over_never() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let second = office.clerk("高橋 学", "窓口3", &[Role::Issuing]).await.unwrap();
    let case = handed_over(&office, &clerk, 0).await;
    let allow = async || {
        let at = office.now(&clerk, case).await.unwrap();
        let check = HolderCheck::Document;
        let may_change = records.may_change_pin(&clerk.act(), at).await;
        let allowed = records.allow_pin_reset(&clerk.act(), at, b"chip-0000", check).await;
        assert_eq!(
            may_change.is_ok(),
            allowed.is_ok(),
            "whoever knows the PIN is asked no less: {may_change:?}"
        );
        allowed
    };
    records
        .suspend_card(&clerk.act(), case, HolderCheck::Questions, "—")
        .await
        .unwrap();
    let stopped = allow().await;
    assert!(matches!(stopped, Err(OfficeError::CardConflict(_))), "{stopped:?}");
    records
        .resume_card(&clerk.act(), case, HolderCheck::Document, "—")
        .await
        .unwrap();
    allow().await.unwrap();
    // Whoever knows the PIN changes it, and nobody gives leave: the card asks for the present one.
    let at = office.now(&clerk, case).await.unwrap();
    let set_at = records
        .case(clerk.session, case)
        .await
        .unwrap()
        .card
        .unwrap()
        .pin_set_at;
    let version = records.pin_changed(&clerk.act(), at).await.unwrap();
    assert!(version > at.version);
    let file = records.case(clerk.session, case).await.unwrap();
    assert_eq!(file.card.unwrap().pin_set_at, set_at, "when it was set first stays");
    let stale = records.pin_changed(&clerk.act(), at).await;
    assert!(matches!(stale, Err(OfficeError::ChangedMeanwhile)), "{stale:?}");
    let purpose = SecondPurpose::Revocation;
    let (approval, _) = records
        .approve(&clerk.act(), case, purpose, &second.serial)
        .await
        .unwrap();
    let reason = RevocationReason::CessationOfOperation;
    records
        .revoke_card(&clerk.act(), case, reason, approval, "—")
        .await
        .unwrap();
    let over = allow().await;
    assert!(matches!(over, Err(OfficeError::CardConflict(_))), "{over:?}");
    // Before the handover there is no such permission: the PIN is set anew as it was set first.
    let resident = office::testing::adults(&office::testing::city(60))[1].clone();
    let applied = office.applied(&clerk, &resident).await.unwrap().at;
    let none = records
        .allow_pin_reset(&clerk.act(), applied, b"chip-0000", HolderCheck::Document)
        .await;
    assert!(matches!(none, Err(OfficeError::NotFound(_))), "{none:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_takes_no_new_pin_without_a_permission() {
    let (office, clerk) = open().await;
    handed_over(&office, &clerk, 0).await;
    handed_over(&office, &clerk, 1).await;
    let store = Store::new(&office.database.door(USER));
    let expect = async |sql: &'static str, rule: &str| {
        let refused: Result<(), StoreError> = store.run("past", |tx| async move { tx.batch(sql).await }).await;
        let refused = refused.expect_err(sql);
        assert!(refused.is_constraint(rule), "{sql}: {refused}");
    };
    expect("UPDATE office.card SET pin_set_at = now()", "pin_set_by_permission").await;
    let given = "INSERT INTO office.pin_permission (id, case_id, card, chip, checked, given_at, given_by, until)\n\
                 SELECT gen_random_uuid(), k.case_id, k.id, other.chip, 'document', now(), k.bound_by, now() + interval '5 min'\n\
                 FROM office.card k JOIN office.card other ON other.id <> k.id";
    expect(given, "pin_permission_for_card").await;
}
