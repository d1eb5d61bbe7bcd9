//! The blind half's records on a real database.

use relay_core::{
    chance::OsChance,
    pseudonym::{Domain, KeyEdition, Service, ServicePseudonym},
};
use relay_records::blind::{BlindError, Comparison, Finishing, KeptShare, NotHonoured, Outcome, Pin, SealedTo};
use relay_records::refusals::Refusals;
use relay_records_testing::blind::{TestBlind, open};
use store::StoreError;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

const NOON: OffsetDateTime = datetime!(2026-11-22 3:00 UTC);

fn clinic() -> Service {
    Service::new(&Domain::new("429996").unwrap(), "https://clinic.example/sp").unwrap()
}

fn finishing(number: u128, blob: u8) -> Finishing {
    Finishing {
        at: NOON,
        number: Uuid::from_u128(number),
        remember_until: NOON + Duration::seconds(36),
        service: clinic(),
        request: [9; 32],
        outcome: Outcome::Done([blob; 32]),
    }
}

/// Edition `edition` of the clinic's pin, sealed to a certificate of its own.
fn pin(edition: u8) -> Pin {
    Pin {
        entity: clinic().entity().to_owned(),
        edition: edition.into(),
        digest: [edition; 32],
        sealed_to: Some(SealedTo {
            certificate_sha256: [edition; 32],
            cipher: "aes128-gcm".into(),
            transport: "oaep-sha1".into(),
        }),
        approved_by: ["hama".into(), "iso".into()],
    }
}

fn kept(share: &str) -> KeptShare {
    KeptShare {
        service: clinic(),
        edition: KeyEdition(1),
        share: share.to_owned().into(),
    }
}

#[tokio::test]
async fn an_envelope_is_taken_once_and_its_replay_is_in_the_log() {
    let TestBlind {
        records,
        database: _kept,
    } = open().await.unwrap();
    assert_eq!(
        records.log(&finishing(1, 1), None).await.unwrap(),
        Outcome::Done([1; 32])
    );
    assert!(matches!(
        records.log(&finishing(1, 2), None).await,
        Err(BlindError::Replayed)
    ));
    let log = records.finish_log(NOON, NOON + Duration::DAY).await.unwrap();
    let outcomes: Vec<_> = log.into_iter().map(|row| row.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Done([1; 32]), Outcome::Refused("envelope.replayed")]
    );
    // A number is forgotten only when its time refuses it.
    assert_eq!(records.sweep(NOON + Duration::seconds(36)).await.unwrap(), 0);
    assert_eq!(records.sweep(NOON + Duration::seconds(37)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_tombstone_stops_one_pseudonym_at_one_service_and_takes_two_persons() {
    let TestBlind {
        records,
        database: _kept,
    } = open().await.unwrap();
    // Any point of the group: its generator's encoding (RFC 9496 appendix A.1).
    let text = "4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY";
    let pseudonym = ServicePseudonym::from_exposed(text).unwrap();
    let mark = records.mark(&clinic(), &pseudonym);
    let alone = ["hama".to_owned(), "hama".to_owned()];
    let refused = records.set_tombstone(&mark, "2026-7", &alone, NOON).await;
    assert!(matches!(refused, Err(BlindError::SamePerson)));
    assert_eq!(
        records.log(&finishing(1, 1), Some(&mark)).await.unwrap(),
        Outcome::Done([1; 32])
    );
    let two = ["hama".to_owned(), "iso".to_owned()];
    records.set_tombstone(&mark, "2026-7", &two, NOON).await.unwrap();
    let stopped = records.log(&finishing(2, 2), Some(&mark)).await.unwrap();
    assert_eq!(stopped, Outcome::Refused("pseudonym.tombstone"));
    let school = Service::new(clinic().domain(), "https://school.example/sp").unwrap();
    let elsewhere = records.mark(&school, &pseudonym);
    assert_eq!(
        records.log(&finishing(3, 3), Some(&elsewhere)).await.unwrap(),
        Outcome::Done([3; 32])
    );
}

#[tokio::test]
async fn a_share_is_kept_sealed_and_never_replaced() {
    let TestBlind { records, database } = open().await.unwrap();
    records
        .keep_share(&kept("the-share-of-the-clinic"), NOON, &mut OsChance)
        .await
        .unwrap();
    records
        .keep_share(&kept("the-share-of-the-clinic"), NOON, &mut OsChance)
        .await
        .unwrap();
    let other = records.keep_share(&kept("another"), NOON, &mut OsChance).await;
    assert!(matches!(other, Err(BlindError::OtherShare)));
    let shares = records.shares().await.unwrap();
    assert_eq!(shares.len(), 1);
    assert_eq!(*shares[0].share, "the-share-of-the-clinic");
    let dump = String::from_utf8(database.dump().unwrap()).unwrap();
    let hexadecimal: String = b"the-share".iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!dump.contains("the-share") && !dump.contains(&hexadecimal));
}

#[tokio::test]
async fn the_history_of_pins_says_which_certificate_was_in_force_when() {
    let TestBlind {
        records,
        database: _kept,
    } = open().await.unwrap();
    let honoured = async |pins: &[Pin], at| {
        let (verdicts, changes) = records.honour_pins(pins, at).await.unwrap();
        assert!(verdicts.iter().all(Result::is_ok), "{verdicts:?}");
        changes
    };
    assert_eq!(honoured(&[pin(1)], NOON).await, 1);
    assert_eq!(honoured(&[pin(1)], NOON + Duration::HOUR).await, 0);
    assert_eq!(honoured(&[pin(2)], NOON + Duration::DAY).await, 2);
    assert_eq!(honoured(&[], NOON + Duration::DAY * 2).await, 1);
}

#[tokio::test]
async fn an_edition_that_was_honoured_is_never_followed_by_an_older_one_even_after_it_was_withdrawn() {
    let TestBlind { records, database } = open().await.unwrap();
    let verdict = async |pin: Pin| records.honour_pins(&[pin], NOON).await.unwrap().0[0];
    assert_eq!(verdict(pin(2)).await, Ok(()));
    let older = |honoured| Err(NotHonoured::Older { honoured });
    assert_eq!(verdict(pin(1)).await, older(2));
    let other = Pin {
        digest: [9; 32],
        ..pin(2)
    };
    assert_eq!(verdict(other).await, Err(NotHonoured::OtherFile));
    let withdrawn = Pin {
        sealed_to: None,
        ..pin(3)
    };
    assert_eq!(verdict(withdrawn).await, Ok(()));
    assert_eq!(verdict(pin(2)).await, older(3));
    let held = &records.honoured_pins().await.unwrap()[clinic().entity()];
    assert_eq!((held.edition, held.withdrawn), (3, true));
    assert_eq!(verdict(pin(4)).await, Ok(()));
    // Whoever has the process's own password can't go back either.
    let store = store::Store::new(&database.door(relay_records::blind::USER));
    for sql in [
        "UPDATE blind.pin_edition SET edition = 1",
        "UPDATE blind.pin_edition SET digest = sha256('x')",
        "DELETE FROM blind.pin_edition",
        "TRUNCATE blind.pin_edition",
    ] {
        let refused: Result<(), StoreError> = store.run("tamper", |tx| async move { tx.batch(sql).await }).await;
        assert!(refused.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn two_processes_that_read_the_folder_at_once_end_at_the_later_edition() {
    let TestBlind {
        records,
        database: _kept,
    } = open().await.unwrap();
    for round in 0..5u8 {
        let (older, newer) = (pin(2 * round + 1), pin(2 * round + 2));
        let (one, other) = tokio::join!(
            records.honour_pins(std::slice::from_ref(&older), NOON),
            records.honour_pins(std::slice::from_ref(&newer), NOON)
        );
        assert_eq!(other.unwrap().0, [Ok(())]);
        let one = one.unwrap().0[0];
        assert!(
            one.is_ok()
                || one
                    == Err(NotHonoured::Older {
                        honoured: newer.edition
                    })
        );
        let held = &records.honoured_pins().await.unwrap()[clinic().entity()];
        assert_eq!(held.edition, newer.edition);
    }
}

fn comparison(number: u128, message: u8, at: OffsetDateTime) -> Comparison {
    Comparison {
        at,
        number: Uuid::from_u128(number),
        remember_until: at + Duration::seconds(36),
        service: clinic(),
        message_sha256: [message; 32],
    }
}

#[tokio::test]
async fn a_message_is_compared_once_and_what_was_answered_is_not_changed() {
    let TestBlind { records, database } = open().await.unwrap();
    let first = records.begin_comparison(&comparison(1, 1, NOON), 3).await.unwrap();
    records.end_comparison(first, true).await.unwrap();
    // In an envelope of another number, next day too.
    let again = records
        .begin_comparison(&comparison(2, 1, NOON + Duration::DAY), 3)
        .await;
    assert!(matches!(again, Err(BlindError::ComparedBefore)));
    let replayed = records.begin_comparison(&comparison(1, 2, NOON), 3).await;
    assert!(matches!(replayed, Err(BlindError::Replayed)));
    assert!(records.end_comparison(first, false).await.is_err());
    let log = records.comparisons(NOON, NOON + Duration::DAY).await.unwrap();
    let said: Vec<_> = log.iter().map(|one| (one.message_sha256, one.same)).collect();
    assert_eq!(said, [([1; 32], Some(true))]);
    let store = store::Store::new(&database.door(relay_records::blind::USER));
    for sql in [
        "DELETE FROM blind.comparison",
        "UPDATE blind.comparison SET entity = 'x'",
        "UPDATE blind.comparison SET same = NULL",
    ] {
        let refused: Result<(), StoreError> = store.run("tamper", |tx| async move { tx.batch(sql).await }).await;
        assert!(refused.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn comparisons_stop_for_an_hour_after_some_that_named_another_and_after_none_that_named_the_person() {
    let TestBlind {
        records,
        database: _kept,
    } = open().await.unwrap();
    for (message, same) in [(1, Some(true)), (2, Some(false)), (3, Some(true)), (4, None)] {
        let begun = records
            .begin_comparison(&comparison(message.into(), message, NOON), 2)
            .await
            .unwrap();
        if let Some(same) = same {
            records.end_comparison(begun, same).await.unwrap();
        }
    }
    // One that was begun and not answered counts: it may have been another person.
    let minutes = |minutes| NOON + Duration::minutes(minutes);
    let stopped = records.begin_comparison(&comparison(5, 5, minutes(59)), 2).await;
    assert!(matches!(stopped, Err(BlindError::TooManyOthers)));
    records
        .begin_comparison(&comparison(6, 6, minutes(60)), 2)
        .await
        .unwrap();
}

#[tokio::test]
async fn refusals_add_up_and_are_never_taken_back() {
    let TestBlind { records, database } = open().await.unwrap();
    let refused = |count| {
        [Refusals {
            hour: NOON,
            who: "finish".into(),
            rule: "envelope.wrong_signature".into(),
            count,
        }]
    };
    records.add_refusals(&refused(3)).await.unwrap();
    records.add_refusals(&refused(4)).await.unwrap();
    assert_eq!(records.refusals(NOON, 10).await.unwrap(), refused(7));
    assert!(records.refusals(NOON + Duration::SECOND, 10).await.unwrap().is_empty());
    let store = store::Store::new(&database.door(relay_records::blind::USER));
    for sql in ["UPDATE blind.refusal SET count = 1", "DELETE FROM blind.refusal"] {
        let refused: Result<(), StoreError> = store.run("tamper", |tx| async move { tx.batch(sql).await }).await;
        assert!(refused.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn progress_of_a_rotation_adds_up() {
    let TestBlind {
        records,
        database: _kept,
    } = open().await.unwrap();
    records.note_rotation(KeyEdition(1), 2_000, NOON).await.unwrap();
    records
        .note_rotation(KeyEdition(1), 500, NOON + Duration::SECOND)
        .await
        .unwrap();
    let rotations = records.rotations().await.unwrap();
    assert_eq!(rotations.len(), 1);
    assert_eq!(
        (rotations[0].stepped, rotations[0].last_at),
        (2_500, NOON + Duration::SECOND)
    );
}

#[tokio::test]
async fn the_process_can_neither_change_nor_remove_what_it_logged() {
    let TestBlind { records, database } = open().await.unwrap();
    records.log(&finishing(1, 1), None).await.unwrap();
    let store = store::Store::new(&database.door(relay_records::blind::USER));
    for sql in [
        "DELETE FROM blind.finish_log",
        "UPDATE blind.finish_log SET entity = 'x'",
        "UPDATE blind.share SET edition = 2",
        "DELETE FROM blind.tombstone",
    ] {
        let refused: Result<(), StoreError> = store.run("tamper", |tx| async move { tx.batch(sql).await }).await;
        assert!(refused.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn every_table_and_column_says_what_it_is() {
    let TestBlind { database, .. } = open().await.unwrap();
    let store = store::Store::new(&database.superuser());
    let bare: Vec<String> = store
        .run("comments", |tx| async move {
            let rows = tx
                .query(
                    "SELECT c.relname || '.' || a.attname FROM pg_class c
                     JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'blind'
                     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                     WHERE c.relkind = 'r' AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)",
                    &[],
                )
                .await?;
            Ok::<_, StoreError>(rows.iter().map(|row| row.get(0)).collect())
        })
        .await
        .unwrap();
    assert!(bare.is_empty(), "{bare:?}");
}
