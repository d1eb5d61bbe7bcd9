//! Refused messages as they are counted.

use relay_records::{
    front::USER,
    refusals::{Refusals, Tally, UNKNOWN},
};
use relay_records_testing::front as testing;
use store::{Store, StoreError};
use time::Duration;

use crate::{CLINIC, NOW};

fn refused(who: &str, rule: &str, count: u64) -> Refusals {
    Refusals {
        hour: NOW,
        who: who.to_owned(),
        rule: rule.to_owned(),
        count,
    }
}

#[tokio::test]
async fn fronts_that_count_at_once_lose_nothing() {
    let front = testing::open().await.unwrap();
    let mut counting = Vec::new();
    for number in 0..16 {
        let records = front.records.clone();
        counting.push(tokio::spawn(async move {
            let tally = Tally::default();
            for _ in 0..=number {
                tally.count(CLINIC, "unsigned", NOW);
                tally.count(UNKNOWN, "partner.unknown", NOW);
            }
            tally.hand_over(async |rows| records.add_refusals(rows).await).await
        }));
    }
    for one in counting {
        one.await.unwrap().unwrap();
    }
    let all = (1..=16).sum();
    let told = front.records.refusals(NOW, 100).await.unwrap();
    assert_eq!(
        told,
        [
            refused(CLINIC, "unsigned", all),
            refused(UNKNOWN, "partner.unknown", all)
        ]
    );
    assert!(
        front
            .records
            .refusals(NOW + Duration::SECOND, 100)
            .await
            .unwrap()
            .is_empty()
    );
    let store = Store::new(&front.database.door(USER));
    let sql = "UPDATE front.refusal SET count = 1";
    let lowered: Result<(), StoreError> = store.run("lower", |tx| async move { tx.batch(sql).await }).await;
    assert!(lowered.unwrap_err().is_constraint("refusal_counts_up"));
}

#[tokio::test]
async fn what_cannot_be_written_waits_and_is_written_once_the_database_is_back() {
    let front = testing::open().await.unwrap();
    let tally = Tally::default();
    tally.count(CLINIC, "stale", NOW);
    let away = tally.hand_over(async |_| Err::<(), _>("away")).await;
    assert_eq!(away, Err("away"));
    tally.count(CLINIC, "stale", NOW);
    tally
        .hand_over(async |rows| front.records.add_refusals(rows).await)
        .await
        .unwrap();
    tally
        .hand_over(async |rows| front.records.add_refusals(rows).await)
        .await
        .unwrap();
    assert_eq!(
        front.records.refusals(NOW, 100).await.unwrap(),
        [refused(CLINIC, "stale", 2)]
    );
}
