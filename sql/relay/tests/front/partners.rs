//! Partners: two operators, a trial, a switch.

use relay_records::front::{
    AuditAct, FrontError, Lifetimes, LogoutTrial, Note, PartnerKind, PartnerState, Proposal, SignInTrial,
};
use relay_records_testing::front as testing;

use crate::{CLINIC, NOW, two_services};

fn proposal(hash: u8) -> Proposal<'static> {
    Proposal {
        entity_id: CLINIC,
        kind: PartnerKind::Service,
        metadata: "<md:EntityDescriptor/>",
        sha256: [hash; 32],
        valid_until: Some(NOW),
    }
}

#[tokio::test]
async fn metadata_count_once_a_second_operator_has_compared_their_hash() {
    let front = testing::open().await.unwrap();
    let records = &front.records;
    let edition = records.propose("op-1", &proposal(1), NOW).await.unwrap();
    assert_eq!(edition, 1);
    let refused = records.approve("op-1", CLINIC, (1, &[1; 32]), &|_, _| true, NOW).await;
    assert!(matches!(refused, Err(FrontError::SamePerson)));
    let refused = records.approve("op-2", CLINIC, (1, &[2; 32]), &|_, _| true, NOW).await;
    assert!(matches!(refused, Err(FrontError::NotFound(_))));
    assert!(matches!(
        records.switch_to_trial("op-2", CLINIC, NOW).await,
        Err(FrontError::PartnerNotNow { .. })
    ));
    records
        .approve("op-2", CLINIC, (1, &[1; 32]), &|_, _| true, NOW)
        .await
        .unwrap();
    let partner = records.partner(CLINIC).await.unwrap().unwrap().partner;
    assert_eq!(partner.state, PartnerState::Trial);
    let current = partner.current.unwrap();
    assert_eq!((current.proposed_by.as_str(), current.edition), ("op-1", 1));
    assert_eq!(current.approved.unwrap().0, "op-2");
    // A rolled key is a later edition: the first counts until that is approved.
    records.propose("op-1", &proposal(2), NOW).await.unwrap();
    let partner = records.partner(CLINIC).await.unwrap().unwrap().partner;
    assert_eq!(partner.current.unwrap().edition, 1);
    assert_eq!(partner.waiting.unwrap().edition, 2);
    records
        .approve("op-2", CLINIC, (2, &[2; 32]), &|_, _| true, NOW)
        .await
        .unwrap();
    let partner = records.partner(CLINIC).await.unwrap().unwrap().partner;
    assert_eq!((partner.current.unwrap().edition, partner.waiting), (2, None));
}

#[tokio::test]
async fn a_service_is_switched_on_only_after_a_trial_that_shows_what_it_must() {
    let front = testing::open().await.unwrap();
    let records = &front.records;
    two_services(records).await;
    let rule = async || match records.switch_on("op-1", CLINIC, NOW).await {
        Err(FrontError::PartnerNotNow { rule, .. }) => rule,
        other => panic!("{other:?}"),
    };
    assert_eq!(rule().await, "its sign-in was not tried");
    records
        .tried_sign_in("op-1", CLINIC, SignInTrial::Unnamed, NOW)
        .await
        .unwrap();
    assert!(rule().await.contains("empty NameID"));
    records
        .tried_sign_in("op-1", CLINIC, SignInTrial::Named, NOW)
        .await
        .unwrap();
    assert_eq!(rule().await, "its logout was not tried");
    records.tried_logout(CLINIC, LogoutTrial::InClear, NOW).await.unwrap();
    assert!(rule().await.contains("in clear"));
    records
        .go_without_logout("op-2", CLINIC, "its maker mends it in spring", NOW)
        .await
        .unwrap();
    records.switch_on("op-1", CLINIC, NOW).await.unwrap();
    // What was decided is not undone by what is seen later.
    records.tried_logout(CLINIC, LogoutTrial::InClear, NOW).await.unwrap();
    let partner = records.partner(CLINIC).await.unwrap().unwrap().partner;
    assert_eq!(
        (partner.state, partner.logout),
        (PartnerState::On, LogoutTrial::Without)
    );
}

#[tokio::test]
async fn another_name_at_each_visit_is_right_only_where_the_front_gave_passing_names() {
    let front = testing::open().await.unwrap();
    let records = &front.records;
    two_services(records).await;
    let answered = |name_id: &str| {
        let about = serde_json::json!({ "service": CLINIC });
        Note::of(
            AuditAct::SignInAnswered,
            about,
            serde_json::json!({ "name_id": name_id }),
        )
    };
    let passing = async || records.tried_sign_in("op-1", CLINIC, SignInTrial::Passing, NOW).await;
    // Nobody was there yet.
    assert!(matches!(passing().await, Err(FrontError::PartnerNotNow { .. })));
    records.note(&answered("transient"), NOW).await.unwrap();
    passing().await.unwrap();
    records
        .go_without_logout("op-2", CLINIC, "it has none", NOW)
        .await
        .unwrap();
    records.switch_on("op-1", CLINIC, NOW).await.unwrap();
    let partner = records.partner(CLINIC).await.unwrap().unwrap().partner;
    assert_eq!(
        (partner.state, partner.sign_in),
        (PartnerState::On, SignInTrial::Passing)
    );
    // One that was given a lasting name shows its ciphertext, another each time.
    records.note(&answered("persistent"), NOW).await.unwrap();
    match passing().await {
        Err(FrontError::PartnerNotNow { rule, .. }) => assert!(rule.contains("EncryptedID"), "{rule}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_edition_older_than_the_one_that_counts_is_not_approved_any_more() {
    let front = testing::open().await.unwrap();
    let records = &front.records;
    two_services(records).await;
    for hash in [2, 3] {
        records.propose("op-1", &proposal(hash), NOW).await.unwrap();
    }
    records
        .approve("op-2", CLINIC, (3, &[3; 32]), &|_, _| true, NOW)
        .await
        .unwrap();
    // Its keys may be the ones that were lost.
    let back = records.approve("op-2", CLINIC, (2, &[2; 32]), &|_, _| true, NOW).await;
    assert!(matches!(back, Err(FrontError::NotFound(_))), "{back:?}");
    let partner = records.partner(CLINIC).await.unwrap().unwrap().partner;
    assert_eq!(partner.current.unwrap().edition, 3);
}

#[tokio::test]
async fn what_was_tried_of_other_keys_or_places_is_forgotten_and_the_service_goes_on_trial() {
    let front = testing::open().await.unwrap();
    let records = &front.records;
    two_services(records).await;
    let seen = SignInTrial::Named;
    records.tried_sign_in("op-1", CLINIC, seen, NOW).await.unwrap();
    records.tried_logout(CLINIC, LogoutTrial::Sealed, NOW).await.unwrap();
    records.switch_on("op-1", CLINIC, NOW).await.unwrap();
    let stands = async || {
        let partner = records.partner(CLINIC).await.unwrap().unwrap().partner;
        (partner.state, partner.sign_in, partner.logout)
    };
    for (hash, edition, alike, expected) in [
        (2, 2, true, (PartnerState::On, SignInTrial::Named, LogoutTrial::Sealed)),
        (
            3,
            3,
            false,
            (PartnerState::Trial, SignInTrial::Untried, LogoutTrial::Untried),
        ),
    ] {
        records.propose("op-1", &proposal(hash), NOW).await.unwrap();
        records
            .approve("op-2", CLINIC, (edition, &[hash; 32]), &|_, _| alike, NOW)
            .await
            .unwrap();
        assert_eq!(stands().await, expected);
    }
    assert!(records.switch_on("op-1", CLINIC, NOW).await.is_err());
}

#[tokio::test]
async fn a_partner_is_switched_off_at_once_for_every_instance() {
    let front = testing::open().await.unwrap();
    two_services(&front.records).await;
    front.records.switch_off("op-1", CLINIC, "key lost", NOW).await.unwrap();
    let partner = front.second_instance().partner(CLINIC).await.unwrap().unwrap().partner;
    assert_eq!(partner.state, PartnerState::Off);
    assert_eq!(partner.state_reason.as_deref(), Some("key lost"));
    assert_eq!(front.records.partners().await.unwrap().len(), 2);
}

#[tokio::test]
async fn lifetimes_stay_inside_what_the_table_allows() {
    let front = testing::open().await.unwrap();
    two_services(&front.records).await;
    let longer = Lifetimes {
        assertion: 300,
        session: 1800,
        skew: 30,
    };
    front.records.set_lifetimes("op-1", CLINIC, longer, NOW).await.unwrap();
    let partner = front.records.partner(CLINIC).await.unwrap().unwrap().partner;
    assert_eq!(partner.lifetimes, longer);
    let endless = Lifetimes {
        assertion: 86_400,
        ..longer
    };
    assert!(front.records.set_lifetimes("op-1", CLINIC, endless, NOW).await.is_err());
}
