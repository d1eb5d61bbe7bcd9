//! What each login role may write is what its program writes, and what it writes it writes as that program does.

use std::collections::BTreeMap;

use office::{DISPATCH, IMPORT, READER, SEALER, USER, USERS, testing::TestOffice};
use relay_core::chance::OsChance;
use store::{Store, StoreError, trail::head::HeadKey};
use uuid::Uuid;

use crate::{
    machines::{denied, refused, run},
    outbox::{handed_over, open},
};

/// Every right to change rows that each role has, as the catalogue says it: role → `INSERT table`, `UPDATE table (columns)`…
async fn rights(office: &TestOffice) -> BTreeMap<String, Vec<String>> {
    let roles: Vec<&str> = USERS.to_vec();
    let rights: Result<Vec<(String, String)>, StoreError> = Store::new(&office.database.superuser())
        .run("rights", |tx| {
            let roles = roles.clone();
            async move {
                let rows = tx
                    .query(
                        "SELECT r.role, v.verb || ' ' || c.relname || CASE WHEN has_table_privilege(r.role, c.oid, v.verb) THEN ''\n\
                         ELSE ' (' || (SELECT string_agg(a.attname, ' ' ORDER BY a.attnum) FROM pg_attribute a\n\
                         WHERE a.attrelid = c.oid AND a.attnum > 0 AND has_column_privilege(r.role, c.oid, a.attnum, v.verb)) || ')' END\n\
                         FROM unnest($1::text[]) AS r (role), unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS v (verb),\n\
                         pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n\
                         WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'\n\
                         AND CASE WHEN v.verb IN ('INSERT', 'UPDATE') THEN has_any_column_privilege(r.role, c.oid, v.verb)\n\
                         ELSE has_table_privilege(r.role, c.oid, v.verb) END\n\
                         UNION ALL\n\
                         SELECT r.role, 'EXECUTE ' || p.proname FROM unnest($1::text[]) AS r (role), pg_proc p\n\
                         JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'office'\n\
                         AND p.prorettype <> 'trigger'::regtype AND has_function_privilege(r.role, p.oid, 'EXECUTE') ORDER BY 1, 2",
                        &[&roles],
                    )
                    .await?;
                Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
            }
        })
        .await;
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (role, right) in rights.unwrap() {
        all.entry(role).or_default().push(right);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_role_may_write_more_than_its_program_writes() {
    let (office, _) = open().await;
    let rights = rights(&office).await;
    let of = |role: &str| rights.get(role).cloned().unwrap_or_default();
    // The programs beside the counter write little, and each right is a decision.
    assert_eq!(of(READER), Vec::<String>::new());
    assert_eq!(
        of(SEALER),
        ["DELETE audit_unsealed", "INSERT audit_head", "INSERT audit_leaf"]
    );
    assert_eq!(
        of(DISPATCH),
        [
            "INSERT audit_event",
            "UPDATE outbox (seq body applied_at refused_at refused_by)",
            "UPDATE outbox_sender (tried_at answered_at trouble)"
        ]
    );
    assert_eq!(
        of(IMPORT),
        [
            "EXECUTE forget_roster_changes",
            "EXECUTE take_out_added",
            "INSERT act_answer",
            "INSERT audit_event",
            "INSERT notice_fact",
            "INSERT notice_import",
            "INSERT resident",
            "INSERT roster_import",
            "UPDATE act_answer (answer)",
            "UPDATE resident (household_index likeness_index identity residence row_hash changed_by gone_at)",
        ]
    );
    // The counter's role: what is kept by the trail, by the import and by the outbox process is not its own, and only what can
    // be done again is deleted.
    let counter = of(USER);
    for others in [
        "audit_unsealed",
        "audit_leaf",
        "audit_head",
        "roster_import",
        "roster_change",
        "resident",
        "staff_session",
    ] {
        for verb in ["INSERT", "DELETE"] {
            assert!(!counter.contains(&format!("{verb} {others}")), "{verb} {others}");
        }
    }
    let removes: Vec<_> = counter
        .iter()
        .filter_map(|right| right.strip_prefix("DELETE "))
        .collect();
    assert_eq!(removes, ["case_lease", "handover_sight", "staff_role"]);
    let whole: Vec<_> = counter
        .iter()
        .filter(|right| right.starts_with("TRUNCATE") || right.starts_with("UPDATE") && !right.contains('('))
        .collect();
    assert_eq!(
        whole,
        ["UPDATE case_lease"],
        "rows are changed column by column, but for who holds a case now"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_begins_with_a_good_card_and_is_told() {
    let (office, clerk) = open().await;
    let staff = clerk.id.uuid();
    let by_hand = format!(
        "INSERT INTO office.staff_session (id, staff, desk, began_at) VALUES (gen_random_uuid(), '{staff}', '窓口9', now())"
    );
    for role in USERS {
        denied(&office, role, &by_hand).await;
    }
    let begin = |card: &str, at: &str| {
        format!(
            "SELECT office.begin_session('{}', '窓口9', '\\x{card}', {at})",
            Uuid::from_u128(9)
        )
    };
    let card = hex::encode(&clerk.serial);
    for role in [IMPORT, DISPATCH, READER, SEALER] {
        denied(&office, role, &begin(&card, "now()")).await;
    }
    refused(&office, USER, begin("00112233", "now()"), "session_of_a_card_holder").await;
    // Told by nobody: it is there for no longer than its transaction.
    refused(&office, USER, begin(&card, "now()"), "session_is_told").await;
    let told = office.second_console();
    let act = office::Act::of_process("login", Uuid::from_u128(1));
    let begun = told.log_in(&act, "窓口9", &clerk.serial).await.unwrap();
    assert_eq!(begun.staff.id, clerk.id);
    // An office's own clock, as every database has it that is not a trial's.
    run(&office, office::OWNER, "UPDATE office.clock SET by_hand = false")
        .await
        .unwrap();
    let yesterday = begin(&card, "now() - interval '1 day'");
    refused(&office, USER, yesterday, "session_when_it_begins").await;
    // Somebody who left.
    let gone = office
        .clerk("高橋 学", "窓口3", &[issuance::staff::Role::Reception])
        .await
        .err();
    assert!(gone.is_some(), "the trial's clock no longer counts");
    run(&office, office::OWNER, "UPDATE office.clock SET by_hand = true")
        .await
        .unwrap();
    let other = office
        .clerk("高橋 学", "窓口3", &[issuance::staff::Role::Reception])
        .await
        .unwrap();
    office
        .office
        .disable_staff(&clerk.act(), other.id, office::DisableReason::Left)
        .await
        .unwrap();
    refused(
        &office,
        USER,
        begin(&hex::encode(&other.serial), "now()"),
        "session_of_a_card_holder",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_forged_run_of_an_import_takes_somebody_out() {
    let (office, clerk) = open().await;
    handed_over(&office, &clerk, 0).await;
    let forged = "INSERT INTO office.roster_change (import, resident, kind, left_hash)\n\
                  SELECT r.changed_by, r.id, 'added', r.row_hash FROM office.resident r";
    for role in USERS {
        denied(&office, role, forged).await;
    }
    let run_of = |undoes: &str| {
        format!(
            "INSERT INTO office.roster_import (act, at, actor, rows, added, changed, unchanged, gone, undoes)\n\
             VALUES (gen_random_uuid(), now(), 'import', 0, 0, 0, 0, 0, {undoes})"
        )
    };
    // A run that changed somebody keeps that it changed them, whatever it says of itself.
    let touched = format!(
        "{}; UPDATE office.resident SET row_hash = decode(repeat('11', 32), 'hex'),\n\
         changed_by = (SELECT max(number) FROM office.roster_import)\n\
         WHERE id = (SELECT id FROM office.resident ORDER BY id LIMIT 1)",
        run_of("NULL")
    );
    run(&office, IMPORT, &touched).await.unwrap();
    let people = count(&office, "SELECT count(*) FROM office.resident").await;
    let taken_out = format!(
        "{}; SELECT office.take_out_added((SELECT max(number) FROM office.roster_import))",
        run_of("(SELECT max(number) FROM office.roster_import)")
    );
    run(&office, IMPORT, &taken_out).await.unwrap();
    assert_eq!(count(&office, "SELECT count(*) FROM office.resident").await, people);
    // In the name of a run that is over.
    let late = "UPDATE office.resident SET gone_at = now(), changed_by = 1";
    refused(&office, IMPORT, late.to_owned(), "resident_changed_by_newest_run").await;
    let unsaid = "UPDATE office.resident SET gone_at = now()";
    refused(&office, IMPORT, unsaid.to_owned(), "resident_changed_by_newest_run").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_takes_an_event_out_of_those_that_wait_for_the_tree() {
    let (office, clerk) = open().await;
    office.office.screen_locked(&clerk.act(), false).await.unwrap();
    let taken = "DELETE FROM office.audit_unsealed";
    for role in [USER, IMPORT, DISPATCH, READER] {
        denied(&office, role, taken).await;
    }
    // Not the sealer itself, nor the owner of the tables.
    for role in [SEALER, office::OWNER] {
        refused(&office, role, taken.to_owned(), "unsealed_until_it_has_its_place").await;
    }
    for role in USERS {
        denied(&office, role, "TRUNCATE office.audit_unsealed").await;
    }
    denied(&office, office::OWNER, "TRUNCATE office.audit_unsealed").await;
    let place = "INSERT INTO office.audit_leaf (place, seq, leaf) SELECT 7000, seq, decode(repeat('00', 32), 'hex')\n\
                 FROM office.audit_unsealed LIMIT 1";
    for role in [USER, IMPORT, DISPATCH, READER] {
        denied(&office, role, place).await;
    }
    let (secret, _) = HeadKey::fresh("office.131016", &relay_core::chance::draw(&mut OsChance));
    let key = HeadKey::from_text(&secret).unwrap();
    assert!(
        office.office.seal_trail(&key).await.is_err(),
        "the counter's role seals nothing"
    );
    assert!(office.sealing.seal_trail(&key).await.unwrap().is_some());
    assert_eq!(count(&office, "SELECT count(*) FROM office.audit_unsealed").await, 0);
}

async fn count(office: &TestOffice, sql: &'static str) -> i64 {
    let count: Result<i64, StoreError> = Store::new(&office.database.superuser())
        .run("count", |tx| async move { Ok(tx.query_one(sql, &[]).await?.get(0)) })
        .await;
    count.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_staff_card_opens_and_stops_opening_by_an_administrator_alone() {
    let (office, clerk) = open().await;
    let other = office
        .clerk("高橋 学", "窓口3", &[issuance::staff::Role::Reception])
        .await
        .unwrap();
    let without = office::NewStaff {
        number: "S-9".into(),
        name: "木村 守".into(),
        roles: [issuance::staff::Role::Reception].into(),
        certificate: None,
    };
    let act = clerk.act();
    let without = office.office.add_staff(&act, &without).await.unwrap();
    // At one moment with the card, told by whoever it is said of.
    let told = |actor: &str, staff: Uuid, act: &str| {
        format!(
            "INSERT INTO office.audit_event (id, at, actor, desk, act, subjects, outcome, details, salt, hash)\n\
             VALUES (gen_random_uuid(), now(), '{actor}', '窓口3', '{act}', '{{\"staff\": \"{staff}\"}}', 'done', '{{}}',\n\
             decode(repeat('00', 16), 'hex'), decode(repeat('00', 32), 'hex'));"
        )
    };
    let rule = "staff_certificate_by_administrator";
    let opens = format!(
        "INSERT INTO office.staff_certificate (serial, staff, since) VALUES ('\\x0102', '{}', now());",
        without.uuid()
    );
    let stops = format!(
        "UPDATE office.staff_certificate SET until = now(), revocation = 'superseded' WHERE staff = '{}';",
        other.id.uuid()
    );
    let reception = other.id.to_string();
    for (card, staff) in [(&opens, without.uuid()), (&stops, other.id.uuid())] {
        refused(&office, USER, card.clone(), rule).await;
        // By somebody who administers nothing; by setup, though there is an administrator; by an event that says another thing.
        for (actor, act) in [
            (reception.as_str(), "staff.certificate_registered"),
            ("setup", "staff.certificate_registered"),
            ("setup", "staff.added"),
            (reception.as_str(), "session.began"),
        ] {
            refused(&office, USER, format!("{}{card}", told(actor, staff, act)), rule).await;
        }
    }
    for role in [IMPORT, DISPATCH, READER, SEALER] {
        denied(&office, role, &opens).await;
    }
    let act = clerk.act();
    let registered = office.office.register_certificate(&act, without, &[1, 2]).await;
    registered.unwrap();
}
