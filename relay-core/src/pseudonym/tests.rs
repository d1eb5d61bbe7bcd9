//! What the scheme promises, shown on its own arithmetic, attackers included.

use std::collections::HashSet;

use libpep::{
    contexts::EncryptionContext,
    data::simple::{ElGamalEncryptable as _, ElGamalEncrypted as _, EncryptedPseudonym, Pseudonym},
    elgamal::arithmetic::{Group as _, Ristretto255},
    factors::{Factor as _, derivation::make_pseudonym_rekey_factor},
    keys::{
        PseudonymSessionSecretKey, SecretKey as _,
        distribution::{BlindedGlobalSecretKey as _, SessionKeyShare as _, make_pseudonym_session_key_share},
    },
};
use uuid::Uuid;

use super::*;
use crate::chance::SeededChance;

/// Everybody's keys, and two services that the blind half serves.
struct House {
    chance: SeededChance,
    registrar: Registrar,
    front_secret: FrontSecret,
    front: FrontHalf,
    blind: BlindHalf,
    clinic: Service,
    school: Service,
}

fn shiomi() -> Domain {
    Domain::new("429996").unwrap()
}

fn house() -> House {
    let mut chance = SeededChance::new(20261122);
    let Ceremony { global, front, blind } = Ceremony::run(&mut chance);
    let registrar = Registrar::new(RegistrarSecret::new(&mut chance), global);
    let mut house = House {
        registrar,
        front: FrontHalf::new(&front),
        front_secret: front,
        blind: BlindHalf::new(blind),
        clinic: Service::new(&shiomi(), "https://clinic.example/sp").unwrap(),
        school: Service::new(&shiomi(), "https://school.example/sp").unwrap(),
        chance,
    };
    for service in [house.clinic.clone(), house.school.clone()] {
        house.open(&service);
    }
    house
}

impl House {
    fn open(&mut self, service: &Service) {
        let share = ServiceShare::from_text(&self.front.service_share(service).to_text()).unwrap();
        self.blind.accept_share(service.clone(), share).unwrap();
    }

    fn register(&mut self, person: u128, edition: u32) -> PolymorphicPseudonym {
        self.registrar
            .register(Uuid::from_u128(person), edition, &mut self.chance)
    }

    fn half(&mut self, stored: &PolymorphicPseudonym, service: &Service) -> HalfWay {
        self.front.half(stored, service, &mut self.chance).unwrap()
    }

    fn sign_in(&mut self, stored: &PolymorphicPseudonym, service: &Service) -> String {
        let half = self.half(stored, service);
        let finished = self.blind.finish(&half, service, &mut self.chance).unwrap();
        finished.expect("the service is served").expose().to_string()
    }
}

#[test]
fn a_service_knows_a_person_again_and_two_services_cannot_compare() {
    let mut house = house();
    let (clinic, school) = (house.clinic.clone(), house.school.clone());
    let (one, other) = (house.register(1, 0), house.register(2, 0));
    let at_clinic = house.sign_in(&one, &clinic);
    assert_eq!(at_clinic, house.sign_in(&one, &clinic), "the same at each visit");
    assert_eq!(at_clinic.len(), 43);
    assert_ne!(at_clinic, house.sign_in(&one, &school), "another at each service");
    assert_ne!(at_clinic, house.sign_in(&other, &clinic), "another for each person");
    assert_ne!(
        house.half(&one, &clinic),
        house.half(&one, &clinic),
        "a fresh ciphertext each time"
    );
}

#[test]
fn a_replaced_card_leads_to_the_same_pseudonyms() {
    let mut house = house();
    let clinic = house.clinic.clone();
    let (old_card, new_card) = (house.register(1, 0), house.register(1, 0));
    assert_ne!(old_card, new_card, "the two registrations cannot be matched");
    assert_eq!(house.sign_in(&old_card, &clinic), house.sign_in(&new_card, &clinic));
}

#[test]
fn whoever_moves_to_another_city_keeps_the_origin_and_changes_the_domain() {
    let mut house = house();
    let here = house.clinic.clone();
    let there = Service::new(&Domain::new("439991").unwrap(), here.entity()).unwrap();
    house.open(&there);
    let leaving = house.register(1, 0);
    // The new city's office has no registrar secret for her: it refreshes the ciphertext it was handed.
    let global = *house.registrar.global();
    let arrived = global.refresh(&leaving, &mut house.chance).unwrap();
    assert_ne!(leaving, arrived);
    let before = house.sign_in(&leaving, &here);
    assert_ne!(
        before,
        house.sign_in(&arrived, &there),
        "the new city's clinic does not know her"
    );
    assert_eq!(before, house.sign_in(&arrived, &here), "back home she is who she was");
}

#[test]
fn a_wrong_link_is_mended_by_a_new_edition_of_the_origin() {
    let mut house = house();
    let clinic = house.clinic.clone();
    let (wrong, mended) = (house.register(1, 0), house.register(1, 1));
    assert_ne!(house.sign_in(&wrong, &clinic), house.sign_in(&mended, &clinic));
}

#[test]
fn a_service_whose_share_never_came_gets_nothing() {
    let mut house = house();
    let shop = Service::new(&shiomi(), "https://shop.example/sp").unwrap();
    let stored = house.register(1, 0);
    let half = house.half(&stored, &shop);
    assert!(house.blind.finish(&half, &shop, &mut house.chance).unwrap().is_none());
}

#[test]
fn what_was_made_for_one_service_is_no_pseudonym_at_another() {
    let mut house = house();
    let (clinic, school) = (house.clinic.clone(), house.school.clone());
    let stored = house.register(1, 0);
    let astray = house.half(&stored, &clinic);
    let finished = house
        .blind
        .finish(&astray, &school, &mut house.chance)
        .unwrap()
        .unwrap();
    let known = [house.sign_in(&stored, &clinic), house.sign_in(&stored, &school)];
    assert!(!known.contains(&finished.expose()));
}

#[test]
fn the_share_for_the_global_context_is_refused_and_would_have_opened_everything() {
    let mut house = house();
    let shop = Service::new(&shiomi(), "https://shop.example/sp").unwrap();
    // What libpep gives for its global context. Only here, next to the secret, can it be made at all.
    let global_factor = make_pseudonym_rekey_factor(
        house.front_secret.transcryptor().rekeying_secret(),
        &EncryptionContext::Global,
    );
    let leak = make_pseudonym_session_key_share(&global_factor, &house.front_secret.blinding());
    let text = URL_SAFE_NO_PAD.encode(leak.to_bytes());

    // Why it matters: with it the blind half has the system's key.
    let stored = house.register(1, 0);
    let secret = house.blind.secret();
    let system = *secret.blinded().value() * *leak.value() * *secret.blinding().value();
    assert_eq!(opened(stored.as_bytes(), system), origin(&house, 1));

    let share = ServiceShare::from_text(&text).unwrap();
    assert_eq!(house.blind.accept_share(shop.clone(), share), Err(ShareRefused::Global));
    assert!(!house.blind.serves(&shop), "nothing of it is kept");
}

#[test]
fn a_share_never_changes_while_the_keys_stay() {
    let mut house = house();
    let (clinic, school) = (house.clinic.clone(), house.school.clone());
    let again = house.front.service_share(&clinic);
    assert_eq!(house.blind.accept_share(clinic.clone(), again), Ok(()));
    let others = house.front.service_share(&school);
    assert!(matches!(
        house.blind.accept_share(clinic, others),
        Err(ShareRefused::Changed(_))
    ));
}

#[test]
fn no_key_that_one_half_can_work_out_opens_what_the_front_stores() {
    let mut house = house();
    let (clinic, school) = (house.clinic.clone(), house.school.clone());
    let stored = house.register(1, 0);
    let origin = origin(&house, 1);
    let halves = [house.half(&stored, &clinic), house.half(&stored, &school)];
    let finished = [house.sign_in(&stored, &clinic), house.sign_in(&stored, &school)];

    // All the scalars a half holds, and every product and quotient of two and of three of them.
    let blind = house.blind.secret();
    let blind_factor = |service: &Service| factor(&blind.transcryptor(), service);
    let blind_holds = vec![
        *blind.blinded().value(),
        *blind.blinding().value(),
        *house.front.service_share(&clinic).scalar().unwrap().value(),
        *house.front.service_share(&school).scalar().unwrap().value(),
        *house.blind.service_secret(&clinic).value(),
        *house.blind.service_secret(&school).value(),
        blind_factor(&clinic),
        blind_factor(&school),
    ];
    let front = &house.front_secret;
    let front_factor = |service: &Service| factor(&front.transcryptor(), service);
    let front_holds = vec![
        *front.blinding().value(),
        front_factor(&clinic),
        front_factor(&school),
        *house.front.service_share(&clinic).scalar().unwrap().value(),
        // Even if the blinded key were public, as libpep's authors allow.
        *blind.blinded().value(),
    ];
    for (who, holds) in [("blind half", &blind_holds), ("front", &front_holds)] {
        for key in products(holds) {
            assert_ne!(opened(stored.as_bytes(), key), origin, "the {who} opens what is stored");
        }
    }
    // The front cannot finish what it began either.
    for key in products(&front_holds) {
        for (half, pseudonym) in halves.iter().zip(&finished) {
            let seen = opened(&half.0, key);
            assert_ne!(
                &URL_SAFE_NO_PAD.encode(seen.to_bytes()),
                pseudonym,
                "the front reads a pseudonym"
            );
        }
    }
    // The positive control: both halves' secrets together.
    let both = *blind.blinded().value() * *blind.blinding().value() * *front.blinding().value();
    assert_eq!(opened(stored.as_bytes(), both), origin);
}

#[test]
fn two_thousand_sign_ins_show_the_blind_half_nothing_twice() {
    let mut house = house();
    let services = [house.clinic.clone(), house.school.clone()];
    let mut seen = HashSet::new();
    for person in 0..500 {
        let stored = house.register(person, 0);
        for service in &services {
            for _ in 0..2 {
                let half = house.half(&stored, service);
                for part in half.as_bytes().chunks(32) {
                    assert!(seen.insert(part.to_vec()), "a component came twice");
                }
            }
        }
    }
    assert_eq!(seen.len(), 4_000);
}

#[test]
fn a_rotation_keeps_every_pseudonym_and_makes_the_old_copies_worthless() {
    let mut house = house();
    let clinic = house.clinic.clone();
    let stored: Vec<_> = (0..20).map(|person| house.register(person, 0)).collect();
    let before: Vec<_> = stored.iter().map(|one| house.sign_in(one, &clinic)).collect();

    let chance = &mut house.chance;
    let front = FrontRotation::begin(&house.front_secret, chance);
    let middle = MiddleKey::from_text(&front.middle().to_text()).unwrap();
    let blind = BlindRotation::begin(house.blind.secret(), middle, chance).unwrap();
    // Half of the rows, then both processes are started again from what they filed.
    let mut rotated: Vec<_> = stored[..10]
        .iter()
        .map(|one| blind.step(&front.step(one, chance).unwrap(), chance).unwrap())
        .collect();
    let front = FrontRotation::from_text(&front.to_text()).unwrap();
    let blind = BlindRotation::from_text(&blind.to_text()).unwrap();
    rotated.extend(
        stored[10..]
            .iter()
            .map(|one| blind.step(&front.step(one, chance).unwrap(), chance).unwrap()),
    );

    let next = blind.next_key();
    assert_eq!(next.edition(), KeyEdition(2));
    let blind_secret = blind.complete(house.blind.secret()).unwrap();
    let old_key = *house.front_secret.blinding().value()
        * *house.blind.secret().blinding().value()
        * *house.blind.secret().blinded().value();
    house.front_secret = front.complete(&house.front_secret, next).unwrap();
    house.front = FrontHalf::new(&house.front_secret);
    house.blind = BlindHalf::new(blind_secret);
    house.open(&clinic);

    let after: Vec<_> = rotated.iter().map(|one| house.sign_in(one, &clinic)).collect();
    assert_eq!(before, after);
    let old_row = house.front.half(&stored[0], &clinic, &mut house.chance);
    let (of, keys) = (KeyEdition(1), KeyEdition(2));
    assert_eq!(old_row.unwrap_err(), Unusable::Edition(OtherEdition { of, keys }));
    // And one whose edition was changed in the store comes out as nobody.
    let relabelled = PolymorphicPseudonym::from_stored(keys, stored[0].as_bytes()).unwrap();
    assert_ne!(
        house.sign_in(&relabelled, &clinic),
        before[0],
        "an old row under the new keys"
    );
    assert_ne!(
        opened(rotated[1].as_bytes(), old_key),
        origin(&house, 1),
        "a new row under both old keys"
    );
    // New registrations go to the new key.
    house.registrar = Registrar::new(
        RegistrarSecret::from_text(&house.registrar.secret_text()).unwrap(),
        next,
    );
    let anew = house.register(3, 0);
    assert_eq!(house.sign_in(&anew, &clinic), before[3]);
    assert!(
        front.complete(&house.front_secret, next).is_err(),
        "a rotation is not done twice"
    );
}

#[test]
fn secrets_are_read_back_as_they_were_filed_and_a_changed_line_is_noticed() {
    let house = house();
    let front = house.front_secret.to_text();
    let blind = house.blind.secret().to_text();
    assert_eq!(*FrontSecret::from_text(&front).unwrap().to_text(), *front);
    assert_eq!(*BlindSecret::from_text(&blind).unwrap().to_text(), *blind);
    let global = house.registrar.global().to_text();
    assert_eq!(&GlobalKey::from_text(&global).unwrap(), house.registrar.global());

    assert!(matches!(FrontSecret::from_text(&blind), Err(FileError::OtherKind(_))));
    assert!(matches!(
        FrontSecret::from_text(&front[..front.len() - 2]),
        Err(FileError::Changed(_))
    ));
    let mut bent = blind.to_string();
    let at = bent.len() / 2;
    let other = if &bent[at..=at] == "A" { "B" } else { "A" };
    bent.replace_range(at..=at, other);
    assert!(matches!(BlindSecret::from_text(&bent), Err(FileError::Changed(_))));
}

#[test]
fn bytes_that_are_no_ciphertext_are_refused() {
    assert!(PolymorphicPseudonym::from_stored(KeyEdition(1), &[0xff; 64]).is_err());
    assert!(HalfWay::from_bytes(&[0; 63]).is_err());
    // The neutral point in front: a "ciphertext" that carries its content in clear.
    assert!(HalfWay::from_bytes(&[0; 64]).is_err());
}

#[test]
fn secrets_print_nothing() {
    let house = house();
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        house.front_secret,
        house.front,
        house.blind,
        house.registrar,
        house.blind.secret(),
        house.front.service_share(&house.clinic),
    );
    let digits = shown.chars().filter(char::is_ascii_digit).count();
    // Editions, a count, and the public key's hexadecimal digits.
    assert!(digits <= 64 + 8, "{shown}");
    assert!(!shown.contains(&hex(house.front_secret.blinding().value())));
}

fn hex(scalar: &<Ristretto255 as libpep::elgamal::arithmetic::Group>::Scalar) -> String {
    Ristretto255::serialize_scalar(scalar)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

type Scalar = <Ristretto255 as libpep::elgamal::arithmetic::Group>::Scalar;

fn factor(transcryptor: &libpep::transcryptor::Transcryptor, service: &Service) -> Scalar {
    make_pseudonym_rekey_factor(transcryptor.rekeying_secret(), &service.target().1).scalar()
}

/// Every product of one, two or three of `held` and of their inverses.
fn products(held: &[Scalar]) -> Vec<Scalar> {
    let mut single: Vec<Scalar> = held.to_vec();
    single.extend(held.iter().map(Ristretto255::scalar_inverse));
    let mut all = single.clone();
    for one in &single {
        for other in &single {
            all.push(*one * *other);
            all.extend(single.iter().map(|third| *one * *other * *third));
        }
    }
    all
}

fn opened(stored: &[u8; 64], key: Scalar) -> Pseudonym {
    let point = EncryptedPseudonym::from_slice(stored).unwrap();
    libpep::client::decrypt(&point, &PseudonymSessionSecretKey::from_scalar(key))
}

fn origin(house: &House, person: u128) -> Pseudonym {
    house.registrar.origin(Uuid::from_u128(person), 0)
}
