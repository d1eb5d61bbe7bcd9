//! A joiner: everything the front stores, the blind half's database and log, and the records of the services in one
//! hand, and the question which of the clinic's patients is which of the school's parents.
//!
//! The persons are canaries: the test knows the answer, the joiner does not. It tries equality, ordering and the timing
//! of stored rows, and is no better than one who guesses. With both halves' secrets it is right every time: what is
//! tried here can tell.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use relay_core::{
    chance::{Chance as _, SeededChance},
    clock::SystemClock,
    envelope::{Kind, orders::Finished},
    pseudonym::{BlindHalf, FrontHalf, PolymorphicPseudonym, Service},
};

use crate::{
    process::{Process, post, sealed_now},
    scene::{CLINIC, SCHOOL, read_by, scene, service},
};

const PERSONS: usize = 40;

/// One visit as a service writes it down: its place in time, and the pseudonym.
type Visit = (usize, String);

/// A guess: for each of the clinic's persons one of the school's.
type Guess = HashMap<String, String>;

#[tokio::test]
async fn nobody_matches_two_services_records_without_both_halves_secrets() {
    let mut scene = scene().await;
    let process = Process::start(&scene);
    let stored: Vec<_> = (0..PERSONS).map(|person| scene.register(person as u128, 0)).collect();
    let services = [service(CLINIC), service(SCHOOL)];
    let mut visits: [Vec<Visit>; 2] = Default::default();
    let mut truth: Vec<[String; 2]> = vec![Default::default(); PERSONS];
    let (mut handed_over, mut blobs) = (Vec::new(), Vec::new());

    // Everybody goes to both, in an order that has nothing to do with who they are.
    for (at, (person, which)) in shuffled().into_iter().enumerate() {
        let order = scene.order(&stored[person], &services[which]);
        handed_over.push(order.half.as_bytes().to_vec());
        let envelope = sealed_now(&mut scene, Kind::Finish, &order);
        let (status, answer) = post(&scene, &process, "/finish", &envelope).await;
        assert_eq!(status, 200, "{answer}");
        let reader = scene.front_key.party();
        let finished = scene
            .trusted
            .open::<Finished>(&answer, Kind::Finished, reader, &SystemClock)
            .unwrap()
            .body;
        let name = read_by(&services[which], &finished.encrypted_id).value.clone();
        truth[person][which] = name.clone();
        visits[which].push((at, name));
        blobs.push(finished.blob_sha256);
    }
    let log = process.stop();
    let dump = String::from_utf8(scene.database.dump().unwrap()).unwrap();
    let front: String = stored
        .iter()
        .map(|one| format!("{}\n", hex::encode(one.as_bytes())))
        .collect();

    // Nothing that could be compared stands where it should not.
    let mut canaries: Vec<Vec<u8>> = handed_over;
    canaries.extend(stored.iter().map(|one| one.as_bytes().to_vec()));
    canaries.extend(truth.iter().flatten().map(|name| URL_SAFE_NO_PAD.decode(name).unwrap()));
    for text in [&dump, &log] {
        for canary in &canaries {
            for part in [&canary[..], &canary[..32], &canary[canary.len() - 32..]] {
                assert!(!text.contains(&hex::encode(part)) && !text.contains(&URL_SAFE_NO_PAD.encode(part)));
            }
        }
        // The search finds what is there.
        assert!(blobs.iter().all(|blob| text.contains(blob)));
    }
    assert!(
        truth
            .iter()
            .flatten()
            .all(|name| !front.contains(&hex::encode(URL_SAFE_NO_PAD.decode(name).unwrap())))
    );

    let [clinic, school] = &visits;
    let guesses = [
        ("equality", by_equality(clinic, school, &[&dump, &log, &front])),
        ("order of pseudonyms", by_rank(&sorted(clinic), &sorted(school))),
        ("order of first visits", by_rank(&names(clinic), &names(school))),
        ("nearest in time", by_nearest(clinic, school)),
        ("neighbours in the blind half's log", by_neighbours(clinic, school)),
        ("order of the front's rows", by_front_rows(&stored, clinic, school)),
    ];
    for (how, guess) in guesses {
        let right = right(&guess, &truth);
        // By chance 1 is right on average, and 6 or more in six of ten thousand such tests.
        assert!(right < 6, "{how} matches {right} of {PERSONS}");
    }

    // The positive control.
    let front = FrontHalf::new(&scene.front_secret);
    let guess = by_both_secrets(&stored, &front, BlindHalf::new(scene.blind_secret.clone()), &services);
    assert_eq!(right(&guess, &truth), PERSONS);
}

/// Each person at each service once, in a shuffled order.
fn shuffled() -> Vec<(usize, usize)> {
    let mut chance = SeededChance::new(7);
    let mut order: Vec<_> = (0..PERSONS).flat_map(|person| [(person, 0), (person, 1)]).collect();
    order.sort_by_cached_key(|_| chance.bytes::<8>());
    order
}

fn right(guess: &Guess, truth: &[[String; 2]]) -> usize {
    truth
        .iter()
        .filter(|[clinic, school]| guess.get(clinic) == Some(school))
        .count()
}

fn names(visits: &[Visit]) -> Vec<String> {
    visits.iter().map(|(_, name)| name.clone()).collect()
}

fn sorted(visits: &[Visit]) -> Vec<String> {
    let mut names = names(visits);
    names.sort_by_key(|name| URL_SAFE_NO_PAD.decode(name).unwrap());
    names
}

fn by_rank(clinic: &[String], school: &[String]) -> Guess {
    clinic.iter().cloned().zip(school.iter().cloned()).collect()
}

/// The longest run that two pseudonyms share with each other, or with the same line of what was found.
fn by_equality(clinic: &[Visit], school: &[Visit], found: &[&str]) -> Guess {
    let lines: Vec<&str> = found.iter().flat_map(|text| text.lines()).collect();
    let mut guess = Guess::new();
    for (_, one) in clinic {
        let one_hex = hex::encode(URL_SAFE_NO_PAD.decode(one).unwrap());
        for (_, other) in school {
            let other_hex = hex::encode(URL_SAFE_NO_PAD.decode(other).unwrap());
            let runs = one_hex.as_bytes().windows(12).any(|run| {
                let run = std::str::from_utf8(run).unwrap();
                other_hex.contains(run)
            });
            let together = lines.iter().any(|line| {
                (line.contains(one) || line.contains(&one_hex)) && (line.contains(other) || line.contains(&other_hex))
            });
            if one == other || runs || together {
                guess.insert(one.clone(), other.clone());
            }
        }
    }
    guess
}

fn by_nearest(clinic: &[Visit], school: &[Visit]) -> Guess {
    let nearest = |at: usize| {
        school
            .iter()
            .min_by_key(|(other, _)| other.abs_diff(at))
            .unwrap()
            .1
            .clone()
    };
    clinic.iter().map(|(at, name)| (name.clone(), nearest(*at))).collect()
}

/// The log has a row for each sign-in and none for a person; the joiner takes the next row of the other service.
fn by_neighbours(clinic: &[Visit], school: &[Visit]) -> Guess {
    let mut guess = Guess::new();
    for (at, name) in clinic {
        if let Some((_, next)) = school.iter().find(|(other, _)| other > at) {
            guess.insert(name.clone(), next.clone());
        }
    }
    guess
}

/// The front's rows are in the order of registration, and so might be somebody's pseudonyms.
fn by_front_rows(stored: &[PolymorphicPseudonym], clinic: &[Visit], school: &[Visit]) -> Guess {
    let mut rows: Vec<usize> = (0..stored.len()).collect();
    rows.sort_by_key(|row| *stored[*row].as_bytes());
    let (clinic, school) = (sorted(clinic), names(school));
    rows.iter()
        .enumerate()
        .map(|(rank, row)| (clinic[rank].clone(), school[*row].clone()))
        .collect()
}

fn by_both_secrets(
    stored: &[PolymorphicPseudonym],
    front: &FrontHalf,
    mut blind: BlindHalf,
    services: &[Service; 2],
) -> Guess {
    let mut chance = SeededChance::new(1);
    for service in services {
        blind
            .accept_share(service.clone(), front.service_share(service))
            .unwrap();
    }
    let mut pseudonym = |one: &PolymorphicPseudonym, service: &Service| {
        let half = front.half(one, service, &mut chance).unwrap();
        blind
            .finish(&half, service, &mut chance)
            .unwrap()
            .unwrap()
            .expose()
            .to_string()
    };
    stored
        .iter()
        .map(|one| (pseudonym(one, &services[0]), pseudonym(one, &services[1])))
        .collect()
}
