//! Any order of acts at two desks: whatever is tried, a refusal is one of ours, and the invariants hold.

use issuance::{
    case::CaseId,
    handover::{OnCounter, Sight, SightRule},
    records::Records as _,
};
use office::{
    OfficeError,
    cases::CaseAt,
    testing::{self, Clerk, TestOffice, adults, city},
};
use proptest::prelude::*;
use store::{Store, StoreError};

use crate::{make_card, on_card_thread, place};

/// Something a desk may try with the case of one of three residents.
#[derive(Debug, Clone, Copy)]
enum Op {
    Apply,
    Claim,
    Break,
    Verify,
    Make,
    BindOnly,
    Damage,
    SetPin,
    Notice,
    Shelve(u8),
    Look(u8),
    HandOver(u8),
    Cancel,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => Just(Op::Apply),
        2 => Just(Op::Claim),
        1 => Just(Op::Break),
        3 => Just(Op::Verify),
        3 => Just(Op::Make),
        1 => Just(Op::BindOnly),
        1 => Just(Op::Damage),
        3 => Just(Op::SetPin),
        3 => Just(Op::Notice),
        4 => (0u8..2).prop_map(Op::Shelve),
        4 => (1u8..3).prop_map(Op::Look),
        4 => (0u8..2).prop_map(Op::HandOver),
        1 => Just(Op::Cancel),
    ]
}

fn day() -> impl Strategy<Value = Vec<(usize, usize, Op)>> {
    prop::collection::vec((0usize..2, 0usize..3, op()), 20..60)
}

struct Day {
    office: TestOffice,
    clerks: [Clerk; 2],
    residents: Vec<issuance::person::Resident>,
    cases: [Option<CaseId>; 3],
    chips: u8,
}

impl Day {
    async fn attempt(&mut self, clerk: usize, of: usize, op: Op) -> Result<(), OfficeError> {
        let clerk = self.clerks[clerk].clone();
        let resident = self.residents[of].clone();
        if let Op::Apply = op {
            self.cases[of] = Some(self.office.applied(&clerk, &resident).await?.at.id);
            return Ok(());
        }
        let Some(case) = self.cases[of] else { return Ok(()) };
        let records = &self.office.office;
        let at: CaseAt = self.office.now(&clerk, case).await?;
        self.office.clock.advance(time::Duration::seconds(1));
        match op {
            Op::Apply => {}
            Op::Claim => drop(records.claim(&clerk.act(), case).await?),
            Op::Break => drop(records.break_lease(&clerk.act(), case, "—").await?),
            Op::Verify => {
                let verification = self.office.verification(clerk.id, &resident);
                records.verify_person(&clerk.act(), at, &verification).await?;
            }
            Op::Make | Op::BindOnly => {
                self.chips += 1;
                let chip = vec![self.chips; 10];
                let tried = on_card_thread(&self.office, &clerk, move |records| match op {
                    Op::BindOnly => records.bind_chip(case, &chip).map(drop),
                    // The whole making only where its first step is allowed.
                    _ => records.bind_chip(case, &chip).map(|_| {
                        make_card(records, case, &chip);
                    }),
                })
                .await;
                if let Err(refused) = tried {
                    let words = refused.to_string();
                    assert!(
                        !words.contains("SQLSTATE") && !words.contains("breaks the rule"),
                        "{words}"
                    );
                }
            }
            Op::Damage => {
                let file = records.case(clerk.session, case).await?;
                if let Some(card) = file.card {
                    records.card_damaged(&clerk.act(), card.id, "does not answer").await?;
                }
            }
            Op::SetPin => drop(records.pin_set(&clerk.act(), at).await?),
            Op::Notice => drop(records.issue_notice(&clerk.act(), case).await?),
            Op::Shelve(shelf) => drop(records.shelve(&clerk.act(), at, &place(&format!("A-{shelf}"))).await?),
            Op::Look(time) => records.confirm_sight(&clerk.act(), at, time, &Sight::ALL, None).await?,
            Op::HandOver(shelf) => {
                let file = records.case(clerk.session, case).await?;
                let (Some(card), Some(notice)) = (file.card, records.notice(case).await?) else {
                    return Ok(());
                };
                let (shelf, rule) = (place(&format!("A-{shelf}")), SightRule::OneClerkTwice);
                records
                    .hand_over(
                        &clerk.act(),
                        at,
                        &OnCounter::new(&notice, &shelf, &card.chip, true),
                        rule,
                    )
                    .await?;
            }
            Op::Cancel => drop(records.cancel(&clerk.act(), at, "—").await?),
        }
        Ok(())
    }

    /// Each query finds rows only where something is wrong.
    async fn hold_invariants(&self) {
        let store = Store::new(&self.office.database.superuser());
        for (sentence, sql) in [
            (
                "a card is active exactly when it was handed over",
                "SELECT FROM office.card k FULL JOIN office.handover h ON h.card = k.id\n\
                 WHERE (k.state = 'active') IS DISTINCT FROM (h.card IS NOT NULL)",
            ),
            (
                "an active card has two certificates that are not revoked, and its PIN is set",
                "SELECT FROM office.card k WHERE k.state = 'active' AND (k.pin_set_at IS NULL OR 2 <> (\n\
                 SELECT count(*) FROM office.certificate c WHERE c.card = k.id AND c.der IS NOT NULL AND c.revoked_at IS NULL))",
            ),
            (
                "a damaged card has no certificate that is good",
                "SELECT FROM office.card k JOIN office.certificate c ON c.card = k.id\n\
                 WHERE k.state = 'damaged' AND c.revoked_at IS NULL",
            ),
            (
                "numbers have no gaps",
                "SELECT FROM office.case_number n WHERE n.last <> (SELECT count(*) FROM office.card_case c WHERE c.year = n.year)",
            ),
            (
                "a case's card and the card's case are the same, in states that fit",
                "SELECT FROM office.card_case c JOIN office.card k ON k.id = c.card WHERE k.case_id <> c.id\n\
                 OR k.state <> CASE WHEN c.state = 'making' THEN 'making' WHEN c.closed_at IS NOT NULL THEN 'active' ELSE 'made' END",
            ),
            (
                "every card is where the last line of the ledger says, and every line begins where the one before ended",
                "SELECT FROM office.card k LEFT JOIN office.card_place p ON p.card = k.id\n\
                 LEFT JOIN LATERAL (SELECT * FROM office.transfer t WHERE t.card = k.id ORDER BY t.id DESC LIMIT 1) last ON true\n\
                 WHERE (p.kind, p.name) IS DISTINCT FROM (last.to_kind, last.to_name)\n\
                 UNION ALL SELECT FROM (SELECT t.from_kind, t.from_name,\n\
                 lag(t.to_kind, 1, 'stock') OVER w AS kind, lag(t.to_name) OVER w AS name\n\
                 FROM office.transfer t WINDOW w AS (PARTITION BY t.card ORDER BY t.id)) line\n\
                 WHERE (from_kind, from_name) IS DISTINCT FROM (kind, name)",
            ),
            (
                "申込 = 交付 + 保管 + 作成中 + 受付: each card that is not given up is at the place its course says",
                "SELECT FROM office.card k JOIN office.card_place p ON p.card = k.id\n\
                 WHERE p.kind <> ALL (CASE k.state WHEN 'making' THEN '{reader}'::text[] WHEN 'made' THEN '{drawer,shelf}'\n\
                 WHEN 'damaged' THEN '{drawer}' ELSE '{holder}' END)",
            ),
            (
                "every act done on a case is in the trail",
                "SELECT FROM office.act_answer a WHERE a.verb IN ('hand_over', 'verify_person', 'cancel', 'shelve')\n\
                 AND NOT EXISTS (SELECT FROM office.audit_event e WHERE e.id = a.id AND e.outcome = 'done')",
            ),
        ] {
            let wrong: usize = store
                .run("invariant", |tx| async move {
                    Ok::<_, StoreError>(tx.query(sql, &[]).await?.len())
                })
                .await
                .unwrap();
            assert_eq!(wrong, 0, "{sentence}");
        }
        let check = self.office.office.verify_audit().await.unwrap();
        assert!(check.broken.is_empty());
    }
}

/// Lives a day; how many cards were handed over in it.
async fn live_through(day: Vec<(usize, usize, Op)>) -> u32 {
    let office = testing::open().await.unwrap();
    let everyone = city(60);
    office.import(everyone.clone()).await.unwrap();
    let clerks = [
        office.clerk_of_all_trades("窓口1").await.unwrap(),
        office
            .clerk("鈴木 誠", "窓口2", &issuance::staff::Role::ALL)
            .await
            .unwrap(),
    ];
    let residents = adults(&everyone);
    let mut today = Day {
        office,
        clerks,
        residents,
        cases: [None; 3],
        chips: 0,
    };
    for (clerk, of, op) in day {
        if let Err(error) = today.attempt(clerk, of, op).await {
            // The program's own rules come before the schema's: a clerk never meets a constraint.
            assert!(!matches!(error, OfficeError::Store(_)), "{op:?}: {error}");
        }
    }
    today.hold_invariants().await;
    today.office.office.today().await.unwrap().handed_over
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_two_desks_try_the_records_stay_true(day in day()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(live_through(day));
    }
}

/// The same desk going straight through, with every wrong turn on the way: the simulation reaches the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_straight_day_ends_with_a_card_in_the_residents_hand() {
    use Op::*;
    let straight = [
        Apply,
        Apply,
        Make,
        Verify,
        Verify,
        BindOnly,
        Damage,
        Make,
        Shelve(0),
        HandOver(0),
        Notice,
        SetPin,
        Look(1),
        Look(2),
        HandOver(1),
        // The card was not where it should have been: the looks are worth nothing any more.
        HandOver(0),
        Look(1),
        Look(2),
        HandOver(0),
        HandOver(0),
        Cancel,
        Apply,
    ];
    assert_eq!(live_through(straight.map(|op| (0, 0, op)).to_vec()).await, 1);
}
