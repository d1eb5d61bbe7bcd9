//! Any bytes where a message is expected.
#![no_main]

#[allow(dead_code, reason = "each target uses a part of it")]
mod scene;

use base64::{Engine, engine::general_purpose::STANDARD};
use libfuzzer_sys::fuzz_target;
use relay_saml::{Delivery, open_name, paos_request};

fuzz_target!(|bytes: &[u8]| {
    let scene = &*scene::SCENE;
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLResponse", &STANDARD.encode(bytes))
        .finish();
    if let Ok(delivered) = Delivery::post(form.as_bytes()) {
        scene.take(&delivered.message().expect("no artifact was posted"));
    }
    scene.take(&Delivery::soap(bytes.to_vec()));
    scene.take(&Delivery::paos(bytes.to_vec()));
    let _ = paos_request(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = open_name(text, &scene.decryption, true);
    }
});
