//! Signing in with a real command-line client: curl, OpenSSL's PKCS #11 engine, OpenSC, and the virtual card behind a real
//! pcscd. The PIN stands in the key's URI (RFC 7512); a wrong one is refused by the card.
//!
//! Started plainly (`cargo test`), this program starts itself again under `scripts/with-pcscd`, where an isolated
//! pcscd with two of vpcd's readers waits. There is no way for it to pass without one.

mod desk;

use std::{
    path::Path,
    process::{Command, ExitCode, Output},
};

use relay_core::registration::CardUse;
use relay_saml::{
    SignIn,
    message::{AnswerTo, Identified},
    names::Binding,
};
use relay_testing::{Browser, Relay, TestService};

use desk::Desk;

const CLINIC: &str = "https://clinic.example/saml";
const PIN: &str = "4071";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        println!("curl signs in with the card in the reader: test");
        return ExitCode::SUCCESS;
    }
    if std::env::var_os("WITH_PCSCD").is_none() {
        return start_again_with_pcscd(&arguments);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(curl_signs_in_with_the_card_in_the_reader());
    println!("test curl signs in with the card in the reader ... ok");
    ExitCode::SUCCESS
}

fn start_again_with_pcscd(arguments: &[String]) -> ExitCode {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/with-pcscd");
    let this = std::env::current_exe().expect("a running program has a path");
    let ended = Command::new(&script)
        .arg(this)
        .args(arguments)
        .status()
        .unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    match ended.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

async fn curl_signs_in_with_the_card_in_the_reader() {
    let mut relay = Relay::start().await;
    let clinic = TestService::start(&relay, CLINIC).await;
    relay.join(&clinic).await;
    let desk = Desk::open();
    let certificate = desk.insert_resident(&relay, PIN);
    relay.register(&certificate, CardUse::Authentication).await;

    // The service's request, taken by a browser; its cookies go on with curl.
    let browser = Browser::new(&relay);
    let request = clinic.request(&relay);
    let asked = browser.begin(&clinic.redirect(&request, None)).await;
    let link = asked.link("/card/", &relay).expect("the page asks for the card");
    // This card signs PKCS#1 v1.5 only.
    let link = link.replace(&relay.card_at(""), &relay.card_pkcs1_at(""));
    let cookie = format!("__Host-sign-in={}", browser.cookie("__Host-sign-in").unwrap());

    let refused = curl(&relay, "9999", &["--cookie", &cookie, &link]);
    assert!(!refused.status.success(), "a wrong PIN signs nothing");
    assert_eq!(desk.tries_left(), 2);

    let output = curl(&relay, PIN, &["--cookie", &cookie, &link]);
    let page = said(&output);
    let answer = relay_testing::Answer {
        cookies: Vec::new(),
        status: 200,
        location: None,
        body: page,
        headers: Default::default(),
    };
    let assertion = clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
    let Identified::Clear(name) = &assertion.subject.name else {
        panic!("the service could not open its name")
    };

    // A client without cookies: the request in a SOAP body, the card in the same connection.
    let mut request = clinic.request(&relay);
    request.head.destination = Some(relay.card_at("/saml/ecp"));
    request.answer_to = AnswerTo::Address {
        location: Some(clinic.consumer()),
        binding: Some(Binding::Paos),
    };
    let envelope = relay.path().join("envelope.xml");
    std::fs::write(&envelope, clinic.envelope(&request)).unwrap();
    let body = format!("@{}", envelope.display());
    let output = curl(
        &relay,
        PIN,
        &[
            "--header",
            "Content-Type: text/xml",
            "--data-binary",
            &body,
            &relay.card_pkcs1_at("/saml/ecp"),
        ],
    );
    match clinic.read_envelope(&said(&output), &request.head.id) {
        Ok(SignIn::Done(again)) => assert_eq!(again.subject.name, Identified::Clear(name.clone())),
        other => panic!("{other:?}"),
    }
    desk.close();
}

/// curl with the card in the reader as its client certificate.
fn curl(relay: &Relay, pin: &str, arguments: &[&str]) -> Output {
    let certificate = "pkcs11:object=Authentication;type=cert";
    let key = format!("pkcs11:object=Authentication;type=private;pin-value={pin}");
    Command::new("curl")
        .args(["--silent", "--show-error", "--engine", "pkcs11"])
        .args(["--cert-type", "ENG", "--cert", certificate])
        .args(["--key-type", "ENG", "--key", &key])
        .arg("--cacert")
        .arg(relay.path().join("web.pem"))
        .args(arguments)
        .env("PKCS11_MODULE_PATH", desk::module())
        .output()
        .expect("curl is installed")
}

fn said(output: &Output) -> String {
    assert!(
        output.status.success(),
        "curl failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).expect("the front answers in UTF-8")
}
