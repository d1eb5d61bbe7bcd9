//! A key rotation through the blind half, interrupted and gone on with, while people sign in.

use relay_core::{
    envelope::{
        Kind,
        orders::{Rotate, Rotated, ServiceName, Share},
    },
    pseudonym::{BlindRotation, FrontHalf, FrontRotation, GlobalKey, KeyEdition, PolymorphicPseudonym},
};

use crate::scene::{CLINIC, Scene, blinding_of, scene, service};

async fn batch(
    scene: &mut Scene,
    rotation: &FrontRotation,
    stored: &[PolymorphicPseudonym],
) -> Result<Rotated, &'static str> {
    let steps = stored.iter().map(|one| rotation.step(one, &mut scene.chance).unwrap());
    let order = Rotate {
        middle: rotation.middle().to_text(),
        batch: steps.collect(),
    };
    let sealed = scene.seal(Kind::Rotate, &order);
    let answer = scene
        .half
        .rotate(&sealed.text)
        .await
        .map_err(|refused| refused.code())?;
    let reader = scene.front_key.party();
    Ok(scene
        .trusted
        .open::<Rotated>(&answer, Kind::Rotated, reader, &scene.clock)
        .unwrap()
        .body)
}

#[tokio::test]
async fn a_rotation_goes_on_after_a_restart_and_both_editions_sign_in_meanwhile() {
    let mut scene = scene().await;
    let clinic = service(CLINIC);
    let stored: Vec<_> = (0..30).map(|person| scene.register(person, 0)).collect();
    let mut before = Vec::new();
    for one in &stored {
        before.push(scene.pseudonym(one, &clinic).await);
    }
    scene.allow_rotation(2).await;
    let rotation = FrontRotation::begin(&scene.front_secret, &mut scene.chance);
    let mut rotated = batch(&mut scene, &rotation, &stored[..10]).await.unwrap().batch;
    assert_eq!(scene.half.state().rotating, Some(KeyEdition(1)));

    // Both processes die; each goes on from what it filed.
    scene.restart().await;
    let rotation = FrontRotation::from_text(&rotation.to_text()).unwrap();
    assert_eq!(scene.half.state().editions, [KeyEdition(1), KeyEdition(2)]);
    assert_eq!(
        scene.pseudonym(&stored[20], &clinic).await,
        before[20],
        "not yet rotated"
    );
    let answer = batch(&mut scene, &rotation, &stored[10..]).await.unwrap();
    rotated.extend(answer.batch);

    let next = GlobalKey::from_text(&answer.next_key).unwrap();
    scene.front_secret = rotation.complete(&scene.front_secret, next).unwrap();
    scene.front = FrontHalf::new(&scene.front_secret);
    scene.share(&clinic).await.unwrap();
    for (one, known) in rotated.iter().zip(&before) {
        assert_eq!(&scene.pseudonym(one, &clinic).await, known);
    }
    let progress = scene.half.records().rotations().await.unwrap();
    assert_eq!((progress.len(), progress[0].stepped), (1, 30));
}

#[tokio::test]
async fn the_front_alone_begins_no_rotation_nor_with_one_operator_nor_after_the_time_they_allowed() {
    let mut scene = scene().await;
    let stored = scene.register(1, 0);
    let rotation = FrontRotation::begin(&scene.front_secret, &mut scene.chance);
    for operators in [0, 1] {
        scene.allow_rotation(operators).await;
        let refused = batch(&mut scene, &rotation, &[stored]).await;
        assert_eq!(refused.unwrap_err(), "rotation.not_allowed", "{operators}");
    }
    scene.allow_rotation(2).await;
    scene.clock.advance(time::Duration::HOUR);
    let refused = batch(&mut scene, &rotation, &[stored]).await;
    assert_eq!(refused.unwrap_err(), "rotation.not_allowed");
    assert!(!scene.config.half.rotation_file.exists());
    assert_eq!(scene.half.state().rotating, None);
    scene.allow_rotation(2).await;
    batch(&mut scene, &rotation, &[stored]).await.unwrap();
    // Once it began it goes on by itself, after a restart too.
    scene.clock.advance(time::Duration::DAY);
    scene.restart().await;
    batch(&mut scene, &rotation, &[stored]).await.unwrap();
}

#[tokio::test]
async fn a_second_rotation_beside_the_first_is_refused() {
    let mut scene = scene().await;
    let stored = scene.register(1, 0);
    scene.allow_rotation(2).await;
    let first = FrontRotation::begin(&scene.front_secret, &mut scene.chance);
    let second = FrontRotation::begin(&scene.front_secret, &mut scene.chance);
    batch(&mut scene, &first, &[stored]).await.unwrap();
    assert_eq!(
        batch(&mut scene, &second, &[stored]).await.unwrap_err(),
        "rotation.other"
    );
    batch(&mut scene, &first, &[stored]).await.unwrap();
}

#[tokio::test]
async fn the_blinding_factor_of_one_edition_is_no_share_of_the_other() {
    let mut scene = scene().await;
    let clinic = service(CLINIC);
    let stored = scene.register(1, 0);
    scene.allow_rotation(2).await;
    let rotation = FrontRotation::begin(&scene.front_secret, &mut scene.chance);
    let next = GlobalKey::from_text(&batch(&mut scene, &rotation, &[stored]).await.unwrap().next_key).unwrap();
    let next = rotation.complete(&scene.front_secret, next).unwrap();
    for (secret, edition) in [(&scene.front_secret.clone(), 2), (&next, 1)] {
        let share = Share {
            service: ServiceName::from(&clinic),
            edition: KeyEdition(edition),
            share: blinding_of(secret),
        };
        let sealed = scene.seal(Kind::Share, &share);
        let refused = scene.half.share(&sealed.text).await.unwrap_err();
        assert_eq!(refused.code(), "share.global", "as a share of edition {edition}");
    }
    let kept = scene.half.records().shares().await.unwrap();
    assert!(kept.iter().all(|share| share.edition == KeyEdition(1)));
}

#[tokio::test]
async fn the_next_secret_is_filed_by_the_operators_command() {
    let mut scene = scene().await;
    let stored = scene.register(1, 0);
    scene.allow_rotation(2).await;
    let rotation = FrontRotation::begin(&scene.front_secret, &mut scene.chance);
    batch(&mut scene, &rotation, &[stored]).await.unwrap();
    let filed = std::fs::read_to_string(&scene.config.half.rotation_file).unwrap();
    let expected = BlindRotation::from_text(&filed)
        .unwrap()
        .complete(&scene.blind_secret)
        .unwrap();
    let complete = || {
        std::process::Command::new(env!("CARGO_BIN_EXE_madoguchi-blind"))
            .args(["rotation", "complete", "--config"])
            .arg(scene.config_file())
            .output()
            .unwrap()
    };
    let place = scene.path().join("secrets/blind-2");
    // Somebody else's file of that name is not taken for the rotation's, and not written over.
    portal_testing::secret(&place, &scene.blind_secret.to_text()).unwrap();
    assert!(!complete().status.success());
    std::fs::remove_file(&place).unwrap();
    // The second time: the first was killed when the secret was filed and the rotation still there.
    for _ in 0..2 {
        portal_testing::secret(&scene.config.half.rotation_file, filed.trim()).unwrap();
        let done = complete();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let next = std::fs::read_to_string(&place).unwrap();
        assert_eq!(next.trim(), *expected.to_text());
        assert!(!scene.config.half.rotation_file.exists());
    }
}
