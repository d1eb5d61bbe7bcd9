//! The schema explains itself, grants no more than is needed, and holds nothing that tells who or where.

use std::{cell::Cell, collections::HashMap};

use relay_records::front::{AuditAct, Ending, FrontError, NewSession, SessionUsed, USER};
use relay_records_testing::front as testing;
use store::{Store, StoreError, install::SetupError};

use crate::{CLINIC, NOW, SCHOOL, active_card, answer, new_session, two_services};

async fn texts(store: &Store, sql: &'static str) -> Vec<String> {
    store
        .run("texts", |tx| async move {
            Ok::<_, StoreError>(tx.query(sql, &[]).await?.iter().map(|row| row.get(0)).collect())
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn every_table_and_column_says_what_it_is() {
    let front = testing::open().await.unwrap();
    let store = Store::new(&front.database.superuser());
    let silent = texts(
        &store,
        "SELECT c.relname || coalesce('.' || a.attname, '') FROM pg_class c\n\
         JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'front'\n\
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped\n\
         WHERE c.relkind IN ('r', 'v') AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL)",
    )
    .await;
    assert!(silent.is_empty(), "without a comment: {silent:?}");
}

#[tokio::test]
async fn the_list_of_acts_in_the_database_is_the_one_in_the_code() {
    let front = testing::open().await.unwrap();
    let store = Store::new(&front.database.superuser());
    let mut known = texts(&store, "SELECT act FROM front.audit_act").await;
    let mut ours: Vec<String> = AuditAct::ALL.iter().map(|act| act.as_str().to_owned()).collect();
    known.sort();
    ours.sort();
    assert_eq!(known, ours);
}

#[tokio::test]
async fn the_fronts_role_can_neither_define_nor_rewrite() {
    let front = testing::open().await.unwrap();
    let store = Store::new(&front.database.door(USER));
    for sql in [
        "CREATE TABLE front.extra (id int)",
        "DROP TABLE front.holder",
        "DELETE FROM front.holder",
        "DELETE FROM front.audit_event",
        "UPDATE front.audit_event SET actor = 'x'",
        "UPDATE front.holder SET certificate_sha256 = '\\x00'",
        "DELETE FROM front.intake",
        "DELETE FROM front.partner",
        "UPDATE front.partner_metadata SET metadata = ''",
        "UPDATE front.partner_metadata SET proposed_by = ''",
        "UPDATE front.participant SET service = 'x'",
        "UPDATE front.audit_act SET meaning = ''",
        "UPDATE front.refusal SET partner = 'x'",
        "DELETE FROM front.refusal",
    ] {
        let refused: Result<(), StoreError> = store.run("overreach", |tx| async move { tx.batch(sql).await }).await;
        assert!(matches!(refused, Err(StoreError::Denied { .. })), "{sql}: {refused:?}");
    }
}

#[tokio::test]
async fn the_schema_itself_refuses_what_must_never_be() {
    let front = testing::open().await.unwrap();
    let card = active_card(&front.records).await;
    two_services(&front.records).await;
    let store = Store::new(&front.database.door(USER));
    for (sql, rule) in [
        (
            format!(
                "UPDATE front.holder SET state = 'revoked', reason = 'lost' WHERE registration = '{card}';\n\
                     UPDATE front.holder SET state = 'active', reason = NULL WHERE registration = '{card}'"
            ),
            "holder_revoked_for_good",
        ),
        (
            format!("UPDATE front.partner_metadata SET approved_by = proposed_by WHERE entity_id = '{CLINIC}'"),
            "metadata_approved_by_another",
        ),
        (
            format!("UPDATE front.partner SET state = 'on' WHERE entity_id = '{CLINIC}'"),
            "partner_on_when_tried",
        ),
    ] {
        let sql = &sql;
        let refused: Result<(), StoreError> = store.run("past", |tx| async move { tx.batch(sql).await }).await;
        let refused = refused.unwrap_err();
        assert!(refused.is_constraint(rule), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn a_dump_holds_no_cookie_no_token_and_no_name_in_clear() {
    let front = testing::open().await.unwrap();
    let card = active_card(&front.records).await;
    two_services(&front.records).await;
    let session = SessionUsed::New(Box::new(new_session(card, b"cookie-canary")));
    front
        .records
        .answered(&answer(session, CLINIC, None), NOW)
        .await
        .unwrap();
    let dump = front.database.dump().unwrap();
    let holds = |canary: &[u8]| {
        let hexed = hex::encode(canary);
        dump.windows(canary.len()).any(|window| window == canary)
            || dump.windows(hexed.len()).any(|window| window == hexed.as_bytes())
    };
    // The dump is read at all.
    assert!(holds(CLINIC.as_bytes()));
    assert!(!holds(b"cookie-canary"));
    assert!(!holds(b"canary</saml:EncryptedID>"));
    // The trail alone does not say which registration signed in.
    let trail = front.records.audit_since(NOW, 100).await.unwrap();
    assert!(!trail.is_empty());
    assert!(!format!("{trail:?}").contains(&card.to_string()));
}

#[tokio::test]
async fn a_dump_holds_nothing_by_which_two_services_rows_of_one_person_belong_together() {
    let front = testing::open().await.unwrap();
    let card = active_card(&front.records).await;
    two_services(&front.records).await;
    let records = &front.records;
    // Each step has a moment of its own, so that what two rows have in common of time was copied.
    let step = Cell::new(0_i64);
    let now = || {
        step.set(step.get() + 1);
        NOW + time::Duration::microseconds(step.get() * 1_370_011)
    };
    // Once at both in one session, once at each in one of its own; some end, and one of the services is away.
    let sign_in = async |session: SessionUsed, service: &str| {
        let mut answered = answer(session.clone(), service, None);
        let id = match &session {
            SessionUsed::New(new) => new.id,
            SessionUsed::Existing(id) => *id,
            SessionUsed::None => unreachable!("there is one"),
        };
        for (name, value) in [
            ("session", records.session_at(id, service)),
            ("registration", records.registration_at(card, service)),
        ] {
            answered.note.subjects.insert(name.to_owned(), value.into());
        }
        records.answered(&answered, now()).await.unwrap();
        id
    };
    let new = |cookie: &[u8]| {
        SessionUsed::New(Box::new(NewSession {
            gone: None,
            shown_from: None,
            ..new_session(card, cookie)
        }))
    };
    let both = sign_in(new(b"both"), CLINIC).await;
    sign_in(SessionUsed::Existing(both), SCHOOL).await;
    let left = sign_in(new(b"left"), CLINIC).await;
    let _goes_on = sign_in(new(b"goes on"), SCHOOL).await;
    records
        .end_session(left, Ending::Logout, Some(CLINIC), now())
        .await
        .unwrap();
    let half = sign_in(new(b"half"), CLINIC).await;
    sign_in(SessionUsed::Existing(half), SCHOOL).await;
    records.end_session(half, Ending::CardGone, None, now()).await.unwrap();
    records.told(half, CLINIC, "soap", now()).await.unwrap();
    records
        .not_told(half, SCHOOL, "soap", "away", Some(now()), now())
        .await
        .unwrap();

    let dump = String::from_utf8(front.database.dump().unwrap()).unwrap();
    // Rows about the services themselves hold no person.
    let of_persons = |line: &&str| {
        line.starts_with("INSERT INTO front.") && !line.contains("front.partner") && !line.contains("\"partner\":")
    };
    let rows: Vec<&str> = dump.lines().filter(of_persons).collect();
    let of = |service: &str| rows.iter().filter(|row| row.contains(service)).count();
    assert!(of(CLINIC) > 4 && of(SCHOOL) > 4, "{} {}", of(CLINIC), of(SCHOOL));
    assert_eq!(joined(&rows), None);
    // Who looks finds what is there.
    let found = format!("{CLINIC}\t{both}");
    let found = [found, format!("{SCHOOL}\t{both}")];
    let with: Vec<_> = rows.iter().copied().chain(found.iter().map(String::as_str)).collect();
    assert!(joined(&with).is_some());
    let found = [CLINIC, SCHOOL].map(|service| format!("'{service}', '2026-11-22 00:00:09.590077+00'"));
    let with: Vec<_> = rows.iter().copied().chain(found.iter().map(String::as_str)).collect();
    assert!(joined(&with).is_some());
}

/// A row of the clinic's and one of the school's that hang together by what rows share: any 16 hex digits or more, and any
/// moment to a part of a second.
fn joined(rows: &[&str]) -> Option<(String, String)> {
    let token = |text: &str| text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let mut by_token: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        for word in row.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-') {
            let word = word.strip_prefix('x').unwrap_or(word);
            if token(word) {
                by_token.entry(word).or_default().push(at);
            }
        }
    }
    for (at, row) in rows.iter().enumerate() {
        let moment = |text: &&str| text.ends_with("+00") && text.contains('.');
        for text in row.split('\'').filter(moment) {
            by_token.entry(text).or_default().push(at);
        }
    }
    let mut group: Vec<usize> = (0..rows.len()).collect();
    loop {
        let before = group.clone();
        for rows in by_token.values() {
            let least = rows.iter().map(|row| group[*row]).min().unwrap_or_default();
            rows.iter().for_each(|row| group[*row] = least);
        }
        if group == before {
            break;
        }
    }
    let of = |service: &'static str| {
        rows.iter()
            .enumerate()
            .filter(move |(_, row)| row.contains(service))
            .map(|(at, _)| at)
    };
    of(CLINIC)
        .flat_map(|clinic| of(SCHOOL).map(move |school| (clinic, school)))
        .find(|(clinic, school)| clinic != school && group[*clinic] == group[*school])
        .map(|(clinic, school)| (rows[clinic].to_owned(), rows[school].to_owned()))
}

#[tokio::test]
async fn a_database_of_another_version_is_refused() {
    let front = testing::open().await.unwrap();
    front.records.check_version().await.unwrap();
    let store = Store::new(&front.database.superuser());
    let _: () = store
        .run("age", |tx| async move {
            tx.batch("DELETE FROM refinery_schema_history WHERE version > 2").await
        })
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    let refused = front.records.check_version().await;
    assert!(
        matches!(refused, Err(FrontError::Setup(SetupError::Version { database: 2, .. }))),
        "{refused:?}"
    );
}
