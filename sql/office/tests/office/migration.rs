//! A database filled by the first wave's schema is brought to the three machines and the ledger.

use office::{OWNER, USERS, migrate, migrations};
use refinery::Target;
use store::{Store, StoreError, testing::Recipe};

/// Residents, staff and one case in every state of the first wave: its number, its state, its card's state, its card's
/// registrations, where it lay.
const CASES: [(u8, &str, &str, &str, &str); 10] = [
    (1, "applied", "", "", ""),
    (2, "verified", "", "", ""),
    (3, "making", "making", "", ""),
    (4, "made", "made", "", ""),
    (5, "shelved", "made", "", "A-5"),
    (6, "handed_over", "active", "active", ""),
    (7, "handed_over", "active", "suspended", ""),
    (8, "handed_over", "revoked", "revoked", ""),
    (9, "cancelled", "", "", ""),
    // Verified again after its card was damaged.
    (10, "verified", "damaged", "", ""),
];

/// The first wave's rows, as SQL: ids are made from the case's number.
fn first_wave() -> String {
    let id = |kind: &str, nr: u8| format!("'{kind}000000-0000-4000-8000-0000000000{nr:02x}'");
    let staff = id("5a", 1);
    let mut sql = format!(
        "INSERT INTO office.staff (id, number, name, added_at) VALUES ({staff}, 'S-1', '\\x00', '2026-11-01');\n\
         INSERT INTO office.roster_import (act, at, actor, rows, added, changed, unchanged, gone)\n\
         VALUES (gen_random_uuid(), '2026-11-01', 'import', 10, 10, 0, 0, 0);\n\
         INSERT INTO office.case_number (year, last) VALUES (2026, 10);\n"
    );
    for (nr, state, card, registered, shelf) in CASES {
        let (resident, case, card_id) = (id("4e", nr), id("ca", nr), id("cd", nr));
        let byte = format!("decode(repeat('{nr:02x}', 32), 'hex')");
        let bound = if matches!(state, "making" | "made" | "shelved" | "handed_over") {
            &card_id
        } else {
            "NULL"
        };
        let shelf = if shelf.is_empty() {
            "NULL".to_owned()
        } else {
            format!("'{shelf}'")
        };
        let verified = !matches!(state, "applied" | "cancelled");
        let seen = if verified {
            format!("'\\x00', '2026-11-02', {staff}")
        } else {
            "NULL, NULL, NULL".into()
        };
        let ended = if state == "cancelled" { "'\\x00'" } else { "NULL" };
        let closed = if matches!(state, "cancelled" | "handed_over") {
            "'2026-11-05'"
        } else {
            "NULL"
        };
        sql += &format!(
            "INSERT INTO office.resident (id, number_index, household_index, likeness_index, identity, residence, row_hash, changed_by)\n\
             VALUES ({resident}, {byte}, {byte}, {byte}, '\\x00', '\\x00', {byte}, 1);\n\
             INSERT INTO office.card_case (id, year, serial, resident, state, since, card, shelf, application, opened_at, opened_by,\n\
             verification, verified_at, verified_by, cancellation, closed_at)\n\
             VALUES ({case}, 2026, {nr}, {resident}, '{state}', '2026-11-04', {bound}, {shelf}, '\\x00', '2026-11-01', {staff},\n\
             {seen}, {ended}, {closed});\n"
        );
        if card.is_empty() {
            continue;
        }
        let given = matches!(card, "active" | "revoked");
        let when = |so: bool, at: &str| if so { format!("'{at}'") } else { "NULL".into() };
        sql += &format!(
            "INSERT INTO office.card (id, case_id, resident, chip, state, bound_at, bound_by, made_at, pin_set_at, activated_at,\n\
             damaged_at, damage, revoked_at) VALUES ({card_id}, {case}, {resident}, '\\x{nr:02x}', '{card}', '2026-11-03', {staff},\n\
             {}, {}, {}, {}, {}, {});\n\
             INSERT INTO office.audit_event (id, at, actor, desk, act, subjects, outcome, details, salt, hash)\n\
             SELECT gen_random_uuid(), '2026-11-03', {staff}, '窓口1', act, jsonb_build_object('case', {case}, 'card', {card_id}),\n\
             'done', '{{}}', decode(repeat('00', 16), 'hex'), {byte} FROM unnest(ARRAY['card.bound', 'card.made']) act;\n",
            when(card != "making", "2026-11-03"),
            when(given, "2026-11-04"),
            when(given, "2026-11-05"),
            when(card == "damaged", "2026-11-04"),
            if card == "damaged" { "'broke'" } else { "NULL" },
            when(card == "revoked", "2026-11-06"),
        );
        if given {
            sql += &format!(
                "INSERT INTO office.handover (case_id, card, at, rule, first_staff, first_at, second_staff, second_at)\n\
                 VALUES ({case}, {card_id}, '2026-11-05', 'one_clerk_twice', {staff}, '2026-11-04', {staff}, '2026-11-05');\n\
                 INSERT INTO office.registration (id, card, slot, state, since)\n\
                 SELECT gen_random_uuid(), {card_id}, slot, '{registered}', '2026-11-06' FROM generate_series(1, 2) slot;\n"
            );
        }
    }
    sql
}

#[tokio::test]
async fn what_the_first_wave_recorded_stands_in_the_three_machines_and_the_ledger() {
    let recipe = Recipe {
        name: "office_first_wave",
        runner: migrations().set_target(Target::Version(12)),
        owner: OWNER,
        users: &USERS,
    };
    let database = store::testing::database(&recipe).await.unwrap();
    let owner = Store::new(&database.door(OWNER));
    let filled = first_wave();
    let filled = &filled;
    let written: Result<(), StoreError> = owner
        .run("first_wave", |tx| async move { tx.batch(filled).await })
        .await;
    written.unwrap();
    migrate(&database.door(OWNER)).await.unwrap();

    let rows = owner.run("migrated", |tx| async move {
        let rows = tx
            .query(
                "SELECT c.serial, c.state, c.closed_at IS NOT NULL AS closed, coalesce(k.state, '') AS card,\n\
                 coalesce(p.kind || coalesce(' ' || p.name, ''), '') AS place, c.card IS NOT NULL AS bound\n\
                 FROM office.card_case c LEFT JOIN office.card k ON k.case_id = c.id\n\
                 LEFT JOIN office.card_place p ON p.card = k.id ORDER BY c.serial",
                &[],
            )
            .await?;
        Ok::<_, StoreError>(
            rows.iter()
                .map(|row| {
                    let texts = ["state", "card", "place"].map(|column| row.get::<_, String>(column));
                    (
                        row.get::<_, i32>("serial"),
                        texts,
                        row.get::<_, bool>("closed"),
                        row.get::<_, bool>("bound"),
                    )
                })
                .collect::<Vec<_>>(),
        )
    });
    let found = rows.await.unwrap();
    let expected = [
        (1, ["applied", "", ""], false, false),
        (2, ["verified", "", ""], false, false),
        (3, ["making", "making", "reader 窓口1"], false, true),
        (4, ["made", "made", "drawer 窓口1"], false, true),
        (5, ["made", "made", "shelf A-5"], false, true),
        (6, ["made", "active", "holder"], true, true),
        (7, ["made", "suspended", "lost"], true, true),
        (8, ["made", "revoked", "holder"], true, true),
        (9, ["cancelled", "", ""], true, false),
        (10, ["verified", "damaged", "drawer 窓口1"], false, false),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(nr, texts, closed, bound)| (nr, texts.map(str::to_owned), closed, bound))
        .collect();
    assert_eq!(found, expected);

    // Every row keeps the rules it would have to keep if it were written today: each is touched once more.
    let touched: Result<(), StoreError> = owner
        .run("touch", |tx| async move {
            tx.batch("UPDATE office.card_case SET state = state, version = version + 1; UPDATE office.card SET state = state")
                .await
        })
        .await;
    touched.unwrap();
}
