//! Any query and any form.
#![no_main]

#[allow(dead_code, reason = "each target uses a part of it")]
mod scene;

use libfuzzer_sys::fuzz_target;
use relay_saml::{
    Delivered, Delivery,
    discovery::{DiscoveryRequest, remembered},
};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    for delivered in [Delivery::redirect(&text), Delivery::post(bytes)] {
        match delivered {
            Ok(Delivered::Message(delivery)) => scene::SCENE.take(&delivery),
            Ok(Delivered::Artifact { artifact, relay_state }) => {
                assert!(relay_state.is_none_or(|state| state.as_str().len() <= 80));
                assert_eq!(
                    relay_saml::message::Artifact::parse(&artifact.encode()),
                    Some(artifact)
                );
            }
            Err(refusal) => assert!(!refusal.code().is_empty()),
        }
    }
    let _ = DiscoveryRequest::read(&text);
    let _ = remembered(&text);
});
