//! Sign-ins, and every one that is refused.

use relay_core::{
    envelope::{Kind, Letter, Party, Refusal, SigningKey},
    pseudonym::{Domain, Service, ServicePseudonym},
};
use relay_records::blind::Outcome;
use relay_records_testing::blind as testing;
use relay_saml::names::NameIdFormat;
use store::{cluster::Stop, testing::LoneCluster};
use time::{Duration, macros::datetime};

use crate::scene::{CLINIC, PROVIDER, SCHOOL, bare_scene, scene, service};
use blind::half::Refused;

#[tokio::test]
async fn a_service_reads_the_same_name_at_each_visit_and_nobody_else_reads_any() {
    let mut scene = scene().await;
    let stored = scene.register(1, 0);
    let (clinic, school) = (service(CLINIC), service(SCHOOL));
    let (first, sealed) = scene.sign_in(&stored, &clinic).await.unwrap();
    let (second, sealed_again) = scene.sign_in(&stored, &clinic).await.unwrap();
    assert_eq!(first, second, "the same at each visit");
    assert_ne!(
        sealed.encrypted_id, sealed_again.encrypted_id,
        "a fresh ciphertext each time"
    );
    assert_eq!(first.value.len(), 43);
    assert_eq!(first.format, NameIdFormat::Persistent);
    assert_eq!(first.qualifier.as_deref(), Some(PROVIDER));
    assert_eq!(first.sp_qualifier.as_deref(), Some(CLINIC));
    let (elsewhere, _) = scene.sign_in(&stored, &school).await.unwrap();
    assert_ne!(first.value, elsewhere.value, "another at each service");
    assert!(!sealed.encrypted_id.contains(&first.value));
}

#[tokio::test]
async fn a_replaced_card_a_move_and_a_mended_link_lead_where_they_should() {
    let mut scene = scene().await;
    let clinic = service(CLINIC);
    let (old_card, new_card) = (scene.register(1, 0), scene.register(1, 0));
    let before = scene.pseudonym(&old_card, &clinic).await;
    assert_eq!(
        before,
        scene.pseudonym(&new_card, &clinic).await,
        "a new card, the same person"
    );

    let there = Service::new(&Domain::new("439991").unwrap(), CLINIC).unwrap();
    scene.share(&there).await.unwrap();
    let moved = *scene.registrar.global();
    let moved = moved.refresh(&old_card, &mut scene.chance).unwrap();
    assert_ne!(
        before,
        scene.pseudonym(&moved, &there).await,
        "another city, another domain"
    );

    let mended = scene.register(1, 1);
    assert_ne!(
        before,
        scene.pseudonym(&mended, &clinic).await,
        "a new edition, a new origin"
    );
}

#[tokio::test]
async fn a_tombstone_of_two_operators_stops_the_wrong_pseudonym_at_its_service_only() {
    let mut scene = scene().await;
    let (clinic, school) = (service(CLINIC), service(SCHOOL));
    let stored = scene.register(1, 0);
    let wrong = ServicePseudonym::from_exposed(&scene.pseudonym(&stored, &clinic).await).unwrap();
    let records = scene.half.records().clone();
    let two = ["hama".to_owned(), "iso".to_owned()];
    let at = datetime!(2026-11-22 9:00 UTC);
    records
        .set_tombstone(&records.mark(&clinic, &wrong), "2026-7", &two, at)
        .await
        .unwrap();
    assert!(matches!(scene.sign_in(&stored, &clinic).await, Err(Refused::Tombstone)));
    assert!(scene.sign_in(&stored, &school).await.is_ok());
    let mended = scene.register(1, 1);
    assert!(scene.sign_in(&mended, &clinic).await.is_ok());
}

#[tokio::test]
async fn a_replay_is_refused_also_after_a_restart_and_stands_in_the_log() {
    let mut scene = scene().await;
    let stored = scene.register(1, 0);
    let order = scene.order(&stored, &service(CLINIC));
    let sealed = scene.seal(Kind::Finish, &order);
    assert!(scene.half.finish(&sealed.text).await.is_ok());
    assert!(matches!(scene.half.finish(&sealed.text).await, Err(Refused::Replayed)));
    scene.restart().await;
    let refused = scene.half.finish(&sealed.text).await.unwrap_err();
    assert_eq!(refused.code(), "envelope.replayed");
    let (from, until) = (datetime!(2026-11-22 0:00 UTC), datetime!(2026-11-23 0:00 UTC));
    let log = scene.half.records().finish_log(from, until).await.unwrap();
    let replays = log
        .iter()
        .filter(|row| row.outcome == Outcome::Refused("envelope.replayed"))
        .count();
    assert_eq!((log.len(), replays), (3, 2));
}

#[tokio::test]
async fn an_envelope_late_early_for_another_or_by_another_is_refused() {
    let mut scene = scene().await;
    let stored = scene.register(1, 0);
    let order = scene.order(&stored, &service(CLINIC));
    let code = |refused: Refused| refused.code();

    let late = scene.seal(Kind::Finish, &order);
    scene.clock.advance(Duration::seconds(36));
    assert_eq!(
        code(scene.half.finish(&late.text).await.unwrap_err()),
        "envelope.expired"
    );
    let early = scene.seal(Kind::Finish, &order);
    scene.clock.advance(Duration::seconds(-10));
    assert_eq!(
        code(scene.half.finish(&early.text).await.unwrap_err()),
        "envelope.from_the_future"
    );

    let other = Party::new("another-blind").unwrap();
    let letter = Letter::new(&other, Kind::Finish, &order);
    let astray = scene.front_key.seal(&letter, &scene.clock, &mut scene.chance);
    assert_eq!(
        code(scene.half.finish(&astray.text).await.unwrap_err()),
        "envelope.other_audience"
    );

    let (stranger, _) = SigningKey::generate(Party::new("relay-front").unwrap());
    let letter = Letter::new(&scene.blind_party, Kind::Finish, &order);
    let forged = stranger.seal(&letter, &scene.clock, &mut scene.chance);
    assert_eq!(
        code(scene.half.finish(&forged.text).await.unwrap_err()),
        "envelope.unknown_sender"
    );

    let as_share = scene.seal(Kind::Share, &order);
    assert_eq!(
        code(scene.half.finish(&as_share.text).await.unwrap_err()),
        "envelope.other_kind"
    );
    let refused = scene.half.finish("nonsense").await.unwrap_err();
    assert!(matches!(refused, Refused::Envelope(Refusal::NotAnEnvelope)));
}

#[tokio::test]
async fn nothing_leaves_the_house_that_could_not_be_written_down() {
    let cluster = tokio::task::spawn_blocking(LoneCluster::start_new)
        .await
        .unwrap()
        .unwrap();
    let mut scene = bare_scene(testing::open_on(&cluster).await.unwrap().database).await;
    scene.pin("clinic", CLINIC, 2);
    scene.half.read_pins().await.unwrap();
    scene.share(&service(CLINIC)).await.unwrap();
    let stored = scene.register(1, 0);
    cluster.stop(Stop::Fast).unwrap();
    let refused = scene.sign_in(&stored, &service(CLINIC)).await.unwrap_err();
    assert_eq!(refused.code(), "blind.records");
    cluster.start().unwrap();
    assert!(scene.sign_in(&stored, &service(CLINIC)).await.is_ok());
}
