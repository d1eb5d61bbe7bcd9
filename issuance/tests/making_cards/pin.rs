//! The resident's PIN on the finished card.

use card::{CardError, ChipLife, KeySlot, PinSlot, Tries};
use issuance::{
    issuing::{SetPinError, set_pin, set_pin_again},
    records::Step,
};
use relay_core::chance::OsChance;
use secrecy::SecretString;
use virtual_card::Cut;

use crate::scene::{OFFICE, Scene, sha256};

fn finished() -> (Scene, Vec<u8>) {
    let mut scene = Scene::before(Step::Close);
    let made = scene.play().unwrap();
    (scene, made.chip.as_bytes().to_vec())
}

fn pin(digits: &str) -> SecretString {
    digits.into()
}

#[test]
fn the_resident_sets_a_pin_and_signs_with_it() {
    let (scene, chip) = finished();
    let mut card = set_pin(scene.chip(), &chip, &OFFICE.master, &pin("4071"), &mut OsChance).unwrap();
    assert_eq!(card.tries_left(PinSlot::Holder), Ok(Tries::Left(3)));
    let wrong = card.verify_pin(PinSlot::Holder, &pin("4072"));
    assert_eq!(wrong, Err(CardError::WrongPin { tries_left: 2 }));
    card.verify_pin(PinSlot::Holder, &pin("4071")).unwrap();
    let signature = card.sign(KeySlot::Authentication, &sha256(b"it is me")).unwrap();
    let certificate = scene.certificate(&mut card, KeySlot::Authentication);
    assert!(certificate.signed(b"it is me", &signature));
}

#[test]
fn a_second_first_pin_is_refused_and_setting_it_again_is_an_act_of_its_own() {
    let (scene, chip) = finished();
    set_pin(scene.chip(), &chip, &OFFICE.master, &pin("4071"), &mut OsChance).unwrap();
    let again = set_pin(scene.chip(), &chip, &OFFICE.master, &pin("9283"), &mut OsChance).err();
    assert_eq!(again, Some(SetPinError::Card(CardError::PinAlreadySet)));
    let mut card = set_pin_again(scene.chip(), &chip, &OFFICE.master, &pin("9283"), &mut OsChance).unwrap();
    card.verify_pin(PinSlot::Holder, &pin("9283")).unwrap();
}

#[test]
fn no_other_card_gets_the_residents_pin_and_no_unfinished_one() {
    let (scene, _) = finished();
    let other = set_pin(scene.chip(), b"other chip", &OFFICE.master, &pin("4071"), &mut OsChance).err();
    assert!(matches!(other, Some(SetPinError::WrongChip { .. })), "{other:?}");
    let scene = Scene::before(Step::Write);
    let chip = scene.journal().unwrap().chip;
    assert_eq!(scene.chip().life(), ChipLife::Personalising);
    let early = set_pin(scene.chip(), &chip, &OFFICE.master, &pin("4071"), &mut OsChance).err();
    assert_eq!(early, Some(SetPinError::NotFinished));
}

#[test]
fn a_pin_that_breaks_the_cards_rule_is_refused_and_leaves_none_behind() {
    let (scene, chip) = finished();
    for wrong in ["407", "40711", "40a1", ""] {
        let refused = set_pin(scene.chip(), &chip, &OFFICE.master, &pin(wrong), &mut OsChance).err();
        assert!(matches!(refused, Some(SetPinError::Card(_))), "{wrong}: {refused:?}");
        assert_eq!(scene.chip().tries_left(PinSlot::Holder), Ok(Tries::NotSet));
    }
}

#[test]
fn a_pin_whose_setting_was_cut_off_anywhere_is_set_in_the_end() {
    let (whole, chip) = finished();
    let card = whole.reader.remove().unwrap();
    for command in 0.. {
        for cut in [Cut::AfterCommands(command), Cut::InsteadOfAnswer(command + 1)] {
            let reader = virtual_card::SoftwareReader::with(card.twin());
            let scene = Scene::of(reader, whole.records.clone(), whole.case);
            let selected = scene.chip();
            scene.reader.cut(Some(cut));
            if set_pin(selected, &chip, &OFFICE.master, &pin("4071"), &mut OsChance).is_ok() {
                assert!(command >= 3, "authentication takes two commands, the PIN one");
                return;
            }
            let mut card = match set_pin(scene.chip(), &chip, &OFFICE.master, &pin("4071"), &mut OsChance) {
                Err(SetPinError::Card(CardError::PinAlreadySet)) => {
                    set_pin_again(scene.chip(), &chip, &OFFICE.master, &pin("4071"), &mut OsChance).unwrap()
                }
                outcome => outcome.unwrap(),
            };
            card.verify_pin(PinSlot::Holder, &pin("4071")).unwrap();
        }
    }
}
