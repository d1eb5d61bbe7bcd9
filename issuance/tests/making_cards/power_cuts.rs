//! Every step of making a card × every fault: the card pulled before and after each command, its power cut within a
//! write, the process killed between any two effects, the database stopped before and after each commit.
//!
//! After each of them the console starts anew, finds the case where it stood, and finishes it on the same card. Where
//! the facts contradict each other, the card is marked damaged and a new blank takes its place.

use std::collections::BTreeSet;

use card::{KeySlot, TransportError};
use issuance::{
    issuing::{StepState, Stopped},
    records::{RecordsError, Step, soft::Outage},
};
use virtual_card::Cut;

use crate::scene::{Scene, pulled_at};

/// A blank becomes a finished card on the same chip after each fault of `step`.
fn survives_everything(step: Step) {
    let extent = Scene::extent(step);
    let mut faults = 0;
    let mut recover = |mut scene: Scene, what: String| {
        let what = format!("{} {what}", step.as_str());
        scene.assert_nothing_is_claimed_that_is_not_so(&what);
        scene.next_morning();
        let made = scene.play().unwrap_or_else(|stopped| panic!("{what}: {stopped}"));
        scene.assert_finished(&made, &what);
        assert_eq!(scene.records.cards().len(), 1, "{what}: the same card was finished");
        faults += 1;
    };
    for command in extent.commands.clone() {
        for (cut, what) in pulled_at(command) {
            let mut scene = Scene::before(step);
            scene.reader.cut(Some(cut));
            let stopped = scene.play().unwrap_err();
            assert!(is_removed(&stopped), "{what}: {stopped}");
            recover(scene, what);
        }
    }
    for verb in extent.verbs.clone() {
        for outage in [Outage::BeforeCommit, Outage::AfterCommit] {
            let mut scene = Scene::before(step);
            scene.records.stop_at(verb + 1, outage);
            let stopped = scene.play().unwrap_err();
            let what = format!("database stopped at verb {verb}, {outage:?}");
            assert!(is_unreachable(&stopped), "{what}: {stopped}");
            recover(scene, what);
        }
    }
    let effects = extent.commands.start + extent.verbs.start..extent.commands.end + extent.verbs.end;
    for effect in effects {
        let mut scene = Scene::before(step);
        assert!(scene.play_killed_before(effect).is_none());
        recover(scene, format!("killed before effect {effect}"));
    }
    // Some steps touch neither card nor records; the process can still end in them.
    for ends in [false, true] {
        let mut scene = Scene::before(step);
        let reached =
            scene.play_killed_at(|news| news.step == step && matches!(news.state, StepState::Done(_)) == ends);
        assert!(reached.is_none());
        recover(scene, format!("killed as it {}", if ends { "ends" } else { "begins" }));
    }
    println!("{}: {faults} faults survived", step.as_str());
}

pub fn is_removed(stopped: &Stopped) -> bool {
    matches!(
        stopped,
        Stopped::Card {
            error: card::CardError::Transport(TransportError::Removed),
            ..
        }
    )
}

pub fn is_unreachable(stopped: &Stopped) -> bool {
    matches!(
        stopped,
        Stopped::Records {
            error: RecordsError::Unreachable(_),
            ..
        }
    )
}

/// A test a step, so that they run side by side and a failure says where.
macro_rules! each_step {
    ($($name:ident: $step:ident,)*) => {$(
        #[test]
        fn $name() {
            survives_everything(Step::$step);
        }
    )*};
}

each_step! {
    a_card_survives_every_fault_while_it_is_selected: Select,
    a_card_survives_every_fault_while_the_issuer_authenticates_and_binds_it: Authenticate,
    a_card_survives_every_fault_while_its_authentication_key_is_made: GenerateAuthenticationKey,
    a_card_survives_every_fault_while_its_eligibility_key_is_made: GenerateEligibilityKey,
    a_card_survives_every_fault_while_it_proves_its_keys: ProvePossession,
    a_card_survives_every_fault_while_its_certificates_are_issued: IssueCertificates,
    a_card_survives_every_fault_while_it_is_written: Write,
    a_card_survives_every_fault_while_it_is_read_back: ReadBack,
    a_card_survives_every_fault_while_it_is_verified: Verify,
    a_card_survives_every_fault_while_it_is_closed: Close,
}

#[test]
fn power_cut_at_any_byte_that_is_written_leaves_a_card_that_can_be_finished() {
    for step in Step::ALL.into_iter().filter(|step| step.is_irreversible()) {
        let mut cuts = 0;
        // In one go are written: the key's rule, the key, each new file, the chip's life. Files tear at any byte.
        let stride = if step == Step::Write { 131 } else { 1 };
        for byte in (0..).step_by(stride) {
            let mut scene = Scene::before(step);
            scene.reader.cut(Some(Cut::AfterBytes(byte)));
            let after = Step::ALL.into_iter().find(|other| *other > step);
            match scene.play_until(after) {
                // The next step began, or the card was finished: the cut lies beyond this one.
                None | Some(Ok(_)) => break,
                Some(Err(stopped)) => assert!(is_removed(&stopped), "{stopped}"),
            }
            let what = format!("{} byte {byte}", step.as_str());
            scene.assert_nothing_is_claimed_that_is_not_so(&what);
            scene.next_morning();
            let made = scene.play().unwrap_or_else(|stopped| panic!("{what}: {stopped}"));
            scene.assert_finished(&made, &what);
            cuts += 1;
        }
        // Signing certificates writes nothing on the chip.
        assert_eq!(cuts == 0, step == Step::IssueCertificates, "{step:?}: {cuts} cuts");
    }
}

#[test]
fn a_certificate_signed_and_not_kept_is_signed_again_to_the_very_same_bytes() {
    let step = Step::IssueCertificates;
    let extent = Scene::extent(step);
    let mut signed_again = BTreeSet::new();
    let finish = |mut scene: Scene, what: String, signed_again: &mut BTreeSet<KeySlot>| {
        let kept = scene.journal().unwrap().certificates;
        scene.next_morning();
        let made = scene.play().unwrap_or_else(|stopped| panic!("{what}: {stopped}"));
        scene.assert_finished(&made, &what);
        let serials = scene.journal().unwrap().serials;
        for (serial, signatures) in scene.signed() {
            assert!(signatures.iter().all(|der| *der == signatures[0]), "{what}: {serial}");
            let slot = *serials.iter().find(|(_, reserved)| **reserved == serial).unwrap().0;
            assert_eq!(made.certificates[&slot], signatures[0], "{what}");
            if signatures.len() == 2 {
                assert!(!kept.contains_key(&slot), "{what}: signed again although it was kept");
                signed_again.insert(slot);
            }
        }
    };
    for effect in extent.commands.start + extent.verbs.start..extent.commands.end + extent.verbs.end {
        let mut scene = Scene::before(step);
        assert!(scene.play_killed_before(effect).is_none());
        finish(scene, format!("killed before effect {effect}"), &mut signed_again);
    }
    assert_eq!(
        signed_again,
        KeySlot::ALL.into(),
        "the process was killed between signing and keeping each"
    );
    signed_again.clear();
    for verb in extent.verbs {
        let mut scene = Scene::before(step);
        scene.records.stop_at(verb + 1, Outage::BeforeCommit);
        assert!(is_unreachable(&scene.play().unwrap_err()));
        finish(scene, format!("database stopped at verb {verb}"), &mut signed_again);
    }
    assert_eq!(
        signed_again,
        KeySlot::ALL.into(),
        "the database stopped between signing and keeping each"
    );
}

#[test]
fn a_key_that_was_made_and_not_recorded_is_taken_over_and_not_made_again() {
    for (step, slot) in [
        (Step::GenerateAuthenticationKey, KeySlot::Authentication),
        (Step::GenerateEligibilityKey, KeySlot::Eligibility),
    ] {
        let mut scene = Scene::before(step);
        // The last command of the step gives the key to the console, which never hears it.
        let last = Scene::extent(step).commands.end;
        scene.reader.cut(Some(Cut::InsteadOfAnswer(last)));
        assert!(is_removed(&scene.play().unwrap_err()));
        let on_chip = scene.chip().public_key(slot).unwrap().expect("the key was made");
        assert_eq!(scene.journal().unwrap().public_keys.get(&slot), None);
        let made = scene.play().unwrap();
        scene.assert_finished(&made, step.as_str());
        assert_eq!(scene.journal().unwrap().public_keys[&slot], on_chip.spki_der());
    }
}
