//! Whom a service names when it logs somebody out: compared here, and nothing but yes or no goes out.

use blind::half::Refused;
use relay_core::{
    envelope::{
        Kind,
        orders::{Compare, Compared, ServiceName},
    },
    pseudonym::{PolymorphicPseudonym, Service},
    saml::{
        message::NameId,
        names::NameIdFormat,
        sealing::{ContentCipher, KeyTransport, SealingKey},
    },
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

use crate::scene::{CLINIC, SCHOOL, Scene, names_keys, scene, service};

/// `name` as `cipher` encrypts it to the blind half.
fn sealed(name: &NameId, cipher: ContentCipher) -> String {
    let certificate = CertificateDer::from_pem_slice(names_keys().0.as_bytes()).unwrap();
    let key = SealingKey::new(&certificate, cipher, KeyTransport::OaepSha1).unwrap();
    key.seal_name(name, &mut relay_core::chance::OsChance)
}

fn question(scene: &mut Scene, stored: &PolymorphicPseudonym, at: &Service, sealed: String) -> Compare {
    Compare {
        service: ServiceName::from(at),
        edition: scene.front.edition(),
        half: scene.front.half(stored, at, &mut scene.chance).unwrap(),
        sealed,
    }
}

async fn same(scene: &mut Scene, stored: &PolymorphicPseudonym, at: &Service, sealed: String) -> bool {
    let order = question(scene, stored, at, sealed);
    let envelope = scene.seal(Kind::Compare, &order);
    let answer = scene.half.compare(&envelope.text).await.unwrap();
    let reader = scene.front_key.party();
    let opened = scene
        .trusted
        .open::<Compared>(&answer, Kind::Compared, reader, &scene.clock);
    let opened = opened.unwrap();
    assert_eq!(opened.body.answers, envelope.number);
    opened.body.same
}

#[tokio::test]
async fn a_name_is_this_persons_at_this_service_or_it_is_not_and_no_more_is_said() {
    let mut scene = scene().await;
    let (clinic, school) = (service(CLINIC), service(SCHOOL));
    let (mine, theirs) = (scene.register(1, 0), scene.register(2, 0));
    let (name, _) = scene.sign_in(&mine, &clinic).await.unwrap();
    let (at_school, _) = scene.sign_in(&mine, &school).await.unwrap();
    for cipher in [ContentCipher::Aes128Gcm, ContentCipher::Aes256Cbc] {
        assert!(same(&mut scene, &mine, &clinic, sealed(&name, cipher)).await);
        assert!(!same(&mut scene, &theirs, &clinic, sealed(&name, cipher)).await);
    }
    // The same person's name elsewhere, a name qualified for elsewhere, another kind of name, half a name.
    let gcm = ContentCipher::Aes128Gcm;
    let bent = |change: fn(&mut NameId)| {
        let mut bent = name.clone();
        change(&mut bent);
        sealed(&bent, gcm)
    };
    for wrong in [
        sealed(&at_school, gcm),
        bent(|name| name.sp_qualifier = Some(SCHOOL.to_owned())),
        bent(|name| name.qualifier = Some("https://another.example".to_owned())),
        bent(|name| name.format = NameIdFormat::Transient),
        bent(|name| name.value.truncate(42)),
        "<saml:EncryptedID/>".to_owned(),
        "no XML at all".to_owned(),
    ] {
        assert!(!same(&mut scene, &mine, &clinic, wrong).await);
    }
    // Qualifiers may be left out (saml-core section 8.3.7).
    let left_out = bent(|name| (name.qualifier, name.sp_qualifier) = (None, None));
    assert!(same(&mut scene, &mine, &clinic, left_out).await);
}

#[tokio::test]
async fn a_comparison_is_answered_once_and_for_pinned_services_only() {
    let mut scene = scene().await;
    let clinic = service(CLINIC);
    let stored = scene.register(1, 0);
    let (name, _) = scene.sign_in(&stored, &clinic).await.unwrap();
    let sealed = sealed(&name, ContentCipher::Aes128Gcm);
    let order = question(&mut scene, &stored, &clinic, sealed.clone());
    let envelope = scene.seal(Kind::Compare, &order);
    assert!(scene.half.compare(&envelope.text).await.is_ok());
    let again = scene.half.compare(&envelope.text).await;
    assert!(matches!(again, Err(Refused::Replayed)));
    let stranger = service("https://stranger.example/sp");
    let order = question(&mut scene, &stored, &stranger, sealed);
    let envelope = scene.seal(Kind::Compare, &order);
    let refused = scene.half.compare(&envelope.text).await;
    assert!(matches!(refused, Err(Refused::UnknownService)));
}
