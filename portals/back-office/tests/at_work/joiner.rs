//! Nobody who holds two parties' records can tell that they are of one person: canaries and dumps.

use std::collections::BTreeSet;

use store::{Store, StoreError};

use crate::{
    clinic_desk::{CLINIC, Desk, eligibility_card, take_workers, verdict},
    rig::{COVERAGE, PAGE, Provider, my_page, resident, sign_in},
};
use relay_testing::Relay;

/// Every text and byte string in every table of `schema`, as words.
async fn words(store: &Store, schema: &'static str) -> BTreeSet<String> {
    let tables: Vec<String> = store
        .run("tables", |tx| async move {
            let sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = $1 AND table_type = 'BASE TABLE'";
            let rows = tx.query(sql, &[&schema]).await?;
            Ok::<_, StoreError>(rows.iter().map(|row| row.get(0)).collect())
        })
        .await
        .unwrap();
    let mut words = BTreeSet::new();
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
        for row in rows {
            words.extend(row.split(['"', ',', ':', '{', '}']).map(str::to_owned));
        }
    }
    words
}

/// Long enough to tell a person by: hashes, ids, sealed values.
fn telling(words: &BTreeSet<String>) -> BTreeSet<&String> {
    words
        .iter()
        .filter(|word| word.len() >= 20 && !word.contains("urn") && !word.contains("//"))
        .collect()
}

#[tokio::test]
async fn two_offices_and_the_portals_that_ask_them_have_nothing_in_common() {
    let mut relay = Relay::start().await;
    let workers = take_workers(&mut relay).await;
    let page = my_page(&mut relay).await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    let costs = Provider::start(&mut relay, "costs").await;
    coverage.take_over(COVERAGE).await;
    costs
        .take_over("person,kana,born,month,institution,care,days,total,paid\n7,ウミノ ナギサ,1950-01-02,2026-07,みなと病院,入院,5,212600,63780\n")
        .await;
    let nagisa = resident(&relay, 1).await;
    for office in [&coverage, &costs] {
        office.link(&relay, &[("ウミノ ナギサ", nagisa.person)]).await;
        office.agree(&relay, PAGE).await;
    }
    for _ in 0..2 {
        let browser = sign_in(&relay, &page, &nagisa.card).await;
        let home = browser.get(&page.at("/")).await.body;
        assert!(home.contains("有効") && home.contains("63,780円"), "{home}");
    }
    // The same person stands at a clinic's desk, twice, without the PIN.
    let desk = Desk::open(&mut relay, &workers).await;
    coverage.agree_for(&relay, CLINIC, "eligibility-check").await;
    let card = eligibility_card(&relay, nagisa.person).await;
    for _ in 0..2 {
        assert_eq!(verdict(&desk.lay_down(&card).await).1, "有効");
    }
    let stores = [
        (Store::new(&coverage.database.superuser()), "records"),
        (Store::new(&costs.database.superuser()), "records"),
        (Store::new(&coverage.service_database.database.superuser()), "provider"),
        (Store::new(&page.database.database.superuser()), "provider"),
        (Store::new(&desk.database.database.superuser()), "provider"),
        (Store::new(&relay.front_database.superuser()), "front"),
        (Store::new(&relay.blind_database.superuser()), "blind"),
    ];
    let mut dumps = Vec::new();
    for (store, schema) in &stores {
        dumps.push(words(store, schema).await);
    }
    // The two halves share the hashes of what was made, and nothing else is shared by any two.
    for (at, one) in dumps.iter().enumerate() {
        for (beside, other) in dumps.iter().enumerate().skip(at + 1) {
            if (at, beside) == (5, 6) {
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
}
