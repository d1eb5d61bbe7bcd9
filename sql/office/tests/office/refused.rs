//! What the relay's front refuses for good: kept with its rule, in sight, told again or closed, and never in the way.

use std::collections::BTreeSet;

use issuance::{case::CaseId, staff::Role};
use office::{
    HolderCheck, OfficeError, SentAnew,
    cases::{Problem, Queue},
    testing::{Clerk, TestOffice},
};
use relay_core::{
    audit::Outcome,
    pseudonym::Registrar,
    registration::{Message, Rule},
};
use uuid::Uuid;

use crate::outbox::{handed_over, open, registrar};

/// A front that refuses everything of some registrations, by one rule.
struct Front<'o> {
    office: &'o TestOffice,
    registrar: Registrar,
    refuses: BTreeSet<Uuid>,
}

impl<'o> Front<'o> {
    fn of(office: &'o TestOffice) -> Self {
        Self {
            office,
            registrar: registrar(),
            refuses: BTreeSet::new(),
        }
    }

    /// Takes everything that waits; what was told, and whether it was taken.
    async fn takes(&self) -> Vec<(u64, Message, bool)> {
        let records = &self.office.dispatch;
        self.office.dispatch.compose_outbox(&self.registrar, 100).await.unwrap();
        let mut told = Vec::new();
        for letter in self.office.dispatch.outbox_next(100).await.unwrap() {
            let refused = self.refuses.contains(&letter.message.registration());
            if refused {
                records
                    .outbox_refused(letter.sequence, &Rule::NotRegistered.code())
                    .await
                    .unwrap();
            } else {
                self.office.dispatch.outbox_applied(letter.sequence).await.unwrap();
            }
            told.push((letter.sequence, letter.message, !refused));
        }
        told
    }
}

fn acts(told: &[(u64, Message, bool)]) -> Vec<(u64, &'static str, bool)> {
    told.iter()
        .map(|(number, said, taken)| (*number, said.act(), *taken))
        .collect()
}

async fn stops(office: &TestOffice, clerk: &Clerk, case: CaseId) {
    let records = &office.office;
    records
        .suspend_card(&clerk.act(), case, HolderCheck::Questions, "バスの中で落とした")
        .await
        .unwrap();
}

async fn lets_again(office: &TestOffice, clerk: &Clerk, case: CaseId) {
    let records = &office.office;
    records
        .resume_card(&clerk.act(), case, HolderCheck::Document, "家にあった")
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_is_kept_with_its_rule_in_sight_and_what_follows_it_goes_on() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let case = handed_over(&office, &clerk, 0).await;
    let number = records.case(clerk.session, case).await.unwrap().number;
    let mut front = Front::of(&office);
    let told = front.takes().await;
    front.refuses.insert(told[0].1.registration());
    stops(&office, &clerk, case).await;
    let mut told = acts(&front.takes().await);
    told.sort_by_key(|(_, _, taken)| *taken);
    assert_eq!(
        told.iter().map(|(_, act, taken)| (*act, *taken)).collect::<Vec<_>>(),
        [("suspend", false), ("suspend", true)]
    );
    // A second word about it changes nothing: the one who carried it was cut off and asked the front again.
    let refused = told[0].0;
    office
        .dispatch
        .outbox_refused(refused, &Rule::Revoked.code())
        .await
        .unwrap();
    office.dispatch.outbox_applied(refused + 1).await.unwrap();
    office.dispatch.outbox_anew(refused).await.unwrap();
    assert!(front.takes().await.is_empty());

    let state = records.outbox_state().await.unwrap();
    assert_eq!(
        (state.waiting, state.refused, state.oldest, state.trouble),
        (0, 1, None, None)
    );
    let told = records.given_card(case).await.unwrap().unwrap().told;
    assert_eq!((told.waiting, told.refused.len()), (0, 1));
    let kept = &told.refused[0];
    assert_eq!(
        (kept.told.as_str(), kept.rule.as_str()),
        ("suspend", "registration.not_registered")
    );
    assert_eq!(records.refused_cases(10).await.unwrap(), [number]);
    let problems = records.queue(Queue::Problems, 10).await.unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!(
        (problems[0].case.id, problems[0].problem),
        (case, Some(Problem::RelayRefused))
    );
    assert_eq!(records.today().await.unwrap().waiting[&Queue::Problems], 1);
    let file = records.case(clerk.session, case).await.unwrap();
    assert_eq!(file.problem, Some(Problem::RelayRefused));
    let journal = records.journal(case).await.unwrap();
    let noted: Vec<_> = journal.iter().filter(|line| line.act == "outbox.refused").collect();
    assert_eq!(noted.len(), 1);
    assert_eq!(
        (noted[0].outcome, noted[0].who.as_str()),
        (Outcome::Refused, "dispatch")
    );
    assert_eq!(noted[0].details["refused"], "registration.not_registered");
    assert_eq!(noted[0].details["told"], "suspend");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_mended_everything_refused_is_told_again_in_its_order_under_new_numbers() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let case = handed_over(&office, &clerk, 0).await;
    let mut front = Front::of(&office);
    office.dispatch.compose_outbox(&front.registrar, 10).await.unwrap();
    let first = office.dispatch.outbox_next(1).await.unwrap()[0].message.registration();
    front.refuses.insert(first);
    assert_eq!(
        acts(&front.takes().await),
        [
            (1, "register", false),
            (2, "activate", false),
            (3, "register", true),
            (4, "activate", true)
        ]
    );
    stops(&office, &clerk, case).await;
    front.takes().await;
    assert_eq!(records.outbox_state().await.unwrap().refused, 3);

    let reception = office.clerk("鈴木 誠", "窓口2", &[Role::Reception]).await.unwrap();
    assert!(matches!(
        records.send_refused_anew(&reception.act(), case, "中継を直した").await,
        Err(OfficeError::NotAllowed(Role::Issuing))
    ));
    let act = clerk.act();
    let sent = records.send_refused_anew(&act, case, "中継を直した").await.unwrap();
    assert_eq!(sent, SentAnew { sent: 3, overtaken: 0 });
    // A key pressed twice sends nothing twice.
    assert_eq!(
        records.send_refused_anew(&act, case, "中継を直した").await.unwrap(),
        sent
    );
    assert_eq!(records.outbox_state().await.unwrap().refused, 0);
    assert!(records.queue(Queue::Problems, 10).await.unwrap().is_empty());
    front.refuses.clear();
    let told = front.takes().await;
    assert_eq!(
        acts(&told),
        [(7, "register", true), (8, "activate", true), (9, "suspend", true)]
    );
    assert!(told.iter().all(|(_, said, _)| said.registration() == first));
    assert!(matches!(
        records.send_refused_anew(&clerk.act(), case, "もう一度").await,
        Err(OfficeError::CardConflict(_))
    ));
    let journal = records.journal(case).await.unwrap();
    let anew = journal
        .iter()
        .rfind(|line| line.act == "outbox.sent_anew" && line.outcome == Outcome::Done)
        .unwrap();
    assert_eq!(
        (anew.details["sent"].as_u64(), anew.words.as_deref()),
        (Some(3), Some("中継を直した"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_later_word_has_overtaken_is_not_told_again() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let case = handed_over(&office, &clerk, 0).await;
    let mut front = Front::of(&office);
    let told = front.takes().await;
    front.refuses.insert(told[0].1.registration());
    stops(&office, &clerk, case).await;
    front.takes().await;
    // Told again after this, the stop would be the front's last word of a card that may be used.
    lets_again(&office, &clerk, case).await;
    let sent = records
        .send_refused_anew(&clerk.act(), case, "番号を確かめた")
        .await
        .unwrap();
    assert_eq!(sent, SentAnew { sent: 0, overtaken: 1 });
    front.refuses.clear();
    assert_eq!(acts(&front.takes().await), [(7, "resume", true), (8, "resume", true)]);
    assert_eq!(records.outbox_state().await.unwrap().refused, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_need_not_be_told_is_closed_with_a_reason_and_a_front_that_forgot_it_may_refuse_it_again() {
    let (office, clerk) = open().await;
    let records = &office.office;
    let case = handed_over(&office, &clerk, 0).await;
    let mut front = Front::of(&office);
    let told = front.takes().await;
    front.refuses.insert(told[0].1.registration());
    stops(&office, &clerk, case).await;
    front.takes().await;
    let admin = office
        .clerk("管理 太郎", "窓口2", &[Role::Administration])
        .await
        .unwrap();
    assert_eq!(
        records
            .close_refused(&admin.act(), case, "失効済みと中継に確かめた")
            .await
            .unwrap(),
        1
    );
    assert_eq!(records.outbox_state().await.unwrap().refused, 0);
    let journal = records.journal(case).await.unwrap();
    let closed = journal.iter().rfind(|line| line.act == "outbox.closed").unwrap();
    assert_eq!(
        (closed.who.as_str(), closed.words.as_deref()),
        ("管理 太郎", Some("失効済みと中継に確かめた"))
    );

    // The front is restored from an older copy: all is told again, and what was closed stays closed.
    office.dispatch.outbox_expected(5).await.unwrap();
    assert_eq!(records.outbox_state().await.unwrap().waiting, 2);
    front.takes().await;
    let state = records.outbox_state().await.unwrap();
    assert_eq!((state.waiting, state.refused), (0, 0));
    let journal = records.journal(case).await.unwrap();
    assert_eq!(journal.iter().filter(|line| line.act == "outbox.refused").count(), 1);
}
