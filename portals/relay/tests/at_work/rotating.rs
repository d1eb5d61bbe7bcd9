//! A key rotation of a real relay by its operators' commands, killed again and again, while people sign in and are
//! registered.

use std::{
    fs,
    process::{Child, Command, Output, Stdio},
};

use relay::{
    Config,
    rotating::{Rotation, RotationError},
};
use relay_core::{
    clock::SystemClock,
    pseudonym::{GlobalKey, KeyEdition},
    registration::{CardUse, CertificateDer, Message},
};
use relay_testing::{Browser, Relay, TestCard, TestService, rig::front_program};
use uuid::Uuid;

use crate::{name, relay_with_two};

const PERSONS: u128 = 9;

/// A person with a card, and how the clinic and the school know them.
struct Person {
    id: Uuid,
    card: TestCard,
    names: [String; 2],
}

fn command(relay: &Relay, arguments: &[&str]) -> Command {
    let mut command = Command::new(front_program());
    command
        .arg("--config")
        .arg(relay.config_file())
        .arg("rotate")
        .args(arguments);
    command
}

fn rotate(relay: &Relay, arguments: &[&str]) -> Output {
    command(relay, arguments).output().unwrap()
}

fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

async fn names(relay: &Relay, card: &TestCard, services: &[&TestService; 2]) -> [String; 2] {
    let browser = Browser::with_card(relay, card);
    let mut names = <[String; 2]>::default();
    for (service, into) in services.iter().zip(&mut names) {
        *into = name(&browser.sign_in(relay, service).await).value.clone();
    }
    names
}

async fn left(relay: &Relay) -> u64 {
    relay.records.rotation_left(KeyEdition(1)).await.unwrap()
}

/// Kills a run once it has taken one more registration out of `before`.
async fn killed_after_one(relay: &Relay, mut run: Child, before: u64) {
    while left(relay).await == before {
        assert!(run.try_wait().unwrap().is_none(), "it ended and has done nothing");
        tokio::task::yield_now().await;
    }
    run.kill().unwrap();
    run.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_killed_at_every_batch_leaves_everybody_the_same_pseudonyms_and_sign_ins_go_on() {
    let (mut relay, clinic, school) = relay_with_two().await;
    let services = [&clinic, &school];
    let mut persons = Vec::new();
    for person in 1..=PERSONS {
        let (id, card) = (Uuid::from_u128(person), relay.cards.authentication());
        relay
            .register_person(id, &card.certificate, CardUse::Authentication)
            .await;
        let names = names(&relay, &card, &services).await;
        persons.push(Person { id, card, names });
    }
    assert!(!rotate(&relay, &["run"]).status.success(), "nothing was begun");

    // Not before the blind half's two operators allow it.
    let alone = rotate(&relay, &["begin"]);
    assert!(!alone.status.success());
    let told = String::from_utf8_lossy(&alone.stderr).into_owned();
    assert!(told.contains("madoguchi-blind rotation allow"), "{told}");
    assert!(!relay.path().join("secrets/front-2").exists());
    relay.allow_rotation();
    assert!(relay.blind_rotation_status().contains("allowed by kai and nagi"));
    let said = succeeded(&rotate(&relay, &["begin"]));
    assert_eq!(
        said,
        succeeded(&rotate(&relay, &["begin"])),
        "begun twice is begun once"
    );
    let next = fs::read_to_string(relay.path().join("secrets/global-key-2")).unwrap();
    assert!(said.contains(next.trim()) && relay.blind_rotation_status().contains(next.trim()));

    // One registration at a time, each run killed after the first it wrote; somebody signs in each time.
    for person in persons.iter().cycle() {
        let before = left(&relay).await;
        if before == 0 {
            break;
        }
        let run = command(&relay, &["run", "--batch", "1"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        killed_after_one(&relay, run, before).await;
        assert_eq!(names(&relay, &person.card, &services).await, person.names);
    }

    // Registered meanwhile under the old key: taken, good for signing in, and found by the next run.
    let late = relay.cards.authentication();
    relay
        .register_person(persons[0].id, &late.certificate, CardUse::Authentication)
        .await;
    assert_eq!(names(&relay, &late, &services).await, persons[0].names);
    assert!(succeeded(&rotate(&relay, &["status"])).contains("1 left"));
    succeeded(&rotate(&relay, &["run"]));
    assert_eq!(left(&relay).await, 0);

    // While a front may still hold the old half it is not over.
    let early = rotate(&relay, &["complete"]);
    assert!(
        String::from_utf8_lossy(&early.stderr).contains("still names"),
        "{early:?}"
    );
    relay.stop_front().await;
    let config = fs::read_to_string(relay.config_file()).unwrap();
    fs::write(relay.config_file(), config.replace("\"front-1\"", "\"front-2\"")).unwrap();
    relay.start_front().await;

    // The office has not changed its key yet: it is told to come again, and comes.
    let register = |relay: &Relay, registration| Message::Register {
        registration,
        certificate_der: CertificateDer(relay.cards.authentication().certificate.to_vec()),
        used_for: CardUse::Authentication,
        pseudonym: relay.pseudonym_of(persons[1].id),
    };
    let registration = Uuid::from_u128(100);
    assert_eq!(relay.office_says(&register(&relay, registration)).await, 422);
    relay.encrypt_to(GlobalKey::from_text(&next).unwrap());
    assert_eq!(relay.office_says(&register(&relay, registration)).await, 200);

    succeeded(&rotate(&relay, &["complete"]));
    relay.complete_blind_rotation();
    for old in ["front-1", "blind-1"] {
        fs::remove_file(relay.path().join("secrets").join(old)).unwrap();
    }
    relay.stop_front().await;
    relay.start_front().await;
    for person in &persons {
        assert_eq!(names(&relay, &person.card, &services).await, person.names);
    }
    // A card made under the new key is the same person's.
    let newest = relay.cards.authentication();
    relay
        .register_person(persons[2].id, &newest.certificate, CardUse::Authentication)
        .await;
    assert_eq!(names(&relay, &newest, &services).await, persons[2].names);
    assert!(succeeded(&rotate(&relay, &["status"])).contains("No rotation"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_asked_to_stop_ends_between_two_batches_and_says_how_to_go_on() {
    let (relay, _, _) = relay_with_two().await;
    for _ in 0..3 {
        relay.card().await;
    }
    relay.allow_rotation();
    succeeded(&rotate(&relay, &["begin"]));
    let before = left(&relay).await;
    let run = command(&relay, &["run", "--batch", "1"])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let id = run.id().to_string();
    while left(&relay).await == before {
        tokio::task::yield_now().await;
    }
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let ended = run.wait_with_output().unwrap();
    // Quicker than the signal, it was done.
    let told = String::from_utf8_lossy(&ended.stderr).contains("goes on from here");
    assert!(ended.status.success() || told, "{ended:?}");
    succeeded(&rotate(&relay, &["run"]));
    assert_eq!(left(&relay).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blind_half_that_loses_its_part_between_two_batches_stops_the_run_before_anything_is_written_under_another() {
    let (mut relay, clinic, school) = relay_with_two().await;
    let services = [&clinic, &school];
    let mut persons = Vec::new();
    for _ in 0..3 {
        let card = relay.card().await;
        let names = names(&relay, &card, &services).await;
        persons.push((card, names));
    }
    relay.allow_rotation();
    succeeded(&rotate(&relay, &["begin"]));
    let config = Config::load(&relay.config_file()).unwrap();
    let filed = relay.path().join("secrets/rotation");
    let aside = relay.path().join("secrets/rotation-aside");
    let all = left(&relay).await;
    let lost = |relay: &mut Relay| {
        relay.stop_blind();
        fs::rename(&filed, &aside).unwrap();
        relay.start_blind();
    };
    let rotation = Rotation::load(&config).unwrap();
    let run = rotation.run(
        1,
        || false,
        |done, _| {
            if done == 1 {
                lost(&mut relay);
            }
        },
        &SystemClock,
    );
    let ended = run.await.unwrap_err();
    assert!(matches!(ended, RotationError::OtherKey), "{ended}");
    assert_eq!(left(&relay).await, all - 1, "nothing more was written");
    // Its part brought back, the run goes on, and everybody is who they were.
    relay.stop_blind();
    fs::rename(&aside, &filed).unwrap();
    relay.start_blind();
    succeeded(&rotate(&relay, &["run"]));
    assert_eq!(left(&relay).await, 0);
    for (card, known) in &persons {
        assert_eq!(&names(&relay, card, &services).await, known);
    }
}
