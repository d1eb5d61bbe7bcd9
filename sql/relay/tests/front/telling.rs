//! Telling services that a session is over, until each knows or is given up.

use relay_records::front::{AuditAct, Ended, Ending, SessionId, SessionUsed, Told, testing};
use time::Duration;

use crate::{CLINIC, NOW, SCHOOL, active_card, answer, new_session, two_services};

const LATER: Duration = Duration::seconds(10);

/// A session at the clinic and the school.
async fn session_at_both(front: &testing::TestFront) -> SessionId {
    let card = active_card(&front.records).await;
    two_services(&front.records).await;
    let session = new_session(card, b"cookie");
    let id = session.id;
    for answer in [
        answer(SessionUsed::New(Box::new(session)), CLINIC, None),
        answer(SessionUsed::Existing(id), SCHOOL, None),
    ] {
        front.records.answered(&answer, NOW).await.unwrap();
    }
    id
}

fn services(due: &[Ended]) -> Vec<&str> {
    let mut services: Vec<_> = due.iter().map(|one| one.participants[0].service.as_str()).collect();
    services.sort_unstable();
    services
}

#[tokio::test]
async fn what_nobody_told_is_taken_up_once_at_a_time_and_by_whoever_is_there() {
    let front = testing::open().await.unwrap();
    let records = &front.records;
    let session = session_at_both(&front).await;
    assert!(
        records
            .due_tellings(9, NOW + LATER, NOW + LATER)
            .await
            .unwrap()
            .is_empty()
    );
    records.end_session(session, Ending::Logout, None, NOW).await.unwrap();
    // Who ended it is telling them now.
    assert!(records.due_tellings(9, NOW + LATER, NOW).await.unwrap().is_empty());
    // They died over it: whoever looks next has both, and another one looking meanwhile has neither.
    let (now, until) = (NOW + LATER, NOW + LATER * 2);
    let due = records.due_tellings(9, until, now).await.unwrap();
    assert_eq!(services(&due), [CLINIC, SCHOOL]);
    assert_eq!((due[0].session, due[0].at), (session, NOW));
    assert_eq!(due[0].participants[0].telling, Told::NotYet { tries: 1 });
    assert!(due[0].participants[0].name_id.contains("canary"));
    assert!(records.due_tellings(9, until, now).await.unwrap().is_empty());
    records.told(session, CLINIC, "soap", now).await.unwrap();
    assert_eq!(
        services(&records.due_tellings(9, until, until).await.unwrap()),
        [SCHOOL]
    );
}

#[tokio::test]
async fn who_asked_is_not_told_and_who_is_given_up_is_in_the_trail_and_never_told_again() {
    let front = testing::open().await.unwrap();
    let records = &front.records;
    let session = session_at_both(&front).await;
    let ended = records.end_session(session, Ending::Logout, Some(CLINIC), NOW);
    assert_eq!(ended.await.unwrap().participants.len(), 1);
    let next = NOW + LATER;
    let later = records.not_told(session, SCHOOL, "soap", "away", Some(next), NOW);
    later.await.unwrap();
    let due = records.due_tellings(9, next + LATER, next).await.unwrap();
    assert_eq!(services(&due), [SCHOOL]);
    let given_up = records.not_told(session, SCHOOL, "soap", "away", None, next);
    given_up.await.unwrap();
    let year = NOW + Duration::days(365);
    assert!(records.due_tellings(9, year, year).await.unwrap().is_empty());
    let telling: Vec<_> = records.participants(session).await.unwrap();
    assert_eq!(telling.len(), 1);
    assert_eq!(
        (telling[0].service.as_str(), telling[0].telling),
        (SCHOOL, Told::GivenUp)
    );
    let trail = records.audit_since(NOW, 100).await.unwrap();
    let last = trail
        .iter()
        .find(|event| event.event.act == AuditAct::LogoutGivenUp.as_str());
    assert_eq!(last.unwrap().event.details["tries"], 2, "{trail:?}");
    // It answers after all, by a visit of the person's.
    records.told(session, SCHOOL, "browser", year).await.unwrap();
    assert!(records.participants(session).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_runs_the_relay_sees_how_far_each_service_is_behind_and_no_more() {
    let front = testing::open().await.unwrap();
    let records = &front.records;
    let session = session_at_both(&front).await;
    assert_eq!(records.untold().await.unwrap(), []);
    records.end_session(session, Ending::Logout, None, NOW).await.unwrap();
    records.told(session, CLINIC, "soap", NOW).await.unwrap();
    let next = NOW + Duration::seconds(75);
    let later = records.not_told(session, SCHOOL, "soap", "away", Some(next), NOW);
    later.await.unwrap();
    let seen = records.untold().await.unwrap();
    let [school] = seen.as_slice() else {
        panic!("one service is behind: {seen:?}");
    };
    assert_eq!(school.service, SCHOOL);
    assert_eq!((school.waiting, school.given_up), (1, 0));
    // To the hour and to the minute: what two services show here does not match one person's sign-ins.
    let (since, told) = (school.since.unwrap(), school.next.unwrap());
    assert!(since <= NOW && NOW - since < Duration::HOUR && since.unix_timestamp() % 3_600 == 0);
    assert!(next <= told && told - next < Duration::MINUTE && told.unix_timestamp() % 60 == 0);
    let given_up = records.not_told(session, SCHOOL, "soap", "away", None, next);
    given_up.await.unwrap();
    let seen = records.untold().await.unwrap();
    assert_eq!((seen[0].waiting, seen[0].given_up, seen[0].next), (0, 1, None));
}
