//! Our side, knowing the other by its metadata, in the machine's own time: Lasso lives in it.

use base64::{Engine, engine::general_purpose::STANDARD};
use relay_saml::{
    Addresses, DecryptionKeys, Delivery, Exception, Ground, Here, Peer, Received, TrustedKeys, fingerprint,
    message::{Entity, EntityId},
    read_entity,
};
use time::Duration;

use crate::parties::{Party, now};

/// What `metadata` says of `party`.
pub fn known(party: &Party, metadata: &str) -> Entity {
    let ground = Ground::Approved(fingerprint(metadata.as_bytes()));
    read_entity(metadata.as_bytes(), &party.id, ground, Addresses::Https, now()).unwrap()
}

/// The sender `party`, by its metadata.
pub fn sender(party: &Party, metadata: &str, exceptions: &[Exception]) -> Peer {
    let entity = known(party, metadata);
    let role = entity.idp.map(|idp| idp.role).or(entity.sp.map(|sp| sp.role)).unwrap();
    let keys = TrustedKeys::from_descriptors(&role.keys).unwrap();
    Peer::new(entity.id, keys, exceptions.to_vec())
}

pub fn decryption(party: &Party) -> DecryptionKeys {
    let lines = party.private_pem.lines().filter(|line| !line.starts_with('-'));
    let der = STANDARD.decode(lines.collect::<String>()).unwrap();
    DecryptionKeys::from_pkcs8([der.as_slice()]).unwrap()
}

/// Opens `delivery` and takes it at `address` as `entity` by `take`.
pub fn at<T>(
    delivery: &Delivery,
    entity: &EntityId,
    address: &str,
    take: impl FnOnce(Received<'_>, &Here<'_>) -> T,
) -> T {
    let here = Here {
        entity,
        address,
        now: now(),
        skew: Duration::minutes(1),
        window: Duration::minutes(5),
    };
    take(Received::open(delivery).unwrap(), &here)
}

/// The message in a URL.
pub fn from_url(url: &str) -> Delivery {
    let query = url.split_once('?').unwrap().1;
    Delivery::redirect(query).unwrap().message().unwrap()
}

/// The message in a form's field, as a stranger filled it.
pub fn from_form(field: &str, value: &str) -> Delivery {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair(field, value)
        .finish();
    Delivery::post(form.as_bytes()).unwrap().message().unwrap()
}
