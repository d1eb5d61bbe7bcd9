//! The software card in process: the contract, power cut at every place, hostile bytes.

mod contract;

use std::{collections::BTreeMap, path::Path};

use card::{
    CardError, Chip, ChipLife, KeyRule, KeySlot, PinSlot, Transport, TransportError, Tries,
    profile::{Profile, ResidentProfile},
};
use contract::{Desk, master, pin};
use proptest::prelude::*;
use relay_core::chance::OsChance;
use rsa::{RsaPrivateKey, pkcs8::DecodePrivateKey, traits::PrivateKeyParts};
use virtual_card::{Cut, SoftwareReader, VirtualCard};

struct Software(SoftwareReader);

impl Desk for Software {
    fn insert_blank(&mut self) {
        self.0.insert(VirtualCard::blank(&master(), &mut OsChance));
    }
    fn reinsert(&mut self) {
        self.0.reinsert();
    }
    fn remove(&mut self) {
        self.0.remove();
    }
    fn connect(&mut self) -> Box<dyn Transport> {
        Box::new(self.0.connect().unwrap())
    }
}

#[test]
fn the_software_card_keeps_the_contract() {
    contract::run(&mut Software(SoftwareReader::new()));
}

#[test]
fn two_blanks_never_share_a_serial_or_a_key() {
    let keys: Vec<_> = (0..2)
        .map(|_| {
            let reader = SoftwareReader::with(VirtualCard::blank(&master(), &mut OsChance));
            let chip = Chip::select(reader.connect().unwrap()).unwrap();
            let mut issuer = chip.personalise(&master(), &mut OsChance).unwrap();
            let key = issuer.generate_key(KeySlot::Eligibility, KeyRule::Free).unwrap();
            (issuer.serial().clone(), key.modulus)
        })
        .collect();
    assert_ne!(keys[0].0, keys[1].0);
    assert_ne!(keys[0].1, keys[1].1);
}

/// A chip with both keys, as it stands before the files are written.
fn keyed() -> VirtualCard {
    let reader = SoftwareReader::with(VirtualCard::blank(&master(), &mut OsChance));
    let chip = Chip::select(reader.connect().unwrap()).unwrap();
    let mut issuer = chip.personalise(&master(), &mut OsChance).unwrap();
    issuer
        .generate_key(KeySlot::Authentication, KeyRule::Pin(PinSlot::Holder))
        .unwrap();
    issuer.generate_key(KeySlot::Eligibility, KeyRule::Free).unwrap();
    drop(issuer);
    reader.remove().unwrap()
}

/// Certificates only as long as it takes to need two pieces: every byte of the writing is cut below.
fn small_profile(card: &VirtualCard) -> Profile {
    Profile::resident(&ResidentProfile {
        serial: &card.serial(),
        authentication: &[0xa1; 230],
        eligibility: &[0xe1; 40],
    })
}

/// Writes, reads back and closes, as the issuing procedure does after its keys.
fn finish(reader: &SoftwareReader, profile: &Profile) -> Result<(), CardError> {
    let chip = Chip::select(reader.connect()?)?;
    let mut issuer = chip.personalise(&master(), &mut OsChance)?;
    issuer.write(profile, &mut |_, _| {})?;
    issuer.read_back(profile)?;
    issuer.close()
}

/// Runs `act` on twins of `card` with power cut at place 0, 1, 2 … until it gets through, and shows each cut chip.
fn cut_everywhere(
    card: &VirtualCard,
    cut_at: impl Fn(usize) -> Cut,
    act: impl Fn(&SoftwareReader) -> Result<(), CardError>,
    mut look: impl FnMut(usize, SoftwareReader),
) -> usize {
    for place in 0.. {
        let reader = SoftwareReader::with(card.twin());
        reader.cut(Some(cut_at(place)));
        match act(&reader) {
            Ok(()) => return place,
            Err(error) => assert_eq!(error, CardError::Transport(TransportError::Removed), "cut {place}"),
        }
        reader.reinsert();
        look(place, reader);
    }
    unreachable!("the act ends some day")
}

#[test]
fn power_cut_at_every_byte_and_command_of_the_writing_leaves_a_card_that_can_be_finished() {
    let card = keyed();
    let profile = small_profile(&card);
    let keys = public_keys(&SoftwareReader::with(card.twin()));
    let look = |place: usize, reader: SoftwareReader| {
        let mut chip = Chip::select(reader.connect().unwrap()).unwrap();
        let life = chip.life();
        assert_ne!(life, ChipLife::Blank, "cut {place}");
        // Whatever stands on the chip is a beginning of what was to be written, the rest untouched.
        for dump in chip.files().unwrap() {
            let whole = profile.files.iter().find(|file| file.path == dump.path).unwrap();
            let written = dump.bytes.iter().zip(&whole.bytes).take_while(|(a, b)| a == b).count();
            let rest = &dump.bytes[written..];
            assert!(rest.iter().all(|byte| *byte == 0), "cut {place}: {}", dump.name);
            assert!(
                rest.is_empty() || life != ChipLife::Closed,
                "cut {place}: {}",
                dump.name
            );
        }
        drop(chip);
        if life != ChipLife::Closed {
            finish(&reader, &profile).unwrap_or_else(|error| panic!("cut {place}: {error}"));
        }
        assert_eq!(public_keys(&reader), keys, "cut {place}");
        assert_finished(&reader, &profile);
    };
    let act = |reader: &SoftwareReader| finish(reader, &profile);
    let bytes = cut_everywhere(&card, Cut::AfterBytes, act, look);
    assert!(bytes > profile.size(), "{bytes} places");
    let commands = cut_everywhere(&card, Cut::AfterCommands, act, look);
    assert!(commands > 30, "{commands} places");
    let answers = cut_everywhere(&card, |place| Cut::InsteadOfAnswer(place + 1), act, look);
    assert_eq!(commands, answers);
}

#[test]
fn power_cut_around_key_generation_leaves_a_key_or_none_and_never_half_of_one() {
    let generate = |reader: &SoftwareReader| -> Result<(), CardError> {
        let chip = Chip::select(reader.connect()?)?;
        let mut issuer = chip.personalise(&master(), &mut OsChance)?;
        issuer.generate_key(KeySlot::Eligibility, KeyRule::Free)?;
        Ok(())
    };
    let blank = VirtualCard::blank(&master(), &mut OsChance);
    let mut found = BTreeMap::new();
    let mut look = |place: usize, reader: SoftwareReader| {
        let chip = Chip::select(reader.connect().unwrap()).unwrap();
        let life = chip.life();
        let mut issuer = chip.personalise(&master(), &mut OsChance).unwrap();
        let key = issuer.public_key(KeySlot::Eligibility).unwrap();
        if let Some(key) = &key {
            let signature = issuer
                .prove_possession(KeySlot::Eligibility, &contract::sha256(b"still there"))
                .unwrap();
            contract::assert_signature(key, b"still there", &signature);
        }
        found.insert(place, (life, key.is_some()));
    };
    // Two changes of memory: the key's rule, the key.
    assert_eq!(cut_everywhere(&blank, Cut::AfterBytes, generate, &mut look), 2);
    assert_eq!(
        found,
        [(0, (ChipLife::Blank, false)), (1, (ChipLife::Personalising, false))].into()
    );
    found_after_lost_answer(&blank, generate);
}

/// The answer to GENERATE ASYMMETRIC KEY PAIR lost: the key is there, and the resumed procedure can ask for it.
fn found_after_lost_answer(blank: &VirtualCard, generate: impl Fn(&SoftwareReader) -> Result<(), CardError>) {
    let mut with_key = 0;
    cut_everywhere(
        blank,
        |place| Cut::InsteadOfAnswer(place + 1),
        generate,
        |_, reader| {
            let mut chip = Chip::select(reader.connect().unwrap()).unwrap();
            with_key += usize::from(chip.public_key(KeySlot::Eligibility).unwrap().is_some());
        },
    );
    // Its first and its second piece.
    assert_eq!(with_key, 2);
}

#[test]
fn no_power_cut_gives_a_try_back() {
    let card = keyed();
    let profile = small_profile(&card);
    let reader = SoftwareReader::with(card);
    finish(&reader, &profile).unwrap();
    contract::set_pin(reader.connect().unwrap(), "4071").unwrap();
    let card = reader.remove().unwrap();
    let enter = |entry: &'static str| {
        move |reader: &SoftwareReader| match Chip::select(reader.connect()?)?.verify_pin(PinSlot::Holder, &pin(entry)) {
            // Wrong is an outcome here, not an interruption.
            Err(CardError::WrongPin { .. }) => Ok(()),
            other => other,
        }
    };
    for cut in [Cut::AfterBytes, Cut::AfterCommands, |place| {
        Cut::InsteadOfAnswer(place + 1)
    }] {
        // A wrong entry costs its try as soon as the chip has looked at it, whether its answer is heard or not.
        let mut left = Vec::new();
        cut_everywhere(&card, cut, enter("1704"), |_, reader| left.push(tries_in(&reader)));
        assert!(left.is_sorted_by(|before, after| before >= after), "{left:?}");
        // So does a right one until the chip has said so: a cut between never leaves more than there was.
        cut_everywhere(&card, cut, enter("4071"), |_, reader| {
            assert!((2..=3).contains(&tries_in(&reader)))
        });
    }
    // Three cut right after the comparison block the PIN for good.
    let reader = SoftwareReader::with(card);
    for expected in [2, 1, 0] {
        reader.cut(Some(Cut::AfterBytes(1)));
        let cut = enter("4071")(&reader);
        assert_eq!(cut, Err(CardError::Transport(TransportError::Removed)));
        reader.reinsert();
        assert_eq!(tries_in(&reader), expected);
    }
    assert_eq!(enter("4071")(&reader), Err(CardError::PinBlocked));
}

#[test]
fn a_card_kept_in_a_file_is_the_same_card_in_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resident.card");
    let card = VirtualCard::blank(&master(), &mut OsChance).keep_at(&path).unwrap();
    let serial = card.serial();
    let reader = SoftwareReader::with(card);
    let made = contract::make_resident(reader.connect().unwrap());
    contract::set_pin(reader.connect().unwrap(), "4071").unwrap();
    let mut chip = Chip::select(reader.connect().unwrap()).unwrap();
    assert_eq!(
        chip.verify_pin(PinSlot::Holder, &pin("1704")),
        Err(CardError::WrongPin { tries_left: 2 })
    );

    let again = SoftwareReader::with(VirtualCard::open(&path).unwrap());
    let mut chip = Chip::select(again.connect().unwrap()).unwrap();
    assert_eq!(chip.serial(), &serial);
    assert_eq!(chip.tries_left(PinSlot::Holder).unwrap(), Tries::Left(2));
    chip.verify_pin(PinSlot::Holder, &pin("4071")).unwrap();
    let signature = chip.sign(KeySlot::Authentication, &contract::sha256(b"again")).unwrap();
    contract::assert_signature(&made.authentication, b"again", &signature);
    std::fs::write(&path, "{}").unwrap();
    assert!(VirtualCard::open(&path).is_err());
}

#[test]
fn a_card_whose_file_cannot_be_written_refuses_and_forgets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("tray");
    std::fs::create_dir(&inner).unwrap();
    let card = VirtualCard::blank(&master(), &mut OsChance)
        .keep_at(inner.join("blank.card"))
        .unwrap();
    let reader = SoftwareReader::with(card);
    std::fs::remove_dir_all(&inner).unwrap();
    let chip = Chip::select(reader.connect().unwrap()).unwrap();
    let mut issuer = chip.personalise(&master(), &mut OsChance).unwrap();
    let refusal = issuer.generate_key(KeySlot::Eligibility, KeyRule::Free).unwrap_err();
    assert_eq!(refusal.to_string(), "the card refused PUT DATA: 6581 (memory failure)");
    assert_eq!(Chip::select(reader.connect().unwrap()).unwrap().life(), ChipLife::Blank);
}

fn public_keys(reader: &SoftwareReader) -> Vec<Option<card::RsaPublicKey>> {
    let mut chip = Chip::select(reader.connect().unwrap()).unwrap();
    KeySlot::ALL.map(|slot| chip.public_key(slot).unwrap()).to_vec()
}

fn assert_finished(reader: &SoftwareReader, profile: &Profile) {
    let mut chip = Chip::select(reader.connect().unwrap()).unwrap();
    assert_eq!(chip.life(), ChipLife::Closed);
    let dumped = chip.files().unwrap();
    assert_eq!(dumped.len(), profile.files.len());
    for file in &profile.files {
        assert!(
            dumped
                .iter()
                .any(|dump| dump.path == file.path && dump.bytes == file.bytes)
        );
    }
}

/// A finished card with a PIN, in a file, and the secret numbers of its keys.
struct Target {
    card: VirtualCard,
    secrets: Vec<Vec<u8>>,
    _folder: tempfile::TempDir,
}

fn target() -> Target {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("target.card");
    let reader = SoftwareReader::with(VirtualCard::blank(&master(), &mut OsChance).keep_at(&path).unwrap());
    contract::make_resident(reader.connect().unwrap());
    contract::set_pin(reader.connect().unwrap(), "4071").unwrap();
    Target {
        card: reader.remove().unwrap(),
        secrets: secrets(&path),
        _folder: folder,
    }
}

/// Sixteen bytes out of the middle of every secret in a card's file.
fn secrets(path: &Path) -> Vec<Vec<u8>> {
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let hex = |value: &serde_json::Value| hex::decode(value.as_str().unwrap()).unwrap();
    let mut secrets = vec![hex(&file["static_enc"]), hex(&file["static_mac"])];
    for key in file["keys"].as_object().unwrap().values() {
        let key = RsaPrivateKey::from_pkcs8_der(&hex(&key["private"])).unwrap();
        for number in [key.d(), &key.primes()[0], &key.primes()[1]] {
            secrets.push(number.to_bytes_be()[40..56].to_vec());
        }
    }
    secrets
}

/// A command out of what a curious stranger would try: known instructions mostly, likely parameters mostly.
fn stranger() -> impl Strategy<Value = Vec<u8>> {
    let cla = prop_oneof![6 => Just(0x00u8), 1 => Just(0x04), 1 => Just(0x80), 1 => Just(0x84), 1 => Just(0x10), 1 => any::<u8>()];
    let ins = prop_oneof![
        12 => prop::sample::select(vec![
            0x20u8, 0x22, 0x24, 0x2a, 0x2c, 0x44, 0x46, 0x50, 0x82, 0x84, 0xa4, 0xb0, 0xc0, 0xca, 0xd6, 0xda, 0xe0, 0xe4,
        ]),
        1 => any::<u8>(),
    ];
    let parameters = prop_oneof![
        8 => prop::sample::select(vec![
            [0u8, 0u8], [0, 1], [1, 1], [2, 1], [4, 0], [8, 0], [0x41, 0xb6], [0x41, 0], [0x42, 0], [0x43, 0],
            [0x9e, 0x9a], [0, 0x45], [1, 0], [1, 1], [1, 0x11], [1, 0x21], [0x33, 0], [0xff, 1],
        ]),
        2 => any::<[u8; 2]>(),
    ];
    let data = prop_oneof![
        2 => Just(Vec::new()),
        3 => prop::sample::select(vec![
            "f276a288bcfba69d34f31001", "3f00", "5015", "50155031", "4401", "80011184010 1", "8001f3840101", "800111840102",
            "31323334", "3031", "62088302123482010180020010", "621683021234820101800200108608ff00000000000000",
        ])
        .prop_map(|text| hex::decode(text.replace(' ', "")).unwrap()),
        2 => prop::collection::vec(any::<u8>(), 0..64),
        1 => prop::collection::vec(any::<u8>(), 200..300),
    ];
    (cla, ins, parameters, data, any::<Option<u8>>(), any::<bool>()).prop_map(
        |(cla, ins, [p1, p2], data, le, extended)| {
            let mut command = vec![cla, ins, p1, p2];
            match (data.len(), extended) {
                (0, _) => {}
                (length, true) => command.extend([0, (length >> 8) as u8, length as u8]),
                // Longer than it says: a length that does not fit is one of the things to try.
                (length, false) => command.push(length as u8),
            }
            command.extend(data);
            command.extend(le);
            command
        },
    )
}

#[test]
fn a_stranger_with_any_commands_gets_no_secret_changes_nothing_and_breaks_nothing() {
    let target = target();
    let expected = contract_view(&target.card);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&prop::collection::vec(stranger(), 1..40), |commands| {
        let mut card = target.card.twin();
        let mut tries = 3;
        card.process(&hex::decode("00a404000cf276a288bcfba69d34f31001").unwrap())
            .unwrap();
        for command in &commands {
            let answer = card.process(command).unwrap();
            prop_assert!(answer.len() >= 2);
            for secret in &target.secrets {
                prop_assert!(
                    !answer.windows(16).any(|part| part == secret),
                    "{}",
                    hex::encode(command)
                );
            }
            let now = tries_in(&SoftwareReader::with(card.twin()));
            prop_assert!(now <= tries, "a try was given back by {}", hex::encode(command));
            tries = now;
        }
        prop_assert_eq!(&contract_view(&card), &expected);
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn any_bytes_at_all_are_answered() {
    proptest!(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() },
    |(frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..20))| {
        let mut card = VirtualCard::blank(&master(), &mut OsChance);
        for frame in &frames {
            prop_assert!(card.process(frame).unwrap().len() >= 2);
        }
        prop_assert_eq!(card.life(), ChipLife::Blank);
    });
}

fn tries_in(reader: &SoftwareReader) -> u8 {
    let mut chip = Chip::select(reader.connect().unwrap()).unwrap();
    match chip.tries_left(PinSlot::Holder).unwrap() {
        Tries::Left(tries) => tries,
        Tries::Blocked => 0,
        Tries::NotSet => panic!("the PIN was set"),
    }
}

/// Everything about a card that no stranger may change.
fn contract_view(card: &VirtualCard) -> (Vec<card::FileDump>, Vec<Option<card::RsaPublicKey>>, ChipLife) {
    let reader = SoftwareReader::with(card.twin());
    let mut chip = Chip::select(reader.connect().unwrap()).unwrap();
    let files = chip.files().unwrap();
    let life = chip.life();
    drop(chip);
    (files, public_keys(&reader), life)
}
