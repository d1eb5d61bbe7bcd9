//! What an office sends: in order, exactly once, and at its word at once.

use relay_core::{
    pseudonym::{KeyEdition, PolymorphicPseudonym},
    registration::{Message as Said, RevocationReason, Rule, TwoPersons},
};
use relay_records::front::{FrontError, HolderState, NewSession, SessionUsed, Taken};
use relay_records_testing::front as testing;
use store::{Store, StoreError};
use time::Duration;

use crate::{CITY, CLINIC, NOW, active_card, answer, message, new_id, new_session, register, two_services};

#[tokio::test]
async fn a_card_is_registered_then_handed_over_then_suspended_resumed_and_lost() {
    let front = testing::open().await.unwrap();
    let card = new_id();
    let made = register(card);
    let Said::Register {
        certificate_der,
        pseudonym,
        ..
    } = made.clone()
    else {
        unreachable!()
    };
    let hash: [u8; 32] = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &certificate_der.0)
        .as_ref()
        .try_into()
        .unwrap();
    let steps = [
        (made, HolderState::Registered),
        (Said::Activate { registration: card }, HolderState::Active),
        (Said::Suspend { registration: card }, HolderState::Suspended),
        (Said::Resume { registration: card }, HolderState::Active),
        (lost(card), HolderState::Revoked),
    ];
    for (at, (change, state)) in steps.into_iter().enumerate() {
        let applied = front.records.take(&message(at as i64 + 1, change), NOW).await.unwrap();
        assert_eq!((applied.last, applied.refused), (at as i64 + 1, None));
        let holder = front.records.holder(&hash).await.unwrap().unwrap();
        assert_eq!(holder.state, state);
        assert!(holder.pseudonym == pseudonym);
    }
}

#[tokio::test]
async fn what_is_encrypted_under_newer_keys_than_the_front_holds_is_refused_and_may_come_again() {
    let front = testing::open().await.unwrap();
    let card = new_id();
    let mut early = register(card);
    let Said::Register { pseudonym, .. } = &mut early else {
        unreachable!()
    };
    *pseudonym = PolymorphicPseudonym::from_stored(KeyEdition(2), pseudonym.as_bytes()).unwrap();
    let mut sent = message(1, early);
    assert!(matches!(
        front.records.take(&sent, NOW).await,
        Err(FrontError::KeysNotYet { .. })
    ));
    // The rotation is completed here too.
    sent.edition = KeyEdition(2);
    assert_eq!(front.records.take(&sent, NOW).await.unwrap().last, 1);
}

fn lost(registration: uuid::Uuid) -> Said {
    Said::Revoke {
        registration,
        reason: RevocationReason::KeyCompromise,
    }
}

#[tokio::test]
async fn a_wrong_link_is_mended_by_the_office_and_its_sessions_end() {
    let front = testing::open().await.unwrap();
    let card = active_card(&front.records).await;
    two_services(&front.records).await;
    let used = SessionUsed::New(Box::new(new_session(card, b"cookie")));
    front.records.answered(&answer(used, CLINIC, None), NOW).await.unwrap();
    let Said::Register { pseudonym, .. } = register(card) else {
        unreachable!()
    };
    let relink = Said::Relink {
        registration: card,
        pseudonym,
        approved_by: TwoPersons::new("s-1", "s-2").unwrap(),
    };
    let applied = front.records.take(&message(3, relink), NOW).await.unwrap();
    assert_eq!(applied.ended.len(), 1);
    let holder = front.records.holder_by_registration(card).await.unwrap().unwrap();
    assert!(holder.pseudonym == pseudonym && holder.state == HolderState::Active);
    // A name made from the old link while it was being mended is given to nobody; from the new one it is.
    let mut late = NewSession {
        gone: None,
        ..new_session(card, b"late")
    };
    let answered = async |session| {
        let used = SessionUsed::New(Box::new(session));
        front.records.answered(&answer(used, CLINIC, None), NOW).await
    };
    let refused = answered(late.clone()).await.unwrap_err();
    assert!(matches!(
        refused,
        FrontError::NotSo {
            rule: "linked anew meanwhile",
            ..
        }
    ));
    late.link = Some(holder.link);
    answered(late).await.unwrap();
}

#[tokio::test]
async fn a_message_sent_again_is_answered_and_not_applied_again() {
    let front = testing::open().await.unwrap();
    let card = active_card(&front.records).await;
    let suspend = message(3, Said::Suspend { registration: card });
    front.records.take(&suspend, NOW).await.unwrap();
    front
        .records
        .take(&message(4, Said::Resume { registration: card }), NOW)
        .await
        .unwrap();
    let again = front.second_instance().take(&suspend, NOW).await.unwrap();
    assert_eq!(
        again,
        Taken {
            last: 4,
            again: true,
            refused: None,
            ended: Vec::new()
        }
    );
    let holder = front.records.holder_by_registration(card).await.unwrap().unwrap();
    assert_eq!(holder.state, HolderState::Active);
}

#[tokio::test]
async fn a_message_too_early_or_changed_is_refused_and_the_next_number_told() {
    let front = testing::open().await.unwrap();
    let card = active_card(&front.records).await;
    let early = front
        .records
        .take(&message(4, Said::Suspend { registration: card }), NOW)
        .await;
    assert!(
        matches!(
            early,
            Err(FrontError::OutOfOrder {
                expected: 3,
                got: 4,
                ..
            })
        ),
        "{early:?}"
    );
    let changed = message(2, Said::Suspend { registration: card });
    let changed = front.records.take(&changed, NOW).await;
    assert!(
        matches!(changed, Err(FrontError::OtherMessage { seq: 2, .. })),
        "{changed:?}"
    );
    let mut same_envelope = message(3, Said::Suspend { registration: card });
    same_envelope.jti = "jti-2".into();
    let same_envelope = front.records.take(&same_envelope, NOW).await;
    assert!(matches!(same_envelope, Err(FrontError::OtherMessage { seq: 3, .. })));
    assert_eq!(front.records.senders().await.unwrap()[0].last, 2);
}

#[tokio::test]
async fn two_instances_given_the_same_message_at_once_apply_it_once() {
    let front = testing::open().await.unwrap();
    let other = front.second_instance();
    let card = new_id();
    let first = message(1, register(card));
    let (one, two) = tokio::join!(front.records.take(&first, NOW), other.take(&first, NOW));
    let again = [one.unwrap(), two.unwrap()]
        .iter()
        .filter(|applied| applied.again)
        .count();
    assert_eq!(again, 1);
}

#[tokio::test]
async fn what_contradicts_the_register_is_refused_for_good_by_its_rule_and_the_next_one_is_taken() {
    let front = testing::open().await.unwrap();
    let card = active_card(&front.records).await;
    let activate = Said::Activate { registration: card };
    let another = register(new_id());
    let mut same_certificate = another.clone();
    if let Said::Register { registration, .. } = &mut same_certificate {
        *registration = new_id();
    }
    let day = [
        (register(card), Some(Rule::RegisteredAlready)),
        (activate.clone(), Some(Rule::ActivatedAlready)),
        (Said::Resume { registration: card }, Some(Rule::NotSuspended)),
        (Said::Suspend { registration: new_id() }, Some(Rule::NotRegistered)),
        (another, None),
        (same_certificate, Some(Rule::CertificateTaken)),
        (Said::Suspend { registration: card }, None),
        (Said::Suspend { registration: card }, Some(Rule::NotActive)),
        (lost(card), None),
        (activate, Some(Rule::Revoked)),
        (lost(card), Some(Rule::Revoked)),
    ];
    for (at, (said, rule)) in day.iter().enumerate() {
        let number = at as i64 + 3;
        let sent = message(number, said.clone());
        let taken = front.records.take(&sent, NOW).await.unwrap();
        assert_eq!(taken.refused, rule.map(Rule::code), "{said:?}");
        assert_eq!((taken.last, taken.again), (number, false));
    }
    let holder = front.records.holder_by_registration(card).await.unwrap().unwrap();
    assert_eq!(holder.state, HolderState::Revoked);

    // Whoever asks again, here or at another instance, hears the same, also of what has become possible meanwhile.
    let other = front.second_instance();
    for (at, (said, rule)) in day.iter().enumerate() {
        let taken = other.take(&message(at as i64 + 3, said.clone()), NOW).await.unwrap();
        assert_eq!((taken.again, taken.refused), (true, rule.map(Rule::code)), "{said:?}");
    }
    let sender = &front.records.senders().await.unwrap()[0];
    assert_eq!((sender.last, sender.refused), (13, 8));
    // Each is in the trail once, with its rule.
    let trail = front.records.audit_since(NOW, 100).await.unwrap();
    let rules: Vec<_> = trail
        .iter()
        .rev()
        .filter(|event| event.event.act == "intake.refused")
        .map(|event| event.event.details["rule"].as_str().unwrap().to_owned())
        .collect();
    let expected: Vec<_> = day.iter().filter_map(|(_, rule)| rule.map(Rule::as_str)).collect();
    assert_eq!(rules, expected);
}

#[tokio::test]
async fn another_office_may_not_touch_a_registration() {
    let front = testing::open().await.unwrap();
    let card = active_card(&front.records).await;
    let mut foreign = message(1, Said::Suspend { registration: card });
    foreign.sender = "https://office.other.example".into();
    let taken = front.records.take(&foreign, NOW).await.unwrap();
    assert_eq!(taken.refused, Some(Rule::OtherOffice.code()));
    let holder = front.records.holder_by_registration(card).await.unwrap().unwrap();
    assert_eq!(holder.state, HolderState::Active);
}

#[tokio::test]
async fn a_suspended_card_ends_its_sessions_and_names_the_services_to_tell() {
    let front = testing::open().await.unwrap();
    let card = active_card(&front.records).await;
    two_services(&front.records).await;
    let session = new_session(card, b"cookie");
    let id = session.id;
    let used = SessionUsed::New(Box::new(session));
    front.records.answered(&answer(used, CLINIC, None), NOW).await.unwrap();
    let applied = front
        .records
        .take(
            &message(3, Said::Suspend { registration: card }),
            NOW + Duration::seconds(5),
        )
        .await
        .unwrap();
    assert_eq!(applied.ended.len(), 1);
    assert_eq!(applied.ended[0].session, id);
    assert_eq!(applied.ended[0].participants[0].service, CLINIC);
    assert_eq!(front.records.session(b"cookie", NOW).await.unwrap(), None);
    assert_eq!(front.records.senders().await.unwrap()[0].name, CITY);
}

#[tokio::test]
async fn a_messages_row_does_not_say_without_the_fronts_keys_which_registration_it_was_about() {
    let front = testing::open().await.unwrap();
    let registration = active_card(&front.records).await;
    let dump = String::from_utf8(front.database.dump().unwrap()).unwrap();
    let row = |seq: i64| {
        let row = dump
            .lines()
            .find(|line| line.contains("front.intake ") && line.contains(&format!("jti-{seq}'")));
        row.unwrap_or_default().to_owned()
    };
    let plain = serde_json::to_vec(&Said::Activate { registration }).unwrap();
    let plain = &hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &plain));
    assert!(row(2).contains("front.intake") && !row(2).contains(plain), "{}", row(2));
    // A row from before is known by its plain hash.
    let store = Store::new(&front.database.superuser());
    let as_before: Result<u64, StoreError> = store
        .run("as_before", |tx| async move {
            let sql = "UPDATE front.intake SET body_sha256 = decode($1, 'hex') WHERE seq = 2";
            tx.execute(sql, &[plain]).await
        })
        .await;
    assert_eq!(as_before.unwrap(), 1);
    let again = front
        .records
        .take(&message(2, Said::Activate { registration }), NOW)
        .await;
    assert!(again.unwrap().again);
}
