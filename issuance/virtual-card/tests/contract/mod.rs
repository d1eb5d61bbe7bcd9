//! The contract of a card, told as the office's day. Both bodies face it: the software card in process and the card
//! behind pcscd.

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use card::{
    CardError, Chip, ChipLife, IssuerMaster, KeyRule, KeySlot, PinPolicy, PinSlot, RsaPublicKey, Transport,
    TransportError, Tries,
    profile::{Profile, ResidentProfile, StaffProfile},
};
use relay_core::chance::OsChance;
use secrecy::SecretString;

/// A desk with one reader: blanks come from the box, cards go in and out.
pub trait Desk {
    /// Puts a fresh blank into the reader.
    fn insert_blank(&mut self);
    /// Takes the card out and puts it in again.
    fn reinsert(&mut self);
    /// Takes the card out.
    fn remove(&mut self);
    /// Connects to the card in the reader.
    fn connect(&mut self) -> Box<dyn Transport>;
}

/// The master of the suite's issuer.
pub fn master() -> IssuerMaster {
    IssuerMaster::new([0x5a; 32])
}

pub fn pin(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().unwrap()
}

pub fn assert_signature(key: &RsaPublicKey, message: &[u8], signature: &[u8]) {
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.pkcs1_der())
        .verify(message, signature)
        .expect("the signature fits the key");
}

/// A throw-away certificate over a card's key.
pub fn certificate(key: &RsaPublicKey, name: &str) -> Vec<u8> {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority
        .distinguished_name
        .push(rcgen::DnType::CommonName, "Test authority");
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let mut holder = rcgen::CertificateParams::new(Vec::new()).unwrap();
    holder.distinguished_name.push(rcgen::DnType::CommonName, name);
    let key = rcgen::SubjectPublicKeyInfo::from_der(&key.spki_der()).unwrap();
    holder.signed_by(&key, &issuer).unwrap().der().to_vec()
}

/// What making a card left behind.
pub struct Made {
    pub authentication: RsaPublicKey,
    pub eligibility: Option<RsaPublicKey>,
    pub profile: Profile,
}

/// Makes a resident's card of the blank in the reader, up to closing; no PIN yet.
pub fn make_resident(transport: impl Transport) -> Made {
    let chip = Chip::select(transport).unwrap();
    assert_eq!(chip.life(), ChipLife::Blank);
    let serial = chip.serial().clone();
    let mut issuer = chip.personalise(&master(), &mut OsChance).unwrap();
    let authentication = issuer
        .generate_key(KeySlot::Authentication, KeyRule::Pin(PinSlot::Holder))
        .unwrap();
    let eligibility = issuer.generate_key(KeySlot::Eligibility, KeyRule::Free).unwrap();
    for (slot, key) in [
        (KeySlot::Authentication, &authentication),
        (KeySlot::Eligibility, &eligibility),
    ] {
        let signature = issuer.prove_possession(slot, &sha256(b"challenge")).unwrap();
        assert_signature(key, b"challenge", &signature);
    }
    let profile = Profile::resident(&ResidentProfile {
        serial: &serial,
        authentication: &certificate(&authentication, "2f6d1c"),
        eligibility: &certificate(&eligibility, "77a01e"),
    });
    finish(&mut issuer, &profile);
    Made {
        authentication,
        eligibility: Some(eligibility),
        profile,
    }
}

/// Makes a staff card of the blank in the reader, with its password.
pub fn make_staff(transport: impl Transport, password: &str) -> Made {
    let chip = Chip::select(transport).unwrap();
    let serial = chip.serial().clone();
    let mut issuer = chip.personalise(&master(), &mut OsChance).unwrap();
    let authentication = issuer
        .generate_key(KeySlot::Authentication, KeyRule::Pin(PinSlot::Holder))
        .unwrap();
    let profile = Profile::staff(&StaffProfile {
        serial: &serial,
        authentication: &certificate(&authentication, "staff-1"),
    });
    finish(&mut issuer, &profile);
    issuer.set_initial_pin(PinSlot::Holder, &pin(password)).unwrap();
    Made {
        authentication,
        eligibility: None,
        profile,
    }
}

fn finish<T: Transport>(issuer: &mut card::Personaliser<T>, profile: &Profile) {
    let mut told = Vec::new();
    issuer
        .write(profile, &mut |done, total| told.push((done, total)))
        .unwrap();
    assert_eq!(told.first(), Some(&(0, profile.size())));
    assert_eq!(told.last(), Some(&(profile.size(), profile.size())));
    issuer.read_back(profile).unwrap();
    issuer.close().unwrap();
    assert_eq!(issuer.life(), ChipLife::Closed);
}

pub fn set_pin(transport: impl Transport, value: &str) -> Result<(), CardError> {
    Chip::select(transport)?
        .personalise(&master(), &mut OsChance)?
        .set_initial_pin(PinSlot::Holder, &pin(value))
}

/// The whole suite, in one sitting: every scene takes its own blank.
pub fn run(desk: &mut dyn Desk) {
    a_card_is_made_handed_over_and_used(desk);
    a_staff_password_keeps_its_own_rule(desk);
    a_blank_is_changed_by_its_issuer_only(desk);
    a_closed_card_is_frozen(desk);
    wrong_pins_use_up_the_tries_and_the_issuer_gives_them_back(desk);
    a_verified_pin_is_forgotten_when_the_card_leaves_the_reader(desk);
    a_chip_of_another_issuer_is_recognised(desk);
    an_interrupted_card_is_taken_up_where_it_stood(desk);
}

fn a_card_is_made_handed_over_and_used(desk: &mut dyn Desk) {
    desk.insert_blank();
    let made = make_resident(desk.connect());

    // On the shelf: closed, readable, no PIN, so the authentication key is of no use to a thief.
    let mut chip = Chip::select(desk.connect()).unwrap();
    assert_eq!(chip.life(), ChipLife::Closed);
    assert_eq!(chip.tries_left(PinSlot::Holder).unwrap(), Tries::NotSet);
    assert_eq!(
        chip.verify_pin(PinSlot::Holder, &pin("0000")),
        Err(CardError::PinNotSet)
    );
    assert_eq!(
        chip.sign(KeySlot::Authentication, &[0; 32]),
        Err(CardError::PinRequired(KeySlot::Authentication))
    );
    assert_eq!(chip.pin_policy(PinSlot::Holder).unwrap(), Some(PinPolicy::RESIDENT));
    drop(chip);

    // At the counter: the resident types a PIN; the card itself refuses one that is no four digits.
    assert_eq!(set_pin(desk.connect(), "123"), Err(CardError::PinRefused));
    assert_eq!(set_pin(desk.connect(), "12a4"), Err(CardError::PinRefused));
    set_pin(desk.connect(), "4071").unwrap();
    assert_eq!(set_pin(desk.connect(), "4072"), Err(CardError::PinAlreadySet));

    // At a clinic: eligibility without any PIN; authentication only with it.
    let mut chip = Chip::select(desk.connect()).unwrap();
    let signature = chip.sign(KeySlot::Eligibility, &sha256(b"a visit")).unwrap();
    assert_signature(made.eligibility.as_ref().unwrap(), b"a visit", &signature);
    assert_eq!(chip.tries_left(PinSlot::Holder).unwrap(), Tries::Left(3));
    chip.verify_pin(PinSlot::Holder, &pin("4071")).unwrap();
    assert_eq!(chip.tries_left(PinSlot::Holder).unwrap(), Tries::Left(3));
    let signature = chip.sign(KeySlot::Authentication, &sha256(b"a sign-in")).unwrap();
    assert_signature(&made.authentication, b"a sign-in", &signature);
    assert_eq!(
        chip.public_key(KeySlot::Authentication).unwrap(),
        Some(made.authentication.clone())
    );

    // `card show`: every file there is, byte for byte what was written, and nothing else.
    let dumped = chip.files().unwrap();
    assert_eq!(dumped.len(), made.profile.files.len());
    for file in &made.profile.files {
        let dump = dumped.iter().find(|dump| dump.path == file.path).unwrap();
        assert_eq!((&dump.bytes, dump.reading), (&file.bytes, file.reading));
        assert_eq!(dump.size, dump.bytes.len());
        assert_ne!(dump.name, "");
    }
    let certificate = chip.read_certificate(KeySlot::Eligibility).unwrap();
    assert!(made.profile.files.iter().any(|file| file.bytes == certificate));
}

fn a_staff_password_keeps_its_own_rule(desk: &mut dyn Desk) {
    desk.insert_blank();
    let made = make_staff(desk.connect(), "Shiomi2026");
    let mut chip = Chip::select(desk.connect()).unwrap();
    assert_eq!(chip.tries_left(PinSlot::Holder).unwrap(), Tries::Left(5));
    assert_eq!(
        chip.verify_pin(PinSlot::Holder, &pin("shiomi2026")),
        Err(CardError::WrongPin { tries_left: 4 })
    );
    chip.verify_pin(PinSlot::Holder, &pin("Shiomi2026")).unwrap();
    let signature = chip.sign(KeySlot::Authentication, &sha256(b"login")).unwrap();
    assert_signature(&made.authentication, b"login", &signature);
    assert_eq!(
        chip.sign(KeySlot::Eligibility, &[0; 32]),
        Err(CardError::KeyMissing(KeySlot::Eligibility))
    );
    assert!(matches!(
        chip.read_certificate(KeySlot::Eligibility),
        Err(CardError::FileMissing(path)) if path == "3F00/5015/3402"
    ));
}

fn a_blank_is_changed_by_its_issuer_only(desk: &mut dyn Desk) {
    use card::apdu::{Command, Status, exchange};
    desk.insert_blank();
    let mut transport = desk.connect();
    let mut chip = Chip::select(&mut transport).unwrap();
    assert_eq!(chip.public_key(KeySlot::Authentication).unwrap(), None);
    assert_eq!(chip.files().unwrap(), []);
    drop(chip);
    let create = "622083023401820101800200108608ff00000000000000".to_owned() + "8400840084008400";
    for (name, command) in [
        (
            "CREATE FILE",
            Command::new(0xe0, 0, 0).data(hex::decode(create).unwrap()),
        ),
        ("UPDATE BINARY", Command::new(0xd6, 0, 0).data([1, 2, 3])),
        ("DELETE FILE", Command::new(0xe4, 0, 0)),
        ("GENERATE ASYMMETRIC KEY PAIR", Command::new(0x46, 0x42, 0)),
        ("PUT DATA", Command::new(0xda, 0x01, 0x21).data([1, 4, 4, 3])),
        ("PUT DATA", Command::new(0xda, 0x01, 0x12).data([0])),
        ("CHANGE REFERENCE DATA", Command::new(0x24, 1, 1).data(*b"4071")),
        ("RESET RETRY COUNTER", Command::new(0x2c, 2, 1).data(*b"4071")),
        ("ACTIVATE FILE", Command::new(0x44, 0, 0)),
    ] {
        let answer = exchange(&mut transport, &command).unwrap();
        assert_eq!(answer.status, Status::NOT_ALLOWED, "{name}");
        // Pretending to be inside a channel does not help.
        let answer = exchange(&mut transport, &command.class(0x04)).unwrap();
        assert_eq!(answer.status, Status::NOT_NOW, "{name}");
    }
    assert_eq!(Chip::select(&mut transport).unwrap().life(), ChipLife::Blank);
}

fn a_closed_card_is_frozen(desk: &mut dyn Desk) {
    desk.insert_blank();
    let made = make_resident(desk.connect());
    let mut issuer = Chip::select(desk.connect())
        .unwrap()
        .personalise(&master(), &mut OsChance)
        .unwrap();
    for slot in KeySlot::ALL {
        assert!(matches!(
            issuer.generate_key(slot, KeyRule::Free),
            Err(CardError::Closed(_))
        ));
    }
    assert_eq!(
        issuer.prove_possession(KeySlot::Authentication, &[0; 32]),
        Err(CardError::PinRequired(KeySlot::Authentication))
    );
    let mut other = made.profile.clone();
    other.files[0].bytes.push(0);
    assert!(matches!(
        issuer.write(&other, &mut |_, _| {}),
        Err(CardError::Closed(_))
    ));
    assert!(matches!(
        issuer.write(&made.profile, &mut |_, _| {}),
        Err(CardError::Closed(_))
    ));
    assert_eq!(issuer.close(), Ok(()));
    assert_eq!(issuer.read_back(&made.profile), Ok(()));
    assert!(matches!(issuer.read_back(&other), Err(CardError::Mismatch { .. })));
}

fn wrong_pins_use_up_the_tries_and_the_issuer_gives_them_back(desk: &mut dyn Desk) {
    desk.insert_blank();
    make_resident(desk.connect());
    set_pin(desk.connect(), "4071").unwrap();
    for (entry, outcome) in [
        ("9999", CardError::WrongPin { tries_left: 2 }),
        ("40711", CardError::WrongPin { tries_left: 1 }),
        ("1", CardError::PinBlocked),
        ("4071", CardError::PinBlocked),
    ] {
        // Out and in again between tries: the counter is on the chip, not in its session.
        desk.reinsert();
        let mut chip = Chip::select(desk.connect()).unwrap();
        assert_eq!(chip.verify_pin(PinSlot::Holder, &pin(entry)), Err(outcome), "{entry}");
    }
    let mut chip = Chip::select(desk.connect()).unwrap();
    assert_eq!(chip.tries_left(PinSlot::Holder).unwrap(), Tries::Blocked);
    let mut issuer = chip.personalise(&master(), &mut OsChance).unwrap();
    assert_eq!(
        issuer.reset_pin(PinSlot::Holder, &pin("12")),
        Err(CardError::PinRefused)
    );
    issuer.reset_pin(PinSlot::Holder, &pin("5280")).unwrap();
    let mut chip = issuer.release();
    assert_eq!(chip.tries_left(PinSlot::Holder).unwrap(), Tries::Left(3));

    // The holder changes it; an old PIN mistyped costs a try, a new one out of rule none.
    let change = |chip: &mut Chip<_>, old, new| chip.change_pin(PinSlot::Holder, &pin(old), &pin(new));
    assert_eq!(
        change(&mut chip, "0000", "6174"),
        Err(CardError::WrongPin { tries_left: 2 })
    );
    assert_eq!(change(&mut chip, "5280", "617"), Err(CardError::PinRefused));
    assert_eq!(change(&mut chip, "5280", "6174"), Ok(()));
    assert_eq!(chip.tries_left(PinSlot::Holder).unwrap(), Tries::Left(3));
    drop(chip);
    desk.reinsert();
    let mut chip = Chip::select(desk.connect()).unwrap();
    chip.verify_pin(PinSlot::Holder, &pin("6174")).unwrap();
}

fn a_verified_pin_is_forgotten_when_the_card_leaves_the_reader(desk: &mut dyn Desk) {
    desk.insert_blank();
    make_resident(desk.connect());
    set_pin(desk.connect(), "4071").unwrap();
    let mut chip = Chip::select(desk.connect()).unwrap();
    chip.verify_pin(PinSlot::Holder, &pin("4071")).unwrap();
    chip.sign(KeySlot::Authentication, &[7; 32]).unwrap();
    desk.reinsert();
    // The old connection says that the card went, not that a command failed; a new one starts from nothing.
    let lost = chip.sign(KeySlot::Authentication, &[7; 32]).unwrap_err();
    assert!(
        matches!(
            lost,
            CardError::Transport(TransportError::Reset | TransportError::Removed)
        ),
        "{lost}"
    );
    drop(chip);
    let mut chip = Chip::select(desk.connect()).unwrap();
    assert_eq!(
        chip.sign(KeySlot::Authentication, &[7; 32]),
        Err(CardError::PinRequired(KeySlot::Authentication))
    );
    desk.remove();
    let lost = chip.sign(KeySlot::Eligibility, &[7; 32]).unwrap_err();
    assert_eq!(lost, CardError::Transport(TransportError::Removed));
}

fn a_chip_of_another_issuer_is_recognised(desk: &mut dyn Desk) {
    desk.insert_blank();
    let chip = Chip::select(desk.connect()).unwrap();
    let refusal = chip.personalise(&IssuerMaster::new([0xa5; 32]), &mut OsChance).err();
    assert_eq!(refusal, Some(CardError::WrongIssuerKeys));
    assert_eq!(Chip::select(desk.connect()).unwrap().life(), ChipLife::Blank);
}

fn an_interrupted_card_is_taken_up_where_it_stood(desk: &mut dyn Desk) {
    desk.insert_blank();
    let mut issuer = Chip::select(desk.connect())
        .unwrap()
        .personalise(&master(), &mut OsChance)
        .unwrap();
    let key = issuer
        .generate_key(KeySlot::Authentication, KeyRule::Pin(PinSlot::Holder))
        .unwrap();
    desk.reinsert();
    let lost = issuer.public_key(KeySlot::Eligibility).unwrap_err();
    assert!(matches!(lost, CardError::Transport(_)), "{lost}");
    // The channel is out of step for good, whatever the transport says.
    assert_eq!(issuer.public_key(KeySlot::Eligibility), Err(CardError::ChannelBroken));
    drop(issuer);

    let chip = Chip::select(desk.connect()).unwrap();
    assert_eq!(chip.life(), ChipLife::Personalising);
    let mut issuer = chip.personalise(&master(), &mut OsChance).unwrap();
    assert_eq!(issuer.public_key(KeySlot::Authentication).unwrap(), Some(key));
    assert_eq!(issuer.public_key(KeySlot::Eligibility).unwrap(), None);
}
