//! Pins and shares: whom the blind half serves, and who decides it.

use blind::{half::Refused, pins::PinFile};
use relay_core::{
    envelope::{
        Kind,
        orders::{ServiceName, Share},
    },
    pseudonym::{KeyEdition, ShareRefused},
};

use crate::scene::{CLINIC, SCHOOL, bare_scene, blinding_of, scene, service};

const SHOP: &str = "https://shop.example/sp";

#[tokio::test]
async fn a_service_that_nobody_signed_for_or_one_alone_is_unknown() {
    let mut scene = scene().await;
    let stored = scene.register(1, 0);
    for signatures in [0, 1] {
        scene.pin("shop", SHOP, signatures);
        scene.half.read_pins().await.unwrap();
        assert!(matches!(
            scene.share(&service(SHOP)).await,
            Err(Refused::UnknownService)
        ));
        assert!(matches!(
            scene.sign_in(&stored, &service(SHOP)).await,
            Err(Refused::UnknownService)
        ));
    }
    scene.pin("shop", SHOP, 2);
    scene.half.read_pins().await.unwrap();
    assert!(matches!(
        scene.sign_in(&stored, &service(SHOP)).await,
        Err(Refused::NoShare)
    ));
    scene.share(&service(SHOP)).await.unwrap();
    assert!(scene.sign_in(&stored, &service(SHOP)).await.is_ok());
}

#[tokio::test]
async fn a_pin_changed_after_it_was_signed_pins_nothing_and_the_others_stay() {
    let mut scene = scene().await;
    let stored = scene.register(1, 0);
    let file = scene.pin_file("clinic");
    let mut pin = PinFile::read(&file).unwrap();
    // The weaker cipher, slipped in by one who can write the file.
    pin.cipher = "aes128-cbc".to_owned();
    pin.write(&file).unwrap();
    scene.half.read_pins().await.unwrap();
    assert!(matches!(
        scene.sign_in(&stored, &service(CLINIC)).await,
        Err(Refused::UnknownService)
    ));
    assert!(scene.sign_in(&stored, &service(SCHOOL)).await.is_ok());
    // And one operator's signature copied under the other's name.
    let mut pin = PinFile::read(&scene.pin_file("school")).unwrap();
    let one = pin.approvals["hama"].clone();
    pin.approvals.insert("iso".to_owned(), one);
    pin.write(&scene.pin_file("school")).unwrap();
    scene.half.read_pins().await.unwrap();
    assert!(matches!(
        scene.sign_in(&stored, &service(SCHOOL)).await,
        Err(Refused::UnknownService)
    ));
}

#[tokio::test]
async fn a_service_taken_out_of_the_folder_is_served_no_more() {
    let mut scene = scene().await;
    let stored = scene.register(1, 0);
    std::fs::remove_file(scene.pin_file("clinic")).unwrap();
    scene.half.read_pins().await.unwrap();
    assert!(matches!(
        scene.sign_in(&stored, &service(CLINIC)).await,
        Err(Refused::UnknownService)
    ));
}

#[tokio::test]
async fn an_old_pin_put_back_after_the_next_edition_or_after_the_service_was_withdrawn_pins_nothing() {
    let mut scene = scene().await;
    let stored = scene.register(1, 0);
    let clinic = service(CLINIC);
    // As written before there were editions: no line says which it is, and it counts as the first.
    let first = std::fs::read_to_string(scene.pin_file("clinic")).unwrap();
    let first = first.replace("edition = 1\n", "");
    std::fs::write(scene.pin_file("clinic"), &first).unwrap();
    scene.half.read_pins().await.unwrap();
    assert!(scene.sign_in(&stored, &clinic).await.is_ok());

    // The next edition stands beside it until both have signed; then it is the one that counts.
    scene.pin_edition("clinic-2", CLINIC, 2, 1);
    scene.half.read_pins().await.unwrap();
    assert!(scene.sign_in(&stored, &clinic).await.is_ok());
    scene.pin_edition("clinic-2", CLINIC, 2, 2);
    scene.half.read_pins().await.unwrap();
    assert!(scene.sign_in(&stored, &clinic).await.is_ok());

    // Alone in the folder, with both signatures right: too old, after a restart as well.
    std::fs::remove_file(scene.pin_file("clinic-2")).unwrap();
    scene.restart().await;
    let refused = scene.sign_in(&stored, &clinic).await;
    assert!(matches!(refused, Err(Refused::UnknownService)));

    scene.pin_edition("clinic-2", CLINIC, 2, 2);
    let second = std::fs::read(scene.pin_file("clinic-2")).unwrap();
    scene.half.read_pins().await.unwrap();
    assert!(scene.sign_in(&stored, &clinic).await.is_ok());
    scene.withdraw("clinic-3", CLINIC, 3);
    scene.half.read_pins().await.unwrap();
    assert!(matches!(
        scene.sign_in(&stored, &clinic).await,
        Err(Refused::UnknownService)
    ));
    for file in ["clinic", "clinic-2", "clinic-3"] {
        std::fs::remove_file(scene.pin_file(file)).unwrap();
    }
    std::fs::write(scene.pin_file("clinic"), second).unwrap();
    scene.restart().await;
    assert!(matches!(
        scene.sign_in(&stored, &clinic).await,
        Err(Refused::UnknownService)
    ));
    // And whoever came back comes back by an edition that both sign for.
    scene.pin_edition("clinic-4", CLINIC, 4, 2);
    scene.half.read_pins().await.unwrap();
    assert!(scene.sign_in(&stored, &clinic).await.is_ok());
    assert!(scene.sign_in(&stored, &service(SCHOOL)).await.is_ok());
}

#[tokio::test]
async fn an_edition_raised_by_hand_in_a_signed_file_pins_nothing() {
    let mut scene = scene().await;
    let stored = scene.register(1, 0);
    let file = scene.pin_file("clinic");
    let old = PinFile::read(&file).unwrap();
    for (edition, withdrawn) in [(2, false), (2, true), (0, false), (u32::MAX, false)] {
        let raised = PinFile {
            edition,
            withdrawn,
            ..old.clone()
        };
        raised.write(&file).unwrap();
        scene.half.read_pins().await.unwrap();
        let refused = scene.sign_in(&stored, &service(CLINIC)).await;
        assert!(matches!(refused, Err(Refused::UnknownService)), "{edition} {withdrawn}");
    }
    old.write(&file).unwrap();
    scene.half.read_pins().await.unwrap();
    assert!(scene.sign_in(&stored, &service(CLINIC)).await.is_ok());
}

#[tokio::test]
async fn shares_are_kept_over_a_restart_and_never_replaced() {
    let mut scene = scene().await;
    let stored = scene.register(1, 0);
    let before = scene.pseudonym(&stored, &service(CLINIC)).await;
    scene.restart().await;
    assert_eq!(before, scene.pseudonym(&stored, &service(CLINIC)).await);
    scene.share(&service(CLINIC)).await.unwrap();

    let body = share(&scene.front.service_share(&service(SCHOOL)).to_text());
    let sealed = scene.seal(Kind::Share, &body);
    let refused = scene.half.share(&sealed.text).await.unwrap_err();
    assert_eq!(refused.code(), "share.changed");
}

#[tokio::test]
async fn the_share_for_the_global_context_is_refused_and_not_kept() {
    let database = relay_records_testing::blind::open().await.unwrap().database;
    let mut scene = bare_scene(database).await;
    scene.pin("clinic", CLINIC, 2);
    scene.half.read_pins().await.unwrap();
    let blinding = blinding_of(&scene.front_secret);
    let body = share(&blinding);
    let sealed = scene.seal(Kind::Share, &body);
    let refused = scene.half.share(&sealed.text).await.unwrap_err();
    assert!(matches!(refused, Refused::Share(ShareRefused::Global)));
    assert_eq!(refused.code(), "share.global");
    assert!(scene.half.records().shares().await.unwrap().is_empty());
    scene.share(&service(CLINIC)).await.unwrap();
}

fn share(text: &str) -> Share {
    Share {
        service: ServiceName::from(&service(CLINIC)),
        edition: KeyEdition(1),
        share: text.to_owned(),
    }
}

#[tokio::test]
async fn a_share_that_the_database_does_not_take_is_not_worked_with_either() {
    let database = relay_records_testing::blind::open().await.unwrap().database;
    let mut scene = bare_scene(database).await;
    scene.pin("clinic", CLINIC, 2);
    scene.half.read_pins().await.unwrap();
    let stored = scene.register(1, 0);
    // Two processes of one half: the other took the right share, this one is sent a wrong one.
    let this = std::sync::Arc::clone(&scene.half);
    scene.restart().await;
    scene.share(&service(CLINIC)).await.unwrap();
    let right = scene.pseudonym(&stored, &service(CLINIC)).await;
    scene.half = this;
    let body = share(&scene.front.service_share(&service(SCHOOL)).to_text());
    let sealed = scene.seal(Kind::Share, &body);
    let refused = scene.half.share(&sealed.text).await.unwrap_err();
    assert_eq!(refused.code(), "share.changed");
    assert!(matches!(
        scene.sign_in(&stored, &service(CLINIC)).await,
        Err(Refused::NoShare)
    ));
    scene.share(&service(CLINIC)).await.unwrap();
    assert_eq!(scene.pseudonym(&stored, &service(CLINIC)).await, right);
}
