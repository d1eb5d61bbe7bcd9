//! Whom a service names when it logs somebody out: compared here, out of the message that the service signed, and nothing
//! but yes or no goes out.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use blind::half::Refused;
use relay_core::{
    chance::OsChance,
    clock::Clock as _,
    envelope::{
        Kind,
        orders::{Compare, Compared, ServiceName},
    },
    pseudonym::{PolymorphicPseudonym, Service},
};
use relay_saml::{
    HandedOn,
    message::{EntityId, Head, Identified, LogoutRequest, MessageId, NameId},
    names::NameIdFormat,
    sealing::{ContentCipher, KeyTransport, SealingKey},
    signing::SigningKey,
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use time::Duration;

use crate::scene::{CLINIC, FRONT, SCHOOL, Scene, names_keys, scene, service, service_pair};

const GCM: ContentCipher = ContentCipher::Aes128Gcm;
const CBC: ContentCipher = ContentCipher::Aes128Cbc;

/// `name` as `cipher` encrypts it to the key in `certificate`.
fn sealed_to(certificate: &str, name: &NameId, cipher: ContentCipher) -> String {
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let key = SealingKey::new(&certificate, cipher, KeyTransport::OaepSha1).unwrap();
    key.seal_name(name, &mut OsChance)
}

/// The same to the blind half.
fn sealed(name: &NameId, cipher: ContentCipher) -> String {
    sealed_to(&names_keys().0, name, cipher)
}

/// The key that `entity` signs with.
fn signing_key(entity: &str) -> SigningKey {
    let (certificate, pkcs8) = service_pair(entity);
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    SigningKey::from_pkcs8(pkcs8, &certificate).unwrap()
}

/// A LogoutRequest of `entity`, of now.
fn leaving(scene: &Scene, entity: &str, sealed: &str) -> LogoutRequest {
    LogoutRequest {
        head: Head {
            id: MessageId::fresh(&mut OsChance),
            issued: scene.clock.now(),
            issuer: EntityId::parse(entity).unwrap(),
            destination: Some(format!("{FRONT}/saml/slo/soap")),
        },
        name: Identified::Sealed(sealed.to_owned()),
        session_indexes: vec!["_session".into()],
        reason: None,
        not_on_or_after: None,
    }
}

/// `request` as it comes by SOAP, signed by `key`.
fn by_soap(request: &LogoutRequest, key: &SigningKey) -> HandedOn {
    HandedOn::Soap(STANDARD.encode(request.compose().unwrap().sign(key).soap()))
}

/// The same by a browser: in an address, and in a form.
fn by_browser(request: &LogoutRequest, key: &SigningKey) -> [HandedOn; 2] {
    let place = format!("{FRONT}/saml/slo");
    let mut request = request.clone();
    let mut composed = || {
        request.head.id = MessageId::fresh(&mut OsChance);
        request.head.destination = Some(place.clone());
        request.compose().unwrap()
    };
    let url = composed().redirect(&place, None, key);
    let form = composed().sign(key).post(&place, None);
    let message = form.fields.iter().find(|(name, _)| *name == "SAMLRequest").unwrap();
    [
        HandedOn::Redirect(url.split_once('?').unwrap().1.to_owned()),
        HandedOn::Post(message.1.clone()),
    ]
}

/// What the front hears when it hands `request` on.
async fn asked(
    scene: &mut Scene,
    stored: &PolymorphicPseudonym,
    at: &Service,
    request: HandedOn,
) -> Result<bool, Refused> {
    let order = Compare {
        service: ServiceName::from(at),
        edition: scene.front.edition(),
        half: scene.front.half(stored, at, &mut scene.chance).unwrap(),
        request,
    };
    let envelope = scene.seal(Kind::Compare, &order);
    let answer = scene.half.compare(&envelope.text).await?;
    let again = scene.half.compare(&envelope.text).await;
    assert!(again.is_err(), "an envelope is answered once");
    let reader = scene.front_key.party();
    let opened = scene
        .trusted
        .open::<Compared>(&answer, Kind::Compared, reader, &scene.clock);
    let opened = opened.unwrap();
    assert_eq!(opened.body.answers, envelope.number);
    Ok(opened.body.same)
}

/// Whether a LogoutRequest of `at`, fresh and rightly signed, that names `sealed` is about that person.
async fn same(scene: &mut Scene, stored: &PolymorphicPseudonym, at: &Service, sealed: &str) -> bool {
    let request = by_soap(&leaving(scene, at.entity(), sealed), &signing_key(at.entity()));
    asked(scene, stored, at, request).await.unwrap()
}

#[tokio::test]
async fn a_name_is_this_persons_at_this_service_or_it_is_not_and_no_more_is_said() {
    let mut scene = scene().await;
    let (clinic, school) = (service(CLINIC), service(SCHOOL));
    let (mine, theirs) = (scene.register(1, 0), scene.register(2, 0));
    let (name, _) = scene.sign_in(&mine, &clinic).await.unwrap();
    let (at_school, _) = scene.sign_in(&mine, &school).await.unwrap();
    assert!(same(&mut scene, &mine, &clinic, &sealed(&name, GCM)).await);
    assert!(!same(&mut scene, &theirs, &clinic, &sealed(&name, GCM)).await);
    // The same person's name elsewhere, a name qualified for elsewhere, another kind of name, half a name, a name that
    // somebody else can open.
    let bent = |change: fn(&mut NameId)| {
        let mut bent = name.clone();
        change(&mut bent);
        sealed(&bent, GCM)
    };
    for wrong in [
        sealed(&at_school, GCM),
        bent(|name| name.sp_qualifier = Some(SCHOOL.to_owned())),
        bent(|name| name.qualifier = Some("https://another.example".to_owned())),
        bent(|name| name.format = NameIdFormat::Transient),
        bent(|name| name.value.truncate(42)),
        sealed_to(service_pair(CLINIC).0, &name, GCM),
    ] {
        assert!(!same(&mut scene, &mine, &clinic, &wrong).await);
    }
    // Qualifiers may be left out (saml-core section 8.3.7).
    let left_out = bent(|name| (name.qualifier, name.sp_qualifier) = (None, None));
    assert!(same(&mut scene, &mine, &clinic, &left_out).await);
    // However the message came.
    let message = leaving(&scene, CLINIC, &sealed(&name, GCM));
    for request in by_browser(&message, &signing_key(CLINIC)) {
        assert!(asked(&mut scene, &mine, &clinic, request).await.unwrap());
    }
    let stranger = service("https://stranger.example/sp");
    let request = by_soap(&message, &signing_key(CLINIC));
    let refused = asked(&mut scene, &mine, &stranger, request).await;
    assert!(matches!(refused, Err(Refused::UnknownService)));
}

/// `sealed` with the blocks that the front chose before what was encrypted.
fn with_blocks_in_front(sealed: &str) -> String {
    let mark = "<xenc:CipherValue>";
    let at = sealed.rfind(mark).unwrap() + mark.len();
    let end = at + sealed[at..].find('<').unwrap();
    let content = STANDARD.decode(&sealed[at..end]).unwrap();
    let longer = STANDARD.encode([&content[16..32], &[7; 16], &content].concat());
    format!("{}{longer}{}", &sealed[..at], &sealed[end..])
}

#[tokio::test]
async fn a_front_that_hands_on_what_no_service_sent_it_hears_the_same_refusal_whatever_it_is() {
    let mut scene = scene().await;
    let (clinic, school) = (service(CLINIC), service(SCHOOL));
    // A service that knows no other cipher, so that such names are opened at all.
    scene.pin_with("clinic", CLINIC, 2, |pin| {
        pin.exceptions = vec!["cipher-block-chaining".into()]
    });
    scene.half.read_pins().await.unwrap();
    let mine = scene.register(1, 0);
    let (name, _) = scene.sign_in(&mine, &clinic).await.unwrap();
    let (at_school, _) = scene.sign_in(&mine, &school).await.unwrap();
    let (clinics, schools) = (signing_key(CLINIC), signing_key(SCHOOL));
    let own = {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = rcgen::CertificateParams::new(Vec::new())
            .unwrap()
            .self_signed(&key)
            .unwrap();
        SigningKey::from_pkcs8(&key.serialize_der(), certificate.der()).unwrap()
    };
    let ciphertext = sealed(&name, CBC);
    let genuine = leaving(&scene, CLINIC, &ciphertext);
    let signed = genuine.compose().unwrap().sign(&clinics).soap();
    let unsigned = {
        let (start, end) = (signed.find("<ds:Signature").unwrap(), "</ds:Signature>");
        let stop = signed.find(end).unwrap() + end.len();
        format!("{}{}", &signed[..start], &signed[stop..])
    };
    let elsewhere = {
        let mut request = leaving(&scene, CLINIC, &ciphertext);
        request.head.destination = Some("https://idp.other.example/saml/slo/soap".into());
        request
    };
    let of_before = leaving(&scene, CLINIC, &ciphertext);
    let [redirected, posted] = by_browser(&genuine, &clinics);
    let HandedOn::Redirect(query) = &redirected else {
        unreachable!()
    };
    let soap = |xml: &str| HandedOn::Soap(STANDARD.encode(xml));
    let hostile = [
        // A loose name, and one that the front encrypted anew.
        soap(&ciphertext),
        soap(&sealed(&name, GCM)),
        soap(&unsigned),
        // In a message that the front wrote and signed itself.
        by_soap(&leaving(&scene, CLINIC, &sealed(&name, GCM)), &own),
        by_soap(&leaving(&scene, CLINIC, &sealed(&name, GCM)), &schools),
        // Of another service, which signed it rightly.
        by_soap(&leaving(&scene, SCHOOL, &sealed(&at_school, GCM)), &schools),
        // With blocks of its own before what the service encrypted.
        soap(&with_blocks_in_front(&signed)),
        soap(&with_blocks_in_front(&unsigned)),
        // To somebody else, and to the place for the other way of coming.
        by_soap(&elsewhere, &clinics),
        match &posted {
            HandedOn::Post(message) => HandedOn::Soap(message.clone()),
            other => other.clone(),
        },
        // A redirect without its signature.
        HandedOn::Redirect(query.split("&SigAlg").next().unwrap().to_owned()),
        HandedOn::Post("PHIvPg==".into()),
        HandedOn::Soap("*".into()),
    ];
    let mut said = Vec::new();
    for (at, request) in hostile.into_iter().enumerate() {
        let refused = asked(&mut scene, &mine, &clinic, request).await;
        said.push(refused.expect_err(&format!("the {at}th is not compared")));
    }
    // Taken as it is, once; and one of ten minutes ago never.
    let late = by_soap(&of_before, &clinics);
    assert!(asked(&mut scene, &mine, &clinic, soap(&signed)).await.unwrap());
    said.push(asked(&mut scene, &mine, &clinic, soap(&signed)).await.unwrap_err());
    scene.clock.advance(Duration::minutes(10));
    said.push(asked(&mut scene, &mine, &clinic, late).await.unwrap_err());
    // A service whose pin does not say that it knows no better: AES-CBC is not opened.
    let chained = leaving(&scene, SCHOOL, &sealed(&at_school, CBC));
    let chained = by_soap(&chained, &schools);
    said.push(asked(&mut scene, &mine, &school, chained).await.unwrap_err());
    for refused in said {
        assert_eq!(refused.code(), "compare.not_its_request");
        assert_eq!(refused.to_string(), Refused::NotItsRequest.to_string());
    }
    // What was begun is in the database, and nothing else is.
    let all = time::OffsetDateTime::UNIX_EPOCH..scene.clock.now() + Duration::DAY;
    let log = scene.half.records().comparisons(all.start, all.end).await.unwrap();
    let lines: Vec<_> = log.iter().map(|one| (one.service.entity(), one.same)).collect();
    assert_eq!(lines, [(CLINIC, Some(true)), (SCHOOL, None)]);
}

#[tokio::test]
async fn without_a_pinned_key_for_signing_nothing_is_compared() {
    let mut scene = scene().await;
    let clinic = service(CLINIC);
    let mine = scene.register(1, 0);
    let (name, _) = scene.sign_in(&mine, &clinic).await.unwrap();
    let request = |scene: &Scene| by_soap(&leaving(scene, CLINIC, &sealed(&name, GCM)), &signing_key(CLINIC));
    // As pins were before, and after the service changed its key.
    scene.pin_with("clinic", CLINIC, 2, |pin| pin.signing.clear());
    scene.half.read_pins().await.unwrap();
    let message = request(&scene);
    let refused = asked(&mut scene, &mine, &clinic, message).await.unwrap_err();
    assert_eq!(refused.code(), "compare.no_signing_key");
    scene.pin_with("clinic", CLINIC, 3, |pin| {
        pin.signing = vec![service_pair(SCHOOL).0.to_owned()];
    });
    scene.half.read_pins().await.unwrap();
    let message = request(&scene);
    let refused = asked(&mut scene, &mine, &clinic, message).await.unwrap_err();
    assert_eq!(refused.code(), "compare.not_its_request");
    // Sign-ins go on meanwhile.
    assert!(scene.sign_in(&mine, &clinic).await.is_ok());
    scene.pin_with("clinic", CLINIC, 4, |pin| {
        pin.signing.push(service_pair(SCHOOL).0.to_owned());
    });
    scene.half.read_pins().await.unwrap();
    let message = request(&scene);
    assert!(asked(&mut scene, &mine, &clinic, message).await.unwrap());
}

#[tokio::test]
async fn after_ten_others_in_an_hour_a_services_comparisons_stop_and_no_other_services() {
    let mut scene = scene().await;
    let (clinic, school) = (service(CLINIC), service(SCHOOL));
    let (mine, theirs) = (scene.register(1, 0), scene.register(2, 0));
    let (name, _) = scene.sign_in(&mine, &clinic).await.unwrap();
    let (at_school, _) = scene.sign_in(&mine, &school).await.unwrap();
    for _ in 0..10 {
        assert!(!same(&mut scene, &theirs, &clinic, &sealed(&name, GCM)).await);
    }
    let right = by_soap(&leaving(&scene, CLINIC, &sealed(&name, GCM)), &signing_key(CLINIC));
    let refused = asked(&mut scene, &mine, &clinic, right).await.unwrap_err();
    assert_eq!(refused.code(), "compare.too_many_others");
    // A restart forgets nothing.
    scene.restart().await;
    let right = by_soap(&leaving(&scene, CLINIC, &sealed(&name, GCM)), &signing_key(CLINIC));
    assert!(asked(&mut scene, &mine, &clinic, right).await.is_err());
    assert!(same(&mut scene, &mine, &school, &sealed(&at_school, GCM)).await);
    scene.clock.advance(Duration::HOUR);
    assert!(same(&mut scene, &mine, &clinic, &sealed(&name, GCM)).await);
}
