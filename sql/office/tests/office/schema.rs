//! The schema explains itself and grants no more than is needed.

use issuance::{
    acts::{ALL, SecondPurpose},
    staff::Role,
};
use office::{Office, OfficeError, TimeSource, USER, testing};
use store::{Store, StoreError, install::SetupError};

async fn texts(store: &Store, sql: &'static str) -> Vec<String> {
    store
        .run("texts", |tx| async move {
            Ok::<_, StoreError>(tx.query(sql, &[]).await?.iter().map(|row| row.get(0)).collect())
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn every_table_and_column_says_what_it_is() {
    let office = testing::open().await.unwrap();
    let store = Store::new(&office.database.superuser());
    let silent = texts(
        &store,
        "SELECT c.relname || coalesce('.' || a.attname, '') FROM pg_class c\n\
         JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'office'\n\
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped\n\
         WHERE c.relkind IN ('r', 'v') AND (obj_description(c.oid) IS NULL OR col_description(c.oid, a.attnum) IS NULL)",
    )
    .await;
    assert!(silent.is_empty(), "without a comment: {silent:?}");
}

#[tokio::test]
async fn the_closed_lists_in_the_database_are_those_of_the_rows() {
    let office = testing::open().await.unwrap();
    let store = Store::new(&office.database.superuser());
    let acts = texts(&store, "SELECT act || ': ' || meaning FROM office.audit_act").await;
    let purposes = texts(&store, "SELECT purpose FROM office.second_purpose").await;
    let roles = texts(&store, "SELECT role FROM office.role").await;
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    let rows = ALL.iter().map(|row| format!("{}: {}", row.name, row.meaning.english));
    assert_eq!(sorted(acts), sorted(rows.collect()));
    let known = SecondPurpose::ALL.map(|purpose| purpose.as_str().to_owned());
    assert_eq!(sorted(purposes), sorted(known.to_vec()));
    assert_eq!(sorted(roles), sorted(Role::ALL.map(|role| role.to_string()).to_vec()));
}

#[tokio::test]
async fn the_consoles_role_can_neither_define_nor_delete() {
    let office = testing::open().await.unwrap();
    let store = Store::new(&office.database.door(USER));
    for sql in [
        "CREATE TABLE office.extra (id int)",
        "CREATE TABLE public.extra (id int)",
        "DROP TABLE office.card",
        "DELETE FROM office.card_case",
        "DELETE FROM office.resident",
        "DELETE FROM office.certificate",
        "UPDATE office.certificate SET serial = '\\x00'",
        "UPDATE office.card SET chip = '\\x00'",
        "UPDATE office.card_case SET application = '\\x00'",
        "UPDATE office.handover SET at = now()",
        "UPDATE office.second_approval SET checker = maker",
        "UPDATE office.audit_act SET meaning = ''",
        "UPDATE public.refinery_schema_history SET version = 99",
    ] {
        let refused: Result<(), StoreError> = store.run("overreach", |tx| async move { tx.batch(sql).await }).await;
        assert!(matches!(refused, Err(StoreError::Denied { .. })), "{sql}: {refused:?}");
    }
}

#[tokio::test]
async fn the_schema_itself_refuses_what_must_never_be() {
    let office = testing::open().await.unwrap();
    let residents = testing::city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let case = office
        .verified(&clerk, &testing::adults(&residents)[0])
        .await
        .unwrap()
        .id;
    let card = crate::on_card_thread(&office, &clerk, move |records| {
        crate::make_card(records, case, b"chip-0001")
    })
    .await;
    // Past every check of the program, with its own role.
    let store = Store::new(&office.database.door(USER));
    let (case, card, staff) = (case.uuid(), card.uuid(), clerk.id.uuid());
    let expect = async |sql: String, rule: &str| {
        let sql = &sql;
        let refused: Result<(), StoreError> = store.run("past", |tx| async move { tx.batch(sql).await }).await;
        let refused = refused.unwrap_err();
        assert!(refused.is_constraint(rule), "{sql}: {refused}");
    };
    let active = format!("UPDATE office.card SET state = 'active', activated_at = now() WHERE id = '{card}'");
    expect(active.clone(), "card_pin_before_handover").await;
    expect(
        format!("UPDATE office.card SET pin_set_at = now() WHERE id = '{card}'; {active}"),
        "card_active_when_handed_over",
    )
    .await;
    expect(
        format!("UPDATE office.card_case SET closed_at = now(), version = version + 1 WHERE id = '{case}'"),
        "card_active_when_handed_over",
    )
    .await;
    expect(
        format!(
            "INSERT INTO office.second_approval (id, case_id, purpose, maker, checker, at)\n\
             VALUES (gen_random_uuid(), '{case}', 'making', '{staff}', '{staff}', now())"
        ),
        "approval_by_another",
    )
    .await;
    expect(
        format!(
            "INSERT INTO office.handover (case_id, card, at, rule, first_staff, first_at, second_staff, second_at)\n\
             VALUES ('{case}', '{card}', now(), 'two_clerks', '{staff}', now(), '{staff}', now())"
        ),
        "handover_two_people",
    )
    .await;
    expect(
        format!(
            "INSERT INTO office.card_case SELECT gen_random_uuid(), year, serial + 1, resident, 'applied', since, 1, NULL,\n\
             application, NULL, opened_at, opened_by FROM office.card_case WHERE id = '{case}'"
        ),
        "case_open_once",
    )
    .await;
    expect(
        format!("UPDATE office.card_case SET state = 'applied' WHERE id = '{case}'"),
        "case_card_from_making",
    )
    .await;
}

#[tokio::test]
async fn a_database_of_another_version_is_refused() {
    let office = testing::open().await.unwrap();
    let store = Store::new(&office.database.superuser());
    let _: () = store
        .run("age", |tx| async move {
            tx.batch("DELETE FROM refinery_schema_history WHERE version > 5").await
        })
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    let door = office.database.door(USER);
    let refused = Office::connect(&door, testing::sealer(), TimeSource::Database).await;
    assert!(
        matches!(
            refused,
            Err(OfficeError::Setup(SetupError::Version { database: 5, .. }))
        ),
        "{refused:?}"
    );
}
