//! Nobody who holds two parties' records can tell that they are of one person: canaries, dumps, the blind half's log, and what
//! offices are sent. People do here what they do: one view of a page asks four offices.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use portal_kit::listener::{Listener, Stopper};
use relay_core::clock::{Clock as _, SystemClock};
use relay_records::front::Terms;
use relay_testing::{Relay, TestService};
use store::{Store, StoreError};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    clinic_desk::{CLINIC, Desk, eligibility_card, take_workers, verdict},
    pages::{CHECKUP, PENSION, costs},
    rig::{COVERAGE, PAGE, Provider, my_page, resident, sign_in},
};

const KINDS: [&str; 4] = ["coverage", "costs", "checkup", "pension"];

/// Every row of every table of `schema`, as JSON.
async fn rows(store: &Store, schema: &'static str) -> Vec<String> {
    let tables: Vec<String> = store
        .run("tables", |tx| async move {
            let sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = $1 AND table_type = 'BASE TABLE'";
            let rows = tx.query(sql, &[&schema]).await?;
            Ok::<_, StoreError>(rows.iter().map(|row| row.get(0)).collect())
        })
        .await
        .unwrap();
    let mut all = Vec::new();
    for table in tables {
        let sql = format!("SELECT row_to_json(t)::text FROM {schema}.{table} t");
        let rows: Vec<String> = store
            .run("rows", |tx| {
                let sql = &sql;
                async move {
                    let rows = tx.query(sql, &[]).await?;
                    Ok::<_, StoreError>(rows.iter().map(|row| row.get(0)).collect())
                }
            })
            .await
            .unwrap();
        all.extend(rows);
    }
    all
}

/// Every text and byte string in every table of `schema`, as words.
async fn words(store: &Store, schema: &'static str) -> BTreeSet<String> {
    let rows = rows(store, schema).await;
    let words = rows.iter().flat_map(|row| row.split(['"', ',', ':', '{', '}']));
    words.map(str::to_owned).collect()
}

/// Long enough to tell a person by: hashes, ids, sealed values.
fn telling(words: &BTreeSet<String>) -> BTreeSet<&String> {
    words
        .iter()
        .filter(|word| word.len() >= 20 && !word.contains("urn") && !word.contains("//"))
        .collect()
}

/// Moments with parts of a second, as a row or a message has them.
fn fine_moments(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|sign: char| sign.is_whitespace() || "\"'<>{}[](),;=".contains(sign));
    words.filter(|word| OffsetDateTime::parse(word, &Rfc3339).is_ok_and(|at| at.nanosecond() != 0))
}

/// The words of `text` that could tell one page view from another: ids, hashes, sealed values. What a moment tells, whoever
/// looks at a clock has (decision 20); none that is kept is finer than a second.
fn marks(text: &str) -> BTreeSet<&str> {
    let is_moment = |word: &str| OffsetDateTime::parse(word, &Rfc3339).is_ok();
    text.split(|sign: char| sign.is_whitespace() || "\"'<>{}[](),;=".contains(sign))
        .filter(|word| word.len() >= 8 && word.bytes().filter(u8::is_ascii_digit).count() >= 4)
        .filter(|word| !word.contains("//") && !word.starts_with("urn:madoguchi") && !is_moment(word))
        .collect()
}

/// Marks that stand in lines about two services: by them names of one person are put together.
fn joining<'t>(lines: impl Iterator<Item = &'t str>, services: &[String]) -> BTreeSet<&'t str> {
    let mut whose: BTreeMap<&str, BTreeSet<&String>> = BTreeMap::new();
    for line in lines {
        for service in services.iter().filter(|service| line.contains(service.as_str())) {
            for mark in marks(line) {
                whose.entry(mark).or_default().insert(service);
            }
        }
    }
    let joining = whose.into_iter().filter(|(_, services)| services.len() > 1);
    joining.map(|(mark, _)| mark).collect()
}

#[tokio::test]
async fn four_offices_and_the_page_that_asks_them_have_nothing_in_common() {
    let mut relay = Relay::start().await;
    let page = my_page(&mut relay).await;
    let nagisa = resident(&relay, 1).await;
    let files = [COVERAGE.to_owned(), costs(), CHECKUP.to_owned(), PENSION.to_owned()];
    let mut offices = Vec::new();
    for (kind, csv) in KINDS.iter().zip(&files) {
        let office = Provider::start(&mut relay, kind).await;
        office.take_over(csv).await;
        office.agree(&relay, PAGE).await;
        office.link(&relay, &[("ウミノ ナギサ", nagisa.person)]).await;
        offices.push(office);
    }
    for _ in 0..2 {
        let browser = sign_in(&relay, &page, &nagisa.card).await;
        let home = browser.get(&page.at("/")).await.body;
        assert!(home.contains("有効") && home.contains("円"), "{home}");
    }
    let mut stores = vec![
        (Store::new(&page.database.database.superuser()), "provider"),
        (Store::new(&relay.front_database.superuser()), "front"),
        (Store::new(&relay.blind_database.superuser()), "blind"),
    ];
    for office in &offices {
        stores.push((Store::new(&office.database.superuser()), "records"));
        stores.push((Store::new(&office.service_database.database.superuser()), "provider"));
    }
    let mut dumps = Vec::new();
    for (store, schema) in &stores {
        dumps.push(words(store, schema).await);
    }
    // The two halves share the hashes of what was made, and nothing else is shared by any two.
    for (at, one) in dumps.iter().enumerate() {
        for (beside, other) in dumps.iter().enumerate().skip(at + 1) {
            if (at, beside) == (1, 2) {
                continue;
            }
            let (one, other) = (telling(one), telling(other));
            let common: Vec<_> = one.intersection(&other).collect();
            assert!(common.is_empty(), "{at} and {beside}: {common:?}");
        }
    }
    // Where records must not be, no word of them is: neither a name nor what stands in a record.
    let blind_log = relay.blind_log();
    for canary in ["ウミノ", "ナギサ", "1950-01-02", "みなと病院", "212600", "100-01"] {
        for (dump, (_, schema)) in dumps.iter().zip(&stores) {
            assert!(!dump.iter().any(|word| word.contains(canary)), "{canary} in {schema}");
        }
        assert!(!blind_log.contains(canary), "{canary} in the blind half's log");
    }
    // The blind half made eight names of hers in two moments. No word of its log or of its rows says which four are a page's.
    let entities: Vec<_> = offices.iter().map(|office| office.entity.clone()).collect();
    let finished =
        |line: &&str| line.contains("\"finished\"") && entities.iter().any(|entity| line.contains(entity.as_str()));
    // One for linking, one for each page.
    assert_eq!(blind_log.lines().filter(finished).count(), 4 * 3, "{blind_log}");
    assert_eq!(joining(blind_log.lines(), &entities), BTreeSet::new());
    let kept = rows(&stores[2].0, "blind").await;
    let blobs = kept.iter().filter(|row| row.contains("\"outcome\":\"done\""));
    assert!(blobs.count() >= 4 * 3);
    assert_eq!(joining(kept.iter().map(String::as_str), &entities), BTreeSet::new());
    let fine = kept.iter().filter(|row| row.contains("\"blob_sha256\""));
    let fine: Vec<_> = fine.flat_map(|row| fine_moments(row)).collect();
    assert!(fine.is_empty(), "{fine:?}");
    // The search finds what there is to find.
    let together = format!(
        "{} trace=0123-4567-89ab-cdef\n{} trace=0123-4567-89ab-cdef",
        entities[0], entities[1]
    );
    assert_eq!(
        joining(together.lines(), &entities),
        BTreeSet::from(["0123-4567-89ab-cdef"])
    );

    // The front's trail names her otherwise beside each reference, so that a page of today and one of tomorrow are not put
    // together by it.
    let trail = relay
        .records
        .audit_since(SystemClock.now() - Duration::HOUR, 1_000)
        .await
        .unwrap();
    let referred: Vec<_> = trail
        .iter()
        .filter(|one| one.event.act == "records.referred")
        .map(|one| one.event.subjects["registration"].as_str().unwrap())
        .collect();
    assert_eq!(
        (referred.len(), BTreeSet::from_iter(&referred).len()),
        (8, 8),
        "{referred:?}"
    );
}

/// An office that keeps all that it is sent, and answers nothing.
struct Curious {
    heard: Heard,
    address: String,
    _stopper: Stopper,
}

type Heard = Arc<Mutex<Vec<String>>>;

impl Curious {
    async fn start(relay: &Relay) -> Self {
        let server = relay.authority.server(&["localhost"]);
        let listener = Listener::bind(([127, 0, 0, 1], 0).into(), server.for_anyone())
            .await
            .unwrap();
        let address = format!("https://localhost:{}/wsf/records", listener.address().port());
        let heard = Heard::default();
        let routes = Router::new()
            .route("/wsf/records", post(keep))
            .with_state(Arc::clone(&heard));
        let (stopper, stop) = Stopper::new();
        tokio::spawn(listener.serve(routes, stop));
        Self {
            heard,
            address,
            _stopper: stopper,
        }
    }

    fn heard(&self) -> String {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        // The records, and who looked at them.
        assert_eq!(heard.len(), 2);
        heard.drain(..).collect::<Vec<_>>().join("\n")
    }
}

async fn keep(State(heard): State<Heard>, headers: HeaderMap, body: String) -> StatusCode {
    let kept = format!("{headers:?} {body}");
    heard.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
    StatusCode::SERVICE_UNAVAILABLE
}

#[tokio::test]
async fn what_the_offices_of_one_page_are_sent_has_nothing_that_says_it_is_one_page() {
    let mut relay = Relay::start().await;
    let page = my_page(&mut relay).await;
    let now = SystemClock.now();
    let mut offices = Vec::new();
    for kind in KINDS {
        let service = TestService::start(&relay, &format!("https://{kind}.example/saml")).await;
        relay.join(&service).await;
        let office = Curious::start(&relay).await;
        let terms = Terms {
            asker: PAGE.to_owned(),
            service_type: format!("urn:madoguchi:records:2026-12:{kind}"),
            provider: service.entity().to_owned(),
            address: office.address.clone(),
            about: kind.to_owned(),
            until: now.date() + Duration::days(2),
        };
        let edition = relay.records.propose_agreement("hama", &terms, now).await.unwrap();
        let which = (PAGE, terms.service_type.as_str(), edition);
        relay.records.approve_agreement("iso", which, now).await.unwrap();
        offices.push((service, office));
    }
    let mut views = Vec::new();
    for number in [1, 2] {
        let resident = resident(&relay, number).await;
        let browser = sign_in(&relay, &page, &resident.card).await;
        assert_eq!(browser.get(&page.at("/")).await.status, 200);
        views.push(offices.iter().map(|(_, office)| office.heard()).collect::<Vec<_>>());
    }
    // What both views have (the asker's certificate, the relay's) is of nobody; whatever else two offices have is of one.
    let everywhere: Vec<BTreeSet<_>> = views
        .iter()
        .map(|view| view.iter().flat_map(|heard| marks(heard)).collect())
        .collect();
    for (at, view) in views.iter().enumerate() {
        for (office, one) in view.iter().enumerate() {
            for (beside, other) in view.iter().enumerate().skip(office + 1) {
                assert_eq!(fine_moments(one).next(), None);
                let common = &marks(one) & &marks(other);
                let common: Vec<_> = common.difference(&everywhere[1 - at]).collect();
                assert!(common.is_empty(), "{} and {}: {common:?}", KINDS[office], KINDS[beside]);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_at_a_clinics_desk_is_not_found_in_their_sign_ins_at_my_page() {
    let mut relay = Relay::start().await;
    let workers = take_workers(&mut relay).await;
    let page = my_page(&mut relay).await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    coverage.take_over(COVERAGE).await;
    let nagisa = resident(&relay, 1).await;
    coverage.agree(&relay, PAGE).await;
    let desk = Desk::open(&mut relay, &workers).await;
    coverage.agree_for(&relay, CLINIC, "eligibility-check").await;
    coverage.link(&relay, &[("ウミノ ナギサ", nagisa.person)]).await;
    let card = eligibility_card(&relay, nagisa.person).await;
    for _ in 0..2 {
        let browser = sign_in(&relay, &page, &nagisa.card).await;
        assert!(browser.get(&page.at("/")).await.body.contains("有効"));
        assert_eq!(verdict(&desk.lay_down(&card).await).1, "有効");
    }
    let stores = [
        (Store::new(&page.database.database.superuser()), "provider"),
        (Store::new(&desk.database.database.superuser()), "provider"),
        (Store::new(&coverage.database.superuser()), "records"),
        (Store::new(&coverage.service_database.database.superuser()), "provider"),
        (Store::new(&relay.front_database.superuser()), "front"),
        (Store::new(&relay.blind_database.superuser()), "blind"),
    ];
    let mut dumps = Vec::new();
    for (store, schema) in &stores {
        dumps.push(words(store, schema).await);
    }
    for (at, one) in dumps.iter().enumerate() {
        for (beside, other) in dumps.iter().enumerate().skip(at + 1) {
            // The two halves share the hashes of what was made.
            if (at, beside) == (4, 5) {
                continue;
            }
            let (one, other) = (telling(one), telling(other));
            let common: Vec<_> = one.intersection(&other).collect();
            assert!(common.is_empty(), "{at} and {beside}: {common:?}");
        }
    }
    // The clinic keeps nothing of the patient, and nothing of what the insurer said.
    for canary in ["ウミノ", "ナギサ", "1950-01-02", "429996", "100-01", "汐見市国民"] {
        assert!(!dumps[1].iter().any(|word| word.contains(canary)), "{canary}");
    }
    // In the front's trail each reference names the person otherwise, whichever key it was by.
    let trail = relay
        .records
        .audit_since(SystemClock.now() - Duration::HOUR, 1_000)
        .await
        .unwrap();
    let referred: Vec<_> = trail.iter().filter(|one| one.event.act == "records.referred").collect();
    let named: BTreeSet<_> = referred
        .iter()
        .map(|one| one.event.subjects["registration"].as_str().unwrap())
        .collect();
    assert_eq!((referred.len(), named.len()), (4, 4));
    let by_a_card = referred
        .iter()
        .filter(|one| one.event.details.get("by").is_some_and(|by| by == "eligibility"));
    assert_eq!(by_a_card.count(), 2);
}
