//! Measures what a clerk waits for: taking over a roster of 90,000 and finding a person in it as one types.
//!
//! `cargo bench -p office` prints each measure with its limit and the ratio of the two; it ends with code 1 when a
//! limit is broken. The roster goes through the real file reader and a real PostgreSQL.

use std::time::{Duration, Instant};

use issuance::{
    demo_city,
    roster::{HeaderMap, read},
};
use office::{
    Act, SearchIndex,
    roster::Missing,
    testing::{self, TestOffice},
};
use uuid::Uuid;

const ROWS: usize = 90_000;
const IMPORT_LIMIT: Duration = Duration::from_secs(15);
/// The limit, from key to painted frame; searching may take a third of it.
const SEARCH_LIMIT: Duration = Duration::from_millis(10);
const LOAD_LIMIT: Duration = Duration::from_secs(5);
const INDEX_LIMIT: usize = 25_000_000;

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
    let today = time::macros::date!(2026 - 11 - 22);
    let mut csv = Vec::new();
    demo_city::write_csv(
        &mut csv,
        demo_city::residents(8, ROWS, today),
        issuance::roster::Encoding::Utf8,
    )
    .expect("a vector takes every byte");
    let office = testing::open().await.expect("PostgreSQL is installed");

    let first = Instant::now();
    let added = import(&office, &csv, today, 1).await;
    let first = first.elapsed();
    assert_eq!(added, (ROWS, 0));
    let again = Instant::now();
    let unchanged = import(&office, &csv, today, 2).await;
    let again = again.elapsed();
    assert_eq!(unchanged, (0, ROWS));

    let load = Instant::now();
    let index = office.office.search_index(&|_, _| {}).await.expect("the roster loads");
    let load = load.elapsed();
    assert_eq!(index.len(), ROWS);

    let mut kept = true;
    kept &= told("import of 90,000, file to records", first, IMPORT_LIMIT);
    kept &= told("the same file again", again, IMPORT_LIMIT);
    kept &= told("loading the search index", load, LOAD_LIMIT);
    let (p50, p95, worst) = typing(&index);
    kept &= told("search as typed, p50", p50, SEARCH_LIMIT);
    kept &= told("search as typed, p95", p95, SEARCH_LIMIT);
    kept &= told("search as typed, slowest", worst, SEARCH_LIMIT * 2);
    println!(
        "{:<40} {:>10.1} MB   limit {:>8.1} MB   ratio {:.2}",
        "search index in memory",
        index.bytes() as f64 / 1e6,
        INDEX_LIMIT as f64 / 1e6,
        index.bytes() as f64 / INDEX_LIMIT as f64
    );
    kept && index.bytes() <= INDEX_LIMIT
}

/// Reads, plans and takes over; how many were added and how many unchanged.
async fn import(office: &TestOffice, csv: &[u8], today: time::Date, act: u128) -> (usize, usize) {
    let reading = read(csv, &HeaderMap::default(), today).expect("the made-up city has every column");
    let rows = reading
        .rows()
        .filter_map(Result::ok)
        .map(|row| (row.line, row.resident));
    let plan = office.importer.plan_import(rows, &|_, _| {}).await.expect("a plan");
    let act = Act::of_process("import", Uuid::from_u128(act));
    let done = office
        .importer
        .apply_import(&act, &plan, Missing::MarkGone, &|_, _| {})
        .await
        .expect("an import");
    (done.counts.added, done.counts.unchanged)
}

/// Types each of these key by key, as a clerk would, and searches at every key.
fn typing(index: &SearchIndex) -> (Duration, Duration, Duration) {
    let typed = [
        "やまぐち さくら",
        "さとう けんじ",
        "ナカムラ",
        "佐藤 恵",
        "渡辺",
        "nguyen",
        "昭和45年3月1日",
        "S45.3.1",
        "19700301",
        "本町1-2-3",
        "港町",
        "0000012345",
        "たなか 昭和50年",
        "すずき 本町",
    ];
    let mut times = Vec::new();
    for _ in 0..5 {
        for text in typed {
            let mut so_far = String::new();
            for key in text.chars() {
                so_far.push(key);
                let began = Instant::now();
                std::hint::black_box(index.search(&so_far, 100));
                times.push(began.elapsed());
            }
        }
    }
    times.sort();
    let at = |share: usize| times[times.len() * share / 100];
    (at(50), at(95), times[times.len() - 1])
}

fn told(what: &str, took: Duration, limit: Duration) -> bool {
    println!(
        "{what:<40} {:>10.2} ms   limit {:>8.0} ms   ratio {:.3}",
        took.as_secs_f64() * 1e3,
        limit.as_secs_f64() * 1e3,
        took.as_secs_f64() / limit.as_secs_f64()
    );
    took <= limit
}
