//! What the relay's front is told: written with the change, numbered without gaps, kept until it was applied.

use issuance::{
    case::CaseId,
    handover::{OnCounter, Sight, SightRule},
    records::{CardState, KeySlot},
    staff::Role,
};
use office::{
    CardStanding, HolderCheck, HolderRefusal, Numbered, OfficeError, OutboxRefusal, RevocationReason,
    cases::{ApprovalRefusal, SecondPurpose},
    testing::{self, Clerk, TestOffice, adults, city},
};
use relay_core::{
    audit::Outcome,
    chance::OsChance,
    pseudonym::{Ceremony, Registrar, RegistrarSecret},
    registration::{CardUse, Message},
};
use std::collections::BTreeSet;

use crate::{make_card, on_card_thread, place};

pub fn registrar() -> Registrar {
    Registrar::new(RegistrarSecret::new(&mut OsChance), Ceremony::run(&mut OsChance).global)
}

/// The case of the `nth` adult, whose card was handed over.
pub async fn handed_over(office: &TestOffice, clerk: &Clerk, nth: usize) -> CaseId {
    let resident = adults(&city(60))[nth].clone();
    let case = office.verified(clerk, &resident).await.unwrap().id;
    let chip = format!("chip-{nth:04}").into_bytes();
    let bound = chip.clone();
    on_card_thread(office, clerk, move |records| make_card(records, case, &bound)).await;
    hand_over_made(office, clerk, case, &chip).await;
    case
}

/// Shelves the made card of `case`, has its PIN set, looks twice and hands it over.
pub async fn hand_over_made(office: &TestOffice, clerk: &Clerk, case: CaseId, chip: &[u8]) {
    let records = &office.office;
    let shelf = place("A-1");
    let at = office.now(clerk, case).await.unwrap();
    records.shelve(&clerk.act(), at, &shelf).await.unwrap();
    let notice = records.issue_notice(&clerk.act(), case).await.unwrap();
    let at = office.now(clerk, case).await.unwrap();
    records.pin_set(&clerk.act(), at).await.unwrap();
    let rule = SightRule::OneClerkTwice;
    for look in [1, 2] {
        office.clock.advance(time::Duration::seconds(5));
        let at = office.now(clerk, case).await.unwrap();
        records
            .confirm_sight(&clerk.act(), at, look, &Sight::ALL, None)
            .await
            .unwrap();
    }
    let at = office.now(clerk, case).await.unwrap();
    records
        .hand_over(&clerk.act(), at, &OnCounter::new(&notice, &shelf, chip, true), rule)
        .await
        .unwrap();
}

pub async fn open() -> (TestOffice, Clerk) {
    let office = testing::open().await.unwrap();
    office.import(city(60)).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    (office, clerk)
}

fn acts(letters: &[Numbered]) -> Vec<(u64, &'static str)> {
    letters
        .iter()
        .map(|letter| (letter.sequence, letter.message.act()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_handed_over_is_registered_and_activated_for_both_its_keys_apart() {
    let (office, clerk) = open().await;
    let records = &office.office;
    assert_eq!(records.outbox_state().await.unwrap().waiting, 0);
    let case = handed_over(&office, &clerk, 0).await;
    assert_eq!(records.card_standing(case).await.unwrap(), Some(CardStanding::Active));
    assert_eq!(records.outbox_state().await.unwrap().waiting, 4);

    // Nothing can be sent before it is composed; composed twice it is composed once.
    assert_eq!(office.dispatch.outbox_next(10).await.unwrap(), []);
    let registrar = registrar();
    assert_eq!(office.dispatch.compose_outbox(&registrar, 10).await.unwrap(), 4);
    assert_eq!(office.dispatch.compose_outbox(&registrar, 10).await.unwrap(), 0);
    let letters = office.dispatch.outbox_next(10).await.unwrap();
    assert_eq!(
        acts(&letters),
        [(1, "register"), (2, "activate"), (3, "register"), (4, "activate")]
    );
    assert_eq!(
        office.dispatch.outbox_next(10).await.unwrap(),
        letters,
        "sent again, it is the same"
    );
    let ids: BTreeSet<_> = letters.iter().map(|letter| letter.message.registration()).collect();
    assert_eq!(ids.len(), 2);
    let mut uses = BTreeSet::new();
    let mut pseudonyms = Vec::new();
    for letter in &letters {
        if let Message::Register {
            used_for, pseudonym, ..
        } = &letter.message
        {
            uses.insert(used_for.as_str());
            pseudonyms.push(*pseudonym);
        }
    }
    assert_eq!(
        uses,
        [CardUse::Authentication.as_str(), CardUse::Eligibility.as_str()].into()
    );
    assert_ne!(pseudonyms[0], pseudonyms[1], "encrypted apart");

    // Applied in part, then whole.
    office.dispatch.outbox_applied(2).await.unwrap();
    assert_eq!(
        acts(&office.dispatch.outbox_next(10).await.unwrap()),
        [(3, "register"), (4, "activate")]
    );
    office.dispatch.outbox_applied(4).await.unwrap();
    let state = records.outbox_state().await.unwrap();
    assert_eq!((state.waiting, state.oldest, state.trouble), (0, None, None));
    assert!(state.answered_at.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_card_is_stopped_found_again_and_ended_and_the_front_hears_of_each() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let registrar = registrar();
    let case = handed_over(&office, &clerk, 0).await;
    office.dispatch.compose_outbox(&registrar, 10).await.unwrap();
    office.dispatch.outbox_applied(4).await.unwrap();

    records
        .suspend_card(&clerk.act(), case, HolderCheck::Questions, "バスの中で落とした")
        .await
        .unwrap();
    assert!(matches!(
        records
            .suspend_card(&clerk.act(), case, HolderCheck::Unconfirmed, "もう一度")
            .await,
        Err(OfficeError::CardConflict(_))
    ));
    let stopped = records.given_card(case).await.unwrap().unwrap();
    let by = records.name_of_staff(clerk.id).await.unwrap();
    assert_eq!(
        (stopped.standing, stopped.by, stopped.told.waiting),
        (CardStanding::Suspended, by, 2)
    );
    assert!(stopped.told.oldest.is_some() && stopped.told.applied_at.is_some());
    // Whoever calls may stop it; only who stands there has it back.
    assert!(
        records
            .resume_card(&clerk.act(), case, HolderCheck::CalledBack, "家にあったと電話")
            .await
            .is_err_and(|error| error.is(&HolderRefusal::NotInPerson))
    );
    records
        .resume_card(&clerk.act(), case, HolderCheck::Document, "家にあった")
        .await
        .unwrap();
    let reason = RevocationReason::KeyCompromise;
    let reception = office.clerk("鈴木 誠", "窓口2", &[Role::Reception]).await.unwrap();
    let second = office.clerk("高橋 学", "窓口3", &[Role::Issuing]).await.unwrap();
    let unapproved = office::cases::ApprovalId::from_uuid(clerk.act().id);
    assert!(matches!(
        records
            .revoke_card(&reception.act(), case, reason, unapproved, "")
            .await,
        Err(OfficeError::NotAllowed(Role::Issuing))
    ));
    assert!(
        records
            .revoke_card(&clerk.act(), case, reason, unapproved, "")
            .await
            .is_err_and(|error| error.is(&ApprovalRefusal::Missing))
    );
    let (relink, _) = records
        .approve(&clerk.act(), case, SecondPurpose::Relink, &second.serial)
        .await
        .unwrap();
    assert!(
        records
            .revoke_card(&clerk.act(), case, reason, relink, "")
            .await
            .is_err_and(|error| error.is(&ApprovalRefusal::Missing)),
        "agreed to something else"
    );
    let (approval, _) = records
        .approve(&clerk.act(), case, SecondPurpose::Revocation, &second.serial)
        .await
        .unwrap();
    records
        .revoke_card(&clerk.act(), case, reason, approval, "盗まれた")
        .await
        .unwrap();
    assert!(matches!(
        records.resume_card(&clerk.act(), case, HolderCheck::Document, "").await,
        Err(OfficeError::CardConflict(_))
    ));
    let journal = records.journal(case).await.unwrap();
    let ended = journal
        .iter()
        .rfind(|line| line.act == "card.revoked" && line.outcome == Outcome::Done);
    let by_two = ended.and_then(|line| line.details.get("approved_by")?.as_str());
    assert_eq!(by_two, Some("高橋 学"));
    assert_eq!(records.card_standing(case).await.unwrap(), Some(CardStanding::Revoked));
    assert_eq!(records.revoked().await.unwrap().len(), KeySlot::ALL.len());

    office.dispatch.compose_outbox(&registrar, 10).await.unwrap();
    let told: Vec<_> = acts(&office.dispatch.outbox_next(10).await.unwrap());
    assert_eq!(
        told,
        [
            (5, "suspend"),
            (6, "suspend"),
            (7, "resume"),
            (8, "resume"),
            (9, "revoke"),
            (10, "revoke")
        ]
    );
    // The person may have another card now, and it is registered after it.
    let card = records.chip(b"chip-0000").await.unwrap().unwrap();
    assert_eq!(card.state, CardState::Revoked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_front_restored_from_an_older_copy_is_brought_up_to_date() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let registrar = registrar();
    handed_over(&office, &clerk, 0).await;
    office.dispatch.compose_outbox(&registrar, 10).await.unwrap();
    let before = office.dispatch.outbox_next(10).await.unwrap();
    office.dispatch.outbox_applied(4).await.unwrap();

    office.dispatch.outbox_expected(3).await.unwrap();
    assert_eq!(records.outbox_state().await.unwrap().waiting, 2);
    office.dispatch.compose_outbox(&registrar, 10).await.unwrap();
    let again = office.dispatch.outbox_next(10).await.unwrap();
    assert_eq!(acts(&again), [(3, "register"), (4, "activate")]);
    assert_eq!(again[1], before[3]);
    assert_ne!(again[0], before[2], "what was removed once applied is encrypted afresh");

    // The other way round, nothing is sent.
    let behind = office.dispatch.outbox_expected(9).await.unwrap_err();
    assert!(behind.is(&OutboxRefusal::Behind { sent: 4, front: 8 }));
    office
        .dispatch
        .outbox_trouble("the front does not answer")
        .await
        .unwrap();
    let state = records.outbox_state().await.unwrap();
    assert_eq!(state.trouble.as_deref(), Some("the front does not answer"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_encrypted_to_keys_left_behind_is_composed_anew_under_its_number() {
    let (office, clerk) = open().await;
    let mut registrar = registrar();
    handed_over(&office, &clerk, 0).await;
    office.dispatch.compose_outbox(&registrar, 10).await.unwrap();
    let before = office.dispatch.outbox_next(10).await.unwrap();
    let next = Ceremony::run(&mut OsChance).global;
    registrar.encrypt_to(next);
    office.dispatch.outbox_anew(1).await.unwrap();
    office.dispatch.compose_outbox(&registrar, 10).await.unwrap();
    let after = office.dispatch.outbox_next(10).await.unwrap();
    assert_eq!(acts(&after), acts(&before));
    assert_ne!(after[0], before[0]);
    assert_eq!(after[1..], before[1..]);
    // One that the front has applied is not sent again.
    office.dispatch.outbox_applied(1).await.unwrap();
    office.dispatch.outbox_anew(1).await.unwrap();
    assert_eq!(office.dispatch.compose_outbox(&registrar, 10).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_senders_at_once_give_each_message_one_number() {
    let (office, clerk) = open().await;
    for nth in 0..3 {
        handed_over(&office, &clerk, nth).await;
    }
    let (one, other) = (office.dispatch.clone(), office.dispatch.clone());
    let registrar = registrar();
    let (first, second) = tokio::join!(
        one.compose_outbox(&registrar, 100),
        other.compose_outbox(&registrar, 100)
    );
    assert_eq!(first.unwrap() + second.unwrap(), 12);
    let numbers: Vec<u64> = one
        .outbox_next(100)
        .await
        .unwrap()
        .iter()
        .map(|letter| letter.sequence)
        .collect();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_link_is_mended_by_two_and_another_card_of_the_person_follows() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let second = office.clerk("鈴木 誠", "窓口2", &[Role::Issuing]).await.unwrap();
    let case = handed_over(&office, &clerk, 0).await;
    let registrar = registrar();
    office.dispatch.compose_outbox(&registrar, 10).await.unwrap();
    office.dispatch.outbox_applied(4).await.unwrap();

    let unapproved = office::cases::ApprovalId::from_uuid(clerk.act().id);
    assert!(
        records
            .relink_card(&clerk.act(), case, unapproved, "")
            .await
            .is_err_and(|error| error.is(&ApprovalRefusal::Missing))
    );
    let (approval, _) = records
        .approve(&clerk.act(), case, SecondPurpose::Relink, &second.serial)
        .await
        .unwrap();
    records
        .relink_card(&clerk.act(), case, approval, "同姓同名の人と取り違えた")
        .await
        .unwrap();
    office.dispatch.compose_outbox(&registrar, 10).await.unwrap();
    let letters = office.dispatch.outbox_next(10).await.unwrap();
    assert_eq!(acts(&letters), [(5, "relink"), (6, "relink")]);
    let Message::Relink { approved_by, .. } = &letters[0].message else {
        panic!("a relink");
    };
    assert_eq!(
        approved_by.ids(),
        &[clerk.id.uuid().to_string(), second.id.uuid().to_string()]
    );
}
