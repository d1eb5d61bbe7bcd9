//! A provider's list of people beside the roster, and what the trail says of it.

use issuance::acts::RecordsMatched;
use office::{Act, Match, OfficeError, testing};
use uuid::Uuid;

#[tokio::test]
async fn a_line_is_one_resident_alone_and_two_lines_that_are_one_resident_are_both_told() {
    let office = testing::open().await.unwrap();
    let mut city = testing::city(4);
    let (name, birthday) = (city[0].kana.clone(), city[0].birthday.clone());
    // The second shares name and birthday with the first.
    city[1].kana = name.clone();
    city[1].birthday = birthday.clone();
    let (third, fourth) = (city[2].clone(), city[3].clone());
    office.import(city.clone()).await.unwrap();
    let lines = [
        (name, birthday.clone()),
        (third.kana.clone(), third.birthday.clone()),
        (fourth.kana.clone(), fourth.birthday.clone()),
        // As another program writes it: the same reading.
        (fourth.kana.replace(' ', "\u{3000}"), fourth.birthday.clone()),
        ("ソンナヒト イナイ".to_owned(), birthday),
    ];
    let matched = office.office.match_residents(&lines).await.unwrap();
    let person = async |number: &str| office.office.person_of_number(number).await.unwrap();
    let several = match &matched[0] {
        Match::Several(alike) => alike.clone(),
        other => panic!("{other:?}"),
    };
    for number in [&city[0].number, &city[1].number] {
        assert!(several.contains(&person(number).await));
    }
    assert_eq!(matched[1], Match::Found(person(&third.number).await));
    let doubled = Match::Doubled(person(&fourth.number).await);
    assert_eq!(matched[2..4], [doubled.clone(), doubled]);
    assert_eq!(matched[4], Match::Nobody);
    let nobody = office.office.person_of_number("nobody's").await;
    assert!(matches!(nobody, Err(OfficeError::NotFound(_))), "{nobody:?}");
}

#[tokio::test]
async fn what_is_matched_and_taken_back_is_in_the_trail_and_names_nobody() {
    const PROVIDER: &str = "https://coverage.office.example/saml";
    let office = testing::open().await.unwrap();
    let city = testing::city(1);
    office.import(city.clone()).await.unwrap();
    let act = |number| Act::of_process("link_records", Uuid::from_u128(number));
    let facts = RecordsMatched {
        provider: PROVIDER.to_owned(),
        rows: 3,
        found: 1,
        doubled: 0,
        nobody: 2,
        several: 0,
        answer: "00".repeat(32),
    };
    let person = office.office.person_of_number(&city[0].number).await.unwrap().person;
    office.office.records_matched(&act(1), &facts).await.unwrap();
    let why = (PROVIDER, "同姓同名の別の人だった");
    office.office.withdraw_records_link(&act(2), person, why).await.unwrap();
    let events: Vec<(String, String)> = store::Store::new(&office.database.superuser())
        .run("events", |tx| async move {
            let sql = "SELECT act, subjects::text || details::text FROM office.audit_event\n\
                       WHERE act LIKE 'records.%' ORDER BY act DESC";
            let rows = tx.query(sql, &[]).await?;
            Ok::<_, store::StoreError>(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
        })
        .await
        .unwrap();
    let acts: Vec<_> = events.iter().map(|(act, _)| act.as_str()).collect();
    assert_eq!(acts, ["records.matched", "records.link_withdrawn"]);
    assert!(events[0].1.contains(PROVIDER) && events[0].1.contains("\"nobody\": 2"));
    assert!(
        events[1].1.contains(&person.to_string()) && !events[1].1.contains("同姓同名"),
        "{events:?}"
    );
}
