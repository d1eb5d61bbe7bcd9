//! A provider's records on a real PostgreSQL: one answer for one request, sessions that end, a history, and a schema
//! that lets nobody match two providers' databases.

use provider_records::{Arrival, Asked, NewRequest, PastSignIn, ProviderError, ProviderRecords, Secret, SignedIn};
use provider_records_testing::{PROVIDER, open, recipe};
use store::Store;
use time::{Duration, OffsetDateTime, macros::datetime};
use zeroize::Zeroizing;

const NOW: OffsetDateTime = datetime!(2026-11-22 0:00:41.123 UTC);
const PIN: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI";

async fn sent(records: &ProviderRecords, id: &str) -> Asked {
    let request = NewRequest {
        id: id.to_owned(),
        target: "/history".to_owned(),
        until: NOW + Duration::minutes(10),
    };
    records.ask(&request).await.unwrap()
}

fn arrival<'a>(request: &'a str, browser: &'a Secret) -> Arrival<'a> {
    Arrival {
        request,
        browser,
        pseudonym: b"canary-pseudonym",
        name: b"canary-pseudonym and qualifiers",
        session_index: Some("s-1"),
        context: PIN,
        session_until: None,
    }
}

async fn signed_in(records: &ProviderRecords, request: &str) -> SignedIn {
    let asked = sent(records, request).await;
    records.sign_in(&arrival(request, &asked.browser), NOW).await.unwrap()
}

#[tokio::test]
async fn an_answer_begins_a_session_and_comes_back_to_the_page_asked_for() {
    let provider = open(1).await.unwrap();
    provider.records.check_version().await.unwrap();
    let begun = signed_in(&provider.records, "_a").await;
    assert_eq!(begun.target, "/history");
    let session = provider.records.session(&begun.secret, NOW).await.unwrap().unwrap();
    assert_eq!(session.name.as_slice(), b"canary-pseudonym and qualifiers");
    assert_eq!(session.context, PIN);
    assert_eq!(session.signed_in_at, datetime!(2026-11-22 0:00 UTC));
    assert!(
        provider
            .records
            .session(&Zeroizing::new([1; 32]), NOW)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_request_is_answered_once_in_time_and_in_its_own_browser() {
    let provider = open(1).await.unwrap();
    let records = &provider.records;
    let asked = sent(records, "_a").await;
    let stranger = Zeroizing::new([9; 32]);
    let refused = records.sign_in(&arrival("_a", &stranger), NOW).await;
    assert!(matches!(refused, Err(ProviderError::OtherBrowser)));
    // The stranger's attempt took nothing away from the one who asked.
    records.sign_in(&arrival("_a", &asked.browser), NOW).await.unwrap();
    let again = records.sign_in(&arrival("_a", &asked.browser), NOW).await;
    assert!(matches!(again, Err(ProviderError::NotAsked)));
    let late = sent(records, "_b").await;
    let late = records
        .sign_in(&arrival("_b", &late.browser), NOW + Duration::minutes(10))
        .await;
    assert!(matches!(late, Err(ProviderError::NotAsked)));
}

#[tokio::test]
async fn a_message_counts_once_after_a_restart_too_and_is_forgotten_when_it_is_too_old_to_come() {
    let provider = open(1).await.unwrap();
    let until = NOW + Duration::minutes(5);
    let relay = "https://relay.example";
    assert!(provider.records.is_first(relay, "_1", until).await.unwrap());
    let restarted = ProviderRecords::behind(
        &provider.database.door(PROVIDER.user()),
        provider_records_testing::sealer(1),
        provider_records_testing::LIMITS,
        relay_core::chance::SharedChance::of_the_system(),
    );
    assert!(!restarted.is_first(relay, "_1", until).await.unwrap());
    assert!(restarted.is_first("https://other.example", "_1", until).await.unwrap());
    let (one, other) = tokio::join!(
        restarted.is_first(relay, "_2", until),
        provider.records.is_first(relay, "_2", until)
    );
    assert!(one.unwrap() != other.unwrap());
    assert_eq!(restarted.sweep(until - Duration::SECOND, NOW).await.unwrap(), 0);
    assert_eq!(restarted.sweep(until, NOW).await.unwrap(), 3);
}

#[tokio::test]
async fn of_two_answers_at_the_same_moment_one_is_taken() {
    let provider = open(1).await.unwrap();
    let asked = sent(&provider.records, "_a").await;
    let (first, second) = (arrival("_a", &asked.browser), arrival("_a", &asked.browser));
    let (first, second) = tokio::join!(
        provider.records.sign_in(&first, NOW),
        provider.records.sign_in(&second, NOW)
    );
    assert!(first.is_ok() != second.is_ok());
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_at_its_limit_however_much_it_is_used() {
    let provider = open(1).await.unwrap();
    let secret = signed_in(&provider.records, "_a").await.secret;
    let mut now = NOW;
    while now < NOW + Duration::hours(7) + Duration::minutes(50) {
        now += Duration::minutes(10);
        assert!(provider.records.session(&secret, now).await.unwrap().is_some(), "{now}");
    }
    assert!(
        provider
            .records
            .session(&secret, NOW + Duration::hours(8))
            .await
            .unwrap()
            .is_none()
    );

    let idle = signed_in(&provider.records, "_b").await.secret;
    assert!(
        provider
            .records
            .session(&idle, NOW + Duration::minutes(15))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_logout_ends_the_session_and_the_relays_logout_ends_those_it_names() {
    let provider = open(1).await.unwrap();
    let records = &provider.records;
    let secret = signed_in(records, "_a").await.secret;
    let ended = records.end(&secret).await.unwrap().unwrap();
    assert_eq!(ended.session_index.as_deref(), Some("s-1"));
    assert_eq!(ended.name.as_slice(), b"canary-pseudonym and qualifiers");
    assert!(records.end(&secret).await.unwrap().is_none());
    assert!(records.session(&secret, NOW).await.unwrap().is_none());

    signed_in(records, "_b").await;
    assert_eq!(records.end_of(b"somebody else", &[]).await.unwrap(), 0);
    assert_eq!(records.end_of(b"canary-pseudonym", &["s-2".into()]).await.unwrap(), 0);
    assert_eq!(records.end_of(b"canary-pseudonym", &["s-1".into()]).await.unwrap(), 1);
    signed_in(records, "_c").await;
    signed_in(records, "_d").await;
    assert_eq!(records.end_of(b"canary-pseudonym", &[]).await.unwrap(), 2);
}

#[tokio::test]
async fn the_history_is_the_persons_own_the_newest_first_and_ends_somewhere() {
    let provider = open(1).await.unwrap();
    let records = &provider.records;
    signed_in(records, "_a").await;
    let asked = sent(records, "_b").await;
    let later = NOW + Duration::minutes(4);
    let second = records.sign_in(&arrival("_b", &asked.browser), later).await.unwrap();
    let session = records.session(&second.secret, later).await.unwrap().unwrap();
    let at = |minute| PastSignIn {
        at: datetime!(2026-11-22 0:00 UTC) + Duration::minutes(minute),
        context: PIN.to_owned(),
    };
    assert_eq!(records.history(&session, 10).await.unwrap(), [at(4), at(0)]);
    assert_eq!(records.history(&session, 1).await.unwrap(), [at(4)]);
    let gone = records.sweep(NOW, datetime!(2026-11-22 0:02 UTC)).await.unwrap();
    assert_eq!(gone, 1);
    assert_eq!(records.history(&session, 10).await.unwrap(), [at(4)]);
    records.sweep(NOW + Duration::DAY, NOW).await.unwrap();
    assert!(records.session(&second.secret, later).await.unwrap().is_none());
}

#[tokio::test]
async fn two_providers_databases_have_nothing_in_common_to_match_a_person_by() {
    let (clinic, school) = (open(1).await.unwrap(), open(2).await.unwrap());
    let mut dumps = Vec::new();
    for (provider, second) in [(&clinic, 3), (&school, 52)] {
        let asked = sent(&provider.records, "_a").await;
        provider
            .records
            .is_first("https://relay.example", "_1", NOW)
            .await
            .unwrap();
        // Even were both given one and the same pseudonym, within the same minute.
        let now = datetime!(2026-11-22 0:00 UTC) + Duration::seconds(second);
        provider
            .records
            .sign_in(&arrival("_a", &asked.browser), now)
            .await
            .unwrap();
        dumps.push(String::from_utf8(provider.database.dump().unwrap()).unwrap());
    }
    let values = |dump: &str| -> std::collections::BTreeSet<String> {
        dump.lines()
            .filter(|line| line.starts_with("INSERT INTO provider."))
            .flat_map(|line| line.split('\'').skip(1).step_by(2))
            // Hashes, ciphertexts and ids; a time is a whole minute, and contexts are the same for everybody.
            .filter(|value| value.len() >= 32 && !value.starts_with("urn:"))
            .map(str::to_owned)
            .collect()
    };
    let (one, other) = (values(&dumps[0]), values(&dumps[1]));
    // Two ids, the sealed name, the hashes of person, secret and message.
    assert_eq!(one.len(), 6, "{one:?}");
    assert_eq!(one.intersection(&other).next(), None);
    for dump in &dumps {
        assert!(!dump.contains("canary") && !dump.contains(&hex("canary")));
        assert!(!dump.contains("00:00:03") && !dump.contains("00:00:52"));
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn the_schema_explains_every_table_and_column_and_the_portal_cannot_rewrite_history() {
    let provider = open(1).await.unwrap();
    let behind = Store::new(&provider.database.superuser());
    let unexplained: Vec<String> = behind
        .run("test", |tx| async move {
            let rows = tx
                .query(
                    "SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid\n\
                     WHERE c.relnamespace = 'provider'::regnamespace AND c.relkind = 'r' AND a.attnum > 0\n\
                     AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)",
                    &[],
                )
                .await?;
            Ok::<_, store::StoreError>(rows.iter().map(|row| row.get(0)).collect())
        })
        .await
        .unwrap();
    assert_eq!(unexplained, Vec::<String>::new());
    let portal = Store::new(&provider.database.door(recipe().users[0]));
    for sql in [
        "UPDATE provider.sign_in_history SET at = '2020-01-01'",
        "UPDATE provider.session SET person_index = secret_index",
        "CREATE TABLE provider.more (a int)",
    ] {
        let refused = portal.run("test", |tx| async move { tx.execute(sql, &[]).await }).await;
        assert!(refused.is_err(), "{sql}");
    }
}
