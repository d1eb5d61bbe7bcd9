//! Measures the sealing of the trail: how many events a second take their places in the tree, and how long one event waits
//! for its head.
//!
//! `cargo bench -p office --bench sealing` prints each measure with its promise and the ratio measured / promised; it
//! ends with code 1 when one is broken. The events stand in a real PostgreSQL.

use std::time::{Duration, Instant};

use office::testing::{self, TestOffice};
use store::{Store, StoreError, trail::head::HeadKey};

const EVENTS: u32 = 100_000;
/// Promised: 10,000 events a second.
const TOGETHER: Duration = Duration::from_secs(10);
/// Promised: provable within a second of the commit. Half of it is the sealer's nap between two looks.
const ALONE: Duration = Duration::from_millis(500);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts");
    if !runtime.block_on(measure()) {
        std::process::exit(1);
    }
}

async fn measure() -> bool {
    let office = testing::open().await.expect("PostgreSQL is installed");
    let clerk = office.clerk_of_all_trades("窓口1").await.expect("a clerk logs in");
    let (secret, _) = HeadKey::fresh("bench", &[7; 32]);
    let key = HeadKey::from_text(&secret).expect("a fresh key is one");
    let records = &office.office;
    records
        .screen_locked(&clerk.act(), false)
        .await
        .expect("it is recorded");
    write_many(&office).await;

    let began = Instant::now();
    let head = office.sealing.seal_trail(&key).await.expect("the trail is sealed");
    let together = began.elapsed();
    assert!(head.is_some_and(|head| head.head.size > u64::from(EVENTS)));

    let mut waits: Vec<Duration> = Vec::new();
    for _ in 0..200 {
        records
            .screen_locked(&clerk.act(), false)
            .await
            .expect("it is recorded");
        let began = Instant::now();
        office.sealing.seal_trail(&key).await.expect("the trail is sealed");
        waits.push(began.elapsed());
    }
    waits.sort_unstable();

    let began = Instant::now();
    let report = records.check_trail(Vec::new()).await.expect("the trail is read");
    // The copies carry one event's hash, so that none of them but the first is what it says.
    assert!(report.events > u64::from(EVENTS));
    let checked = began.elapsed();
    println!(
        "{:<44} {:>10.0} /s",
        "events checked against the tree",
        f64::from(EVENTS) / checked.as_secs_f64()
    );
    println!(
        "{:<44} {:>10.0} /s",
        "events sealed",
        f64::from(EVENTS) / together.as_secs_f64()
    );
    let kept = told("sealing 100,000 events", together, TOGETHER);
    told("sealing one event, p95", waits[waits.len() * 95 / 100], ALONE) && kept
}

/// Copies of one event: what is sealed is its number and its hash.
async fn write_many(office: &TestOffice) {
    let store = Store::new(&office.database.superuser());
    let sql = &format!(
        "INSERT INTO office.audit_event (id, at, actor, desk, act, subjects, outcome, details, salt, hash)\n\
         SELECT gen_random_uuid(), at, actor, desk, act, subjects, outcome, details, salt, hash\n\
         FROM (SELECT * FROM office.audit_event ORDER BY seq DESC LIMIT 1) e, generate_series(1, {EVENTS})"
    );
    let written: Result<(), StoreError> = store.run("write_many", |tx| async move { tx.batch(sql).await }).await;
    written.expect("the events are written");
}

fn told(what: &str, measured: Duration, promised: Duration) -> bool {
    let ratio = measured.as_secs_f64() / promised.as_secs_f64();
    println!(
        "{what:<44} {:>10.1} ms   promised {:>8.1} ms   ratio {ratio:.2}",
        measured.as_secs_f64() * 1e3,
        promised.as_secs_f64() * 1e3
    );
    ratio <= 1.0
}
