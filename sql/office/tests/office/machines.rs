//! What the machines of the office do not allow, the database refuses, whoever asks. The list of what is tried is made from
//! the machines.

use std::collections::BTreeSet;

use issuance::{
    application::ApplicationState, case::CaseId, lifecycle::Lifecycle, machine::Machine, parcel::ParcelState,
    standing::CardStanding,
};
use office::{
    DISPATCH, IMPORT, OWNER, READER, SEALER, USER,
    testing::{Clerk, TestOffice, adults, city},
};
use store::{Store, StoreError};
use uuid::Uuid;

use crate::{
    make_card, on_card_thread,
    outbox::{handed_over, open},
    parcels::closed,
};

/// Every role that anybody logs in as, the owner of the tables included.
pub const EVERYBODY: [&str; 6] = [USER, IMPORT, DISPATCH, READER, SEALER, OWNER];

pub async fn run(office: &TestOffice, role: &str, sql: &str) -> Result<(), StoreError> {
    Store::new(&office.database.door(role))
        .run("past", |tx| async move { tx.batch(sql).await })
        .await
}

fn all_transitions() -> BTreeSet<[&'static str; 3]> {
    let mut all = ApplicationState::transitions();
    all.extend(Lifecycle::transitions());
    all.extend(CardStanding::transitions());
    all.extend(ParcelState::transitions());
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_knows_the_moves_that_the_machines_know_and_no_others() {
    let (office, _) = open().await;
    let known: BTreeSet<[String; 3]> = Store::new(&office.database.superuser())
        .run("transitions", |tx| async move {
            let rows = tx
                .query("SELECT machine, from_state, to_state FROM office.transition", &[])
                .await?;
            Ok::<_, StoreError>(rows.iter().map(|row| [row.get(0), row.get(1), row.get(2)]).collect())
        })
        .await
        .unwrap();
    let ours: BTreeSet<[String; 3]> = all_transitions()
        .into_iter()
        .map(|line| line.map(str::to_owned))
        .collect();
    assert_eq!(known, ours);
}

/// Tries every move of `M` that it does not have, as every role, on the row `id` of `table`.
async fn every_other_move_is_refused<M: Machine + std::fmt::Debug>(office: &TestOffice, table: &str, id: Uuid) {
    let allowed = M::transitions();
    let mut tried = 0;
    for from in M::STATES.iter().map(|state| state.as_str()) {
        // The row stands so, past every rule: what refuses below is the rule of moves alone.
        let stands =
            format!("SET session_replication_role = replica; UPDATE {table} SET state = '{from}' WHERE id = '{id}'");
        let stands = &stands;
        let set: Result<(), StoreError> = Store::new(&office.database.superuser())
            .run("stands", |tx| async move { tx.batch(stands).await })
            .await;
        set.unwrap();
        for to in M::STATES.iter().map(|state| state.as_str()).filter(|to| *to != from) {
            if allowed.contains(&[M::NAME, from, to]) {
                continue;
            }
            tried += 1;
            for role in EVERYBODY {
                let version = if table == "office.card_case" {
                    ", version = version + 1"
                } else {
                    ""
                };
                let sql = format!("UPDATE {table} SET state = '{to}'{version} WHERE id = '{id}'");
                let refused = run(office, role, &sql).await.unwrap_err();
                let by_rule = refused.is_constraint(&format!("{}_move", M::NAME));
                assert!(
                    by_rule || matches!(refused, StoreError::Denied { .. }),
                    "{role}, {from} → {to}: {refused}"
                );
                assert!(
                    by_rule || !matches!(role, USER | OWNER),
                    "{role}, {from} → {to}: {refused}"
                );
            }
        }
        for role in EVERYBODY {
            let born = run(
                office,
                role,
                &format!("INSERT INTO {table} SELECT * FROM {table} WHERE id = '{id}'"),
            )
            .await;
            assert!(born.is_err());
        }
    }
    let states = M::STATES.len();
    assert_eq!(
        tried,
        states * (states - 1) - allowed.iter().filter(|line| !line[1].is_empty()).count()
    );
}

/// Takes away the rules of single rows, which would refuse some moves before the rule of moves is asked.
async fn only_the_rule_of_moves_is_left(office: &TestOffice, table: &str) {
    let sql = format!(
        "DO $$ DECLARE c record; BEGIN FOR c IN SELECT conname FROM pg_constraint\n\
         WHERE conrelid = '{table}'::regclass AND contype = 'c' LOOP\n\
         EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', c.conname); END LOOP;\n\
         FOR c IN SELECT i.indexrelid::regclass AS name FROM pg_index i WHERE i.indrelid = '{table}'::regclass\n\
         AND i.indpred IS NOT NULL LOOP EXECUTE format('DROP INDEX %s', c.name); END LOOP; END $$"
    );
    run(office, OWNER, &sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_role_moves_a_case_a_card_or_a_registration_as_its_machine_does_not() {
    let (office, clerk) = open().await;
    let case = handed_over(&office, &clerk, 0).await;
    let card = office.office.case(clerk.session, case).await.unwrap().card.unwrap().id;
    let registration: Uuid = Store::new(&office.database.superuser())
        .run("registration", |tx| async move {
            let row = tx
                .query_one(
                    "SELECT id FROM office.registration WHERE card = $1 LIMIT 1",
                    &[&card.uuid()],
                )
                .await?;
            Ok::<_, StoreError>(row.get(0))
        })
        .await
        .unwrap();
    for table in ["office.card_case", "office.card", "office.registration"] {
        only_the_rule_of_moves_is_left(&office, table).await;
    }
    every_other_move_is_refused::<CardStanding>(&office, "office.registration", registration).await;
    every_other_move_is_refused::<Lifecycle>(&office, "office.card", card.uuid()).await;
    every_other_move_is_refused::<ApplicationState>(&office, "office.card_case", case.uuid()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_role_moves_an_envelope_as_its_machine_does_not() {
    let (office, clerk) = open().await;
    let (_, parcel) = closed(&office, &clerk, 0).await;
    only_the_rule_of_moves_is_left(&office, "office.parcel").await;
    every_other_move_is_refused::<ParcelState>(&office, "office.parcel", parcel.uuid()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_the_database_refuses_is_told_by_its_machine() {
    let (office, clerk) = open().await;
    handed_over(&office, &clerk, 0).await;
    let moved: Result<(), office::OfficeError> = Store::new(&office.database.door(USER))
        .run("past", |tx| async move {
            tx.batch("UPDATE office.registration SET state = 'revoked'").await?;
            tx.batch("UPDATE office.registration SET state = 'active'").await?;
            Ok(())
        })
        .await;
    let told = matches!(
        moved,
        Err(office::OfficeError::ForbiddenMove {
            machine: "registration"
        })
    );
    assert!(told, "{moved:?}");
}

/// What is written as `role` is refused under the rule.
pub async fn refused(office: &TestOffice, role: &str, sql: String, rule: &str) {
    let refused = run(office, role, &sql).await;
    let refused = refused.expect_err(&sql);
    assert!(refused.is_constraint(rule), "{sql}: {refused}");
}

/// What is written as `role` is refused for want of a grant.
pub async fn denied(office: &TestOffice, role: &str, sql: &str) {
    let denied = run(office, role, sql).await;
    assert!(
        matches!(denied, Err(StoreError::Denied { .. })),
        "{role}: {sql}: {denied:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handover_is_not_invented_undone_or_taken_apart() {
    let (office, clerk) = open().await;
    let over = handed_over(&office, &clerk, 0).await;
    let card = office.office.case(clerk.session, over).await.unwrap().card.unwrap().id;
    let waiting = office.verified(&clerk, &adults(&city(60))[1]).await.unwrap().id;
    let made = on_card_thread(&office, &clerk, move |records| {
        make_card(records, waiting, b"chip-made")
    })
    .await;
    let staff = clerk.id.uuid();
    let (over, card, waiting, made) = (over.uuid(), card.uuid(), waiting.uuid(), made.uuid());
    let next = "version = version + 1";
    // A case handed over loses neither its card nor its end, and no other card comes to be active.
    let undone = format!(
        "UPDATE office.card_case SET state = 'verified', card = NULL, closed_at = NULL, {next} WHERE id = '{over}'"
    );
    refused(&office, USER, undone, "case_stays_closed").await;
    let reopened = format!("UPDATE office.card_case SET closed_at = NULL, {next} WHERE id = '{over}'");
    refused(&office, USER, reopened, "case_stays_closed").await;
    let without = format!("UPDATE office.card_case SET state = 'verified', card = NULL, {next} WHERE id = '{waiting}'");
    refused(&office, USER, without, "case_has_its_card").await;
    let looked = format!(
        "INSERT INTO office.handover (case_id, card, at, rule, first_staff, first_at, second_staff, second_at)\n\
         VALUES ('{waiting}', '{made}', now(), 'one_clerk_twice', '{staff}', now(), '{staff}', now())"
    );
    refused(&office, USER, looked, "handover_as_looked").await;
    let sight =
        format!("INSERT INTO office.handover_sight VALUES ('{waiting}', 1, '{made}', gen_random_uuid(), now())");
    assert!(run(&office, USER, &sight).await.is_err(), "a look of nobody");
    let activated = format!(
        "UPDATE office.card SET state = 'active', pin_set_at = now(), activated_at = now() WHERE id = '{made}'"
    );
    refused(&office, USER, activated, "card_active_when_handed_over").await;
    // The relay is told of the card what is so.
    let alone = format!("UPDATE office.registration SET state = 'suspended' WHERE card = '{card}'");
    refused(&office, USER, alone, "registration_follows_card").await;
    let moment = format!("UPDATE office.card SET activated_at = now() WHERE id = '{card}'");
    refused(&office, USER, moment, "card_moment_stays").await;
    let older = format!("UPDATE office.card_case SET version = version - 1 WHERE id = '{over}'");
    refused(&office, USER, older, "case_version_grows").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_once_and_for_ever_stays() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let second = office
        .clerk("高橋 学", "窓口3", &[issuance::staff::Role::Issuing])
        .await
        .unwrap();
    let case = handed_over(&office, &clerk, 0).await;
    let purpose = office::cases::SecondPurpose::Revocation;
    let (approval, _) = records
        .approve(&clerk.act(), case, purpose, &second.serial)
        .await
        .unwrap();
    let reason = office::RevocationReason::KeyCompromise;
    records
        .revoke_card(&clerk.act(), case, reason, approval, "—")
        .await
        .unwrap();
    let all: [(&str, &str); 8] = [
        (
            "UPDATE office.certificate SET revoked_at = NULL, revocation = NULL",
            "certificate_stays_revoked",
        ),
        (
            "UPDATE office.certificate SET der = '\\x00'",
            "certificate_stays_as_issued",
        ),
        ("UPDATE office.second_approval SET used_at = NULL", "approval_used_once"),
        (
            "UPDATE office.delivery_notice SET replaced_at = NULL",
            "notice_stays_replaced",
        ),
        (
            "UPDATE office.card_step SET done_at = NULL, took_us = NULL",
            "step_stays_done",
        ),
        ("UPDATE office.act_answer SET answer = '1'", "act_answered_once"),
        (
            "UPDATE office.registration SET edition = -1 WHERE edition = 0",
            "registration_edition_check",
        ),
        ("UPDATE office.card SET pin_set_at = NULL", "card_pin_before_handover"),
    ];
    for (sql, rule) in all {
        refused(&office, USER, sql.to_owned(), rule).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_not_jumped() {
    let (office, clerk) = open().await;
    let resident = &adults(&city(60))[0];
    let case: CaseId = office.applied(&clerk, resident).await.unwrap().at.id;
    let rule = "numbers_without_gaps";
    refused(
        &office,
        USER,
        "UPDATE office.case_number SET last = last + 7".into(),
        rule,
    )
    .await;
    refused(
        &office,
        USER,
        "UPDATE office.case_number SET last = last + 1".into(),
        rule,
    )
    .await;
    refused(
        &office,
        USER,
        "INSERT INTO office.case_number (year, last) VALUES (2031, 5)".into(),
        rule,
    )
    .await;
    let other = office.resident(&adults(&city(60))[1].number).await.unwrap().uuid();
    let taken = format!(
        "INSERT INTO office.card_case (id, year, serial, resident, state, since, application, opened_at, opened_by)\n\
         SELECT gen_random_uuid(), year, 99, '{other}', 'applied', since, application, opened_at, opened_by\n\
         FROM office.card_case WHERE id = '{}'",
        case.uuid()
    );
    refused(&office, USER, taken, rule).await;
    let list = "INSERT INTO office.revocation_list (authority, number, at) VALUES ('staff', 7, now())";
    refused(&office, USER, list.into(), rule).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_themselves_a_role() {
    let (office, administrator) = open().await;
    let clerk: Clerk = office
        .clerk("鈴木 誠", "窓口2", &[issuance::staff::Role::Reception])
        .await
        .unwrap();
    let (me, admin) = (clerk.id.uuid(), administrator.id.uuid());
    let give = |to: Uuid, by: &str| {
        format!("INSERT INTO office.staff_role (staff, role, given_by) VALUES ('{to}', 'issuing', {by})")
    };
    refused(&office, USER, give(me, &format!("'{me}'")), "role_not_to_oneself").await;
    refused(&office, USER, give(me, "NULL"), "role_given_by_administrator").await;
    let other = office
        .clerk("高橋 学", "窓口3", &[issuance::staff::Role::Reception])
        .await
        .unwrap();
    refused(
        &office,
        USER,
        give(other.id.uuid(), &format!("'{me}'")),
        "role_given_by_administrator",
    )
    .await;
    run(&office, USER, &give(me, &format!("'{admin}'"))).await.unwrap();
    let roles = std::collections::BTreeSet::from([issuance::staff::Role::Administration]);
    let refused = office
        .office
        .change_roles(&administrator.act(), administrator.id, &roles)
        .await;
    assert!(refused.unwrap_err().is(&office::StaffRefusal::OwnRoles));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trail_takes_no_event_of_somebody_else_or_of_another_day() {
    let (office, clerk) = open().await;
    let event = |at: &str, actor: &str, desk: &str| {
        format!(
            "INSERT INTO office.audit_event (id, at, actor, desk, act, subjects, outcome, details, salt, hash)\n\
             VALUES (gen_random_uuid(), {at}, '{actor}', '{desk}', 'case.claimed', '{{}}', 'done', '{{}}',\n\
             decode(repeat('00', 16), 'hex'), decode(repeat('00', 32), 'hex'))"
        )
    };
    let me = clerk.id.to_string();
    let stranger = Uuid::from_u128(7).to_string();
    refused(
        &office,
        USER,
        event("now()", &stranger, "窓口1"),
        "event_by_who_is_there",
    )
    .await;
    refused(&office, USER, event("now()", &me, "窓口9"), "event_by_who_is_there").await;
    refused(&office, DISPATCH, event("now()", "import", ""), "event_by_who_is_there").await;
    refused(&office, IMPORT, event("now()", &me, "窓口1"), "event_by_who_is_there").await;
    run(&office, USER, &event("now()", &me, "窓口1")).await.unwrap();
    // An office's own clock, as every database has it that is not a trial's.
    run(&office, OWNER, "UPDATE office.clock SET by_hand = false")
        .await
        .unwrap();
    let yesterday = event("now() - interval '1 day'", &me, "窓口1");
    refused(&office, USER, yesterday, "event_when_it_happens").await;
    refused(
        &office,
        USER,
        event("now() + interval '1 hour'", &me, "窓口1"),
        "event_when_it_happens",
    )
    .await;
    denied(&office, USER, "UPDATE office.clock SET by_hand = true").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_program_may_do_its_own_work_and_nobody_elses() {
    let (office, clerk) = open().await;
    handed_over(&office, &clerk, 0).await;
    let overwritten = "UPDATE office.resident SET identity = '\\x00'";
    let delivered = "UPDATE office.outbox SET applied_at = now(), seq = 1";
    let revoked = "UPDATE office.card SET state = 'revoked', revoked_at = now()";
    let given = "INSERT INTO office.staff_role (staff, role) SELECT id, 'issuing' FROM office.staff";
    let settled = "UPDATE office.outbox SET settled_at = now(), settled_as = 'closed'";
    let moved = "UPDATE office.transition SET to_state = 'active'";
    for (role, others) in [
        (USER, &[overwritten, delivered, moved][..]),
        (IMPORT, &[delivered, revoked, given, settled, moved]),
        (DISPATCH, &[overwritten, revoked, given, settled, moved]),
        (READER, &[overwritten, delivered, revoked, given, settled, moved]),
    ] {
        for sql in others {
            denied(&office, role, sql).await;
        }
    }
    let written = "INSERT INTO office.audit_event (id, at, actor, act, subjects, outcome, details, salt, hash)\n\
                   SELECT gen_random_uuid(), now(), 'reader', act, '{}', 'done', '{}', salt, hash FROM office.audit_event LIMIT 1";
    denied(&office, READER, written).await;
    // What dispatch does, it does once: the body it composed stays as it is.
    office
        .dispatch
        .compose_outbox(&crate::outbox::registrar(), 10)
        .await
        .unwrap();
    let changed = "UPDATE office.outbox SET body = '\\x00'";
    refused(&office, DISPATCH, changed.into(), "outbox_stays_as_composed").await;
    refused(
        &office,
        DISPATCH,
        "UPDATE office.outbox SET seq = seq + 10".into(),
        "outbox_stays_as_composed",
    )
    .await;
    let unsent = "INSERT INTO office.outbox (registration, act, written_at, seq)\n\
                  SELECT registration, 'activate', now(), 99 FROM office.outbox LIMIT 1";
    refused(&office, USER, unsent.into(), "outbox_begins_unsent").await;
}
