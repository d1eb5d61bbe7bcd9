//! Taking over rosters, and finding people in them.

use std::sync::Mutex;

use issuance::staff::Role;
use office::{
    Act, OfficeError, SearchIndex,
    roster::Missing,
    testing::{self, TestOffice, city},
};
use uuid::Uuid;

fn import_act(number: u128) -> Act {
    Act::of_process("import", Uuid::from_u128(number))
}

async fn plan(office: &TestOffice, rows: Vec<issuance::person::Resident>) -> office::roster::ImportPlan {
    let rows: Vec<_> = rows
        .into_iter()
        .enumerate()
        .map(|(at, one)| (at as u64 + 2, one))
        .collect();
    office.importer.plan_import(rows, &|_, _| {}).await.unwrap()
}

async fn index(office: &TestOffice) -> SearchIndex {
    office.office.search_index(&|_, _| {}).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_roster_twice_changes_nothing_the_second_time() {
    let office = testing::open().await.unwrap();
    let first = office.import_city(300).await.unwrap();
    assert_eq!((first.counts.added, first.counts.rows), (300, 300));
    let again = plan(&office, city(300)).await.counts();
    assert_eq!(
        (again.added, again.changed, again.unchanged, again.missing),
        (0, 0, 300, 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_differs_is_told_and_taken_over_and_found() {
    let office = testing::open().await.unwrap();
    let mut residents = city(300);
    office.import(residents.clone()).await.unwrap();
    let before = index(&office).await;
    assert_eq!(before.len(), 300);
    assert!(office.office.refresh_index(&before).await.unwrap().is_none());

    let moved = residents[20].number.clone();
    residents[20].address = "汐見市新開地77丁目".into();
    residents[20].protected = false;
    let left = residents.remove(40).number;
    let mut born = residents[0].clone();
    born.number = "9900000007".into();
    born.name = "新井 新".into();
    born.kana = "アライ アラタ".into();
    residents.push(born);
    let progress = Mutex::new(Vec::new());
    let planned = plan(&office, residents.clone()).await;
    let counts = planned.counts();
    assert_eq!((counts.added, counts.changed, counts.missing), (1, 1, 1));
    let told = |done, all| progress.lock().unwrap().push((done, all));
    office
        .importer
        .apply_import(&import_act(1), &planned, Missing::MarkGone, &told)
        .await
        .unwrap();
    assert!(!progress.lock().unwrap().is_empty());

    let after = office.office.refresh_index(&before).await.unwrap().unwrap();
    // Whoever left stays in it, marked, behind everybody else.
    assert_eq!(after.len(), 301);
    assert_eq!(after.search("新開地77", 5).hits[0].number, moved);
    assert_eq!(after.search("アライ アラタ", 5).total, 1);
    assert!(after.search(&left, 5).hits[0].gone);
    let loaded = index(&office).await;
    assert_eq!(loaded.search("新", 50).hits, after.search("新", 50).hits);

    // Someone who comes back is there again.
    let back = plan(&office, city(300)).await;
    assert_eq!(back.counts().changed, 2);
    office
        .importer
        .apply_import(&import_act(2), &back, Missing::Keep, &|_, _| {})
        .await
        .unwrap();
    assert!(!index(&office).await.search(&left, 5).hits[0].gone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_planned_on_an_older_roster_is_refused_and_nothing_is_half_imported() {
    let office = testing::open().await.unwrap();
    let planned = plan(&office, city(200)).await;
    let other = plan(&office, city(100)).await;
    office
        .importer
        .apply_import(&import_act(1), &other, Missing::Keep, &|_, _| {})
        .await
        .unwrap();
    let late = office
        .importer
        .apply_import(&import_act(2), &planned, Missing::Keep, &|_, _| {})
        .await;
    assert!(matches!(late, Err(OfficeError::RosterChanged)), "{late:?}");
    assert_eq!(index(&office).await.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_broken_off_in_the_middle_leaves_nothing_and_can_be_done_again() {
    let office = testing::open().await.unwrap();
    let planned = plan(&office, city(3_000)).await;
    let act = import_act(1);
    let far = tokio::sync::Notify::new();
    let progress = |done: usize, all: usize| {
        if done * 3 > all * 2 {
            far.notify_one();
        }
    };
    // The console is killed while rows are on their way.
    tokio::select! {
        biased;
        () = far.notified() => {}
        done = office.importer.apply_import(&act, &planned, Missing::Keep, &progress) => panic!("too early: {done:?}"),
    }
    assert_eq!(index(&office).await.len(), 0);
    let done = office
        .importer
        .apply_import(&act, &planned, Missing::Keep, &|_, _| {})
        .await
        .unwrap();
    assert_eq!(done.counts.added, 3_000);
    assert_eq!(index(&office).await.len(), 3_000);
    let asked_again = office
        .importer
        .apply_import(&act, &planned, Missing::Keep, &|_, _| {})
        .await
        .unwrap();
    assert_eq!(asked_again, done);
}

#[tokio::test]
async fn two_rows_with_one_number_are_told_with_their_lines() {
    let office = testing::open().await.unwrap();
    let mut rows: Vec<_> = city(20)
        .into_iter()
        .enumerate()
        .map(|(at, one)| (at as u64 + 2, one))
        .collect();
    rows[9].1.number = rows[3].1.number.clone();
    let refused = office.importer.plan_import(rows, &|_, _| {}).await;
    assert!(
        matches!(refused, Err(OfficeError::DuplicateRow { first: 5, second: 11 })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn only_an_administrator_imports_at_a_desk() {
    let office = testing::open().await.unwrap();
    office.clerk_of_all_trades("窓口1").await.unwrap();
    let clerk = office.clerk("鈴木 誠", "窓口2", &[Role::Reception]).await.unwrap();
    let planned = plan(&office, city(10)).await;
    let refused = office
        .office
        .apply_import(&clerk.act(), &planned, Missing::Keep, &|_, _| {})
        .await;
    assert!(
        matches!(refused, Err(OfficeError::NotAllowed(Role::Administration))),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_imported_is_found_as_they_are_in_the_roster() {
    let office = testing::open().await.unwrap();
    let residents = city(400);
    office.import(residents.clone()).await.unwrap();
    let index = index(&office).await;
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    for resident in residents.iter().step_by(37) {
        let found = index.search(&resident.number, 3);
        let hit = &found.hits[0];
        assert!(hit.name == resident.name && hit.kana == resident.kana && hit.alias == resident.alias);
        assert!(hit.birthday == resident.birthday.original() && hit.sex == resident.sex);
        assert_eq!(hit.address.is_none(), resident.protected);
        let by_reading = index.search(&resident.kana, 400);
        assert!(by_reading.hits.iter().any(|hit| hit.number == resident.number));
        let mut file = office.office.resident(clerk.session, hit.id).await.unwrap();
        if !resident.protected {
            assert!(file.resident == *resident);
        } else {
            assert!(file.masked);
            file = office.office.reveal_address(&clerk.act(), hit.id, "—").await.unwrap();
            assert!(file.resident == *resident);
        }
        let household: Vec<_> = residents
            .iter()
            .filter(|one| one.household == resident.household)
            .collect();
        assert_eq!(file.members.len() + 1, household.len());
    }
}
