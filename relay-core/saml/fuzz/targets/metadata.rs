//! Any file as metadata that was approved, and whatever is then done with its keys.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relay_saml::{Addresses, Ground, TrustedKeys, fingerprint, read_metadata, sealing::SealingKey};
use time::macros::datetime;

fuzz_target!(|bytes: &[u8]| {
    let ground = Ground::Approved(fingerprint(bytes));
    let now = datetime!(2026-11-22 8:06 UTC);
    let Ok(entities) = read_metadata(bytes, ground, Addresses::HttpsOrLoopback, now) else {
        return;
    };
    for entity in entities {
        let roles = [entity.idp.map(|idp| idp.role), entity.sp.map(|sp| sp.role)];
        for role in roles.into_iter().flatten() {
            let _ = TrustedKeys::from_descriptors(&role.keys);
            for key in &role.keys {
                let _ = SealingKey::described(key);
            }
        }
    }
});
