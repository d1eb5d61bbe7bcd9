//! What no procedure does with a run of notices the database refuses, whoever asks.

use office::{
    Act,
    notices::{NewRun, Wish},
    testing::{self, TestOffice, city},
};
use uuid::Uuid;

use crate::{
    machines::{EVERYBODY, run},
    notices::{PRINTER, bundle, fresh, printed, released, run_of, two_clerks},
};

/// Tries `sql` as every role: no one may write it.
async fn nobody_may(office: &TestOffice, sql: &str) {
    for role in EVERYBODY {
        let done = run(office, role, sql).await;
        assert!(done.is_err(), "{role}: {sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_refuses_every_move_of_a_run_that_no_procedure_makes() {
    let office = testing::open().await.unwrap();
    let clerks = two_clerks(&office).await;
    let whole = released(&office, &clerks, 2).await;
    let (first, second) = &clerks;
    let records = &office.office;
    printed(&office, first, whole, 1).await;
    records
        .notice_bundle_sent(&first.act(), whole, 2, PRINTER)
        .await
        .unwrap();
    let resident = office.resident(&city(20)[1].number).await.unwrap();
    let counted = records
        .count_notice_run(&first.act(), &run_of(4, &[resident]))
        .await
        .unwrap();
    let posted = records
        .count_notice_run(
            &first.act(),
            &NewRun {
                bundle_size: 10,
                ..run_of(10, &[resident])
            },
        )
        .await
        .unwrap();
    for clerk in [first, second] {
        records.release_notice_run(&clerk.act(), posted).await.unwrap();
    }
    records
        .notice_bundle_made(&first.act(), posted, &bundle(1, 1, 10))
        .await
        .unwrap();
    printed(&office, first, posted, 1).await;
    records.post_notice_run(&first.act(), posted).await.unwrap();
    let act = Act::of_process("wish", fresh());
    records
        .record_notice_wish(&act, resident, None, &Wish::NoPaper)
        .await
        .unwrap();
    let (a, b) = (first.id.uuid(), second.id.uuid());
    let run_row = |more: &str, values: &str| {
        format!(
            "INSERT INTO office.notice_run (id, kind, version, language, large, dated, letters, people, excluded, digest,\n\
             bundle_size, counted_at, counted_by{more}) VALUES (gen_random_uuid(), 'expiry', 1, 'ja', false, now(), 1, 1, '{{}}',\n\
             decode(repeat('00', 32), 'hex'), 1, now(), '{a}'{values})"
        )
    };
    let letter = |run: Uuid, number: i32| {
        format!(
            "INSERT INTO office.notice_letter (run, number, resident, content_hash)\n\
             VALUES ('{run}', {number}, gen_random_uuid(), decode(repeat('00', 32), 'hex'))"
        )
    };
    let sent = |run: Uuid, bundle: i32, attempt: i32, more: &str, values: &str| {
        format!(
            "INSERT INTO office.notice_printing (run, bundle, attempt, printer, desk, sent_at, sent_by{more})\n\
             VALUES ('{run}', {bundle}, {attempt}, 'x', 'x', now(), '{a}'{values})"
        )
    };
    let update = |table: &str, set: &str, of: String| format!("UPDATE office.{table} SET {set} WHERE {of}");
    let run_is = |run: Uuid| format!("id = '{run}'");
    let of_run = |run: Uuid| format!("run = '{run}'");
    let forbidden = [
        // A run that nobody counted, or without its letters; one that begins released, or posted.
        run_row("", ""),
        run_row(", released_at, released_by", &format!(", now(), '{a}'")),
        run_row(
            ", released_at, released_by, approved_at, approved_by",
            &format!(", now(), '{a}', now(), '{b}'"),
        ),
        // Released by one person alone, by nobody who is there, or the second before the first.
        update(
            "notice_run",
            &format!("released_at = now(), released_by = '{a}'"),
            run_is(counted),
        ),
        update(
            "notice_run",
            &format!("released_at = now(), released_by = '{a}', approved_at = now(), approved_by = '{b}'"),
            run_is(counted),
        ),
        update(
            "notice_run",
            &format!("released_at = now(), released_by = '{a}', approved_at = now(), approved_by = '{a}'"),
            run_is(counted),
        ),
        update(
            "notice_run",
            &format!("approved_at = now(), approved_by = '{b}'"),
            run_is(counted),
        ),
        // What was released, counted or posted is changed or taken back.
        update("notice_run", &format!("approved_by = '{a}'"), run_is(whole)),
        update("notice_run", "approved_at = NULL, approved_by = NULL", run_is(whole)),
        update("notice_run", "letters = letters - 1", run_is(counted)),
        update("notice_run", "digest = decode(repeat('11', 32), 'hex')", run_is(whole)),
        update("notice_run", "posted_at = NULL, posted_by = NULL", run_is(posted)),
        // Posted before every letter is printed; given up while a printer has some of it, or untold.
        update(
            "notice_run",
            &format!("posted_at = now(), posted_by = '{a}'"),
            run_is(whole),
        ),
        update(
            "notice_run",
            &format!("withdrawn_at = now(), withdrawn_by = '{a}'"),
            run_is(whole),
        ),
        update(
            "notice_run",
            &format!("withdrawn_at = now(), withdrawn_by = '{a}'"),
            run_is(counted),
        ),
        // A letter more, after counting or after release; one changed; one that comes back before it was posted, or untold.
        letter(counted, 5),
        letter(whole, 11),
        letter(whole, 1),
        format!("INSERT INTO office.notice_unset (run, resident, why) VALUES ('{whole}', gen_random_uuid(), '\\x00')"),
        update("notice_letter", "resident = gen_random_uuid()", of_run(whole)),
        update(
            "notice_letter",
            &format!("returned_at = now(), returned_by = '{a}', returned_import = 1"),
            of_run(whole),
        ),
        update(
            "notice_letter",
            &format!("returned_at = now(), returned_by = '{a}', returned_import = 1"),
            of_run(posted),
        ),
        format!("DELETE FROM office.notice_letter WHERE run = '{counted}' AND number = 4"),
        // A bundle that nobody made, and one that is changed.
        format!(
            "INSERT INTO office.notice_bundle (run, number, first, last, sha256, bytes, pages, made_at, made_by, desk)\n\
             VALUES ('{whole}', 3, 9, 10, decode(repeat('00', 32), 'hex'), 1, 1, now(), '{a}', 'x')"
        ),
        update(
            "notice_bundle",
            "sha256 = decode(repeat('00', 32), 'hex')",
            of_run(whole),
        ),
        // Printed before it is made; printed a second time; sent while it lies at the printer; printed from the beginning.
        sent(whole, 3, 1, "", ""),
        sent(whole, 1, 2, "", ""),
        sent(whole, 2, 2, "", ""),
        sent(
            whole,
            3,
            1,
            ", job, ended_at, ended_by, outcome, by_eye",
            &format!(", 1, now(), '{a}', 'printed', false"),
        ),
        sent(posted, 1, 2, "", ""),
        // Printed is taken back; printed without the printer's or anybody's word.
        update(
            "notice_printing",
            "ended_at = NULL, ended_by = NULL, outcome = NULL, by_eye = NULL",
            of_run(whole) + " AND bundle = 1",
        ),
        update(
            "notice_printing",
            "outcome = 'not_printed'",
            of_run(whole) + " AND bundle = 1",
        ),
        update(
            "notice_printing",
            &format!("job = 1, ended_at = sent_at, ended_by = '{a}', outcome = 'printed', by_eye = false"),
            of_run(whole) + " AND bundle = 2",
        ),
        update(
            "notice_printing",
            &format!("ended_at = sent_at, ended_by = '{a}', outcome = 'printed', by_eye = true"),
            of_run(whole) + " AND bundle = 2",
        ),
        // The wish of somebody in whose name nobody asked; one that is rewritten, or ended untold.
        format!(
            "INSERT INTO office.notice_wish (id, resident, wish, at, by_staff)\n\
             VALUES (gen_random_uuid(), gen_random_uuid(), 'no_paper', now(), '{a}')"
        ),
        format!(
            "INSERT INTO office.notice_wish (id, resident, wish, at)\n\
             VALUES (gen_random_uuid(), gen_random_uuid(), 'no_paper', now())"
        ),
        "UPDATE office.notice_wish SET resident = gen_random_uuid()".to_owned(),
        "UPDATE office.notice_wish SET ended_at = now()".to_owned(),
        "DELETE FROM office.notice_wish".to_owned(),
        // A file of facts that nobody took in.
        "INSERT INTO office.notice_import (act, kind, at, actor, people, lines, rejected, sha256)\n\
         VALUES (gen_random_uuid(), 'expiry', now(), 'import', 0, 0, 0, decode(repeat('00', 32), 'hex'))"
            .to_owned(),
    ];
    for sql in &forbidden {
        nobody_may(&office, sql).await;
    }
}
