//! What may not be seen: in the database, at the desk, in the trail.

use issuance::{person::Resident, staff::Role};
use office::{
    OfficeError,
    cases::{IncidentKind, NewIncident, Paper},
    testing::{self, adults, city},
};

use crate::{make_card, on_card_thread, place};

/// A resident whose every value can be searched for.
fn canary() -> Resident {
    let mut canary = adults(&city(60))[0].clone();
    canary.number = "7777000123".into();
    canary.household = "8888000456".into();
    canary.name = "鳴海 可奈利".into();
    canary.kana = "ナルミ カナリ".into();
    canary.address = "汐見市金糸雀町4丁目".into();
    canary.building = Some("カナリア荘".into());
    canary.phone = Some("0957-00-7654".into());
    canary
}

const TRACES: [&str; 12] = [
    "7777000123",
    "8888000456",
    "鳴海",
    "可奈利",
    "ナルミ",
    "カナリ",
    "金糸雀",
    "カナリア荘",
    "0957-00-7654",
    "佐藤",
    "札が違う",
    "本人が来ない",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_of_the_database_names_nobody() {
    let office = testing::open().await.unwrap();
    let canary = canary();
    let mut residents = city(60);
    residents.push(canary.clone());
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let case = office.verified(&clerk, &canary).await.unwrap().id;
    on_card_thread(&office, &clerk, move |records| make_card(records, case, b"chip-0001")).await;
    let records = &office.office;
    let at = office.now(&clerk, case).await.unwrap();
    records.shelve(&clerk.act(), at, &place("A-1")).await.unwrap();
    let notice = records.issue_notice(&clerk.act(), case).await.unwrap();
    let at = office.now(&clerk, case).await.unwrap();
    let new = NewIncident {
        kind: IncidentKind::Other,
        mismatched: Vec::new(),
        note: "鳴海さんの札が違う".into(),
    };
    records.open_incident(&clerk.act(), at, &new).await.unwrap();
    records
        .break_lease(&clerk.act(), case, "鳴海さんの本人が来ない")
        .await
        .unwrap();
    let id = office.resident(&canary.number).await.unwrap();
    records
        .reveal_address(&clerk.act(), id, "鳴海さんの通知")
        .await
        .unwrap();
    let other = office.applied(&clerk, &adults(&residents)[3]).await.unwrap();
    records.cancel(&clerk.act(), other.at, "鳴海さんの家族").await.unwrap();

    let dump = office.database.dump().unwrap();
    let text = String::from_utf8_lossy(&dump);
    assert!(text.contains("card_case"), "the dump holds the tables");
    for trace in TRACES.into_iter().chain([notice.token.as_str()]) {
        assert!(!text.contains(trace), "{trace} stands in the database");
        // A bytea is dumped in hex, so plain bytes inside one are looked for too.
        assert!(
            !text.contains(&hex::encode(trace)),
            "{trace} stands unsealed in a column"
        );
    }
}

#[tokio::test]
async fn the_servers_log_quotes_no_row() {
    let office = testing::open().await.unwrap();
    let canary = canary();
    let store = store::Store::new(&office.database.superuser());
    let name = &canary.name;
    let refused: Result<u64, store::StoreError> = store
        .run("clumsy", |tx| async move {
            tx.execute("INSERT INTO office.audit_act VALUES ('case.applied', $1)", &[name])
                .await
        })
        .await;
    assert!(refused.is_err());
    let log = std::fs::read_to_string(office.database.cluster().log_file().unwrap()).unwrap();
    assert!(log.contains("audit_act_pkey"), "the refusal itself is in the log");
    assert!(!log.contains(name.as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protected_address_is_masked_until_it_is_asked_for_and_the_sight_recorded() {
    let office = testing::open().await.unwrap();
    let mut canary = canary();
    canary.protected = true;
    office.import(vec![canary.clone()]).await.unwrap();
    let officer = office.clerk_of_all_trades("窓口1").await.unwrap();
    let clerk = office.clerk("鈴木 誠", "窓口2", &[Role::Reception]).await.unwrap();
    let id = office.resident(&canary.number).await.unwrap();
    let records = &office.office;

    let index = records.search_index(&|_, _| {}).await.unwrap();
    assert_eq!(index.search("金糸雀", 5).total, 0);
    assert_eq!(index.search("なるみ", 5).hits[0].address, None);
    for (who, may_reveal) in [(&officer, true), (&clerk, false)] {
        let file = records.resident(who.session, id).await.unwrap();
        assert!(file.masked && file.resident.address.is_empty() && file.resident.phone.is_none());
        assert!(file.resident.postal_code.is_empty() && file.resident.building.is_none());
        assert_eq!(file.may_reveal, may_reveal);
        let case_file_hides_it_too = format!("{file:?}");
        assert!(!case_file_hides_it_too.contains("金糸雀"));
    }
    let refused = records.reveal_address(&clerk.act(), id, "見たい").await;
    assert!(
        matches!(refused, Err(OfficeError::NotAllowed(Role::ProtectedAddress))),
        "{refused:?}"
    );
    let shown = records.reveal_address(&officer.act(), id, "通知の送付").await.unwrap();
    assert_eq!(shown.resident.address, canary.address);
    let sights: Vec<_> = records
        .audit_since(time::OffsetDateTime::UNIX_EPOCH, 20)
        .await
        .unwrap()
        .into_iter()
        .filter(|recorded| recorded.event.act == "resident.address_seen")
        .collect();
    assert_eq!(sights.len(), 2, "the sight and the refusal");
    assert_eq!(sights[0].event.subjects["resident"], id.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_paper_of_a_protected_person_takes_the_role_too() {
    let office = testing::open().await.unwrap();
    let mut canary = canary();
    canary.protected = true;
    office.import(vec![canary.clone()]).await.unwrap();
    let officer = office.clerk_of_all_trades("窓口1").await.unwrap();
    let clerk = office.clerk("鈴木 誠", "窓口2", &[Role::Reception]).await.unwrap();
    let case = office.applied(&officer, &canary).await.unwrap().at.id;
    let file = office.office.case(officer.session, case).await.unwrap();
    assert!(file.resident.masked);
    let addressee = office.office.addressee(&officer.act(), case).await.unwrap();
    assert_eq!(addressee.address, canary.address);
    office.office.break_lease(&clerk.act(), case, "—").await.unwrap();
    let refused = office.office.addressee(&clerk.act(), case).await;
    assert!(
        matches!(refused, Err(OfficeError::NotAllowed(Role::ProtectedAddress))),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_lives_with_a_protected_person_does_not_give_the_address_away() {
    let office = testing::open().await.unwrap();
    let mut canary = canary();
    canary.protected = true;
    // Nobody set the mark for the child.
    let mut child = canary.clone();
    (child.number, child.name, child.kana) = ("7777000124".into(), "鳴海 望".into(), "ナルミ ノゾミ".into());
    child.protected = false;
    office.import(vec![canary.clone(), child.clone()]).await.unwrap();
    let officer = office.clerk_of_all_trades("窓口1").await.unwrap();
    let clerk = office.clerk("鈴木 誠", "窓口2", &[Role::Reception]).await.unwrap();
    let records = &office.office;
    let index = records.search_index(&|_, _| {}).await.unwrap();
    assert_eq!(index.search("金糸雀", 5).total, 0);
    let id = office.resident(&child.number).await.unwrap();
    let file = records.resident(clerk.session, id).await.unwrap();
    assert!(file.masked && file.resident.address.is_empty());
    assert!(records.reveal_address(&clerk.act(), id, "見たい").await.is_err());
    let act = officer.act();
    let shown = records.reveal_address(&act, id, "通知の送付").await.unwrap();
    assert_eq!(shown.resident.address, child.address);
    // The same act shows nobody else: of them no sight is recorded.
    let other = office.resident(&canary.number).await.unwrap();
    let again = records.reveal_address(&act, other, "通知の送付").await.map(drop);
    assert!(matches!(again, Err(OfficeError::ActIdUsed)), "{again:?}");
    let case = office.applied(&officer, &child).await.unwrap().at.id;
    records.break_lease(&clerk.act(), case, "—").await.unwrap();
    assert!(records.addressee(&clerk.act(), case).await.is_err());

    // Two people of whom the roster has no household are not one.
    let mut alone = [canary.clone(), adults(&city(60))[1].clone()];
    for one in &mut alone {
        one.household = String::new();
        one.number.replace_range(..1, "6");
    }
    office.import(alone.to_vec()).await.unwrap();
    let id = office.resident(&alone[1].number).await.unwrap();
    let file = records.resident(clerk.session, id).await.unwrap();
    assert!(file.members.is_empty() && !file.masked);

    // The protection ended: the next refresh shows both.
    canary.protected = false;
    alone[0].protected = false;
    office.import(vec![canary, alone[0].clone()]).await.unwrap();
    let index = records.refresh_index(&index).await.unwrap().unwrap();
    assert_eq!(index.search("金糸雀", 5).total, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printed_paper_is_known_to_be_out_of_date_when_the_roster_changed_and_not_before() {
    use office::cases::{PrintedPaper, Printing};
    let office = testing::open().await.unwrap();
    let mut resident = testing::adults(&testing::city(60))[0].clone();
    office.import(vec![resident.clone()]).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let records = &office.office;
    let case = office.applied(&clerk, &resident).await.unwrap().at.id;
    for paper in [Paper::Application, Paper::Receipt] {
        let printed = PrintedPaper {
            paper,
            pages: 1,
            sha256: [7; 32],
            addressee: records.addressee_index(paper, &resident),
            printing: Printing::Fresh,
        };
        records.paper_printed(&clerk.act(), case, printed).await.unwrap();
    }
    let still_so = async |paper| records.last_printed(case, paper).await.unwrap().unwrap().still_so;
    resident.phone = Some("0000-00-0000".into());
    office.import(vec![resident.clone()]).await.unwrap();
    assert!(
        still_so(Paper::Application).await,
        "a telephone number stands on no paper"
    );
    resident.address = format!("{}の二", resident.address);
    office.import(vec![resident]).await.unwrap();
    assert!(!still_so(Paper::Application).await);
    assert!(still_so(Paper::Receipt).await, "it carries no address");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_paper_of_a_protected_person_is_printed_again_by_the_role_alone() {
    let office = testing::open().await.unwrap();
    let mut canary = canary();
    canary.protected = true;
    office.import(vec![canary.clone()]).await.unwrap();
    let officer = office.clerk_of_all_trades("窓口1").await.unwrap();
    let clerk = office.clerk("鈴木 誠", "窓口2", &[Role::Reception]).await.unwrap();
    let records = &office.office;
    let case = office.applied(&officer, &canary).await.unwrap().at.id;
    let print = async |who: &testing::Clerk, paper| {
        let act = who.act();
        let printed = office::cases::PrintedPaper {
            paper,
            pages: 1,
            sha256: [7; 32],
            addressee: [8; 32],
            printing: office::cases::Printing::Fresh,
        };
        records.paper_printed(&act, case, printed).await
    };
    print(&officer, Paper::Application).await.unwrap();
    records.break_lease(&clerk.act(), case, "—").await.unwrap();
    let refused = print(&clerk, Paper::Application).await;
    assert!(
        matches!(refused, Err(OfficeError::NotAllowed(Role::ProtectedAddress))),
        "{refused:?}"
    );
    print(&clerk, Paper::Receipt).await.unwrap();
    let trail = records.audit(case).await.unwrap();
    let seen = trail
        .iter()
        .filter(|one| one.event.act == "resident.address_seen")
        .count();
    assert_eq!(seen, 1, "the printing by the role");
}
