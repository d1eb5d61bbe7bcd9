//! A sign-in's SAML, per core: what the identity provider does for one and what the service does, beside Lasso doing
//! the same on the same machine in the same run, and beside the bare RSA operations it can't do without.
//!
//! Rates are per second of CPU time, taken in turns so that a slow moment of the machine strikes all alike; what is
//! compared is the best of the turns. Ends with code 1 when a promise is broken.
//!
//! Lasso needs many times longer once it encrypts; the promise is held against its quicker figure, without.

#[path = "../tests/strangers/parties.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod parties;
#[path = "../tests/strangers/peer.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod peer;

use std::{hint::black_box, process::ExitCode, time::Duration};

use parties::{CONSUMER, Party, RELAY, SERVICE, answer, name, now};
use peer::Peer;
use relay_core::chance::OsChance;
use relay_saml::{
    DecryptionKeys, Delivery, Here, Peer as Sender, Received, SignIn, TrustedKeys,
    message::{EntityId, Identified, MessageId},
    sealing::SealingKey,
};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// Turns, and seconds of CPU time a measure takes in each.
const TURNS: usize = 3;
const SECONDS: f64 = 2.0;

const SSO: &str = "https://relay.example/saml/sso";

fn main() -> ExitCode {
    let (relay, service) = (Party::new(RELAY), Party::new(SERVICE));
    let mut lasso_relay = lasso("idp", &relay, relay.as_relay(), service.as_service());
    let mut lasso_sealing = lasso("idp", &relay, relay.as_relay(), service.as_service());
    let mut lasso_service = lasso("sp", &service, service.as_service(), relay.as_relay());
    lasso_sealing.ask("encrypting", json!({}));

    let asked = lasso_service.ask("request", json!({}));
    let query = asked["url"]
        .as_str()
        .and_then(|url| url.split_once('?'))
        .expect("a URL")
        .1;
    let id = MessageId::parse(asked["id"].as_str().expect("an ID")).expect("an ID");
    check_equal_work(&lasso_relay.ask("asked", json!({ "message": query })), 0);
    check_equal_work(&lasso_sealing.ask("asked", json!({ "message": query })), 1);

    let front = Front::new(&relay, &service);
    let consumer = Consumer::new(&relay, &service, &id);
    let sealed = consumer.response(&relay, &service, Name::Sealed);
    let clear = consumer.response(&relay, &service, Name::Clear);

    let mut rates = Rates::default();
    for _ in 0..TURNS {
        rates.raw.take(rate(|| drop(black_box(relay.key.sign(&[7; 32])))));
        rates.front.take(rate(|| drop(black_box(front.sign_in(query)))));
        let asking = || json!({ "request": query });
        rates.lasso_front.take(asked_rate(&mut lasso_relay, "rate", asking()));
        rates
            .lasso_sealing
            .take(asked_rate(&mut lasso_sealing, "rate", asking()));
        rates.service.take(rate(|| consumer.take(&clear)));
        let taking = |response: &str| json!({ "body": response_of(response) });
        rates
            .lasso_service
            .take(asked_rate(&mut lasso_service, "rate_of_taking", taking(&clear)));
        rates.service_sealed.take(rate(|| consumer.take(&sealed)));
        rates
            .lasso_service_sealed
            .take(asked_rate(&mut lasso_service, "rate_of_taking", taking(&sealed)));
    }
    rates.print()
}

/// Per second of CPU time, the best of the turns.
#[derive(Default)]
struct Rates {
    raw: Best,
    front: Best,
    lasso_front: Best,
    lasso_sealing: Best,
    service: Best,
    lasso_service: Best,
    service_sealed: Best,
    lasso_service_sealed: Best,
}

#[derive(Default)]
struct Best(f64);

impl Best {
    fn take(&mut self, rate: f64) {
        self.0 = self.0.max(rate);
    }
}

impl Rates {
    fn print(&self) -> ExitCode {
        // Two signatures a sign-in: nobody with this key can be quicker.
        let limit = self.raw.0 / 2.0;
        println!("{:<66} {:>9}", "per second of one core", "rate");
        for (what, rate) in [
            ("RSA-2048 signatures, bare", self.raw.0),
            ("identity provider: request, EncryptedID, two signatures", self.front.0),
            ("Lasso, the same with the name in clear", self.lasso_front.0),
            ("Lasso, the same", self.lasso_sealing.0),
            (
                "service: two signatures, coverage, time, audience, recipient",
                self.service.0,
            ),
            ("Lasso, the same", self.lasso_service.0),
            ("service, the name to be decrypted as well", self.service_sealed.0),
            ("Lasso, the same", self.lasso_service_sealed.0),
        ] {
            println!("{what:<66} {rate:>9.0}");
        }
        println!(
            "\n{:<66} {:>9} {:>9} {:>7}",
            "promise (at least)", "measured", "promised", "ratio"
        );
        let mut kept = true;
        for (what, measured, promised) in [
            (
                "identity provider, times Lasso's",
                self.front.0 / self.lasso_front.0,
                5.0,
            ),
            (
                "identity provider, share of the bare RSA limit",
                self.front.0 / limit,
                0.7,
            ),
            ("service, times Lasso's", self.service.0 / self.lasso_service.0, 8.0),
        ] {
            let verdict = if measured >= promised { "kept" } else { "BROKEN" };
            kept &= measured >= promised;
            println!(
                "{what:<66} {measured:>9.2} {promised:>9.2} {:>7.3}  {verdict}",
                measured / promised
            );
        }
        println!(
            "Ratios are measured / promised: 1 and more is kept. Both sides of each were measured in this one run."
        );
        if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// What the front does for one sign-in, from the query to the form's field. The blind half's sealing is in it too: the
/// promise counts both halves' work, as Lasso's figure does.
struct Front<'p> {
    relay: &'p Party,
    entity: EntityId,
    service: Sender,
    seal: SealingKey,
}

impl<'p> Front<'p> {
    fn new(relay: &'p Party, service: &Party) -> Self {
        Self {
            relay,
            entity: relay.id.clone(),
            service: sender(service),
            seal: service.seal(),
        }
    }

    fn sign_in(&self, query: &str) -> String {
        let delivery = Delivery::redirect(query)
            .and_then(|came| came.message())
            .expect("a message");
        let received = Received::open(&delivery).expect("a message");
        let here = here(&self.entity, SSO);
        let verified = received.authn_request(&self.service, &here).expect("a good request");
        let request = verified.first_time(true).expect("new");
        let sealed = Identified::Sealed(self.seal.seal_name(&name(), &mut OsChance));
        let response = answer(self.relay, &request.head.id, sealed, CONSUMER);
        let form = response.sign(&self.relay.key).expect("written").post(CONSUMER, None);
        form.fields.into_iter().next().expect("the message").1
    }
}

/// What the service does with one answer. Lasso keeps no memory of what it took either in this measure.
struct Consumer {
    entity: EntityId,
    relay: Sender,
    keys: DecryptionKeys,
    request: MessageId,
}

enum Name {
    Clear,
    Sealed,
}

impl Consumer {
    fn new(relay: &Party, service: &Party, request: &MessageId) -> Self {
        let private = pem_body(&service.private_pem);
        Self {
            entity: service.id.clone(),
            relay: sender(relay),
            keys: DecryptionKeys::from_pkcs8([private.as_slice()]).expect("a key"),
            request: request.clone(),
        }
    }

    fn response(&self, relay: &Party, service: &Party, kind: Name) -> String {
        let name = match kind {
            Name::Clear => Identified::Clear(name()),
            Name::Sealed => Identified::Sealed(service.seal().seal_name(&name(), &mut OsChance)),
        };
        let response = answer(relay, &self.request, name, CONSUMER);
        let form = response.sign(&relay.key).expect("written").post(CONSUMER, None);
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form.fields)
            .finish()
    }

    fn take(&self, form: &str) {
        let delivery = Delivery::post(form.as_bytes())
            .and_then(|came| came.message())
            .expect("a message");
        let received = Received::open(&delivery).expect("a message");
        let here = here(&self.entity, CONSUMER);
        let verified = received.response(&self.relay, &here, Some(&self.request), &self.keys);
        let taken = verified.and_then(|verified| verified.first_time(true));
        assert!(matches!(black_box(taken), Ok(SignIn::Done(_))));
    }
}

fn here<'h>(entity: &'h EntityId, address: &'h str) -> Here<'h> {
    Here {
        entity,
        address,
        now: now(),
        skew: time::Duration::minutes(1),
        window: time::Duration::minutes(5),
    }
}

fn sender(party: &Party) -> Sender {
    let keys = TrustedKeys::from_certificates([party.key.certificate()]).expect("a key");
    Sender::new(party.id.clone(), keys, Vec::new())
}

fn lasso(role: &str, own: &Party, metadata: String, other: String) -> Peer {
    let mut lasso = Peer::start("lasso_peer.py");
    lasso.ask(
        "begin",
        json!({ "role": role, "own": metadata, "key": own.private_pem, "certificate": own.certificate_pem,
                "other": other }),
    );
    lasso
}

/// Lasso's answer must hold what ours holds: two signatures, and encrypted names where it is to encrypt.
fn check_equal_work(answer: &Value, encrypted: usize) {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let body = answer["body"].as_str().expect("a message");
    let xml = String::from_utf8(STANDARD.decode(body).expect("base64")).expect("UTF-8");
    assert_eq!(xml.matches("<SignatureValue>").count(), 2, "Lasso signs twice");
    assert_eq!(
        xml.matches("<saml:EncryptedID").count(),
        encrypted,
        "Lasso encrypts when told to"
    );
}

fn asked_rate(lasso: &mut Peer, what: &str, mut order: Value) -> f64 {
    order["seconds"] = json!(SECONDS);
    lasso.ask(what, order)["rate"].as_f64().expect("a rate")
}

/// The value of SAMLResponse in a posted form.
fn response_of(form: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(form.as_bytes());
    pairs.next().expect("the message").1.into_owned()
}

fn pem_body(pem: &str) -> Vec<u8> {
    x509_parser::pem::parse_x509_pem(pem.as_bytes())
        .expect("PEM")
        .1
        .contents
}

/// How often `work` is done per second of this thread's CPU time.
fn rate(mut work: impl FnMut()) -> f64 {
    let (mut done, start) = (0_u32, cpu());
    loop {
        for _ in 0..10 {
            work();
        }
        done += 10;
        let spent = (cpu() - start).as_secs_f64();
        if spent >= SECONDS {
            return f64::from(done) / spent;
        }
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}
