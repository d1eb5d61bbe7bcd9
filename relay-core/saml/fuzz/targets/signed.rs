//! Any XML behind a true signature, beside it in a query or inside it: every reader is reached.
#![no_main]

#[allow(dead_code, reason = "each target uses a part of it")]
mod scene;

use std::io::Write;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use bergshamra::c14n::{C14nMode, canonicalize};
use flate2::{Compression, write::DeflateEncoder};
use libfuzzer_sys::fuzz_target;
use relay_saml::Delivery;
use url::form_urlencoded::byte_serialize;

fuzz_target!(|bytes: &[u8]| {
    by_redirect(bytes);
    if let Some(xml) = std::str::from_utf8(bytes).ok().and_then(enveloped) {
        by_form(&xml);
    }
});

fn by_redirect(bytes: &[u8]) {
    let scene = &*scene::SCENE;
    // Not deflated but wrapped: so the fuzzer sees what its bytes become.
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::none());
    deflated.write_all(bytes).expect("memory");
    let message = STANDARD.encode(deflated.finish().expect("memory"));
    let escaped = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    for name in ["SAMLRequest", "SAMLResponse"] {
        let signed = format!("{name}={}&SigAlg={}", escaped(&message), escaped(scene.key.algorithm()));
        let signature = STANDARD.encode(scene.key.sign(signed.as_bytes()));
        let query = format!("{signed}&Signature={}", escaped(&signature));
        if let Ok(delivered) = Delivery::redirect(&query) {
            scene.take(&delivered.message().expect("no artifact was sent"));
        }
    }
}

fn by_form(xml: &str) {
    for name in ["SAMLRequest", "SAMLResponse"] {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair(name, &STANDARD.encode(xml))
            .finish();
        if let Ok(delivered) = Delivery::post(form.as_bytes()) {
            scene::SCENE.take(&delivered.message().expect("no artifact was posted"));
        }
    }
}

/// The message with a signature of its own after its Issuer.
fn enveloped(xml: &str) -> Option<String> {
    let id = {
        let tree = uppsala::parse(xml).ok()?;
        let root = tree.element(tree.document_element()?)?;
        root.get_attribute("ID")?.to_owned()
    };
    if id.contains(['<', '&', '"', '>']) {
        return None;
    }
    let none: [&str; 0] = [];
    let canonical = String::from_utf8(canonicalize(xml, C14nMode::Exclusive, None, &none).ok()?).ok()?;
    let value = STANDARD.encode(digest(&SHA256, canonical.as_bytes()));
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let method = scene::SCENE.key.algorithm();
    let info = format!(
        "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
         <ds:CanonicalizationMethod Algorithm=\"{exclusive}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{method}\"></ds:SignatureMethod><ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
         <ds:Transform Algorithm=\"{exclusive}\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
         <ds:DigestValue>{value}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    );
    let signature = STANDARD.encode(scene::SCENE.key.sign(info.as_bytes()));
    let end = "</saml:Issuer>";
    let place = canonical.find(end)? + end.len();
    Some(format!(
        "{}<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{info}\
         <ds:SignatureValue>{signature}</ds:SignatureValue></ds:Signature>{}",
        &canonical[..place],
        &canonical[place..]
    ))
}
