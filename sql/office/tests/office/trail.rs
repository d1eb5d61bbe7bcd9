//! The trail is sealed, and what is taken back in the database is found by the heads that were kept elsewhere.

use office::{
    Act, Office, SignedHead, USER,
    testing::{self, Clerk, TestOffice},
};
use store::{
    Store, StoreError,
    trail::{
        check::Finding,
        head::{HeadError, HeadKey, HeadVerifier, TreeHead},
        tree,
    },
};
use uuid::Uuid;

const NAME: &str = "office.131016";

fn key(seed: u8) -> (HeadKey, HeadVerifier) {
    let (secret, public) = HeadKey::fresh(NAME, &[seed; 32]);
    let read = (HeadKey::from_text(&secret), HeadVerifier::from_text(&public));
    (read.0.unwrap(), read.1.unwrap())
}

/// What stood in the trail when each head was signed.
struct Scene {
    office: TestOffice,
    clerk: Clerk,
    key: HeadKey,
    heads: Vec<TreeHead>,
}

impl Scene {
    async fn new() -> Self {
        let office = testing::open().await.unwrap();
        let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
        let (key, _) = key(1);
        Self {
            office,
            clerk,
            key,
            heads: Vec::new(),
        }
    }

    fn records(&self) -> &Office {
        &self.office.office
    }

    /// So many acts, and a head over them.
    async fn acts(&mut self, acts: usize) {
        for _ in 0..acts {
            self.records().screen_locked(&self.clerk.act(), false).await.unwrap();
        }
        let SignedHead { head, .. } = self.office.sealing.seal_trail(&self.key).await.unwrap().unwrap();
        self.heads.push(head);
    }

    async fn findings(&self) -> Vec<Finding> {
        self.records().check_trail(self.heads.clone()).await.unwrap().findings
    }

    async fn numbers(&self) -> Vec<i64> {
        let events = self
            .records()
            .audit_since(time::OffsetDateTime::UNIX_EPOCH, 1_000)
            .await;
        let mut numbers: Vec<i64> = events.unwrap().iter().map(|event| event.seq).collect();
        numbers.sort_unstable();
        numbers
    }

    /// As whoever rules the database can: past every trigger and every key.
    async fn tamper(&self, sql: String) {
        let store = Store::new(&self.office.database.superuser());
        let sql = &format!("SET LOCAL session_replication_role = replica; {sql}");
        let done: Result<(), StoreError> = store.run("tamper", |tx| async move { tx.batch(sql).await }).await;
        done.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_takes_a_place_and_the_places_have_no_holes_where_the_numbers_do() {
    let mut scene = Scene::new().await;
    scene.acts(3).await;
    // A refused act: its transaction takes its number with it.
    let again = scene.clerk.act();
    scene.records().screen_locked(&again, false).await.unwrap();
    assert!(scene.records().screen_unlocked(&again).await.is_err());
    scene.acts(3).await;
    let events = scene.numbers().await.len() as u64;
    assert_eq!(scene.heads.last().unwrap().size, events);
    let report = scene.records().check_trail(scene.heads.clone()).await.unwrap();
    assert!(report.is_good(), "{report:?}");
    assert_eq!((report.events, report.heads, report.waiting), (events, 2, 0));
    assert!(scene.office.sealing.seal_trail(&scene.key).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn newest_events_cut_off_are_found_by_a_head_kept_elsewhere() {
    let mut scene = Scene::new().await;
    scene.acts(4).await;
    scene.acts(4).await;
    let numbers = scene.numbers().await;
    let (keep, last) = (numbers[numbers.len() - 4], *numbers.last().unwrap());
    let size = scene.heads[0].size;
    scene
        .tamper(format!(
            "DELETE FROM office.audit_event WHERE seq > {keep}; DELETE FROM office.audit_leaf WHERE seq > {keep};\n\
             DELETE FROM office.audit_head WHERE size > {size}"
        ))
        .await;
    let cut = Finding::CutOff {
        after: keep,
        last,
        events: 3,
    };
    assert_eq!(scene.findings().await, [cut]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_taken_from_the_middle_is_named_whatever_is_closed_up_behind_it() {
    let mut scene = Scene::new().await;
    scene.acts(4).await;
    scene.acts(4).await;
    let gone = scene.numbers().await[3];
    scene
        .tamper(format!("DELETE FROM office.audit_event WHERE seq = {gone}"))
        .await;
    assert_eq!(scene.findings().await, [Finding::Missing { seq: gone }]);
    scene
        .tamper(format!("DELETE FROM office.audit_leaf WHERE seq = {gone}"))
        .await;
    let findings = scene.findings().await;
    assert!(
        matches!(findings[..], [Finding::NoPlace { first: 3, last: 3, .. }]),
        "{findings:?}"
    );
    scene
        .tamper("UPDATE office.audit_leaf SET place = place - 1 WHERE place > 3".to_owned())
        .await;
    let findings = scene.findings().await;
    let last = scene.heads[0].last;
    assert!(
        matches!(findings[0], Finding::Rewritten { after: 0, last: to } if to >= last),
        "{findings:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_changed_is_named_even_when_it_was_hashed_anew() {
    let mut scene = Scene::new().await;
    scene.acts(4).await;
    let changed = scene.numbers().await[2];
    scene
        .tamper(format!(
            "UPDATE office.audit_event SET desk = '窓口9' WHERE seq = {changed}"
        ))
        .await;
    assert_eq!(scene.findings().await, [Finding::Changed { seq: changed }]);
    // The hash beside it put right, as whoever knows the program can: the leaf still tells.
    let mut anew = None;
    scene
        .records()
        .read_trail(|line| {
            if let office::Line::Placed(placed) = line
                && placed.seq == changed
            {
                anew = placed.event.map(|event| event.event.content_hash(&event.salt));
            }
            Ok(())
        })
        .await
        .unwrap();
    let hex: String = anew.unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    scene
        .tamper(format!(
            "UPDATE office.audit_event SET hash = '\\x{hex}' WHERE seq = {changed}"
        ))
        .await;
    assert!(scene.records().verify_audit().await.unwrap().broken.is_empty());
    assert_eq!(scene.findings().await, [Finding::Changed { seq: changed }]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_put_in_without_a_place_is_found() {
    let mut scene = Scene::new().await;
    scene.acts(2).await;
    // Written an hour ago, by the clock of whoever put it in, and never given to the sealer.
    scene
        .tamper(
            "INSERT INTO office.audit_event (id, at, actor, act, subjects, outcome, details, salt, hash)\n\
             SELECT gen_random_uuid(), at - interval '1 hour', actor, act, subjects, outcome, details, salt, hash\n\
             FROM office.audit_event ORDER BY seq DESC LIMIT 1"
                .to_owned(),
        )
        .await;
    let findings = scene.findings().await;
    assert!(
        findings.iter().any(|found| matches!(found, Finding::Unsealed { .. })),
        "{findings:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_proved_by_a_kept_head_and_one_head_by_another() {
    let mut scene = Scene::new().await;
    scene.acts(5).await;
    scene.acts(9).await;
    let asked = scene.numbers().await[4];
    let (tree, placed) = scene.records().tree(Some(asked)).await.unwrap();
    let (placed, head) = (placed.unwrap(), &scene.heads[1]);
    let proof = tree.prove_inclusion(head.size, placed.place).unwrap();
    assert!(tree::includes(
        &proof,
        (head.size, &head.root),
        (placed.place, &placed.leaf)
    ));
    let old = &scene.heads[0];
    let proof = tree.prove_consistency(old.size, head.size).unwrap();
    assert!(tree::only_added(&proof, (old.size, &old.root), (head.size, &head.root)));
    assert!(scene.records().tree(Some(i64::MAX)).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sealers_at_once_give_each_event_one_place() {
    let scene = Scene::new().await;
    let other = scene.office.sealing.clone();
    for _ in 0..8 {
        scene.records().screen_locked(&scene.clerk.act(), false).await.unwrap();
        let (one, two) = tokio::join!(
            scene.office.sealing.seal_trail(&scene.key),
            other.seal_trail(&scene.key)
        );
        one.unwrap();
        two.unwrap();
    }
    let (_, verifier) = key(1);
    let notes = scene.records().heads_after(0, 1_000).await.unwrap();
    let heads: Vec<TreeHead> = notes.iter().map(|note| verifier.open(note).unwrap()).collect();
    let report = scene.records().check_trail(heads).await.unwrap();
    assert!(report.is_good(), "{report:?}");
    assert_eq!(report.sealed, report.events);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_somebody_else_signed_is_not_believed() {
    let mut scene = Scene::new().await;
    scene.acts(1).await;
    let (_, verifier) = key(1);
    let kept = scene.records().newest_head().await.unwrap().unwrap();
    assert_eq!(verifier.open(&kept).as_ref(), Ok(&scene.heads[0]));
    let (forger, _) = key(2);
    let forged = forger.sign(&scene.heads[0]).unwrap();
    assert_eq!(verifier.open(&forged), Err(HeadError::OtherKey));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_consoles_role_takes_no_place_back_and_no_event_out_of_the_sealers_sight() {
    let mut scene = Scene::new().await;
    scene.acts(2).await;
    for role in [USER, office::OWNER] {
        let store = Store::new(&scene.office.database.door(role));
        for sql in [
            "DELETE FROM office.audit_leaf",
            "UPDATE office.audit_leaf SET place = place + 100",
            "TRUNCATE office.audit_leaf",
            "DELETE FROM office.audit_head",
            "UPDATE office.audit_head SET note = 'x'",
        ] {
            let refused: Result<(), StoreError> = store.run("tamper", |tx| async move { tx.batch(sql).await }).await;
            assert!(
                matches!(refused, Err(StoreError::Denied { .. })),
                "{role} {sql}: {refused:?}"
            );
        }
    }
    // What a program writes is given to the sealer by the database itself.
    let act = Act::of(scene.clerk.session, Uuid::from_u128(77));
    scene.records().screen_locked(&act, false).await.unwrap();
    assert!(scene.office.sealing.seal_trail(&scene.key).await.unwrap().is_some());
}
