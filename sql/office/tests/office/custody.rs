//! Where a card is: told without a gap from the stock to its holder, and to its end.

use issuance::{
    case::{CardId, CaseId},
    custody::{Custody, Evidence, TRANSFERS},
    machine::Machine as _,
    staff::Role,
};
use office::{
    CardStanding, HolderCheck, HolderRefusal, OfficeError, RevocationReason, USER,
    cases::{ApprovalRefusal, CustodyRefusal, HandoverRefusal, SecondPurpose},
    testing::{self, Clerk, TestOffice, adults, city},
};
use store::{Store, StoreError};

use crate::{
    make_card, on_card_thread,
    outbox::{hand_over_made, handed_over, open},
    place,
};

/// The ways a card took, as kinds of place, the last name, and what showed it.
async fn way(office: &TestOffice, card: CardId) -> Vec<(&'static str, &'static str, Option<Evidence>)> {
    let lines = office.office.transfers(card).await.unwrap();
    lines
        .iter()
        .map(|line| (line.from.kind().as_str(), line.to.kind().as_str(), line.evidence))
        .collect()
}

async fn card_of(office: &TestOffice, clerk: &Clerk, case: CaseId) -> CardId {
    office.office.case(clerk.session, case).await.unwrap().card.unwrap().id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cards_way_is_told_from_the_stock_to_its_holder_and_back() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let case = handed_over(&office, &clerk, 0).await;
    let card = card_of(&office, &clerk, case).await;
    records
        .suspend_card(&clerk.act(), case, HolderCheck::Questions, "—")
        .await
        .unwrap();
    records
        .resume_card(&clerk.act(), case, HolderCheck::Document, "—")
        .await
        .unwrap();
    let at = office.now(&clerk, case).await.unwrap();
    let drawer = Custody::drawer("窓口1");
    let bring = async |at| {
        records
            .move_card(&clerk.act(), at, card, &drawer, None, "届けられた")
            .await
    };
    let refused = bring(at).await;
    assert!(
        refused.is_err_and(|error| error.is(&CustodyRefusal::StillActive)),
        "what may be used is in its holder's hand"
    );
    records
        .suspend_card(&clerk.act(), case, HolderCheck::Questions, "—")
        .await
        .unwrap();
    let at = office.now(&clerk, case).await.unwrap();
    bring(at).await.unwrap();
    // It lies here: let be used again it is only by being given back, the chip read, before two.
    let resumed = records
        .resume_card(&clerk.act(), case, HolderCheck::Document, "—")
        .await;
    assert!(resumed.is_err_and(|error| error.is(&CustodyRefusal::LiesHere)));
    let second = office.clerk("高橋 学", "窓口3", &[Role::Handover]).await.unwrap();
    let act = clerk.act();
    let agreed = records.approve(&act, case, SecondPurpose::Custody, &second.serial);
    let agreed = agreed.await.unwrap().0;
    let back = async |chip: &'static [u8], check| {
        let at = office.now(&clerk, case).await.unwrap();
        records.give_back(&clerk.act(), at, chip, (check, agreed), "—").await
    };
    let wrong = back(b"chip-b", HolderCheck::Document).await;
    assert!(wrong.is_err_and(|error| error.is(&CustodyRefusal::OtherChip)));
    let called = back(b"chip-0000", HolderCheck::CalledBack).await;
    assert!(called.is_err_and(|error| error.is(&HolderRefusal::NotInPerson)));
    back(b"chip-0000", HolderCheck::Document).await.unwrap();
    let stands = records.card_standing(case).await.unwrap();
    assert_eq!(stands, Some(CardStanding::Active));
    let again = back(b"chip-0000", HolderCheck::Document).await;
    assert!(again.is_err_and(|error| error.is(&CustodyRefusal::NotHere)));
    let trails = records.cards_of_case(case).await.unwrap();
    assert_eq!(trails.len(), 1);
    assert!(trails[0].is_bound && trails[0].place == Custody::HOLDER);
    let last = trails[0].lines.last().unwrap();
    assert_eq!(last.2.as_deref(), Some("高橋 学"));
    assert!(last.1.is_some());
    assert_eq!(
        way(&office, card).await,
        [
            ("stock", "reader", Some(Evidence::ChipRead)),
            ("reader", "drawer", Some(Evidence::MakingDone)),
            ("drawer", "shelf", Some(Evidence::PlaceScanned)),
            ("shelf", "holder", Some(Evidence::Handover)),
            ("holder", "lost", Some(Evidence::HolderSays)),
            ("lost", "holder", Some(Evidence::HolderSays)),
            ("holder", "lost", Some(Evidence::HolderSays)),
            ("lost", "drawer", Some(Evidence::Words)),
            ("drawer", "holder", Some(Evidence::ChipRead)),
        ]
    );
    let lines = records.transfers(card).await.unwrap();
    assert!(lines.iter().all(|line| line.by == Some(clerk.id)));
    assert!(
        lines
            .windows(2)
            .all(|pair| pair[0].to == pair[1].from && pair[0].at <= pair[1].at)
    );
    assert_eq!(lines[0].to, Custody::reader("窓口1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_is_destroyed_before_two_people_and_only_once_it_is_over() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let second = office
        .clerk("高橋 学", "窓口3", &[Role::Issuing, Role::Handover])
        .await
        .unwrap();
    let case = handed_over(&office, &clerk, 0).await;
    let card = card_of(&office, &clerk, case).await;
    let agreed = async |purpose| {
        let agreed = records.approve(&clerk.act(), case, purpose, &second.serial).await;
        agreed.unwrap().0
    };
    let go = async |to: Custody, second| {
        let at = office.now(&clerk, case).await.unwrap();
        records.move_card(&clerk.act(), at, card, &to, second, "—").await
    };
    // In somebody's hand it can neither be destroyed nor put in the shelf.
    let refused = go(Custody::DESTROYED, None).await;
    assert!(refused.is_err_and(|error| error.is(&CustodyRefusal::StillActive)));
    records
        .suspend_card(&clerk.act(), case, HolderCheck::Document, "返納")
        .await
        .unwrap();
    let refused = go(Custody::shelf(&place("A-7")), None).await;
    assert!(matches!(refused, Err(OfficeError::NotNow(_))), "{refused:?}");
    go(Custody::drawer("窓口1"), None).await.unwrap();
    let refused = go(Custody::DESTROYED, Some(agreed(SecondPurpose::Custody).await)).await;
    assert!(refused.is_err_and(|error| error.is(&CustodyRefusal::NotOver)));

    let second_look = agreed(SecondPurpose::Revocation).await;
    records
        .revoke_card(
            &clerk.act(),
            case,
            RevocationReason::CessationOfOperation,
            second_look,
            "返納",
        )
        .await
        .unwrap();
    let alone = go(Custody::DESTROYED, None).await;
    assert!(
        alone.as_ref().is_err_and(|error| error.is(&ApprovalRefusal::Missing)),
        "{alone:?}"
    );
    go(Custody::DESTROYED, Some(agreed(SecondPurpose::Custody).await))
        .await
        .unwrap();
    let last = records.transfers(card).await.unwrap().pop().unwrap();
    assert_eq!(
        (last.to, last.by, last.second),
        (Custody::DESTROYED, Some(clerk.id), Some(second.id))
    );
    let back = go(Custody::drawer("窓口1"), None).await;
    assert!(matches!(back, Err(OfficeError::NotNow(_))), "{back:?}");
    assert!(records.verify_audit().await.unwrap().broken.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_given_up_frees_its_place_of_the_shelf() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let residents = adults(&city(60));
    let mut cases = Vec::new();
    for (nth, chip) in [b"chip-a", b"chip-b"].into_iter().enumerate() {
        let case = office.verified(&clerk, &residents[nth]).await.unwrap().id;
        on_card_thread(&office, &clerk, move |records| make_card(records, case, chip)).await;
        cases.push(case);
    }
    let at = office.now(&clerk, cases[0]).await.unwrap();
    records.shelve(&clerk.act(), at, &place("A-1")).await.unwrap();
    assert_eq!(records.shelf().await.unwrap()[0].case, cases[0]);
    let at = office.now(&clerk, cases[1]).await.unwrap();
    let taken = records.shelve(&clerk.act(), at, &place("A-1")).await;
    assert!(taken.is_err_and(|error| matches!(error.refused_as(), Some(HandoverRefusal::ShelfTaken(_)))));
    let broken = office.now(&clerk, cases[0]).await.unwrap();
    records.give_up_card(&clerk.act(), broken, "割れていた").await.unwrap();
    assert_eq!(records.shelf().await.unwrap(), []);
    // Another card takes the place, and goes from it into its holder's hand.
    hand_over_made(&office, &clerk, cases[1], b"chip-b").await;
    let given_up = records.chip(b"chip-a").await.unwrap().unwrap();
    assert!(given_up.state.is_over());
    let last = records.transfers(given_up.card).await.unwrap().pop().unwrap();
    assert_eq!(
        (last.from, last.to),
        (Custody::shelf(&place("A-1")), Custody::drawer("窓口1"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_making_gone_on_with_at_another_desk_takes_the_card_along() {
    let (office, clerk) = open().await;
    let other = office.clerk("高橋 学", "窓口3", &[Role::Issuing]).await.unwrap();
    let case = office.verified(&clerk, &adults(&city(60))[0]).await.unwrap().id;
    let bind = move |records: &mut office::OfficeRecords| {
        issuance::records::Records::bind_chip(records, case, b"chip-a").unwrap()
    };
    let card = on_card_thread(&office, &clerk, bind).await;
    office.office.release(&clerk.act(), case).await.unwrap();
    office.office.claim(&other.act(), case).await.unwrap();
    assert_eq!(on_card_thread(&office, &other, bind).await, card);
    let last = office.office.transfers(card).await.unwrap().pop().unwrap();
    assert_eq!((last.to, last.by), (Custody::reader("窓口3"), Some(other.id)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_itself_refuses_what_no_card_can_do() {
    let (office, clerk) = open().await;
    let clerk_of_another_kind = office.clerk("鈴木 誠", "窓口2", &[Role::Reception]).await.unwrap();
    let case = handed_over(&office, &clerk, 0).await;
    let card = card_of(&office, &clerk, case).await.uuid();
    let store = Store::new(&office.database.door(USER));
    let written = async |from: &str, to: &str, evidence: &str, by: uuid::Uuid| {
        let sql = format!(
            "INSERT INTO office.transfer (card, from_kind, from_name, to_kind, to_name, evidence, at, act, moved_by)\n\
             VALUES ('{card}', {from}, {to}, '{evidence}', now(), gen_random_uuid(), '{by}')"
        );
        let sql = &sql;
        let written: Result<(), StoreError> = store.run("past", |tx| async move { tx.batch(sql).await }).await;
        written.unwrap_err()
    };
    let (holder, drawer, shelf) = ("'holder', NULL", "'drawer', '窓口1'", "'shelf', 'A-1'");
    let clerk_id = clerk.id.uuid();
    for (from, to, evidence, by, rule) in [
        (drawer, shelf, "place_scanned", clerk_id, "transfer_from_where_it_is"),
        (holder, shelf, "place_scanned", clerk_id, "transfer_way"),
        (holder, "'drawer', NULL", "words", clerk_id, "transfer_to_named_place"),
        // What may be used is at its holder's and nowhere else.
        (holder, drawer, "words", clerk_id, "active_is_at_its_holder"),
        (
            holder,
            drawer,
            "words",
            clerk_of_another_kind.id.uuid(),
            "transfer_role",
        ),
        (
            "'stock', NULL",
            "'holder', NULL",
            "carried_over",
            clerk_id,
            "transfer_by_someone",
        ),
    ] {
        let refused = written(from, to, evidence, by).await;
        assert!(refused.is_constraint(rule), "{from} → {to}: {refused}");
    }
    for sql in [
        "UPDATE office.transfer SET at = now()",
        "DELETE FROM office.transfer",
        "UPDATE office.card_place SET kind = 'lost'",
        "DELETE FROM office.card_place",
        "INSERT INTO office.transfer_rule VALUES ('holder', 'shelf', 'words', '{issuing}', false)",
        "UPDATE office.place_kind SET holds_one = false",
    ] {
        let refused: Result<(), StoreError> = store.run("past", |tx| async move { tx.batch(sql).await }).await;
        assert!(matches!(refused, Err(StoreError::Denied { .. })), "{sql}: {refused:?}");
    }
}

#[tokio::test]
async fn the_ways_and_places_in_the_database_are_those_in_the_code() {
    let office = testing::open().await.unwrap();
    let store = Store::new(&office.database.superuser());
    let texts = async |sql: &'static str| -> Vec<String> {
        let texts = store.run("texts", |tx| async move {
            Ok::<_, StoreError>(tx.query(sql, &[]).await?.iter().map(|row| row.get(0)).collect())
        });
        let mut texts: Vec<String> = texts.await.unwrap();
        texts.sort();
        texts
    };
    let mut ways: Vec<String> = TRANSFERS
        .iter()
        .map(|way| {
            let roles: Vec<_> = way.roles.iter().map(|role| role.as_str()).collect();
            let (from, to, shown) = (way.from.as_str(), way.to.as_str(), way.evidence.as_str());
            format!("{from} {to} {shown} {} {}", roles.join(","), way.two_people)
        })
        .collect();
    ways.sort();
    let known = "SELECT concat_ws(' ', from_kind, to_kind, evidence, array_to_string(roles, ','),\n\
                 CASE WHEN two_people THEN 'true' ELSE 'false' END)\n\
                 FROM office.transfer_rule WHERE evidence <> 'carried_over'";
    assert_eq!(texts(known).await, ways);
    let mut kinds: Vec<String> = issuance::custody::PlaceKind::ALL
        .into_iter()
        .map(|kind| format!("{} {} {}", kind.as_str(), kind.rule().named, kind.rule().holds_one))
        .collect();
    kinds.sort();
    let known = "SELECT kind || CASE WHEN named THEN ' true' ELSE ' false' END\n\
                 || CASE WHEN holds_one THEN ' true' ELSE ' false' END FROM office.place_kind";
    assert_eq!(texts(known).await, kinds);
    let carried =
        "SELECT DISTINCT array_to_string(roles, ',') FROM office.transfer_rule WHERE evidence = 'carried_over'";
    assert_eq!(texts(carried).await, [""], "nobody carries anything over by hand");
}
