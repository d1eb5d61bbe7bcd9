//! The issuing procedure's records: the contract every body keeps, and what PostgreSQL adds.

use issuance::{
    case::{CaseId, CaseState},
    handover::NoticeToken,
    person::Resident,
    records::{CertificateSerial, Records, RecordsError, contract},
    staff::Role,
};
use office::{
    OfficeError, OfficeRecords,
    cases::{ApprovalRefusal, Problem, Queue, SecondPurpose},
    testing::{self, Clerk, TestOffice, adults, city},
};
use relay_core::chance::SeededChance;
use tokio::runtime::Handle;

use crate::{make_card, on_card_thread, place};

struct House {
    office: TestOffice,
    clerk: Clerk,
    records: OfficeRecords,
    handle: Handle,
    residents: Vec<Resident>,
}

impl contract::House for House {
    fn records(&mut self) -> &mut dyn Records {
        &mut self.records
    }

    fn verified_case(&mut self) -> CaseId {
        let resident = self.residents.pop().unwrap();
        let verified = self.office.verified(&self.clerk, &resident);
        self.handle.block_on(verified).unwrap().id
    }

    fn case_state(&mut self, case: CaseId) -> CaseState {
        let file = self.office.office.case(self.clerk.session, case);
        self.handle.block_on(file).unwrap().state
    }

    fn is_revoked(&mut self, serial: CertificateSerial) -> bool {
        let revoked = self.handle.block_on(self.office.office.revoked()).unwrap();
        revoked.iter().any(|revoked| revoked.serial == serial)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_records_in_postgresql_keep_the_contract() {
    let office = testing::open().await.unwrap();
    let everyone = city(200);
    office.import(everyone.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let handle = Handle::current();
    let records = OfficeRecords::new(office.office.clone(), handle.clone(), clerk.session);
    let mut house = House {
        residents: adults(&everyone),
        office,
        clerk,
        records,
        handle,
    };
    let house = tokio::task::spawn_blocking(move || {
        contract::all(&mut house, &mut SeededChance::new(2));
        house
    })
    .await
    .unwrap();
    assert!(house.office.office.verify_audit().await.unwrap().broken.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_desk_that_holds_the_case_makes_its_card() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let other = office.clerk("鈴木 誠", "窓口2", &[Role::Issuing]).await.unwrap();
    let case = office.verified(&clerk, &adults(&residents)[0]).await.unwrap().id;
    let refused = on_card_thread(&office, &other, move |records| records.bind_chip(case, b"chip-0001")).await;
    assert!(matches!(refused, Err(RecordsError::Conflict(_))), "{refused:?}");
    let card = on_card_thread(&office, &clerk, move |records| records.bind_chip(case, b"chip-0001"))
        .await
        .unwrap();
    office.office.break_lease(&other.act(), case, "—").await.unwrap();
    let refused = on_card_thread(&office, &clerk, move |records| {
        records.intend(card, issuance::records::Step::Write)
    })
    .await;
    assert!(matches!(refused, Err(RecordsError::Conflict(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn making_by_two_uses_the_second_clerks_agreement_up() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let second = office.clerk("鈴木 誠", "窓口2", &[Role::Issuing]).await.unwrap();
    let trainee = office.clerk("田中 実", "窓口3", &[]).await.unwrap();
    let case = office.verified(&clerk, &adults(&residents)[0]).await.unwrap().id;
    let records = &office.office;
    let alone = records
        .approve(&clerk.act(), case, SecondPurpose::Making, &clerk.serial)
        .await;
    assert!(
        alone
            .as_ref()
            .is_err_and(|error| error.is(&ApprovalRefusal::SamePerson)),
        "{alone:?}"
    );
    let untrained = records
        .approve(&clerk.act(), case, SecondPurpose::Making, &trainee.serial)
        .await;
    assert!(
        matches!(untrained, Err(OfficeError::NotAllowed(Role::Issuing))),
        "{untrained:?}"
    );
    let (approval, _) = records
        .approve(&clerk.act(), case, SecondPurpose::Making, &second.serial)
        .await
        .unwrap();
    let other = office.verified(&clerk, &adults(&residents)[1]).await.unwrap().id;
    let handle = Handle::current();
    let mut by_two = OfficeRecords::new(records.clone(), handle, clerk.session).with_second(approval);
    let (wrong_case, right) = tokio::task::spawn_blocking(move || {
        (
            by_two.bind_chip(other, b"chip-0002"),
            by_two.bind_chip(case, b"chip-0001"),
        )
    })
    .await
    .unwrap();
    assert!(matches!(wrong_case, Err(RecordsError::NotAgreed)), "{wrong_case:?}");
    right.unwrap();
    let bound = records.audit(case).await.unwrap();
    let bound = bound
        .iter()
        .find(|recorded| recorded.event.act == "card.bound")
        .unwrap();
    assert_eq!(bound.event.details["approved_by"], second.id.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_found_broken_in_the_shelf_is_replaced_from_a_new_blank() {
    let office = testing::open().await.unwrap();
    let residents = city(60);
    office.import(residents.clone()).await.unwrap();
    let clerk = office.clerk_of_all_trades("窓口1").await.unwrap();
    let case = office.verified(&clerk, &adults(&residents)[0]).await.unwrap().id;
    let card = on_card_thread(&office, &clerk, move |records| make_card(records, case, b"chip-0001")).await;
    let records = &office.office;
    let at = office.now(&clerk, case).await.unwrap();
    records.shelve(&clerk.act(), at, &place("A-1")).await.unwrap();
    let notice = records.issue_notice(&clerk.act(), case).await.unwrap();
    records
        .card_damaged(&clerk.act(), card, "does not answer")
        .await
        .unwrap();
    assert!(records.shelf().await.unwrap().is_empty());
    assert_eq!(records.revoked().await.unwrap().len(), 2);
    assert_eq!(records.case_by_notice(&notice).await.unwrap(), None);
    // Void as it is, it is still known whose notice it was; a token that nobody issued is nobody's.
    let number = records.case(clerk.session, case).await.unwrap().number;
    assert_eq!(records.case_of_token(&notice.token).await.unwrap(), Some(number));
    let never_issued = NoticeToken::new(&mut SeededChance::new(7));
    assert_eq!(records.case_of_token(&never_issued).await.unwrap(), None);
    let rows = records.queue(Queue::Problems, 5).await.unwrap();
    assert_eq!(rows[0].problem, Some(Problem::CardDamaged));
    let known = records.chip(b"chip-0001").await.unwrap().unwrap();
    assert_eq!(known.case, case);
    let successor = on_card_thread(&office, &clerk, move |records| make_card(records, case, b"chip-0002")).await;
    assert_ne!(successor, card);
}
