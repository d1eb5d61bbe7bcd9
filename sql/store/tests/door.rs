//! The door on a real PostgreSQL: races, restarts, refusals, silence.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use store::{
    ConstraintKind, Door, Ear, Isolation, Store, StoreError, Tx,
    cluster::Stop,
    testing::{self, LoneCluster, Recipe, TestDatabase},
};

mod embedded {
    refinery::embed_migrations!("tests/migrations");
}

fn recipe() -> Recipe {
    Recipe {
        name: "store",
        runner: embedded::migrations::runner(),
        owner: "store_test_owner",
        users: &["store_test_clerk"],
    }
}

async fn ledger() -> (TestDatabase, Store) {
    let database = testing::database(&recipe()).await.unwrap();
    let store = Store::new(&database.door("store_test_clerk"));
    (database, store)
}

async fn put(tx: &Tx, id: i32, amount: i32) -> Result<(), StoreError> {
    tx.execute("-- put\nINSERT INTO ledger VALUES ($1, $2)", &[&id, &amount])
        .await
        .map(|_| ())
}

async fn amount(store: &Store, id: i32) -> Result<Option<i32>, StoreError> {
    store
        .run("amount", |tx| async move {
            let row = tx
                .query_opt("-- amount\nSELECT amount FROM ledger WHERE id = $1", &[&id])
                .await?;
            Ok(row.map(|row| row.get(0)))
        })
        .await
}

#[tokio::test]
async fn a_last_statement_takes_the_commit_along_and_a_refused_one_does_not() {
    let (_database, store) = ledger().await;
    const PUT: &str = "-- put\nINSERT INTO ledger VALUES ($1, $2)";
    let last = async |id: i32, amount: i32| -> Result<(), StoreError> {
        store
            .run("with_its_last", |tx| async move {
                put(&tx, id, 1).await?;
                tx.execute_last(PUT, &[&(id + 1), &amount]).await
            })
            .await
    };
    last(1, 10).await.unwrap();
    assert_eq!(amount(&store, 1).await.unwrap(), Some(1));
    assert_eq!(amount(&store, 2).await.unwrap(), Some(10));
    let refused = last(3, -1).await.unwrap_err();
    assert!(refused.is_constraint("ledger_amount_not_negative"), "{refused}");
    assert_eq!(
        amount(&store, 3).await.unwrap(),
        None,
        "the COMMIT behind it rolled back"
    );
    // A value that does not encode never goes out, and neither does the COMMIT.
    let unsendable: StoreError = store
        .run("unsendable", |tx| async move {
            put(&tx, 5, 1).await?;
            tx.execute_last(PUT, &[&"six", &10]).await
        })
        .await
        .unwrap_err();
    assert!(matches!(unsendable, StoreError::Other { .. }), "{unsendable}");
    assert_eq!(amount(&store, 5).await.unwrap(), None);
    last(7, 10).await.unwrap();
}

#[tokio::test]
async fn statements_sent_together_are_done_in_order_or_not_at_all() {
    let (_database, store) = ledger().await;
    let sent = async |amounts: [i32; 2]| -> Result<(), StoreError> {
        store
            .run("together", |tx| async move {
                tx.execute_all(&[
                    ("-- put\nINSERT INTO ledger VALUES (1, $1)", &[&amounts[0]]),
                    (
                        "-- more\nUPDATE ledger SET amount = amount + $1 WHERE id = 1",
                        &[&amounts[1]],
                    ),
                ])
                .await
            })
            .await
    };
    let refused = sent([3, -4]).await.unwrap_err();
    assert!(refused.is_constraint("ledger_amount_not_negative"), "{refused}");
    assert_eq!(amount(&store, 1).await.unwrap(), None);
    sent([3, 4]).await.unwrap();
    assert_eq!(amount(&store, 1).await.unwrap(), Some(7));
}

#[tokio::test]
async fn nothing_is_written_outside_a_transaction() {
    let (_database, store) = ledger().await;
    let refused: StoreError = store
        .run("after_the_end", |tx| async move {
            tx.batch("ROLLBACK").await?;
            put(&tx, 1, 10).await
        })
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("25006"), "{refused}");
    assert_eq!(amount(&store, 1).await.unwrap(), None);
}

#[tokio::test]
async fn what_fails_half_way_leaves_nothing() {
    let (_database, store) = ledger().await;
    let refused: StoreError = store
        .run("two_entries", |tx| async move {
            put(&tx, 1, 10).await?;
            put(&tx, 2, -1).await
        })
        .await
        .unwrap_err();
    assert!(refused.is_constraint("ledger_amount_not_negative"), "{refused}");
    assert!(matches!(
        refused,
        StoreError::Constraint {
            kind: ConstraintKind::Check,
            ..
        }
    ));
    assert_eq!(amount(&store, 1).await.unwrap(), None);
}

#[tokio::test]
async fn a_failed_statement_that_is_ignored_is_not_called_done() {
    let (_database, store) = ledger().await;
    let refused: Result<(), StoreError> = store
        .run("careless", |tx| async move {
            let _ = put(&tx, 1, -1).await;
            Ok(())
        })
        .await;
    assert!(matches!(refused, Err(StoreError::Other { .. })), "{refused:?}");
}

#[tokio::test]
async fn ten_clerks_who_read_and_then_write_lose_no_entry() {
    let (database, _) = ledger().await;
    let mut door = database.door("store_test_clerk");
    door.connections = 5;
    let store = Store::new(&door);
    store
        .run("open", |tx| async move { put(&tx, 1, 0).await })
        .await
        .unwrap();
    let runs = AtomicU32::new(0);
    let add = || {
        store.run("add", |tx| {
            runs.fetch_add(1, Ordering::Relaxed);
            async move {
                let row = tx
                    .query_one("-- read\nSELECT amount FROM ledger WHERE id = 1", &[])
                    .await?;
                let next: i32 = row.get::<_, i32>(0) + 1;
                tx.execute("-- write\nUPDATE ledger SET amount = $1 WHERE id = 1", &[&next])
                    .await
            }
        })
    };
    let added: Vec<Result<u64, StoreError>> = futures_util::future::join_all((0..10).map(|_| add())).await;
    let done = added.iter().filter(|added| added.is_ok()).count() as i32;
    assert_eq!(amount(&store, 1).await.unwrap(), Some(done), "{added:?}");
    for refused in added.iter().filter_map(|added| added.as_ref().err()) {
        assert!(matches!(refused, StoreError::Conflict { .. }), "{refused}");
    }
}

#[tokio::test]
async fn an_abandoned_transaction_is_not_found_open_by_the_next() {
    let (database, _) = ledger().await;
    let mut door = database.door("store_test_clerk");
    door.connections = 1;
    let store = Store::new(&door);
    {
        let mut begun = Box::pin(store.run("abandoned", |tx| async move {
            put(&tx, 1, 1).await?;
            std::future::pending::<Result<(), StoreError>>().await
        }));
        let waited = tokio::time::timeout(Duration::from_millis(300), &mut begun).await;
        assert!(waited.is_err());
    }
    assert_eq!(amount(&store, 1).await.unwrap(), None);
}

#[tokio::test]
async fn a_wrong_password_is_told_as_such() {
    let (database, _) = ledger().await;
    let mut door = database.door("store_test_clerk");
    door.password = "guess".to_owned().into();
    let refused = Store::new(&door).latency().await.unwrap_err();
    assert!(matches!(refused, StoreError::Denied { .. }), "{refused}");
}

#[tokio::test]
async fn a_role_without_the_privilege_is_told_as_such() {
    let (_database, store) = ledger().await;
    let refused: StoreError = store
        .run("delete", |tx| async move {
            tx.execute("-- delete\nDELETE FROM ledger", &[]).await
        })
        .await
        .unwrap_err();
    assert!(matches!(refused, StoreError::Denied { .. }), "{refused}");
}

#[tokio::test]
async fn a_full_disk_is_told_as_such() {
    let (_database, store) = ledger().await;
    let refused: StoreError = store
        .run("full", |tx| async move {
            // What the server says when a table's file cannot grow (PostgreSQL, Appendix A: disk_full).
            tx.batch("DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$")
                .await
        })
        .await
        .unwrap_err();
    assert!(matches!(refused, StoreError::DiskFull { .. }), "{refused}");
    assert!(refused.to_string().contains("free some space"), "{refused}");
}

#[tokio::test]
async fn a_longer_piece_of_work_may_take_longer_than_everyday_statements() {
    let (database, _) = ledger().await;
    let mut door = database.door("store_test_clerk");
    door.answer_limit = Duration::from_millis(200);
    let store = Store::new(&door);
    let slow = |limit| {
        store.run_as("slow", Isolation::RepeatableRead, limit, |tx| async move {
            tx.query("-- slow\nSELECT pg_sleep(0.6)", &[]).await
        })
    };
    assert!(slow(Duration::from_millis(200)).await.is_err());
    assert!(slow(Duration::from_secs(20)).await.is_ok());
}

#[tokio::test]
async fn an_ear_hears_at_the_commit_and_ends_with_the_connection() {
    let (database, store) = ledger().await;
    let mut ear = Ear::open(&database.door("store_test_clerk"), &["ledger"])
        .await
        .unwrap();
    let told = |word: &'static str, keep: bool| {
        store.run("tell", move |tx| async move {
            tx.execute("-- tell\nSELECT pg_notify('ledger', $1)", &[&word]).await?;
            if keep {
                Ok(())
            } else {
                Err(StoreError::DiskFull { during: "tell" })
            }
        })
    };
    assert!(told("never committed", false).await.is_err());
    told("committed", true).await.unwrap();
    assert_eq!(ear.next().await.unwrap().payload, "committed");
    let admin = Store::new(&database.superuser());
    let _: u64 = admin
        .run("cut", |tx| async move {
            let cut = "-- cut\nSELECT pg_terminate_backend(pid) FROM pg_stat_activity\n\
                       WHERE datname = current_database() AND query LIKE 'LISTEN%'";
            tx.execute(cut, &[]).await
        })
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    assert_eq!(ear.next().await, None);
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let _silent = std::os::unix::net::UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
    let mut door = Door::new(folder.path().display().to_string(), "x", "x", "x".to_owned().into());
    door.connect_limit = Duration::from_millis(200);
    let refused = Store::new(&door).latency().await.unwrap_err();
    assert!(refused.is_away(), "{refused}");
}

#[tokio::test]
async fn no_database_at_all_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let door = Door::new(folder.path().display().to_string(), "x", "x", "x".to_owned().into());
    let refused = Store::new(&door).latency().await.unwrap_err();
    assert!(refused.is_away(), "{refused}");
    assert!(refused.to_string().contains("madoguchi up"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_database_comes_back_the_same_store_works() {
    let cluster = LoneCluster::start_new().unwrap();
    let database = cluster.database(&recipe()).await.unwrap();
    let store = Store::new(&database.door("store_test_clerk"));
    store
        .run("open", |tx| async move { put(&tx, 1, 7).await })
        .await
        .unwrap();
    cluster.stop(Stop::Fast).unwrap();
    let away = amount(&store, 1).await.unwrap_err();
    assert!(away.is_away(), "{away}");
    cluster.start().unwrap();
    assert_eq!(amount(&store, 1).await.unwrap(), Some(7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_lost_in_the_middle_leaves_nothing_and_says_so() {
    let cluster = LoneCluster::start_new().unwrap();
    let database = cluster.database(&recipe()).await.unwrap();
    let store = Store::new(&database.door("store_test_clerk"));
    let cluster_in_work = &cluster;
    let lost: StoreError = store
        .run("lost", |tx| async move {
            put(&tx, 1, 7).await?;
            cluster_in_work.stop(Stop::Immediate).unwrap();
            put(&tx, 2, 7).await
        })
        .await
        .unwrap_err();
    assert!(lost.is_away(), "{lost}");
    cluster.start().unwrap();
    assert_eq!(amount(&store, 1).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_told_apart() {
    let cluster = LoneCluster::start_new().unwrap();
    let database = cluster.database(&recipe()).await.unwrap();
    let store = Store::new(&database.door("store_test_clerk"));
    let cluster_in_work = &cluster;
    let lost: StoreError = store
        .run("lost", |tx| async move {
            put(&tx, 1, 7).await?;
            cluster_in_work.stop(Stop::Immediate).unwrap();
            Ok(())
        })
        .await
        .unwrap_err();
    assert!(matches!(lost, StoreError::AnswerLost { .. }), "{lost}");
}

#[tokio::test]
async fn two_processes_may_migrate_at_once() {
    let database = testing::database(&recipe()).await.unwrap();
    let door = database.door("store_test_owner");
    let runner = recipe().runner;
    let (one, other) = tokio::join!(
        store::migrate::migrate(&door, &runner),
        store::migrate::migrate(&door, &runner)
    );
    assert_eq!(one.unwrap().version, 1);
    assert!(other.unwrap().applied.is_empty());
}

#[test]
fn what_the_store_says_can_be_waited_for_on_any_thread() {
    fn spawnable<F: Future + Send + 'static>(_: F) {}
    let store = Store::new(&Door::new("/nowhere", "x", "x", "x".to_owned().into()));
    spawnable(async move {
        let words = vec!["one".to_owned()];
        let words = &words;
        let _: Result<(), StoreError> = store
            .run("spawned", |tx| async move {
                for word in words {
                    tx.execute("-- spawned\nSELECT $1::text", &[word]).await?;
                }
                Ok(())
            })
            .await;
    });
}
