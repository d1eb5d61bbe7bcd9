//! Files that are not what they say, the questions asked before they are taken over, and runs put back.

use issuance::{
    acts::SecondPurpose,
    person::Resident,
    roster::{GoneLimit, SeenRow},
    staff::Role,
};
use office::{
    Act, RevocationReason,
    cases::{Problem, Queue},
    roster::{Alike, AlikeBy, Answers, Imported, Missing, Question, UndoRefused},
    testing::{self, TestOffice, adults, city},
};
use store::{Store, StoreError};
use uuid::Uuid;

use crate::outbox::handed_over;

fn import_act(number: u128) -> Act {
    Act::of_process("import", Uuid::from_u128(number))
}

fn rows(residents: &[Resident]) -> Vec<(u64, Resident)> {
    let numbered = residents.iter().cloned().enumerate();
    numbered.map(|(at, one)| (at as u64 + 2, one)).collect()
}

async fn whole(office: &TestOffice, number: u128, residents: &[Resident]) -> Imported {
    let plan = office.importer.plan_import(rows(residents), &|_, _| {}).await.unwrap();
    office
        .importer
        .apply_import(&import_act(number), &plan, Missing::MarkGone, &|_, _| {})
        .await
        .unwrap()
}

/// Every row as it lies in the database, but for the run that last wrote it.
async fn contents(office: &TestOffice) -> Vec<String> {
    let store = Store::new(&office.database.superuser());
    let sql = "SELECT (to_jsonb(r) - 'changed_by')::text FROM office.resident r ORDER BY id";
    store
        .run("contents", |tx| async move {
            Ok::<_, StoreError>(tx.query(sql, &[]).await?.iter().map(|row| row.get(0)).collect())
        })
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_cut_after_ten_rows_of_a_thousand_is_asked_about_and_only_the_exact_count_is_a_yes() {
    let office = testing::open().await.unwrap();
    let residents = city(1_000);
    office.import(residents.clone()).await.unwrap();
    let plan = office
        .importer
        .plan_import(rows(&residents[..10]), &|_, _| {})
        .await
        .unwrap();
    let ask = |missing, gone| {
        let said = Answers { gone, new: None };
        plan.questions(missing, GoneLimit::default(), said)
    };
    let many = Question::ManyGone { count: 990, of: 1_000 };
    assert_eq!(ask(Missing::MarkGone, None), [many]);
    assert_eq!(ask(Missing::MarkGone, Some(989)), [many]);
    assert_eq!(ask(Missing::MarkGone, Some(990)), []);
    assert_eq!(ask(Missing::Keep, None), []);
    let named = office.office.people_named(plan.missing(), 20).await.unwrap();
    assert_eq!(named.len(), 20);
    for person in named {
        let known = residents.iter().find(|one| one.number == person.number).unwrap();
        assert_eq!(known.name, person.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stands_on_a_rejected_row_is_not_missing() {
    let office = testing::open().await.unwrap();
    let residents = city(300);
    office.import(residents.clone()).await.unwrap();
    let (kept, rejected) = residents.split_at(297);
    let seen: Vec<_> = rejected
        .iter()
        .map(|one| SeenRow {
            // As a spreadsheet leaves it.
            numbers: vec![one.number.trim_start_matches('0').to_owned()],
            certain: true,
        })
        .collect();
    let plan = |seen| office.office.plan_import_beside(rows(kept), seen, &|_, _| {});
    assert_eq!(plan(&[]).await.unwrap().counts().missing, 3);
    let planned = plan(&seen).await.unwrap();
    assert_eq!(planned.counts().missing, 0);
    assert_eq!(
        planned.questions(Missing::MarkGone, GoneLimit::default(), Answers::default()),
        []
    );
    // A row nobody can be told from may be anybody's: two fewer are seen, and that is asked.
    let nobody = SeenRow {
        numbers: vec!["0".into()],
        certain: false,
    };
    let planned = plan(&[seen[0].clone(), nobody]).await.unwrap();
    assert_eq!(
        planned.questions(Missing::MarkGone, GoneLimit::default(), Answers::default()),
        [Question::GoneWhileUnread { count: 2, unread: 1 }]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_numbers_that_look_like_known_people_are_asked_about() {
    let office = testing::open().await.unwrap();
    let residents = city(200);
    office.import(residents.clone()).await.unwrap();
    // The made-up city has people on purpose who resemble each other.
    let like = |one: &Resident, other: &Resident| {
        one.kana == other.kana && one.birthday.says_the_same(&other.birthday) == Some(true)
    };
    let alone = |one: &&Resident| {
        let told = one.birthday.is_whole() && !one.kana.is_empty();
        told && residents.iter().filter(|other| like(one, other)).count() == 1
    };
    let twice = residents.iter().filter(alone).nth(3).unwrap();
    let bare = residents.iter().filter(alone).nth(8).unwrap();
    let mut renumbered = twice.clone();
    renumbered.number = "7700000001".into();
    let mut without_zeros = bare.clone();
    without_zeros.number = format!("00{}", bare.number);
    let plan = office
        .importer
        .plan_import(rows(&[renumbered.clone(), without_zeros]), &|_, _| {})
        .await
        .unwrap();
    let by: Vec<_> = plan.alike().iter().map(|Alike { line, by, .. }| (*line, *by)).collect();
    assert_eq!(by, [(2, AlikeBy::ReadingAndBirthday), (3, AlikeBy::NumberButForZeros)]);
    let ask = |new| plan.questions(Missing::Keep, GoneLimit::default(), Answers { gone: None, new });
    assert_eq!(ask(None), [Question::LooksKnown { count: 2 }]);
    assert_eq!(ask(Some(2)), []);
    // In a file that names both, the register itself says that they are two.
    let plan = office
        .importer
        .plan_import(rows(&[renumbered, twice.clone()]), &|_, _| {})
        .await
        .unwrap();
    assert_eq!(plan.alike(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undoing_a_run_puts_back_every_row_as_it_was_and_only_once() {
    let office = testing::open().await.unwrap();
    let mut residents = city(300);
    office.import(residents.clone()).await.unwrap();
    let index = office.office.search_index(&|_, _| {}).await.unwrap();
    let before = contents(&office).await;

    residents[20].address = "汐見市新開地77丁目".into();
    let left = residents.remove(40).number;
    let mut born = residents[0].clone();
    (born.number, born.name, born.kana) = ("9900000007".into(), "新井 新".into(), "アライ アラタ".into());
    residents.push(born);
    let run = whole(&office, 2, &residents).await.number;
    assert_ne!(contents(&office).await, before);

    let index = office.office.refresh_index(&index).await.unwrap().unwrap();
    let undone = office.importer.undo_import(&import_act(3), run).await.unwrap();
    assert_eq!((undone.undoes, undone.put_back, undone.taken_out), (run, 2, 1));
    assert_eq!(contents(&office).await, before);
    // Whoever was taken out is found no more, and whoever was gone is there.
    let after = office.office.refresh_index(&index).await.unwrap().unwrap();
    assert_eq!(after.len(), 300);
    assert_eq!(after.search("アライ アラタ", 5).total, 0);
    assert!(!after.search(&left, 5).hits[0].gone);

    // Asked again under its own id it is the same answer; asked anew it is refused.
    assert_eq!(office.importer.undo_import(&import_act(3), run).await.unwrap(), undone);
    let by = undone.number;
    for (refused, why) in [
        (run, UndoRefused::Already { run, by }),
        (by, UndoRefused::IsAnUndoing(by)),
        (99, UndoRefused::NoSuchRun(99)),
    ] {
        let answer = office
            .importer
            .undo_import(&import_act(100 + refused as u128), refused)
            .await;
        assert!(answer.as_ref().is_err_and(|error| error.is(&why)), "{answer:?}");
    }
    assert_eq!(contents(&office).await, before);
    let runs = office.office.import_runs(10).await.unwrap();
    assert_eq!((runs[0].undoes, runs[1].undone_by), (Some(run), Some(by)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_a_later_one_wrote_over_is_undone_after_that_one() {
    let office = testing::open().await.unwrap();
    let mut residents = city(100);
    office.import(residents.clone()).await.unwrap();
    let before = contents(&office).await;
    residents[3].address = "汐見市港町77".into();
    residents[4].address = "汐見市港町78".into();
    let first = whole(&office, 2, &residents).await.number;
    residents[3].address = "汐見市港町79".into();
    let second = whole(&office, 3, &residents).await.number;
    let refused = office.importer.undo_import(&import_act(4), first).await;
    let over = UndoRefused::WrittenOver {
        run: first,
        by: second,
        people: 1,
    };
    assert!(refused.as_ref().is_err_and(|error| error.is(&over)), "{refused:?}");
    office.importer.undo_import(&import_act(5), second).await.unwrap();
    office.importer.undo_import(&import_act(6), first).await.unwrap();
    assert_eq!(contents(&office).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_not_undone_over_cases_of_the_people_it_added_nor_after_its_time() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    let run = office.import(residents.clone()).await.unwrap().number;
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    office.applied(&clerk, &adults(&residents)[0]).await.unwrap();
    let refused = office.importer.undo_import(&import_act(2), run).await;
    let cases = UndoRefused::HaveCases { run, people: 1 };
    assert!(refused.as_ref().is_err_and(|error| error.is(&cases)), "{refused:?}");
    // What it changed holds addresses people have left: the next import after its time removes it.
    office.clock.advance(office::roster::KEPT_FOR + time::Duration::days(1));
    office.import(residents).await.unwrap();
    let refused = office.importer.undo_import(&import_act(3), run).await;
    assert!(
        refused
            .as_ref()
            .is_err_and(|error| error.is(&UndoRefused::NotKept(run))),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_imports_role_takes_out_nobody_whose_run_is_not_being_undone() {
    let office = testing::open().await.unwrap();
    office.import(city(60)).await.unwrap();
    let store = Store::new(&office.database.door(office::IMPORT));
    let taken: i64 = store
        .run("overreach", |tx| async move {
            let row = tx
                .query_one("SELECT office.take_out_added(number) FROM office.roster_import", &[])
                .await?;
            Ok::<_, StoreError>(row.get(0))
        })
        .await
        .unwrap();
    assert_eq!(taken, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cards_of_people_who_moved_away_or_died_are_found_and_wait_to_be_stopped() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let given = handed_over(&office, &clerk, 0).await;
    let holder = &adults(&residents)[0];
    let applicant = &adults(&residents)[1];
    let open = office.applied(&clerk, applicant).await.unwrap().at.id;
    assert!(office.office.cards_of_the_gone(10).await.unwrap().is_empty());

    let left = |one: &Resident| one.number == holder.number || one.number == applicant.number;
    let stayed: Vec<_> = residents.iter().filter(|one| !left(one)).cloned().collect();
    whole(&office, 2, &stayed).await;
    let rows = office.office.cards_of_the_gone(10).await.unwrap();
    let waiting: Vec<_> = rows.iter().map(|row| (row.case.id, row.problem)).collect();
    assert!(waiting.contains(&(given, Some(Problem::HolderGone))), "{waiting:?}");
    assert!(waiting.contains(&(open, Some(Problem::ApplicantGone))), "{waiting:?}");
    assert_eq!(waiting.len(), 2);
    assert_eq!(office.office.today().await.unwrap().waiting[&Queue::Problems], 2);

    // By number, name, birthday, case number and the card's serial: each way leads there, and says that they are gone.
    let index = office.office.search_index(&|_, _| {}).await.unwrap();
    for typed in [&holder.number, &holder.kana, &holder.name] {
        let found = index.search(typed, 60);
        let hit = found.hits.iter().find(|hit| hit.number == holder.number).unwrap();
        assert!(hit.gone, "{typed}");
    }
    let born = index.search(holder.birthday.original(), 60);
    assert!(born.hits.iter().any(|hit| hit.number == holder.number));
    let number = office
        .office
        .case(clerk.session, given)
        .await
        .unwrap()
        .number
        .to_string();
    let chip = hex::encode(b"chip-0000");
    for typed in [number.as_str(), &number.replace('-', "－"), &chip, &chip.to_uppercase()] {
        let ids = office.office.residents_by_record(typed).await.unwrap();
        let hits = index.hits_of(&ids);
        assert_eq!(hits.len(), 1, "{typed}");
        assert_eq!(hits[0].number, holder.number);
    }
    assert!(office.office.residents_by_record("山口").await.unwrap().is_empty());

    // Ended, the card waits for nobody any more.
    let second = office.clerk("高橋 学", "窓口3", &[Role::Issuing]).await.unwrap();
    let (approval, _) = office
        .office
        .approve(&clerk.act(), given, SecondPurpose::Revocation, &second.serial)
        .await
        .unwrap();
    let reason = RevocationReason::CessationOfOperation;
    office
        .office
        .revoke_card(&clerk.act(), given, reason, approval, "転出")
        .await
        .unwrap();
    let rows = office.office.cards_of_the_gone(10).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.case.id).collect::<Vec<_>>(), [open]);
    // Whoever comes back has an ordinary case again.
    whole(&office, 3, &residents).await;
    assert!(office.office.cards_of_the_gone(10).await.unwrap().is_empty());
}
