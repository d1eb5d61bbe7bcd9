//! Staff cards.

use card::{CardError, Chip, ChipLife, KeySlot, PinSlot, Tries};
use issuance::{
    authority::{CheckedKey, Profile},
    issuing::staff::{StaffCard, StaffCardError, StaffDesk, StaffOrder, make_staff_card},
    records::{CertificateSerial, RecordsError, Step},
};
use relay_core::{chance::OsChance, clock::Clock};
use secrecy::SecretString;
use virtual_card::{Cut, SoftwareReader};

use crate::scene::{OFFICE, Scene, blank, sha256};

fn make(
    reader: &SoftwareReader,
    (number, password, again): (&str, &str, bool),
    serials: &mut Vec<CertificateSerial>,
) -> Result<StaffCard, StaffCardError> {
    let password = SecretString::from(password);
    let order = StaffOrder {
        number,
        password: &password,
        again,
    };
    let mut desk = StaffDesk {
        master: &OFFICE.master,
        authorities: &OFFICE.authorities,
        clock: &OFFICE.clock,
        chance: &mut OsChance,
    };
    let mut record = |serial| {
        assert!(!serials.contains(&serial), "a serial twice");
        serials.push(serial);
        Ok(())
    };
    make_staff_card(
        reader.connect().map_err(CardError::from)?,
        &order,
        &mut desk,
        &mut record,
    )
}

/// The card is one a clerk can log in with.
fn assert_logs_in(reader: &SoftwareReader, made: &StaffCard, number: &str, password: &str) {
    reader.reinsert();
    let mut chip = Chip::select(reader.connect().unwrap()).unwrap();
    assert_eq!((chip.life(), chip.serial()), (ChipLife::Closed, &made.chip));
    assert_eq!(chip.tries_left(PinSlot::Holder), Ok(Tries::Left(5)));
    let der = chip.read_certificate(KeySlot::Authentication).unwrap();
    assert_eq!(der, made.certificate);
    let trust = &OFFICE.authorities.trust;
    let certificate = trust
        .verify_chain(&der, Profile::StaffAuthentication, OFFICE.clock.now(), &|_| false)
        .unwrap();
    assert_eq!((certificate.number(), certificate.serial()), (number, made.serial));
    let digest = sha256(b"good morning");
    let early = chip.sign(KeySlot::Authentication, &digest);
    assert_eq!(early, Err(CardError::PinRequired(KeySlot::Authentication)));
    chip.verify_pin(PinSlot::Holder, &password.into()).unwrap();
    let signature = chip.sign(KeySlot::Authentication, &digest).unwrap();
    assert!(certificate.signed(b"good morning", &signature));
    assert!(!certificate.signed(b"good evening", &signature));
}

#[test]
fn a_clerk_logs_in_with_a_new_staff_card() {
    let (reader, mut serials) = (SoftwareReader::with(blank()), Vec::new());
    let made = make(&reader, ("S-0001", "Shiomi2026", false), &mut serials).unwrap();
    assert_eq!(serials, [made.serial]);
    assert_logs_in(&reader, &made, "S-0001", "Shiomi2026");
}

#[test]
fn a_staff_card_cut_off_anywhere_is_made_again_on_the_same_chip() {
    let mut serials = Vec::new();
    for command in (0..).step_by(3) {
        let reader = SoftwareReader::with(blank());
        reader.cut(Some(Cut::AfterCommands(command)));
        if make(&reader, ("S-0002", "Shiomi2026", false), &mut serials).is_ok() {
            assert!(command > 20, "a card takes more commands than {command}");
            return;
        }
        reader.cut(None);
        reader.reinsert();
        let life = Chip::select(reader.connect().unwrap()).unwrap().life();
        let without = make(&reader, ("S-0002", "Shiomi2026", false), &mut Vec::new());
        assert_eq!(
            without.is_ok(),
            life == ChipLife::Blank,
            "command {command}: {without:?}"
        );
        let made = match without {
            Ok(made) => made,
            Err(_) => make(&reader, ("S-0002", "Other2027x", true), &mut serials).unwrap(),
        };
        let password = if life == ChipLife::Blank {
            "Shiomi2026"
        } else {
            "Other2027x"
        };
        assert_logs_in(&reader, &made, "S-0002", password);
    }
}

#[test]
fn a_card_that_is_not_blank_is_left_alone() {
    let scene = Scene::before(Step::Write);
    let refused = make(&scene.reader, ("S-0003", "Shiomi2026", false), &mut Vec::new());
    assert!(matches!(refused, Err(StaffCardError::NotBlank(_))), "{refused:?}");
    let mut scene = Scene::before(Step::Close);
    let finished = scene.play().unwrap();
    scene.next_morning();
    let refused = make(&scene.reader, ("S-0003", "Shiomi2026", true), &mut Vec::new());
    assert!(matches!(refused, Err(StaffCardError::NotBlank(_))), "{refused:?}");
    scene.assert_finished(&finished, "after a staff card was refused");
}

#[test]
fn a_bad_number_or_password_is_refused_before_the_card_is_touched() {
    let reader = SoftwareReader::with(blank());
    let bad_number = make(&reader, ("職員一号", "Shiomi2026", false), &mut Vec::new());
    assert!(matches!(bad_number, Err(StaffCardError::BadNumber)), "{bad_number:?}");
    for password in ["short7x", "has a space 1", "seventeenletters1", "パスワードです12"] {
        let refused = make(&reader, ("S-0004", password, false), &mut Vec::new());
        assert!(matches!(refused, Err(StaffCardError::BadPassword)), "{refused:?}");
    }
    assert_eq!(reader.commands(), 0);
}

#[test]
fn nothing_is_signed_under_a_serial_that_could_not_be_recorded() {
    let reader = SoftwareReader::with(blank());
    let password = SecretString::from("Shiomi2026");
    let order = StaffOrder {
        number: "S-0005",
        password: &password,
        again: false,
    };
    let mut desk = StaffDesk {
        master: &OFFICE.master,
        authorities: &OFFICE.authorities,
        clock: &OFFICE.clock,
        chance: &mut OsChance,
    };
    let mut record = |_| Err(RecordsError::Unreachable("stopped".into()));
    let refused = make_staff_card(reader.connect().unwrap(), &order, &mut desk, &mut record);
    assert!(matches!(refused, Err(StaffCardError::Records(_))), "{refused:?}");
    reader.reinsert();
    let mut chip = Chip::select(reader.connect().unwrap()).unwrap();
    assert!(matches!(
        chip.read_certificate(KeySlot::Authentication),
        Err(CardError::FileMissing(_))
    ));
    let key = chip.public_key(KeySlot::Authentication).unwrap().unwrap();
    assert!(CheckedKey::parse(&key.spki_der()).is_ok());
}
