//! What may not be seen: in the database, at the desk, in the trail.

use issuance::{person::Resident, staff::Role};
use office::{
    OfficeError,
    cases::{IncidentKind, NewIncident},
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
