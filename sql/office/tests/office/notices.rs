//! Notices on paper: facts taken in, wishes, runs released by two, made without a letter lost or twice, printed and posted for good.

use issuance::{
    demo_city,
    notice::{
        handed_in,
        recipients::{self, Excluded},
        template::builtin,
    },
    person::Resident,
    staff::Role,
};
use office::{
    Act, OfficeError, USER,
    notices::{Bundle, NewRun, NoticeRefusal, Printing, Unset, Wish},
    testing::{self, Clerk, TestOffice, city},
};
use relay_core::chance::{OsChance, draw};
use time::macros::date;
use uuid::Uuid;

use crate::machines::refused;

const KIND: &str = "medical-expenses";
pub const PRINTER: &str = "ipp://127.0.0.1/ipp/print";

async fn handed_in_for(office: &TestOffice, residents: &[Resident]) -> office::notices::FactsImport {
    let mut file = format!("{}\n", demo_city::VISITS_HEADER);
    for resident in residents {
        for line in demo_city::visits(1, resident, date!(2026 - 11 - 22)) {
            file.push_str(&line);
            file.push('\n');
        }
    }
    file.push_str("9999999999,2026-06,どこにもいない人,外来,1,100,0,30\n");
    let kinds = builtin().unwrap();
    let read = handed_in::read(file.as_bytes(), kinds.find(KIND).unwrap()).unwrap();
    let plan = office.importer.plan_notice_facts(KIND, read, [1; 32]).await.unwrap();
    assert_eq!(plan.rejected().len(), 1, "nobody has that number");
    let act = Act::of_process("import", Uuid::from_u128(77));
    let imported = office.importer.import_notice_facts(&act, &plan).await.unwrap();
    assert_eq!(
        office.importer.import_notice_facts(&act, &plan).await.unwrap(),
        imported,
        "once"
    );
    imported
}

pub fn run_of(letters: usize, residents: &[issuance::case::ResidentId]) -> NewRun {
    NewRun {
        kind: KIND.into(),
        version: 1,
        language: "ja",
        large: false,
        dated: date!(2026 - 11 - 22),
        import: None,
        letters: (0..letters)
            .map(|at| (residents[at % residents.len()], [at as u8; 32]))
            .collect(),
        people: letters,
        excluded: vec![("deceased", 2)],
        unset: Vec::new(),
        digest: [3; 32],
        bundle_size: 4,
    }
}

pub fn bundle(number: i32, first: i32, last: i32) -> Bundle {
    Bundle {
        number,
        first,
        last,
        sha256: [number as u8; 32],
        bytes: 1_000,
        pages: 5,
    }
}

pub async fn two_clerks(office: &TestOffice) -> (Clerk, Clerk) {
    let roles = [Role::Issuing];
    let first = office.clerk("佐藤 恵", "窓口1", &roles).await.unwrap();
    (first, office.clerk("鈴木 健", "窓口2", &roles).await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_wishes_and_the_roster_decide_who_gets_a_letter() {
    let office = testing::open().await.unwrap();
    let residents = city(300);
    office.import(residents.clone()).await.unwrap();
    let imported = handed_in_for(&office, &residents).await;
    let kinds = builtin().unwrap();
    let template = kinds.find(KIND).unwrap();
    let population = office.office.notice_population(template).await.unwrap();
    assert_eq!(
        (population.people.len(), population.import),
        (300, Some(imported.number))
    );
    assert_eq!(
        population.people.iter().filter(|person| person.facts.is_some()).count(),
        imported.people
    );
    let before = recipients::plan(template, &population.people, date!(2026 - 11 - 22));
    assert!(!before.letters.is_empty() && before.excluded.is_empty());

    // The head of a household asks for no paper: the household gets none, until paper is asked for again.
    let head = population.people[before.letters[0].to].id;
    let act = || Act::of_process("wish", fresh());
    office
        .office
        .record_notice_wish(&act(), head, None, &Wish::NoPaper)
        .await
        .unwrap();
    let population = office.office.notice_population(template).await.unwrap();
    let plan = recipients::plan(template, &population.people, date!(2026 - 11 - 22));
    assert_eq!(plan.letters.len() + 1, before.letters.len());
    assert!(plan.excluded.iter().all(|(_, why)| *why == Excluded::NoPaperWanted) && !plan.excluded.is_empty());
    let wish = issuance::acts::NoticeWish::NoPaper;
    assert!(office.office.end_notice_wish(&act(), head, None, wish).await.unwrap());
    assert!(!office.office.end_notice_wish(&act(), head, None, wish).await.unwrap());
    let population = office.office.notice_population(template).await.unwrap();
    let plan = recipients::plan(template, &population.people, date!(2026 - 11 - 22));
    assert_eq!(plan.letters, before.letters);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_released_by_two_people_and_the_database_refuses_one() {
    let office = testing::open().await.unwrap();
    let residents = city(20);
    office.import(residents.clone()).await.unwrap();
    let id = office.resident(&residents[0].number).await.unwrap();
    let (first, second) = two_clerks(&office).await;
    let records = &office.office;
    let run = records
        .count_notice_run(&first.act(), &run_of(10, &[id]))
        .await
        .unwrap();
    let early = records
        .notice_bundle_made(&first.act(), run, &bundle(1, 1, 4))
        .await
        .unwrap_err();
    assert!(early.is(&NoticeRefusal::NotReleased), "{early}");
    assert!(!records.release_notice_run(&first.act(), run).await.unwrap());
    let alone = records.release_notice_run(&first.act(), run).await.unwrap_err();
    assert!(alone.is(&NoticeRefusal::SamePerson), "{alone}");
    let alone =
        format!("UPDATE office.notice_run SET approved_at = now(), approved_by = released_by WHERE id = '{run}'");
    refused(&office, USER, alone, "notice_run_two_people").await;
    assert!(records.release_notice_run(&second.act(), run).await.unwrap());
    let back = format!("UPDATE office.notice_run SET approved_at = NULL, approved_by = NULL WHERE id = '{run}'");
    refused(&office, USER, back, "notice_run_goes_on").await;
    let handover = office.clerk("高橋 学", "窓口3", &[Role::Handover]).await.unwrap();
    let other = records.release_notice_run(&handover.act(), run).await.unwrap_err();
    assert!(matches!(other, OfficeError::NotAllowed(_)), "{other}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clerks_who_release_one_run_at_once_are_its_two_people_and_it_is_released_once() {
    let office = testing::open().await.unwrap();
    let residents = city(20);
    office.import(residents.clone()).await.unwrap();
    let id = office.resident(&residents[0].number).await.unwrap();
    let (first, second) = two_clerks(&office).await;
    let other_desk = office.second_console();
    let run = office
        .office
        .count_notice_run(&first.act(), &run_of(4, &[id]))
        .await
        .unwrap();
    let (here, there) = (first.act(), second.act());
    let (one, other) = tokio::join!(
        office.office.release_notice_run(&here, run),
        other_desk.release_notice_run(&there, run)
    );
    assert_ne!(one.unwrap(), other.unwrap(), "one was the first, one the second");
    let released = office.office.notice_run(run).await.unwrap();
    assert!(released.released_by.is_some() && released.approved_by.is_some());
    assert_ne!(released.released_by, released.approved_by);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_letter_is_lost_or_made_twice_and_what_was_printed_stays_printed() {
    let office = testing::open().await.unwrap();
    let residents = city(20);
    office.import(residents.clone()).await.unwrap();
    let id = office.resident(&residents[0].number).await.unwrap();
    let (first, second) = two_clerks(&office).await;
    let records = &office.office;
    let run = records
        .count_notice_run(&first.act(), &run_of(10, &[id]))
        .await
        .unwrap();
    records.release_notice_run(&first.act(), run).await.unwrap();
    records.release_notice_run(&second.act(), run).await.unwrap();
    // Out of its place: a letter twice, or one left out.
    for wrong in [bundle(1, 1, 5), bundle(2, 4, 8), bundle(3, 9, 12)] {
        assert!(
            records.notice_bundle_made(&first.act(), run, &wrong).await.is_err(),
            "{wrong:?}"
        );
    }
    for good in [bundle(1, 1, 4), bundle(2, 5, 8), bundle(3, 9, 10)] {
        records.notice_bundle_made(&first.act(), run, &good).await.unwrap();
        // Made again by a console that had been killed: the record is the first.
        records.notice_bundle_made(&second.act(), run, &good).await.unwrap();
    }
    printed(&office, &first, run, 1).await;
    let unprinted = records.post_notice_run(&first.act(), run).await.unwrap_err();
    assert!(unprinted.is(&NoticeRefusal::NotPrinted), "{unprinted}");
    for number in 2..=3 {
        printed(&office, &first, run, number).await;
    }
    let unknown = records.notice_letter_returned(&first.act(), 1, 3).await.unwrap_err();
    assert!(
        unknown.is(&NoticeRefusal::NoSuchLetter),
        "nothing came back that was not posted"
    );
    records.post_notice_run(&first.act(), run).await.unwrap();
    let over = records.withdraw_notice_run(&first.act(), run).await.unwrap_err();
    assert!(over.is(&NoticeRefusal::Over), "{over}");

    // What comes back stops the next letter, until the roster knows better.
    let number = records.notice_run(run).await.unwrap().number;
    let shown = records.notice_letter(number, 3).await.unwrap();
    assert_eq!(
        (shown.name.as_str(), shown.returned_at),
        (residents[0].name.as_str(), None)
    );
    assert!(
        records
            .notice_letter(number, 11)
            .await
            .unwrap_err()
            .is(&NoticeRefusal::NoSuchLetter)
    );
    assert!(records.notice_letter_returned(&first.act(), number, 3).await.unwrap());
    assert!(
        !records.notice_letter_returned(&second.act(), number, 3).await.unwrap(),
        "known"
    );
    let kinds = builtin().unwrap();
    let template = kinds.find("city-notice").unwrap();
    let returned = |population: office::notices::Population| {
        population
            .people
            .iter()
            .any(|person| person.id == id && person.returned)
    };
    assert!(returned(records.notice_population(template).await.unwrap()));
    let mut moved = residents.clone();
    moved[0].address = "汐見市新町9丁目".into();
    office.import(moved).await.unwrap();
    assert!(!returned(records.notice_population(template).await.unwrap()));
}

/// Sends a bundle to a printer that prints it.
pub async fn printed(office: &TestOffice, clerk: &Clerk, run: Uuid, bundle: i32) {
    let records = &office.office;
    let attempt = records
        .notice_bundle_sent(&clerk.act(), run, bundle, PRINTER)
        .await
        .unwrap();
    records
        .note_notice_job(run, bundle, attempt, 40 + bundle)
        .await
        .unwrap();
    records
        .notice_bundle_ended(&clerk.act(), run, (bundle, attempt), &Printing::Printed)
        .await
        .unwrap();
}

/// A run of ten letters, released by both clerks, its first `made` bundles made.
pub async fn released(office: &TestOffice, (first, second): &(Clerk, Clerk), made: i32) -> Uuid {
    let residents = city(20);
    office.import(residents.clone()).await.unwrap();
    let id = office.resident(&residents[0].number).await.unwrap();
    let records = &office.office;
    let run = records
        .count_notice_run(&first.act(), &run_of(10, &[id]))
        .await
        .unwrap();
    records.release_notice_run(&first.act(), run).await.unwrap();
    records.release_notice_run(&second.act(), run).await.unwrap();
    for bundle in [bundle(1, 1, 4), bundle(2, 5, 8), bundle(3, 9, 10)]
        .iter()
        .take(made as usize)
    {
        records.notice_bundle_made(&first.act(), run, bundle).await.unwrap();
    }
    run
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_that_was_sent_is_not_sent_again_until_its_end_is_known() {
    let office = testing::open().await.unwrap();
    let clerks = two_clerks(&office).await;
    let run = released(&office, &clerks, 3).await;
    let (records, other_desk) = (&office.office, office.second_console());
    let (first, second) = &clerks;
    // Two desks at once: one sends it.
    let (here, there) = (first.act(), second.act());
    let (one, other) = tokio::join!(
        records.notice_bundle_sent(&here, run, 1, PRINTER),
        other_desk.notice_bundle_sent(&there, run, 1, PRINTER)
    );
    let refused = [&one, &other].into_iter().find_map(|sent| sent.as_ref().err()).unwrap();
    assert!(refused.is(&NoticeRefusal::Sent), "{refused}");
    assert_eq!(one.ok().or(other.ok()), Some(1));
    let shown = records.notice_run(run).await.unwrap();
    assert_eq!(shown.sent.as_ref().map(|sent| sent.bundle), Some(1), "it is shown");
    // The console that sent it is killed: whoever comes next is refused, and the run is not given up with letters on the way.
    let again = records
        .notice_bundle_sent(&second.act(), run, 1, PRINTER)
        .await
        .unwrap_err();
    assert!(again.is(&NoticeRefusal::Sent), "{again}");
    let withdrawn = records.withdraw_notice_run(&second.act(), run).await.unwrap_err();
    assert!(withdrawn.is(&NoticeRefusal::Sent), "{withdrawn}");
    // Somebody looks: nothing whole came out. It is sent again, as another job.
    records
        .settle_notice_bundle(&second.act(), run, 1, false)
        .await
        .unwrap();
    let late = records
        .notice_bundle_ended(&first.act(), run, (1, 1), &Printing::Printed)
        .await
        .unwrap_err();
    assert!(late.is(&NoticeRefusal::Settled), "{late}");
    assert_eq!(
        records
            .notice_bundle_sent(&second.act(), run, 1, PRINTER)
            .await
            .unwrap(),
        2
    );
    records.note_notice_job(run, 1, 2, 7).await.unwrap();
    for clerk in [first, second] {
        // Both desks asked the printer.
        records
            .notice_bundle_ended(&clerk.act(), run, (1, 2), &Printing::Printed)
            .await
            .unwrap();
    }
    let printed = records
        .notice_bundle_sent(&second.act(), run, 1, PRINTER)
        .await
        .unwrap_err();
    assert!(printed.is(&NoticeRefusal::Sent), "{printed}");
    let settled = records
        .settle_notice_bundle(&second.act(), run, 1, false)
        .await
        .unwrap_err();
    assert!(settled.is(&NoticeRefusal::Settled), "{settled}");
    assert_eq!(records.notice_run(run).await.unwrap().printed, 1);
    assert_eq!(records.notice_run(run).await.unwrap().sent, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_can_not_be_set_is_kept_with_its_reason() {
    let office = testing::open().await.unwrap();
    let residents = city(20);
    office.import(residents.clone()).await.unwrap();
    let id = office.resident(&residents[0].number).await.unwrap();
    let other = office.resident(&residents[1].number).await.unwrap();
    let (first, _) = two_clerks(&office).await;
    let why = Unset::NoGlyph {
        field: "宛先の氏名".into(),
        character: "🎌".into(),
        code_points: "U+1F38C".into(),
        hint: None,
    };
    let run = NewRun {
        unset: vec![(other, why.clone())],
        ..run_of(10, &[id])
    };
    let run = office.office.count_notice_run(&first.act(), &run).await.unwrap();
    let unset = office.office.notice_unset(run).await.unwrap();
    assert_eq!(unset.len(), 1);
    assert_eq!((unset[0].resident, &unset[0].why), (other, &why));
    assert_eq!(unset[0].number, residents[1].number);
    assert!(
        office
            .office
            .notice_unset_people(run)
            .await
            .unwrap()
            .into_iter()
            .eq([other])
    );
}

/// A fresh id for an act.
pub fn fresh() -> Uuid {
    Uuid::from_u128(u128::from_le_bytes(draw(&mut OsChance)))
}
