//! A sender with a key made at the start, and the receiver of everything.

use std::sync::LazyLock;

use relay_saml::{
    DecryptionKeys, Delivery, Exception, Here, Peer, Received, TrustedKeys,
    message::{EntityId, MessageId},
    signing::SigningKey,
};
use time::{Duration, macros::datetime};

pub const SENDER: &str = "https://relay.example/saml/metadata";
const RECEIVER: &str = "https://clinic.example/saml/metadata";
const ADDRESS: &str = "https://clinic.example/saml/acs";

pub struct Scene {
    pub key: SigningKey,
    peer: Peer,
    receiver: EntityId,
    request: MessageId,
    pub decryption: DecryptionKeys,
}

pub static SCENE: LazyLock<Scene> = LazyLock::new(|| {
    let (key, certificate) = pair(&rcgen::PKCS_ECDSA_P256_SHA256);
    let (decryption, _) = pair(&rcgen::PKCS_RSA_SHA256);
    let keys = TrustedKeys::from_certificates([certificate.as_slice()]).unwrap();
    Scene {
        key: SigningKey::from_pkcs8(&key, &certificate).unwrap(),
        peer: Peer::new(EntityId::parse(SENDER).unwrap(), keys, Exception::ALL.to_vec()),
        receiver: EntityId::parse(RECEIVER).unwrap(),
        request: MessageId::parse("_r0").unwrap(),
        decryption: DecryptionKeys::from_pkcs8([decryption.as_slice()]).unwrap(),
    }
});

fn pair(algorithm: &'static rcgen::SignatureAlgorithm) -> (Vec<u8>, Vec<u8>) {
    let pair = if algorithm == &rcgen::PKCS_RSA_SHA256 {
        rcgen::KeyPair::generate_rsa_for(algorithm, rcgen::RsaKeySize::_2048).unwrap()
    } else {
        rcgen::KeyPair::generate_for(algorithm).unwrap()
    };
    let certificate = rcgen::CertificateParams::new(vec!["party.example".to_owned()])
        .unwrap()
        .self_signed(&pair)
        .unwrap();
    (pair.serialize_der(), certificate.der().to_vec())
}

impl Scene {
    /// Every reader on one delivery.
    pub fn take(&self, delivery: &Delivery) {
        let Ok(received) = Received::open(delivery) else { return };
        let here = Here {
            entity: &self.receiver,
            address: ADDRESS,
            now: datetime!(2026-11-22 8:06 UTC),
            skew: Duration::minutes(1),
            window: Duration::minutes(5),
        };
        let peer = &self.peer;
        let _ = received.claimed_issuer();
        let _ = received.claimed_in_response_to();
        let _ = received.soap_headers(peer);
        let _ = received.paos_answer(peer);
        let _ = received.authn_request(peer, &here);
        let _ = received.response(peer, &here, Some(&self.request), &self.decryption);
        let _ = received.logout_request(peer, &here, None);
        let _ = received.logout_request(peer, &here, Some(&self.decryption));
        let _ = received.logout_response(peer, &here, &self.request);
        let _ = received.manage_name_id_request(peer, &here, None);
        let _ = received.manage_name_id_response(peer, &here, &self.request);
        let _ = received.artifact_resolve(peer, &here);
        if let Ok(Some(inner)) = received.behind_artifact(peer, &here, &self.request) {
            let _ = inner.response(peer, &here, Some(&self.request), &self.decryption);
        }
    }
}
