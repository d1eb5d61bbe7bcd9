//! Telling services that a session is over, until each knows or is given up.

use relay_records::front::{Ended, Ending, FrontRecords, SessionId, SessionUsed, TellingResult, Told, USER};
use relay_records_testing::front as testing;
use store::{Store, StoreError};
use time::{Duration, OffsetDateTime};

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

/// What the auditor sees of it.
async fn counted(records: &FrontRecords) -> Vec<(String, TellingResult, u64)> {
    let told = records.tellings(NOW - Duration::HOUR).await.unwrap();
    told.into_iter()
        .map(|one| (one.service, one.result, one.count))
        .collect()
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
    let after = until + Duration::seconds(5);
    let due = records.due_tellings(9, until, now).await.unwrap();
    assert_eq!(services(&due), [CLINIC, SCHOOL]);
    assert_eq!((due[0].session, due[0].at), (session, NOW));
    assert_eq!(due[0].participants[0].telling, Told::NotYet { tries: 1 });
    assert!(due[0].participants[0].name_id.contains("canary"));
    assert!(records.due_tellings(9, until, now).await.unwrap().is_empty());
    records.told(session, CLINIC, "soap", now).await.unwrap();
    assert_eq!(
        services(&records.due_tellings(9, after + LATER, after).await.unwrap()),
        [SCHOOL]
    );
}

#[tokio::test]
async fn who_asked_is_not_told_and_who_is_given_up_is_counted_and_never_told_again() {
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
    assert_eq!(
        counted(records).await,
        [
            (SCHOOL.to_owned(), TellingResult::Failed, 2),
            (SCHOOL.to_owned(), TellingResult::GivenUp, 1)
        ]
    );
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

#[tokio::test]
async fn what_came_of_telling_is_counted_by_the_hour_and_the_trail_does_not_say_who_was_told_together() {
    let front = testing::open().await.unwrap();
    let records = &front.records;
    let session = session_at_both(&front).await;
    records.end_session(session, Ending::Logout, None, NOW).await.unwrap();
    let before = records.audit_since(NOW, 100).await.unwrap().len();
    records
        .told(session, CLINIC, "soap", NOW + Duration::seconds(1))
        .await
        .unwrap();
    let failed = records.not_told(session, SCHOOL, "soap", "away", Some(NOW + LATER), NOW);
    failed.await.unwrap();
    records.told(session, SCHOOL, "soap", NOW + LATER).await.unwrap();
    let hours = records.tellings(NOW - Duration::HOUR).await.unwrap();
    assert!(hours.iter().all(|one| one.hour == NOW), "{hours:?}");
    let told = (CLINIC.to_owned(), TellingResult::Told, 1);
    let of_school = |result| (SCHOOL.to_owned(), result, 1);
    let of_school = [TellingResult::Failed, TellingResult::Told].map(of_school);
    assert_eq!(counted(records).await, [&[told][..], &of_school].concat());
    let trail = records.audit_since(NOW, 100).await.unwrap();
    assert_eq!(trail.len(), before);
    let ended = trail.iter().find(|one| one.event.act == "session.ended").unwrap();
    assert!(!ended.event.details.contains_key("services"), "{ended:?}");
    // What was counted is not taken back.
    let store = Store::new(&front.database.door(USER));
    let less: Result<(), StoreError> = store
        .run("less", |tx| async move {
            tx.batch("UPDATE front.telling SET count = count - 1").await
        })
        .await;
    assert!(less.is_err_and(|error| error.is_constraint("refusal_counts_up")));
}

#[tokio::test]
async fn two_services_that_wait_together_wait_for_moments_of_their_own() {
    let front = testing::open().await.unwrap();
    let records = &front.records;
    let session = session_at_both(&front).await;
    records.end_session(session, Ending::Logout, None, NOW).await.unwrap();
    let store = Store::new(&front.database.superuser());
    let waiting = async || -> Vec<OffsetDateTime> {
        let read = store.run("waiting", |tx| async move {
            let rows = tx.query("SELECT next_try_at FROM front.participant", &[]).await?;
            Ok::<_, StoreError>(rows.iter().map(|row| row.get(0)).collect())
        });
        read.await.unwrap()
    };
    let ended = waiting().await;
    assert!(ended.len() == 2 && ended[0] != ended[1], "{ended:?}");
    // Taken up together they are put off each by itself.
    let due = records.due_tellings(9, NOW + LATER * 2, NOW + LATER).await.unwrap();
    assert_eq!(due.len(), 2);
    let put_off = waiting().await;
    assert!(put_off.len() == 2 && put_off[0] != put_off[1], "{put_off:?}");
}
