//! Whoever's card is of no use any more has another: applied for, made and handed over, with the same pseudonyms.

use issuance::{case::CaseState, person::Resident, records::CardState, staff::Role};
use office::{
    CardStanding, HolderCheck, OfficeError, RevocationReason,
    cases::{OpeningRefusal, SecondPurpose},
    testing::{Clerk, TestOffice, adults, city},
};
use relay_core::{
    chance::OsChance,
    pseudonym::{BlindHalf, Ceremony, Domain, FrontHalf, Registrar, RegistrarSecret, Service},
    registration::Message,
};
use time::macros::date;

use crate::{
    make_bound_card_good_until, make_card, on_card_thread,
    outbox::{hand_over_made, open},
};

/// Both halves of the relay, which finish a pseudonym for one clinic.
struct Relay {
    registrar: Registrar,
    front: FrontHalf,
    blind: BlindHalf,
    clinic: Service,
}

impl Relay {
    fn new() -> Self {
        let Ceremony { global, front, blind } = Ceremony::run(&mut OsChance);
        let (front, mut blind) = (FrontHalf::new(&front), BlindHalf::new(blind));
        let clinic = Service::new(&Domain::new("429996").unwrap(), "https://clinic.example/sp").unwrap();
        blind
            .accept_share(clinic.clone(), front.service_share(&clinic))
            .unwrap();
        Self {
            registrar: Registrar::new(RegistrarSecret::new(&mut OsChance), global),
            front,
            blind,
            clinic,
        }
    }

    /// What the front is told next, in order, and the clinic's pseudonym of whoever is registered in it.
    async fn take(&self, office: &TestOffice) -> (Vec<&'static str>, Vec<String>) {
        office.dispatch.compose_outbox(&self.registrar, 20).await.unwrap();
        let letters = office.dispatch.outbox_next(20).await.unwrap();
        office
            .dispatch
            .outbox_applied(letters.last().unwrap().sequence)
            .await
            .unwrap();
        let acts = letters.iter().map(|letter| letter.message.act()).collect();
        let mut pseudonyms = Vec::new();
        for letter in &letters {
            if let Message::Register { pseudonym, .. } = &letter.message {
                let half = self.front.half(pseudonym, &self.clinic, &mut OsChance).unwrap();
                let finished = self.blind.finish(&half, &self.clinic, &mut OsChance).unwrap();
                pseudonyms.push(finished.unwrap().expose().to_string());
            }
        }
        (acts, pseudonyms)
    }
}

const REGISTERED: [&str; 4] = ["register", "activate", "register", "activate"];

/// How a card came to be of no use.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    /// Lost: stopped by telephone, not found, ended.
    Lost,
    Ended(RevocationReason),
    Expired,
}

async fn end(office: &TestOffice, clerk: &Clerk, second: &Clerk, case: issuance::case::CaseId, how: End) {
    let records = &office.office;
    let reason = match how {
        End::Lost => {
            let check = HolderCheck::Questions;
            records
                .suspend_card(&clerk.act(), case, check, "電車で失くした")
                .await
                .unwrap();
            RevocationReason::KeyCompromise
        }
        End::Ended(reason) => reason,
        End::Expired => return office.clock.advance(time::Duration::days(380)),
    };
    let asked = SecondPurpose::Revocation;
    let (approval, _) = records
        .approve(&clerk.act(), case, asked, &second.serial)
        .await
        .unwrap();
    records
        .revoke_card(&clerk.act(), case, reason, approval, "—")
        .await
        .unwrap();
}

async fn played_to_the_end(how: End) {
    let (office, clerk) = open().await;
    let second = office.clerk("高橋 学", "窓口3", &[Role::Issuing]).await.unwrap();
    let (records, relay) = (&office.office, Relay::new());
    let resident: Resident = adults(&city(60))[0].clone();
    let first = office.verified(&clerk, &resident).await.unwrap().id;
    let old_card = on_card_thread(&office, &clerk, move |records| {
        let card = issuance::records::Records::bind_chip(records, first, b"chip-old").unwrap();
        make_bound_card_good_until(records, card, date!(2027 - 12 - 01));
        card
    })
    .await;
    hand_over_made(&office, &clerk, first, b"chip-old").await;
    let (told, before) = relay.take(&office).await;
    assert_eq!(told, REGISTERED);

    let early = office.applied(&clerk, &resident).await;
    assert!(
        matches!(early.as_ref().map_err(OfficeError::refused_as), Err(Some(OpeningRefusal::HasCard { case, .. })) if *case == first),
        "{early:?}"
    );
    end(&office, &clerk, &second, first, how).await;

    // 申請から交付まで, once more.
    let next = office.verified(&clerk, &resident).await.unwrap().id;
    let new_card = on_card_thread(&office, &clerk, move |records| make_card(records, next, b"chip-new")).await;
    hand_over_made(&office, &clerk, next, b"chip-new").await;

    // The front lets go of the old registrations before it hears of the new ones, and the clinic knows the person again.
    let (told, after) = relay.take(&office).await;
    let stopped: &[&str] = if how == End::Lost { &["suspend", "suspend"] } else { &[] };
    assert_eq!(told, [stopped, &["revoke", "revoke"], &REGISTERED].concat(), "{how:?}");
    assert_eq!(
        after
            .iter()
            .chain(&before)
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        1,
        "{how:?}"
    );

    // The old card stays over, the new one is the person's.
    assert_eq!(records.card_standing(first).await.unwrap(), Some(CardStanding::Revoked));
    assert_eq!(records.card_standing(next).await.unwrap(), Some(CardStanding::Active));
    let over = if how == End::Expired {
        CardState::Expired
    } else {
        CardState::Revoked
    };
    assert_eq!(records.chip(b"chip-old").await.unwrap().unwrap().state, over);
    assert_eq!(records.chip(b"chip-new").await.unwrap().unwrap().card, new_card);
    let back = records
        .resume_card(&clerk.act(), first, HolderCheck::Document, "見つかった")
        .await;
    assert!(matches!(back, Err(OfficeError::CardConflict(_))), "{back:?}");
    let id = office.resident(&resident.number).await.unwrap();
    let cases = records.resident(clerk.session, id).await.unwrap().cases;
    assert_eq!(
        cases.iter().map(|case| case.state.clone()).collect::<Vec<_>>(),
        [
            CaseState::HandedOver { card: new_card },
            CaseState::HandedOver { card: old_card }
        ],
        "the newest first"
    );
    let third = office.applied(&clerk, &resident).await;
    assert!(
        matches!(third.as_ref().map_err(OfficeError::refused_as), Err(Some(OpeningRefusal::HasCard { case, .. })) if *case == next),
        "{third:?}"
    );
    assert!(records.verify_audit().await.unwrap().broken.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_card_is_lost_or_stolen_has_another_and_is_known_again() {
    played_to_the_end(End::Lost).await;
    played_to_the_end(End::Ended(RevocationReason::KeyCompromise)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_card_broke_or_was_taken_back_has_another_and_is_known_again() {
    played_to_the_end(End::Ended(RevocationReason::Superseded)).await;
    played_to_the_end(End::Ended(RevocationReason::CessationOfOperation)).await;
    played_to_the_end(End::Ended(RevocationReason::PrivilegeWithdrawn)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_card_has_run_out_has_another_and_is_known_again() {
    played_to_the_end(End::Expired).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_card_may_be_found_again_and_stands_in_the_way_until_it_is_ended() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let case = crate::outbox::handed_over(&office, &clerk, 0).await;
    records
        .suspend_card(&clerk.act(), case, HolderCheck::Questions, "—")
        .await
        .unwrap();
    let resident = &adults(&city(60))[0];
    let refused = office.applied(&clerk, resident).await;
    assert!(
        matches!(refused.as_ref().map_err(OfficeError::refused_as), Err(Some(OpeningRefusal::HasCard { case: of, .. })) if *of == case),
        "{refused:?}"
    );
    let id = office.resident(&resident.number).await.unwrap();
    let found = records.duplicates(clerk.session, id).await.unwrap();
    assert_eq!(
        found.active.map(|summary| summary.id),
        Some(case),
        "which card to end is said"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_is_renewed_from_a_year_before_its_end_and_goes_on_until_the_next_is_handed_over() {
    let (office, clerk) = open().await;
    let (records, relay) = (&office.office, Relay::new());
    let resident = adults(&city(60))[0].clone();
    let first = office.verified(&clerk, &resident).await.unwrap().id;
    on_card_thread(&office, &clerk, move |records| {
        let card = issuance::records::Records::bind_chip(records, first, b"chip-old").unwrap();
        make_bound_card_good_until(records, card, date!(2027 - 11 - 24));
    })
    .await;
    hand_over_made(&office, &clerk, first, b"chip-old").await;
    let (_, before) = relay.take(&office).await;
    // A year and two days before: too early.
    let early = office.applied(&clerk, &resident).await;
    assert!(
        matches!(
            early.as_ref().map_err(OfficeError::refused_as),
            Err(Some(OpeningRefusal::HasCard { .. }))
        ),
        "{early:?}"
    );
    office.clock.advance(time::Duration::days(3));
    let id = office.resident(&resident.number).await.unwrap();
    let found = records.duplicates(clerk.session, id).await.unwrap();
    assert_eq!(found.renews.map(|case| case.id), Some(first), "what it renews is said");
    let next = office.verified(&clerk, &resident).await.unwrap().id;
    let new_card = on_card_thread(&office, &clerk, move |records| make_card(records, next, b"chip-new")).await;
    // Written and read back, and the one before is still good.
    assert_eq!(records.card_standing(first).await.unwrap(), Some(CardStanding::Active));
    assert!(records.revoked().await.unwrap().is_empty());
    hand_over_made(&office, &clerk, next, b"chip-new").await;
    assert_eq!(records.card_standing(first).await.unwrap(), Some(CardStanding::Revoked));
    assert_eq!(records.card_standing(next).await.unwrap(), Some(CardStanding::Active));
    let revoked = records.revoked().await.unwrap();
    assert!(
        revoked.len() == 2 && revoked.iter().all(|one| one.reason.as_str() == "superseded"),
        "{revoked:?}"
    );
    // The relay lets go of the old ones first, and every service knows the person again.
    let (told, after) = relay.take(&office).await;
    assert_eq!(told, [&["revoke", "revoke"][..], &REGISTERED].concat());
    assert_eq!(before[0], after[0]);
    assert_eq!(records.chip(b"chip-new").await.unwrap().unwrap().card, new_card);
    let replaced = count(
        &office,
        "SELECT count(*) FROM office.audit_event WHERE act = 'card.replaced' AND outcome = 'done'",
    )
    .await;
    assert_eq!(replaced, 1, "the trail says which ended and by which");
    assert!(records.verify_audit().await.unwrap().broken.is_empty());
}

async fn count(office: &TestOffice, sql: &'static str) -> i64 {
    let count: Result<i64, store::StoreError> = store::Store::new(&office.database.superuser())
        .run("count", |tx| async move { Ok(tx.query_one(sql, &[]).await?.get(0)) })
        .await;
    count.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_ends_a_card_alone_past_the_procedures() {
    let (office, clerk) = open().await;
    crate::outbox::handed_over(&office, &clerk, 0).await;
    let ended = "UPDATE office.card SET state = 'revoked', since = now(), revoked_at = now();\n\
                 UPDATE office.registration SET state = 'revoked', since = now()";
    crate::machines::refused(
        &office,
        office::USER,
        ended.to_owned(),
        "card_ended_by_two_or_its_renewal",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_good_for_one_more_day_is_a_card() {
    let (office, clerk) = open().await;
    let resident = adults(&city(60))[0].clone();
    let case = office.verified(&clerk, &resident).await.unwrap().id;
    on_card_thread(&office, &clerk, move |records| {
        let card = issuance::records::Records::bind_chip(records, case, b"chip-0000").unwrap();
        make_bound_card_good_until(records, card, date!(2026 - 11 - 24));
    })
    .await;
    hand_over_made(&office, &clerk, case, b"chip-0000").await;
    let id = office.resident(&resident.number).await.unwrap();
    let found = office.office.duplicates(clerk.session, id).await.unwrap();
    assert!(
        found.renews.is_some() && found.active.is_none(),
        "it is renewed, not over"
    );
    office.clock.advance(time::Duration::days(2));
    let state = office.office.chip(b"chip-0000").await.unwrap().unwrap().state;
    assert_eq!(state, CardState::Active, "nobody has asked yet");
    office.applied(&clerk, &resident).await.unwrap();
    assert_eq!(
        office.office.chip(b"chip-0000").await.unwrap().unwrap().state,
        CardState::Expired
    );
}
