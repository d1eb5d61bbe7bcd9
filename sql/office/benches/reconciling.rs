//! Measures the reconciliation: how long it takes to find every application's card, in a city of 90,000 applications and in one
//! of 1.3 million.
//!
//! `cargo bench -p office --bench reconciling` prints each measure with its promise and the ratio measured / promised; it ends
//! with code 1 when one is broken. The rows stand in a real PostgreSQL; they are filled in past the procedures, whose own time
//! is measured elsewhere.

use std::time::{Duration, Instant};

use office::{
    TallyBy,
    testing::{self, TestOffice},
};
use store::{Store, StoreError};

const CITY: u64 = 90_000;
const LARGE: u64 = 1_300_000;
/// Promised: 90,000 applications within a second.
const LIMIT: Duration = Duration::from_secs(1);
/// Promised: no dearer by the card in the larger city.
const FLAT: f64 = 1.2;
/// What a machine's noise may add.
const NOISE: f64 = 1.1;

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
    office.clerk_of_all_trades("窓口1").await.expect("a clerk logs in");
    fill(&office, 1, CITY).await;
    let city = reconcile(&office, CITY).await;
    fill(&office, CITY + 1, LARGE).await;
    let large = reconcile(&office, LARGE).await;
    let flat = (large.as_secs_f64() / LARGE as f64) / (city.as_secs_f64() / CITY as f64);
    let line = |name: &str, measured: String, promised: String, ratio: f64| {
        println!("{name:<52} {measured:>12} {promised:>12} {ratio:>7.2}");
        ratio <= NOISE
    };
    let seconds = |time: Duration| format!("{:.3} s", time.as_secs_f64());
    let in_time = line(
        "reconciliation of 90,000 applications",
        seconds(city),
        seconds(LIMIT),
        city.as_secs_f64() / LIMIT.as_secs_f64(),
    );
    println!("{:<52} {:>12}", "the same of 1.3 million", seconds(large));
    let is_flat = line(
        "by the card: 1.3 million to 90,000",
        format!("{flat:.2}"),
        format!("{FLAT:.2}"),
        flat / FLAT,
    );
    in_time && is_flat
}

/// The best of three, each of them right.
async fn reconcile(office: &TestOffice, applied: u64) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        let found = office.office.reconcile(TallyBy::All).await.expect("it counts");
        best = best.min(began.elapsed());
        assert_eq!((found.total.applied, found.total.difference), (applied, 0));
        assert_eq!(
            (found.total.delivered, found.total.stored),
            (applied / 10 * 8, applied / 10)
        );
    }
    best
}

/// Applications `from` to `to`: of ten, eight delivered, one in a drawer, one in the post.
async fn fill(office: &TestOffice, from: u64, to: u64) {
    let numbers = format!("generate_series({from}, {to}) AS n");
    let who = "(SELECT id FROM office.staff LIMIT 1)";
    let kind = "CASE WHEN n % 10 < 8 THEN 'holder' WHEN n % 10 = 8 THEN 'drawer' ELSE 'post' END";
    let name = "CASE WHEN n % 10 = 8 THEN '窓口1' WHEN n % 10 = 9 THEN n || '/2026-11-20' END";
    let sql = format!(
        "SET session_replication_role = replica;\n\
         INSERT INTO office.card_case (id, year, serial, resident, state, since, card, application, opened_at, opened_by,\n\
             verification, verified_at, verified_by, closed_at, delivery)\n\
         SELECT md5('case' || n)::uuid, 2026, n, md5('resident' || n)::uuid, 'made', now(), md5('card' || n)::uuid, '', now(),\n\
             {who}, '', now(), {who}, CASE WHEN n % 10 < 8 THEN now() END, CASE WHEN n % 4 = 0 THEN 'restricted_post' ELSE 'counter' END\n\
         FROM {numbers};\n\
         INSERT INTO office.card (id, case_id, resident, chip, state, bound_at, bound_by, made_at, pin_set_at, activated_at, since)\n\
         SELECT md5('card' || n)::uuid, md5('case' || n)::uuid, md5('resident' || n)::uuid, convert_to('chip' || n, 'UTF8'),\n\
             CASE WHEN n % 10 < 8 THEN 'active' ELSE 'made' END, now(), {who}, now(), now(), CASE WHEN n % 10 < 8 THEN now() END, now()\n\
         FROM {numbers};\n\
         INSERT INTO office.transfer (card, from_kind, to_kind, to_name, evidence, at, act, moved_by)\n\
         SELECT md5('card' || n)::uuid, 'stock', 'reader', '窓口1', 'chip_read', now(), gen_random_uuid(), {who} FROM {numbers};\n\
         INSERT INTO office.transfer (card, from_kind, from_name, to_kind, to_name, evidence, at, act, moved_by)\n\
         SELECT md5('card' || n)::uuid, 'reader', '窓口1', {kind}, {name}, CASE WHEN n % 10 < 8 THEN 'handover' ELSE 'words' END,\n\
             now(), gen_random_uuid(), {who} FROM {numbers};\n\
         INSERT INTO office.card_place (card, kind, name, one, transfer, since)\n\
         SELECT md5('card' || n)::uuid, {kind}, {name}, n % 10 = 9, n, now() FROM {numbers};\n\
         INSERT INTO office.handover (case_id, card, at, rule, first_staff, first_at, second_staff, second_at)\n\
         SELECT md5('case' || n)::uuid, md5('card' || n)::uuid, now(), 'one_clerk_twice', {who}, now(), {who}, now()\n\
         FROM {numbers} WHERE n % 10 < 8;"
    );
    let mut door = office.database.superuser();
    door.answer_limit = Duration::from_secs(600);
    let store = Store::new(&door);
    let sql = &sql;
    let filled: Result<(), StoreError> = store.run("fill", |tx| async move { tx.batch(sql).await }).await;
    filled.expect("the rows are as the tables want them");
    let analyzed: Result<(), StoreError> = store
        .run("analyze", |tx| async move { tx.batch("ANALYZE").await })
        .await;
    analyzed.expect("they are counted");
}
