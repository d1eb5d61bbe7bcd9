//! Services pinned by the operators' commands, from metadata, while the real process serves.

use std::process::Command;

use relay_core::{
    chance::OsChance,
    clock::SystemClock,
    envelope::{
        Kind,
        orders::{ServiceName, Share, Shared},
    },
};
use relay_saml::{
    fingerprint,
    message::{Endpoint, Entity, EntityId, IndexedEndpoint, KeyDescriptor, KeyUse, MessageId, Role, SpRole},
    names::Binding,
    sealing::encryption_descriptor,
    signing::SigningKey,
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use time::{Duration, OffsetDateTime};

use crate::{
    process::{Process, post, sealed_now},
    scene::{CLINIC, Scene, scene, service, service_pair},
};

const SHOP: &str = "https://shop.example/sp";

struct Desk<'s> {
    scene: &'s Scene,
}

impl<'s> Desk<'s> {
    fn at(scene: &'s Scene) -> Self {
        for operator in &scene.operators {
            let file = scene.path().join(operator.operator().name());
            portal_testing::secret(&file, &operator.to_text()).unwrap();
        }
        Self { scene }
    }

    /// What `madoguchi-blind` prints, and whether it succeeded.
    fn run(&self, arguments: &str) -> (bool, String) {
        let done = Command::new(env!("CARGO_BIN_EXE_madoguchi-blind"))
            .args(arguments.split(' '))
            .arg("--config")
            .arg(self.scene.config_file())
            .current_dir(self.scene.path())
            .output()
            .unwrap();
        let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        (done.status.success(), said)
    }

    fn done(&self, arguments: &str) -> String {
        let (done, said) = self.run(arguments);
        assert!(done, "{arguments}: {said}");
        said
    }

    fn refused(&self, arguments: &str) -> String {
        let (done, said) = self.run(arguments);
        assert!(!done, "{arguments}: {said}");
        said
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.scene.path().join(name), text).unwrap();
    }
}

fn der(pem: &str) -> Vec<u8> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}

fn hash(certificate: &[u8]) -> String {
    hex::encode(fingerprint(certificate))
}

/// The key that services sign with, and its certificate, PEM.
fn signing() -> (SigningKey, String) {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    (
        SigningKey::from_pem(&key.serialize_pem(), &certificate).unwrap(),
        certificate,
    )
}

/// Metadata of the shop with the given keys to encrypt to.
fn metadata(own: &SigningKey, signed_by: &SigningKey, encryption: Vec<KeyDescriptor>, until: OffsetDateTime) -> String {
    let entity = Entity {
        id: EntityId::parse(SHOP).unwrap(),
        valid_until: Some(until),
        cache_for: None,
        idp: None,
        sp: Some(SpRole {
            role: Role {
                keys: [vec![own.descriptor()], encryption].concat(),
                single_logout: vec![Endpoint {
                    binding: Binding::Soap,
                    location: "https://shop.example/slo".into(),
                    response_location: None,
                }],
                ..Role::default()
            },
            signs_requests: true,
            wants_signed_assertions: true,
            consumers: vec![IndexedEndpoint {
                index: 0,
                is_default: None,
                binding: Some(Binding::Post),
                location: "https://shop.example/acs".into(),
            }],
            discovery_responses: Vec::new(),
        }),
        organisation: Vec::new(),
        contacts: Vec::new(),
    };
    entity
        .sign_metadata(&MessageId::fresh(&mut OsChance), signed_by)
        .unwrap()
}

fn tomorrow() -> OffsetDateTime {
    OffsetDateTime::now_utc() + Duration::DAY
}

fn bare(certificate: &[u8]) -> KeyDescriptor {
    KeyDescriptor {
        usage: KeyUse::Encryption,
        certificate: certificate.to_vec(),
        methods: Vec::new(),
    }
}

#[tokio::test]
async fn a_pin_from_metadata_signed_for_by_command_counts_without_anybody_telling_the_process() {
    let mut scene = scene().await;
    let process = Process::start(&scene);
    let (own, own_pem) = signing();
    let certificate = der(service_pair(SHOP).0);
    let (told, of_signing) = (hash(&certificate), hash(&der(&own_pem)));
    {
        let desk = Desk::at(&scene);
        // It says it reads AES-256-GCM, and OAEP with SHA-256 first.
        let mut descriptor = encryption_descriptor(&certificate);
        descriptor
            .methods
            .retain(|method| !method.algorithm.contains("aes128") && !method.algorithm.contains("mgf1p"));
        desk.write("shop.xml", &metadata(&own, &own, vec![descriptor], tomorrow()));
        let shown = desk.done("pin show --metadata shop.xml");
        assert!(
            shown.contains(&format!("for encryption: {told} (aes256-gcm, oaep-sha256)")),
            "{shown}"
        );
        assert!(shown.contains(&format!("for signing: {of_signing}")), "{shown}");

        let propose = |told: &str| format!("pin propose --metadata shop.xml --name shop --fingerprint {told}");
        let other = "00".repeat(32);
        let said = desk.refused(&propose(&other));
        assert!(
            said.contains(&told) && said.contains(&format!("{other} was told")),
            "{said}"
        );
        let said = desk.refused(&propose(&of_signing));
        assert!(
            said.contains("certificate for signing") && said.contains("nothing is pinned"),
            "{said}"
        );
        assert!(!scene.pin_file("shop").exists());

        // As it is read out at the telephone.
        let read_out = told
            .to_uppercase()
            .as_bytes()
            .chunks(2)
            .map(|pair| String::from_utf8_lossy(pair))
            .collect::<Vec<_>>()
            .join(":");
        assert!(desk.done(&propose(&read_out)).starts_with("shop: edition 1 of"));
        let said = desk.refused(&format!("pin approve --name shop --key hama --fingerprint {other}"));
        assert!(
            said.contains(&told) && said.contains(&other) && said.contains("not signed for"),
            "{said}"
        );
        desk.refused("pin approve --name shop --key hama --withdrawal");
        for operator in ["hama", "iso"] {
            desk.done(&format!(
                "pin approve --name shop --key {operator} --fingerprint {told}"
            ));
        }
        let listed = desk.done("pin list");
        assert!(
            listed.contains(&format!("{SHOP} {told} edition 1 aes256-gcm oaep-sha256")),
            "{listed}"
        );
    }
    let shop = service(SHOP);
    let body = Share {
        service: ServiceName::from(&shop),
        edition: scene.front.edition(),
        share: scene.front.service_share(&shop).to_text().to_string(),
    };
    let mut tries = 0;
    let (status, answer) = loop {
        let envelope = sealed_now(&mut scene, Kind::Share, &body);
        match post(&scene, &process, "/shares", &envelope).await {
            // It looks at the folder every two seconds.
            (404, _) if tries < 1_000 => {
                tries += 1;
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            other => break other,
        }
    };
    assert_eq!(status, 200, "{answer}");
    let reader = scene.front_key.party();
    let opened = scene
        .trusted
        .open::<Shared>(&answer, Kind::Shared, reader, &SystemClock);
    assert!(opened.is_ok());
    process.stop();
}

#[tokio::test]
async fn metadata_signed_by_somebody_else_expired_or_without_a_key_for_encryption_pin_nothing() {
    let scene = scene().await;
    let desk = Desk::at(&scene);
    let ((own, _), (federation, federation_pem)) = (signing(), signing());
    desk.write("federation.pem", &federation_pem);
    let certificate = der(service_pair(SHOP).0);
    let show = "pin show --metadata shop.xml --signer federation.pem";
    desk.write(
        "shop.xml",
        &metadata(&own, &federation, vec![bare(&certificate)], tomorrow()),
    );
    assert!(desk.done(show).contains("signature is right"));
    desk.write("shop.xml", &metadata(&own, &own, vec![bare(&certificate)], tomorrow()));
    assert!(desk.refused(show).contains("does not match any key"));
    let yesterday = OffsetDateTime::now_utc() - Duration::DAY;
    desk.write("shop.xml", &metadata(&own, &own, vec![bare(&certificate)], yesterday));
    assert!(desk.refused("pin show --metadata shop.xml").contains("no longer valid"));
    desk.write("shop.xml", &metadata(&own, &own, Vec::new(), tomorrow()));
    assert!(
        desk.refused("pin show --metadata shop.xml")
            .contains("no certificate for encryption")
    );
    desk.write(
        "shop.xml",
        &metadata(&own, &own, vec![bare(&der(&federation_pem))], tomorrow()),
    );
    let propose = format!(
        "pin propose --metadata shop.xml --name shop --fingerprint {}",
        hash(&der(&federation_pem))
    );
    assert!(desk.refused(&propose).contains("no RSA key"));
    assert!(!scene.pin_file("shop").exists());
}

#[tokio::test]
async fn a_certificate_rolls_over_by_the_next_edition_and_what_was_withdrawn_stays_so() {
    let scene = scene().await;
    let desk = Desk::at(&scene);
    let (own, _) = signing();
    let certificate = der(service_pair(SHOP).0);
    let next = der(service_pair(CLINIC).0);
    // For a while the service names both: which is meant is in the fingerprint.
    desk.write(
        "shop.xml",
        &metadata(&own, &own, vec![bare(&certificate), bare(&next)], tomorrow()),
    );
    let sign = |name: &str, more: &str| {
        for operator in ["hama", "iso"] {
            desk.done(&format!("pin approve --name {name} --key {operator} {more}"));
        }
    };
    let pin = |told: &[u8], name: &str| {
        let told = hash(told);
        let said = desk.done(&format!(
            "pin propose --metadata shop.xml --name shop --fingerprint {told}"
        ));
        assert!(said.starts_with(&format!("{name}: edition")), "{said}");
        sign(name, &format!("--fingerprint {told}"));
    };
    let first = scene.pin_file("shop");
    pin(&certificate, "shop");
    let kept = std::fs::read(&first).unwrap();
    scene.half.read_pins().await.unwrap();
    desk.done("status");
    pin(&next, "shop-2");
    assert!(!first.exists(), "the older edition is taken out once both have signed");
    scene.half.read_pins().await.unwrap();
    assert!(
        desk.done("status")
            .contains(&format!("{SHOP} {} edition 2", hash(&next)))
    );

    // Put back by somebody who can write the folder.
    std::fs::write(&first, &kept).unwrap();
    std::fs::remove_file(scene.pin_file("shop-2")).unwrap();
    scene.half.read_pins().await.unwrap();
    let said = desk.refused("status");
    assert!(
        said.contains("an older edition: edition 2 was honoured already [pin.older_edition]"),
        "{said}"
    );
    assert!(said.contains(&format!("edition 2 of {SHOP} is missing")), "{said}");

    desk.refused("pin withdraw --entity https://nobody.example/sp --name nobody");
    assert!(
        desk.done(&format!("pin withdraw --entity {SHOP} --name shop"))
            .starts_with("shop-3: edition 3")
    );
    desk.refused(&format!(
        "pin approve --name shop-3 --key hama --fingerprint {}",
        hash(&next)
    ));
    sign("shop-3", "--withdrawal");
    scene.half.read_pins().await.unwrap();
    let said = desk.done("status");
    assert!(said.contains(&format!("withdrawn: {SHOP} by edition 3")), "{said}");
    std::fs::write(&first, &kept).unwrap();
    scene.half.read_pins().await.unwrap();
    assert!(desk.refused("status").contains("edition 3 was honoured already"));
}

#[tokio::test]
async fn a_key_for_signing_is_pinned_when_it_was_told_by_another_way_to_all_three() {
    let scene = scene().await;
    let desk = Desk::at(&scene);
    let (own, own_pem) = signing();
    let certificate = der(service_pair(SHOP).0);
    let (told, of_signing) = (hash(&certificate), hash(&der(&own_pem)));
    desk.write("shop.xml", &metadata(&own, &own, vec![bare(&certificate)], tomorrow()));
    let propose = format!("pin propose --metadata shop.xml --name shop --fingerprint {told}");
    let said = desk.refused(&format!("{propose} --signing {}", "00".repeat(32)));
    assert!(
        said.contains(&of_signing) && said.contains("nothing is pinned"),
        "{said}"
    );
    desk.refused(&format!("{propose} --take name-in-clear"));
    let said = desk.done(&format!(
        "{propose} --signing {of_signing} --take cipher-block-chaining"
    ));
    assert!(
        said.contains(&format!("known by {of_signing}")) && said.contains("taken from it: cipher-block-chaining"),
        "{said}"
    );
    let approve = |operator: &str| format!("pin approve --name shop --key {operator} --fingerprint {told}");
    let said = desk.refused(&approve("hama"));
    assert!(
        said.contains(&format!("by {of_signing} too, which was not told")),
        "{said}"
    );
    desk.refused(&format!(
        "{} --signing {of_signing} --signing {}",
        approve("hama"),
        "00".repeat(32)
    ));
    for operator in ["hama", "iso"] {
        desk.done(&format!("{} --signing {of_signing}", approve(operator)));
    }
    let listed = desk.done("pin list");
    assert!(
        listed.contains(&format!("{SHOP} {told} edition 1"))
            && listed.contains("names compared, AES-CBC too")
            && listed.contains("names compared\n"),
        "{listed}"
    );
    // What is taken, and whose signatures, is signed for: changed afterwards, the file pins nothing.
    let file = scene.pin_file("shop");
    let signed = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        signed.replace("exceptions = [\"cipher-block-chaining\"]", "exceptions = []"),
    )
    .unwrap();
    assert_ne!(std::fs::read_to_string(&file).unwrap(), signed);
    assert!(desk.done("pin list").contains("signed for by 0 of the operators"));
}
