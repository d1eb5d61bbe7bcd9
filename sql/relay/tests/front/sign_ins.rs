//! Sign-ins under way and answered, sessions, artifacts, and what is not taken twice.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use relay_core::registration::Message as Said;
use relay_records::front::{
    Ending, FrontError, NewArtifact, NewProcedure, NewSession, PartnerKind, ProcedureKind, Proposal, Pulled, Seen,
    SeenKind, SessionUsed, Whence,
};
use relay_records_testing::front as testing;
use time::Duration;

use crate::{
    CLINIC, NOW, SCHOOL, active_card, active_card_with, answer, card_after, message, new_id, new_session, two_services,
};

fn whence(address: &str) -> Whence {
    Whence::from(address.parse::<IpAddr>().unwrap())
}

fn request(id: &str) -> Seen {
    Seen {
        kind: SeenKind::AuthnRequest,
        issuer: CLINIC.into(),
        id: id.into(),
        until: NOW + Duration::minutes(10),
    }
}

#[tokio::test]
async fn a_sign_in_begun_at_one_instance_goes_on_at_another() {
    let front = testing::open().await.unwrap();
    let id = new_id();
    let new = NewProcedure {
        id,
        kind: ProcedureKind::SignIn,
        browser: Some(b"browser"),
        state: b"awaiting the card",
        expires_at: NOW + Duration::minutes(5),
    };
    front.records.begin(&new, Some(&request("_1")), NOW).await.unwrap();
    let other = front.second_instance();
    let read = other
        .procedure(id, ProcedureKind::SignIn, Some(b"browser"), NOW)
        .await
        .unwrap();
    assert_eq!(read.state.as_slice(), b"awaiting the card");
    other.move_on(id, read.version, b"moved", None, NOW).await.unwrap();
    // The first window, a moment late.
    let late = front.records.move_on(id, read.version, b"late", None, NOW).await;
    assert!(matches!(late, Err(FrontError::ProcedureOver)));
    for (browser, at) in [
        (Some(b"another".as_slice()), NOW),
        (None, NOW),
        (Some(b"browser".as_slice()), NOW + Duration::minutes(6)),
    ] {
        let over = other.procedure(id, ProcedureKind::SignIn, browser, at).await;
        assert!(matches!(over, Err(FrontError::ProcedureOver)));
    }
}

#[tokio::test]
async fn a_request_is_taken_once_also_by_another_instance_and_after_a_restart() {
    let front = testing::open().await.unwrap();
    front.records.take_once(&request("_1")).await.unwrap();
    let again = front.second_instance().take_once(&request("_1")).await;
    assert!(matches!(again, Err(FrontError::Replayed)));
    front.records.take_once(&request("_2")).await.unwrap();
    let mut other_issuer = request("_1");
    other_issuer.issuer = SCHOOL.into();
    front.records.take_once(&other_issuer).await.unwrap();
    // Swept only when it is too old to be taken anyway.
    assert_eq!(front.records.sweep(NOW).await.unwrap(), 0);
    assert_eq!(front.records.sweep(NOW + Duration::minutes(11)).await.unwrap(), 3);
}

#[tokio::test]
async fn an_answer_is_recorded_whole_or_not_at_all() {
    let front = testing::open().await.unwrap();
    let card = active_card(&front.records).await;
    two_services(&front.records).await;
    let id = new_id();
    let new = NewProcedure {
        id,
        kind: ProcedureKind::SignIn,
        browser: None,
        state: b"",
        expires_at: NOW + Duration::minutes(5),
    };
    front.records.begin(&new, None, NOW).await.unwrap();
    let session = new_session(card, b"cookie");
    let first = answer(SessionUsed::New(Box::new(session.clone())), CLINIC, Some((id, 1)));
    front.records.answered(&first, NOW).await.unwrap();
    // The same procedure answered twice, by a second window.
    let twice = answer(
        SessionUsed::New(Box::new(new_session(card, b"c2"))),
        CLINIC,
        Some((id, 1)),
    );
    assert!(matches!(
        front.records.answered(&twice, NOW).await,
        Err(FrontError::ProcedureOver)
    ));
    assert_eq!(front.records.session(b"c2", NOW).await.unwrap(), None);
    // One blob stands in one assertion.
    let mut same_blob = answer(SessionUsed::Existing(session.id), SCHOOL, None);
    same_blob.note.subjects = first.note.subjects.clone();
    assert!(front.records.answered(&same_blob, NOW).await.is_err());
    assert_eq!(front.records.participants(session.id).await.unwrap().len(), 1);
    let used = front.records.blobs_used(NOW, NOW + Duration::seconds(1)).await.unwrap();
    assert_eq!(used.len(), 1);
    assert_eq!(used[0].service, CLINIC);
    assert!(front.records.verify_audit().await.unwrap().broken.is_empty());
}

#[tokio::test]
async fn no_session_begins_for_a_card_suspended_a_moment_ago() {
    let front = testing::open().await.unwrap();
    let card = active_card(&front.records).await;
    two_services(&front.records).await;
    front
        .records
        .take(&message(3, Said::Suspend { registration: card }), NOW)
        .await
        .unwrap();
    let late = answer(SessionUsed::New(Box::new(new_session(card, b"cookie"))), CLINIC, None);
    assert!(matches!(
        front.records.answered(&late, NOW).await,
        Err(FrontError::NotSo { rule: "not active", .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_switched_off_or_out_of_date_in_mid_login_is_given_no_assertion() {
    let front = testing::open().await.unwrap();
    let records = &front.records;
    two_services(records).await;
    let card = active_card(records).await;
    let late = |cookie: &[u8]| answer(SessionUsed::New(Box::new(new_session(card, cookie))), CLINIC, None);
    records.switch_off("op-1", CLINIC, "key lost", NOW).await.unwrap();
    assert!(matches!(
        records.answered(&late(b"one"), NOW).await,
        Err(FrontError::PartnerNotNow { .. })
    ));
    assert!(records.session(b"one", NOW).await.unwrap().is_none());
    // On again, with metadata that end in an hour.
    let ending = Proposal {
        entity_id: CLINIC,
        kind: PartnerKind::Service,
        metadata: "<md:EntityDescriptor/>",
        sha256: [5; 32],
        valid_until: Some(NOW + Duration::hours(1)),
    };
    let edition = records.propose("op-1", &ending, NOW).await.unwrap();
    records
        .approve("op-2", CLINIC, (edition, &[5; 32]), &|_, _| true, NOW)
        .await
        .unwrap();
    records.switch_to_trial("op-1", CLINIC, NOW).await.unwrap();
    assert!(records.answered(&late(b"two"), NOW + Duration::hours(1)).await.is_err());
    records.answered(&late(b"three"), NOW).await.unwrap();
}

#[tokio::test]
async fn a_pulled_card_ends_the_session_once_and_names_who_is_to_be_told() {
    let front = testing::open().await.unwrap();
    let card = active_card(&front.records).await;
    two_services(&front.records).await;
    let session = new_session(card, b"cookie");
    let id = session.id;
    let first = answer(SessionUsed::New(Box::new(session)), CLINIC, None);
    front.records.answered(&first, NOW).await.unwrap();
    front
        .records
        .answered(&answer(SessionUsed::Existing(id), SCHOOL, None), NOW)
        .await
        .unwrap();
    let index = &front.records.session_index(id, CLINIC);
    assert_ne!(*index, front.records.session_index(id, SCHOOL));
    assert_eq!(
        front.records.session_by_index(CLINIC, index, NOW).await.unwrap(),
        Some(id)
    );
    assert_eq!(front.records.session_by_index(SCHOOL, index, NOW).await.unwrap(), None);
    assert_eq!(front.records.card_gone(b"guessed", NOW).await.unwrap(), None);
    let ended = front.records.card_gone(b"gone", NOW).await.unwrap().unwrap();
    assert_eq!(ended.participants.len(), 2);
    assert_eq!(front.records.card_gone(b"gone", NOW).await.unwrap(), None);
    front.records.told(id, CLINIC, "soap", NOW).await.unwrap();
    front
        .records
        .not_told(id, SCHOOL, "soap", "away", Some(NOW + Duration::minutes(1)), NOW)
        .await
        .unwrap();
    // Asked again, only who has not answered is left.
    let left = front.records.end_session(id, Ending::Logout, None, NOW).await.unwrap();
    assert_eq!(left.participants.len(), 1);
    assert_eq!(left.participants[0].service, SCHOOL);
    let late = front
        .records
        .answered(&answer(SessionUsed::Existing(id), SCHOOL, None), NOW)
        .await;
    assert!(matches!(late, Err(FrontError::NotFound("session"))));
}

#[tokio::test]
async fn a_card_pulled_where_it_was_shown_ends_what_it_began_there_before_and_nothing_else() {
    let front = testing::open().await.unwrap();
    let records = &front.records;
    two_services(records).await;
    let (certificate, other) = ([7; 64], [8; 64]);
    let card = active_card_with(records, 0, &certificate).await;
    let others = active_card_with(records, 2, &other).await;
    let (hall, home) = (whence("192.0.2.7"), whence("2001:db8::7"));
    let begin = async |card, cookie: &[u8], shown_from, at| {
        let session = NewSession {
            gone: None,
            shown_from,
            authenticated_at: at,
            ..new_session(card, cookie)
        };
        let answered = answer(SessionUsed::New(Box::new(session)), CLINIC, None);
        records.answered(&answered, NOW).await.unwrap();
    };
    let later = NOW + Duration::minutes(9);
    begin(card, b"in the hall", Some(hall), NOW).await;
    begin(card, b"in the hall, later", Some(hall), later).await;
    begin(card, b"at home", Some(home), NOW).await;
    begin(card, b"through the bridge", None, NOW).await;
    begin(others, b"another card", Some(hall), NOW).await;
    let going_on = async || {
        let mut going_on = Vec::new();
        for cookie in [
            "in the hall",
            "in the hall, later",
            "at home",
            "through the bridge",
            "another card",
        ] {
            if records.session(cookie.as_bytes(), later).await.unwrap().is_some() {
                going_on.push(cookie);
            }
        }
        going_on
    };
    let pulled = async |certificate: &[u8], at, whence| {
        let hash = digest(&SHA256, certificate);
        let pulled = Pulled {
            certificate_sha256: hash.as_ref().try_into().unwrap(),
            at,
            whence,
        };
        records.card_pulled(&pulled, later).await.unwrap().len()
    };
    assert_eq!(pulled(&[9; 64], later, None).await, 0, "nobody's card");
    assert_eq!(pulled(&certificate, later, Some(whence("192.0.2.8"))).await, 0);
    assert_eq!(going_on().await.len(), 5);
    assert_eq!(pulled(&certificate, NOW, Some(hall)).await, 1);
    assert_eq!(pulled(&certificate, NOW, Some(hall)).await, 0, "told again");
    assert_eq!(
        going_on().await,
        ["in the hall, later", "at home", "through the bridge", "another card"]
    );
    // From anywhere, where a relay takes it so; what has a token waits for that.
    assert_eq!(pulled(&certificate, later, None).await, 2);
    assert_eq!(going_on().await, ["through the bridge", "another card"]);
}

#[tokio::test]
async fn the_same_card_shown_again_carries_the_session_on_under_a_new_cookie() {
    let front = testing::open().await.unwrap();
    let records = &front.records;
    two_services(records).await;
    let card = active_card(records).await;
    let first = new_session(card, b"first");
    let id = first.id;
    let at_clinic = answer(SessionUsed::New(Box::new(first)), CLINIC, None);
    records.answered(&at_clinic, NOW).await.unwrap();
    let later = NOW + Duration::minutes(50);
    let again = |cookie: &[u8]| NewSession {
        id,
        context: "stronger".to_owned(),
        authenticated_at: later,
        expires_at: later + Duration::hours(1),
        gone: None,
        shown_from: None,
        carries_on: true,
        ..new_session(card, cookie)
    };
    let forced = answer(SessionUsed::New(Box::new(again(b"second"))), SCHOOL, None);
    assert!(records.answered(&forced, later).await.unwrap().is_empty());
    assert!(records.session(b"first", later).await.unwrap().is_none());
    let session = records.session(b"second", later).await.unwrap().unwrap();
    assert_eq!((session.id, session.context.as_str()), (id, "stronger"));
    assert_eq!(session.authenticated_at, later);
    // The clinic was not told that it is over, and the trail knows which session it was.
    assert_eq!(records.participants(id).await.unwrap().len(), 2);
    let trail = records.audit_since(NOW, 10).await.unwrap();
    assert!(trail.iter().all(|one| one.event.act != "session.ended"), "{trail:?}");
    assert_eq!(trail[0].event.subjects["session"], records.session_at(id, SCHOOL));
    // A bridge that watches the card still ends it, and what is over does not come back.
    assert!(records.card_gone(b"gone", later).await.unwrap().is_some());
    assert!(records.holder_of_session(id, later).await.unwrap().is_none());
    let late = answer(SessionUsed::New(Box::new(again(b"third"))), CLINIC, None);
    assert!(matches!(
        records.answered(&late, later).await,
        Err(FrontError::NotFound("session"))
    ));
    assert!(records.session(b"third", later).await.unwrap().is_none());
}

#[tokio::test]
async fn another_card_in_the_same_browser_ends_the_first_ones_session() {
    let front = testing::open().await.unwrap();
    let card = active_card(&front.records).await;
    two_services(&front.records).await;
    let first = new_session(card, b"one");
    let first_id = first.id;
    front
        .records
        .answered(&answer(SessionUsed::New(Box::new(first)), CLINIC, None), NOW)
        .await
        .unwrap();
    let other = card_after(&front.records, 2).await;
    let mut second = new_session(other, b"two");
    second.gone = None;
    second.replaces = Some(first_id);
    let ended = front
        .records
        .answered(&answer(SessionUsed::New(Box::new(second)), SCHOOL, None), NOW)
        .await
        .unwrap();
    assert_eq!(ended.len(), 1);
    assert_eq!((ended[0].session, ended[0].participants.len()), (first_id, 1));
    assert_eq!(front.records.session(b"one", NOW).await.unwrap(), None);
    assert!(front.records.session(b"two", NOW).await.unwrap().is_some());
}

#[tokio::test]
async fn somebody_with_very_many_sessions_has_one_ended_for_the_next_and_all_end_with_the_card() {
    let front = testing::open().await.unwrap();
    let card = active_card(&front.records).await;
    two_services(&front.records).await;
    let begin = async |number: u32| {
        let mut session = new_session(card, &number.to_be_bytes());
        session.gone = None;
        let answer = answer(SessionUsed::New(Box::new(session)), CLINIC, None);
        front.records.answered(&answer, NOW).await.unwrap()
    };
    for number in 0..64 {
        assert!(begin(number).await.is_empty());
    }
    let ended = begin(64).await;
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].participants.len(), 1);
    let said = message(3, Said::Suspend { registration: card });
    let applied = front.records.take(&said, NOW).await.unwrap();
    assert_eq!(applied.ended.len(), 64);
}

#[tokio::test]
async fn a_message_is_fetched_by_its_artifact_once_and_by_its_service_only() {
    let front = testing::open().await.unwrap();
    two_services(&front.records).await;
    let mut kept = answer(SessionUsed::None, CLINIC, None);
    kept.participant = None;
    kept.artifact = Some(NewArtifact {
        handle: [5; 20],
        service: CLINIC.into(),
        message: "<samlp:Response/>".into(),
        expires_at: NOW + Duration::minutes(1),
    });
    front.records.answered(&kept, NOW).await.unwrap();
    let take = async |service, at| front.records.take_artifact(&[5; 20], service, at).await.unwrap();
    assert_eq!(take(SCHOOL, NOW).await, None);
    assert_eq!(take(CLINIC, NOW + Duration::minutes(2)).await, None);
    assert_eq!(
        take(CLINIC, NOW).await.as_deref().map(String::as_str),
        Some("<samlp:Response/>")
    );
    assert_eq!(take(CLINIC, NOW).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_suspended_while_its_sign_in_is_answered_leaves_no_session_that_goes_on() {
    let front = testing::open().await.unwrap();
    two_services(&front.records).await;
    let card = active_card(&front.records).await;
    let mut seq = 2;
    for turn in 0..30_u32 {
        let mut session = new_session(card, &turn.to_be_bytes());
        session.gone = None;
        let id = session.id;
        let answered = answer(SessionUsed::New(Box::new(session)), CLINIC, None);
        let suspend = message(seq + 1, Said::Suspend { registration: card });
        let (answered, suspended) = tokio::join!(
            front.records.answered(&answered, NOW),
            front.records.take(&suspend, NOW)
        );
        // Either it came first and was ended, its service to be told, or it came too late and was refused.
        let ended = suspended.unwrap().ended;
        match answered {
            Ok(_) => assert!(
                ended
                    .iter()
                    .any(|ended| ended.session == id && ended.participants.len() == 1)
            ),
            Err(error) => assert!(matches!(error, FrontError::NotSo { .. }), "{error}"),
        }
        assert!(front.records.session(&turn.to_be_bytes(), NOW).await.unwrap().is_none());
        let resume = message(seq + 2, Said::Resume { registration: card });
        front.records.take(&resume, NOW).await.unwrap();
        seq += 2;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_joins_a_session_while_it_ends_is_told_or_gets_nothing() {
    let front = testing::open().await.unwrap();
    two_services(&front.records).await;
    let card = active_card(&front.records).await;
    for turn in 0..30_u32 {
        let mut session = new_session(card, &turn.to_be_bytes());
        session.gone = None;
        let id = session.id;
        let first = answer(SessionUsed::New(Box::new(session)), CLINIC, None);
        front.records.answered(&first, NOW).await.unwrap();
        let second = answer(SessionUsed::Existing(id), SCHOOL, None);
        let (second, ended) = tokio::join!(
            front.records.answered(&second, NOW),
            front.records.end_session(id, Ending::Logout, None, NOW)
        );
        let told = ended.unwrap().participants.len();
        match second {
            Ok(_) => assert_eq!(told, 2),
            Err(error) => {
                assert!(matches!(error, FrontError::NotFound("session")), "{error}");
                assert_eq!(told, 1);
            }
        }
    }
}
