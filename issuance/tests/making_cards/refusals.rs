//! What is not done: damaged, wrong and foreign cards, a clerk who stops, a wrong clock. And what an undisturbed making
//! tells the screen.

use card::{ChipLife, KeySlot};
use issuance::{
    case::CaseState,
    issuing::{Cancel, Damage, MakingDesk, Plan, StepState, Stopped, run},
    records::{CardState, Records, RecordsError, Step, soft::Outage},
};
use relay_core::{chance::OsChance, clock::HandClock};
use time::macros::datetime;

use crate::{
    power_cuts::is_unreachable,
    scene::{OFFICE, Scene, blank, play_with},
};

#[test]
fn a_chip_that_forgot_its_keys_is_put_aside_and_a_new_blank_takes_its_place() {
    for step in [Step::Write, Step::Close] {
        let mut scene = Scene::before(step);
        let (card, serials) = (scene.bound().unwrap(), scene.journal().unwrap().serials);
        assert_eq!(serials.len(), 2);
        // The same chip as it was before it had keys.
        let forgetful = Scene::before(Step::GenerateAuthenticationKey).reader.remove().unwrap();
        scene.reader.insert(forgetful);
        let stopped = scene.play().unwrap_err();
        let lost = Damage::KeyLost(KeySlot::Authentication);
        assert!(
            matches!(&stopped, Stopped::Damaged { reason, .. } if *reason == lost),
            "{stopped}"
        );
        assert_eq!(scene.records.case_state(scene.case), Some(CaseState::Verified));
        assert!(serials.values().all(|serial| scene.records.is_revoked(serial)));
        assert_eq!(scene.records.damage(card), Some(lost.to_string()));

        // The damaged card cannot come back: it is not blank, or its chip is known.
        scene.reader.reinsert();
        let refused = scene.play().unwrap_err();
        let known = Stopped::Records {
            step: Step::Authenticate,
            error: RecordsError::ChipTaken {
                chip: hex(&scene.records.cards()[0].chip),
            },
        };
        assert_eq!(refused.to_string(), known.to_string());

        scene.reader.insert(blank());
        let made = scene.play().unwrap();
        scene.assert_finished(&made, "after damage");
        assert_ne!(made.card, card);
        assert_eq!(scene.records.cards().len(), 2);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[test]
fn damage_is_recorded_even_when_the_database_stops_over_it() {
    for outage in [Outage::BeforeCommit, Outage::AfterCommit] {
        let mut scene = Scene::before(Step::Write);
        let forgetful = || Scene::before(Step::GenerateAuthenticationKey).reader.remove().unwrap();
        scene.reader.insert(forgetful());
        // Verbs of this run: the journal, then the damage.
        scene.records.stop_at(2, outage);
        assert!(is_unreachable(&scene.play().unwrap_err()));
        scene.records.start();
        let state = scene.records.case_state(scene.case).unwrap();
        if outage == Outage::BeforeCommit {
            assert!(matches!(state, CaseState::Making { .. }));
            scene.reader.insert(forgetful());
            assert!(matches!(scene.play(), Err(Stopped::Damaged { .. })));
        }
        assert_eq!(scene.records.case_state(scene.case), Some(CaseState::Verified));
        assert_eq!(scene.records.cards()[0].state, CardState::Damaged);
    }
}

#[test]
fn a_key_that_stands_on_another_card_is_refused_and_the_clerk_puts_the_chip_aside() {
    // The chip has made its key, and the process was killed before it was recorded.
    let mut scene = Scene::before(Step::GenerateAuthenticationKey);
    let extent = Scene::extent(Step::GenerateAuthenticationKey);
    scene.play_killed_before(extent.commands.end + extent.verbs.start);
    let key = scene
        .chip()
        .public_key(KeySlot::Authentication)
        .unwrap()
        .unwrap()
        .spki_der();
    let other_case = scene.records.verified_case(&mut OsChance);
    let other = scene.records.bind_chip(other_case, b"another chip").unwrap();
    scene
        .records
        .keep_public_key(other, KeySlot::Eligibility, &key)
        .unwrap();
    let stopped = scene.play().unwrap_err();
    assert!(
        matches!(
            &stopped,
            Stopped::Records {
                error: RecordsError::Conflict(_),
                ..
            }
        ),
        "{stopped}"
    );
    assert!(scene.journal().unwrap().serials.is_empty());
    let card = scene.bound().unwrap();
    scene.records.damaged(card, "its key stands on another card").unwrap();
    scene.reader.insert(blank());
    let made = scene.play().unwrap();
    scene.assert_finished(&made, "on a new blank");
}

#[test]
fn another_card_in_the_reader_is_told_plainly_and_nothing_is_written_on_it() {
    for step in Step::ALL.into_iter().filter(|step| *step > Step::Authenticate) {
        let mut scene = Scene::before(step);
        let expected = scene.journal().unwrap();
        let other = blank();
        let serial = other.serial();
        scene.reader.insert(other);
        let stopped = scene.play().unwrap_err();
        let told = matches!(&stopped, Stopped::WrongChip { expected: bound, found }
            if bound.as_bytes() == expected.chip && *found == serial);
        assert!(told, "{step:?}: {stopped}");
        assert_eq!(scene.journal(), Some(expected));
        assert_eq!(scene.chip().life(), ChipLife::Blank);
    }
}

#[test]
fn a_card_that_is_not_blank_or_not_this_issuers_is_never_bound() {
    let mut scene = Scene::fresh();
    scene.reader = Scene::before(Step::Write).reader;
    assert!(matches!(scene.play(), Err(Stopped::NotBlank { .. })));
    let foreign = card::IssuerMaster::new([8; 32]);
    scene
        .reader
        .insert(virtual_card::VirtualCard::blank(&foreign, &mut OsChance));
    let stopped = scene.play().unwrap_err();
    let refused = matches!(
        stopped,
        Stopped::Card {
            step: Step::Authenticate,
            error: card::CardError::WrongIssuerKeys
        }
    );
    assert!(refused, "{stopped}");
    assert!(scene.records.cards().is_empty());
    assert_eq!(scene.records.case_state(scene.case), Some(CaseState::Verified));
}

#[test]
fn a_clerk_stops_where_it_is_safe_and_goes_on_later() {
    for step in Step::ALL.into_iter().filter(|step| *step > Step::Authenticate) {
        let mut scene = Scene::before(step);
        let cancel = Cancel::new();
        let mut desk = MakingDesk {
            master: &OFFICE.master,
            authorities: &OFFICE.authorities,
            clock: &OFFICE.clock,
            chance: &mut OsChance,
        };
        let plan = Plan {
            case: scene.case,
            bound: scene.bound(),
        };
        let mut asked = |news: issuance::issuing::Progress| {
            if news.step == step && news.state == StepState::Started {
                cancel.ask();
            }
        };
        let transport = scene.reader.connect().unwrap();
        let outcome = run(transport, &mut scene.records, &mut desk, plan, &mut asked, &cancel);
        let next = Step::ALL.into_iter().find(|other| *other > step);
        match next.filter(|next| next.safe_to_stop()) {
            Some(next) => {
                assert!(
                    matches!(outcome, Err(Stopped::Cancelled { before }) if before == next),
                    "{step:?}"
                );
                let made = scene.play().unwrap();
                scene.assert_finished(&made, step.as_str());
            }
            None => scene.assert_finished(&outcome.unwrap(), step.as_str()),
        }
    }
}

#[test]
fn a_wrong_clock_stops_before_the_signature_and_harms_nothing() {
    let mut scene = Scene::before(Step::ProvePossession);
    let wrong = HandClock::at(datetime!(2016-01-01 0:00 UTC));
    let mut desk = MakingDesk {
        master: &OFFICE.master,
        authorities: &OFFICE.authorities,
        clock: &wrong,
        chance: &mut OsChance,
    };
    let plan = Plan {
        case: scene.case,
        bound: scene.bound(),
    };
    let transport = scene.reader.connect().unwrap();
    let stopped = run(
        transport,
        &mut scene.records,
        &mut desk,
        plan,
        &mut |_| {},
        &Cancel::new(),
    )
    .unwrap_err();
    assert!(stopped.to_string().contains("check the clock"), "{stopped}");
    let journal = scene.journal().unwrap();
    assert!(journal.certificates.is_empty() && journal.serials.is_empty());
    let made = scene.play().unwrap();
    scene.assert_finished(&made, "after the clock was set");
}

#[test]
fn serials_reserved_by_a_clock_that_ran_ahead_are_let_go_of_when_it_is_right_again() {
    // Killed after the reservation, or when the certificates were written: the clock's error is within the
    // authority's days, so nothing refuses it at the time.
    for killed_at in [Step::IssueCertificates, Step::ReadBack] {
        let mut scene = Scene::before(Step::ProvePossession);
        scene.clock.advance(time::Duration::days(40));
        assert!(scene.play_until(Some(killed_at)).is_none());
        let ahead = scene.journal().unwrap().serials;
        assert_eq!(ahead.len(), 2);
        scene.clock.advance(time::Duration::days(-40));
        scene.reader.reinsert();
        let made = scene.play().unwrap();
        scene.assert_finished(&made, "after the clock was set");
        let kept = scene.journal().unwrap().serials;
        assert!(ahead.values().all(|serial| scene.records.is_revoked(serial)));
        assert!(kept.values().all(|serial| !ahead.values().any(|other| other == serial)));
    }
}

#[test]
fn a_finished_card_put_in_again_is_found_finished() {
    let mut scene = Scene::before(Step::Close);
    let made = scene.play().unwrap();
    scene.next_morning();
    let commands = scene.reader.commands();
    let again = scene.play().unwrap();
    assert_eq!(again, made);
    assert!(scene.reader.commands() - commands < 12, "nothing is written again");
}

#[test]
fn the_screen_hears_every_step_once_with_its_time_and_the_bytes_written() {
    let scene = Scene::fresh();
    let mut news = Vec::new();
    let transport = scene.reader.connect().unwrap();
    let (mut records, plan) = (scene.records.clone(), (scene.case, None));
    let made = play_with(transport, &mut records, &scene.clock, plan, &mut |one| news.push(one)).unwrap();
    scene.assert_finished(&made, "undisturbed");
    let of = |wanted: fn(&StepState) -> bool| -> Vec<Step> {
        news.iter()
            .filter(|one| wanted(&one.state))
            .map(|one| one.step)
            .collect()
    };
    assert_eq!(of(|state| *state == StepState::Started), Step::ALL);
    assert_eq!(of(|state| matches!(state, StepState::Done(_))), Step::ALL);
    let fractions: Vec<_> = news
        .iter()
        .filter_map(|one| match one.state {
            StepState::Fraction(done, total) => Some((one.step, done, total)),
            _ => None,
        })
        .collect();
    assert!(
        fractions
            .iter()
            .all(|(step, done, total)| *step == Step::Write && done <= total)
    );
    assert!(fractions.windows(2).all(|pair| pair[0].1 <= pair[1].1));
    assert!(fractions.last().is_some_and(|(_, done, total)| done == total));
}
