//! The identity provider of the tests: takes AuthnRequests by redirect, lets a card in by mutual TLS or by the bridge,
//! answers by POST with an EncryptedID, takes and sends logouts.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use axum::{
    Form, Router,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response as Answer},
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use portal_kit::listener::Peer as Client;
use portal_testing::rsa_pair;
use relay_core::{
    chance::{OsChance, draw},
    clock::Clock,
};
use relay_saml::{
    DecryptionKeys, Delivery, Here, Peer, Received, TrustedKeys,
    message::{
        Assertion, AuthnStatement, Conditions, Confirmation, Endpoint, Entity, EntityId, Head, Identified, IdpRole,
        KeyDescriptor, KeyUse, LogoutRequest, LogoutResponse, MessageId, NameId, Response, Role, Status, Subject,
    },
    names::{AuthnContext, Binding, NameIdFormat},
    open_name,
    sealing::SealingKey,
    send::PostForm,
    signing::SigningKey,
};
use time::Duration;

pub struct Relay {
    pub entity: EntityId,
    pub base: String,
    card_base: String,
    signing: Mutex<Arc<SigningKey>>,
    /// The certificate that stands beside the key's own in the metadata.
    beside: Mutex<Option<KeyDescriptor>>,
    blind_certificate: Vec<u8>,
    blind: DecryptionKeys,
    clock: Arc<dyn Clock>,
    service: Mutex<Option<Entity>>,
    waiting: Mutex<HashMap<String, Waiting>>,
    /// The sign-in that came last.
    last: Mutex<Option<Waiting>>,
    pub bridge: Mutex<Option<SocketAddr>>,
    /// Tokens of pulled cards that the bridge told of, and who signed in with each token.
    pub pulled: Mutex<Vec<String>>,
    bridged: Mutex<HashMap<String, String>>,
    /// What is served in place of the metadata.
    instead: Mutex<Option<String>>,
    /// Names in the logouts that came.
    pub logouts: Mutex<Vec<String>>,
}

/// A sign-in under way.
#[derive(Clone)]
pub struct Waiting {
    pub request: MessageId,
    pub consumer: String,
    challenge: String,
}

impl Relay {
    pub fn new(base: String, card_base: String, clock: Arc<dyn Clock>) -> Self {
        let (signing, blind) = (rsa_pair("relay front"), rsa_pair("blind half"));
        let der = |pem: &str| {
            let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            STANDARD.decode(lines).unwrap()
        };
        Self {
            entity: EntityId::parse("https://relay.example/saml").unwrap(),
            signing: Mutex::new(Arc::new(
                SigningKey::from_pem(&signing.key, &signing.certificate).unwrap(),
            )),
            beside: Mutex::default(),
            instead: Mutex::default(),
            blind: DecryptionKeys::from_pkcs8([der(&blind.key).as_slice()]).unwrap(),
            blind_certificate: der(&blind.certificate),
            base,
            card_base,
            clock,
            service: Mutex::default(),
            waiting: Mutex::default(),
            last: Mutex::default(),
            bridge: Mutex::default(),
            pulled: Mutex::default(),
            bridged: Mutex::default(),
            logouts: Mutex::default(),
        }
    }

    pub fn register(&self, service: &Entity) {
        *self.service.lock().unwrap() = Some(service.clone());
    }

    pub fn metadata(&self) -> String {
        let at = |path: &str| Endpoint {
            binding: Binding::Redirect,
            location: format!("{}{path}", self.base),
            response_location: None,
        };
        let encryption = KeyDescriptor {
            usage: KeyUse::Encryption,
            certificate: self.blind_certificate.clone(),
            methods: Vec::new(),
        };
        let mut keys = vec![self.signing().descriptor(), encryption];
        keys.extend(self.beside.lock().unwrap().clone());
        let entity = Entity {
            id: self.entity.clone(),
            valid_until: Some(self.clock.now() + Duration::days(7)),
            cache_for: None,
            idp: Some(IdpRole {
                role: Role {
                    keys,
                    single_logout: vec![at("/saml/slo")],
                    name_id_formats: vec![NameIdFormat::Persistent],
                    ..Role::default()
                },
                wants_signed_requests: true,
                single_sign_on: vec![at("/saml/sso")],
            }),
            sp: None,
            organisation: Vec::new(),
            contacts: Vec::new(),
        };
        entity
            .sign_metadata(&MessageId::fresh(&mut OsChance), &self.signing())
            .unwrap()
    }

    fn signing(&self) -> Arc<SigningKey> {
        Arc::clone(&self.signing.lock().unwrap())
    }

    /// A next key; announced, it stands beside the one that signs, which takes its place there when it is taken up.
    pub fn next_key() -> Arc<SigningKey> {
        let pair = rsa_pair("relay front, next");
        Arc::new(SigningKey::from_pem(&pair.key, &pair.certificate).unwrap())
    }

    pub fn announce(&self, next: &SigningKey) {
        *self.beside.lock().unwrap() = Some(next.descriptor());
    }

    pub fn take_up(&self, next: Arc<SigningKey>) {
        let last = std::mem::replace(&mut *self.signing.lock().unwrap(), next);
        *self.beside.lock().unwrap() = Some(last.descriptor());
    }

    /// From now on its metadata are these words, whatever they are; none: its own again.
    pub fn serve_instead(&self, words: Option<String>) {
        *self.instead.lock().unwrap() = words;
    }

    fn service(&self) -> Entity {
        self.service.lock().unwrap().clone().expect("My Page is registered")
    }

    fn peer(&self) -> Peer {
        let service = self.service();
        let keys = TrustedKeys::from_descriptors(&service.sp.unwrap().role.keys).unwrap();
        Peer::new(service.id, keys, Vec::new())
    }

    fn here<'h>(&'h self, address: &'h str) -> Here<'h> {
        Here {
            entity: &self.entity,
            address,
            now: self.clock.now(),
            skew: Duration::seconds(60),
            window: Duration::minutes(5),
        }
    }

    fn head(&self, destination: Option<&str>) -> Head {
        Head {
            id: MessageId::fresh(&mut OsChance),
            issued: self.clock.now(),
            issuer: self.entity.clone(),
            destination: destination.map(str::to_owned),
        }
    }

    /// Takes the AuthnRequest in a redirect's query, as the front would: signed, for this address.
    pub fn take_request(&self, query: &str) -> Waiting {
        let delivery = Delivery::redirect(query).unwrap().message().unwrap();
        let received = Received::open(&delivery).unwrap();
        let address = format!("{}/saml/sso", self.base);
        let request = received.authn_request(&self.peer(), &self.here(&address)).unwrap();
        let request = request.first_time(true).unwrap();
        let consumer = self.service().sp.unwrap().default_consumer().unwrap().location.clone();
        Waiting {
            request: request.head.id.clone(),
            consumer,
            challenge: hex::encode(draw::<32>(&mut OsChance)),
        }
    }

    /// The name of the holder of a certificate at My Page.
    pub fn name_of(&self, certificate: &[u8]) -> String {
        let hash = digest(&SHA256, certificate);
        URL_SAFE_NO_PAD.encode(hash.as_ref())
    }

    pub fn name_id(&self, name: &str) -> NameId {
        NameId {
            value: name.to_owned(),
            format: NameIdFormat::Persistent,
            qualifier: Some(self.entity.as_str().to_owned()),
            sp_qualifier: Some(self.service().id.as_str().to_owned()),
            sp_provided: None,
        }
    }

    /// A name encrypted to My Page.
    pub fn sealed(&self, name: &NameId) -> Identified {
        let service = self.service().sp.unwrap();
        let key = service.role.keys.iter().find(|key| key.usage.encrypts()).unwrap();
        Identified::Sealed(SealingKey::described(key).unwrap().seal_name(name, &mut OsChance))
    }

    /// The answer that says that `name` signed in.
    pub fn response(&self, waiting: &Waiting, name: &str) -> Response {
        let now = self.clock.now();
        Response {
            head: self.head(Some(&waiting.consumer)),
            in_response_to: Some(waiting.request.clone()),
            status: Status::success(),
            assertion: Some(Assertion {
                id: MessageId::fresh(&mut OsChance),
                issued: now,
                issuer: self.entity.clone(),
                subject: Subject {
                    name: self.sealed(&self.name_id(name)),
                    confirmation: Confirmation {
                        recipient: waiting.consumer.clone(),
                        not_on_or_after: now + Duration::minutes(2),
                        in_response_to: Some(waiting.request.clone()),
                    },
                },
                conditions: Conditions {
                    not_before: Some(now - Duration::seconds(5)),
                    not_on_or_after: now + Duration::minutes(2),
                    audiences: vec![self.service().id],
                    one_time_use: false,
                    proxy: None,
                },
                authentication: Some(AuthnStatement {
                    at: now,
                    session_index: Some("s-1".to_owned()),
                    session_until: None,
                    context: AuthnContext::CardPin,
                    authorities: Vec::new(),
                }),
                attributes: Vec::new(),
                discovery: None,
            }),
        }
    }

    pub fn form(&self, waiting: &Waiting, response: &Response) -> PostForm {
        response.sign(&self.signing()).unwrap().post(&waiting.consumer, None)
    }

    /// A LogoutRequest for `name`, as it goes to My Page by SOAP.
    pub fn logout_by_soap(&self, name: &str) -> String {
        let at = self.logout_at(Binding::Soap);
        self.logout(&at, name).compose().unwrap().sign(&self.signing()).soap()
    }

    /// The same by redirect: the URL.
    pub fn logout_by_redirect(&self, name: &str) -> String {
        let at = self.logout_at(Binding::Redirect);
        let state = relay_saml::message::RelayState::parse("back").unwrap();
        let composed = self.logout(&at, name).compose().unwrap();
        composed.redirect(&at, Some(&state), &self.signing())
    }

    pub fn logout_at(&self, binding: Binding) -> String {
        let role = self.service().sp.unwrap().role;
        let found = role.single_logout.into_iter().find(|at| at.binding == binding);
        found.unwrap().location
    }

    fn logout(&self, at: &str, name: &str) -> LogoutRequest {
        LogoutRequest {
            head: self.head(Some(at)),
            name: self.sealed(&self.name_id(name)),
            session_indexes: vec!["s-1".to_owned()],
            reason: None,
            not_on_or_after: Some(self.clock.now() + Duration::minutes(2)),
        }
    }

    /// Takes My Page's LogoutRequest, as front and blind half would together; where the answer goes.
    pub fn take_logout(&self, query: &str, status: Status) -> String {
        let delivery = Delivery::redirect(query).unwrap().message().unwrap();
        let received = Received::open(&delivery).unwrap();
        let address = format!("{}/saml/slo", self.base);
        let request = received
            .logout_request(&self.peer(), &self.here(&address), None)
            .unwrap();
        let request = request.first_time(true).unwrap();
        let Identified::Sealed(sealed) = &request.name else {
            panic!("the name came in clear");
        };
        let name = open_name(sealed, &self.blind, false).unwrap();
        assert_eq!(request.session_indexes, ["s-1"]);
        self.logouts.lock().unwrap().push(name.value.clone());
        let to = self.logout_at(Binding::Redirect);
        let response = LogoutResponse {
            head: self.head(Some(&to)),
            in_response_to: Some(request.head.id.clone()),
            status,
        };
        response
            .compose()
            .redirect(&to, delivery.relay_state(), &self.signing())
    }

    pub fn public_routes(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/saml/sso", get(sso))
            .route("/saml/slo", get(slo))
            .route("/saml/metadata", get(metadata))
            .route("/card/answer", post(from_bridge))
            .route("/card/gone", post(gone))
            .with_state(Arc::clone(self))
    }

    pub fn card_routes(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/card/{id}", get(by_certificate))
            .with_state(Arc::clone(self))
    }

    fn waiting(&self, id: &str) -> Waiting {
        self.waiting.lock().unwrap()[id].clone()
    }
}

type Shared = State<Arc<Relay>>;

fn page(body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"ja\"><title>relay</title><main><h1>relay</h1>{body}</main></html>"
    ))
}

async fn sso(State(relay): Shared, RawQuery(query): RawQuery) -> Html<String> {
    let waiting = relay.take_request(&query.unwrap());
    let id = hex::encode(draw::<8>(&mut OsChance));
    let card = format!("{}/card/{id}", relay.card_base);
    let bridge = relay.bridge.lock().unwrap().map(|bridge| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("challenge", &waiting.challenge)
            .append_pair("return", &format!("{}/card/answer", relay.base))
            .finish();
        format!("<p><a id=\"bridge\" href=\"http://{bridge}/sign?{query}\">bridge</a></p>")
    });
    *relay.last.lock().unwrap() = Some(waiting.clone());
    relay.waiting.lock().unwrap().insert(id, waiting);
    let bridge = bridge.unwrap_or_default();
    page(&format!("<p><a id=\"card\" href=\"{card}\">card</a></p>{bridge}"))
}

/// A form with a button: My Page must work where no script runs.
fn back(form: &PostForm) -> Html<String> {
    let fields: String = form
        .fields
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"))
        .collect();
    page(&format!(
        "<form method=\"post\" action=\"{}\">{fields}<button id=\"back\">back</button></form>",
        form.action
    ))
}

async fn by_certificate(State(relay): Shared, client: Client, Path(id): Path<String>) -> Html<String> {
    let waiting = relay.waiting(&id);
    let name = relay.name_of(client.certificate().unwrap());
    back(&relay.form(&waiting, &relay.response(&waiting, &name)))
}

async fn from_bridge(State(relay): Shared, Form(answer): Form<HashMap<String, String>>) -> Answer {
    let waiting = relay.waiting.lock().unwrap();
    let Some(waiting) = waiting
        .values()
        .find(|waiting| waiting.challenge == answer["challenge"])
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let certificate = STANDARD.decode(&answer["certificate"]).unwrap();
    let signed = [
        b"madoguchi-sign-in-v1\0",
        relay.base.as_bytes(),
        b"\0",
        answer["challenge"].as_bytes(),
    ]
    .concat();
    let key = public_key(&certificate);
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
        .verify(&signed, &STANDARD.decode(&answer["signature"]).unwrap())
        .expect("the card signed");
    let name = relay.name_of(&certificate);
    relay
        .bridged
        .lock()
        .unwrap()
        .insert(answer["gone"].clone(), name.clone());
    back(&relay.form(waiting, &relay.response(waiting, &name))).into_response()
}

/// The RSA key (PKCS#1, DER) in a certificate: the first bit string that begins as one, which is enough for a test.
fn public_key(certificate: &[u8]) -> Vec<u8> {
    // BIT STRING of 271 bytes, no unused bits, SEQUENCE of 266 bytes: RSA of 2,048 bits.
    let head = [0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a];
    let at = certificate.windows(head.len()).position(|window| window == head);
    let start = at.expect("the card's key is RSA of 2048 bits") + 5;
    certificate[start..start + 270].to_vec()
}

async fn gone(State(relay): Shared, Form(form): Form<HashMap<String, String>>) -> StatusCode {
    if !relay.bridged.lock().unwrap().contains_key(&form["gone"]) {
        return StatusCode::NOT_FOUND;
    }
    relay.pulled.lock().unwrap().push(form["gone"].clone());
    StatusCode::NO_CONTENT
}

async fn slo(State(relay): Shared, RawQuery(query): RawQuery) -> Redirect {
    let query = query.unwrap();
    // The answer to a logout that began here ends here.
    if query.starts_with("SAMLResponse=") {
        return Redirect::to("/saml/over");
    }
    Redirect::to(&relay.take_logout(&query, Status::success()))
}

impl Relay {
    /// The sign-in that came last.
    pub fn last_waiting(&self) -> Waiting {
        self.last.lock().unwrap().clone().expect("somebody was sent here")
    }

    /// Who signed in with a bridge's token.
    pub fn bridged_as(&self, token: &str) -> Option<String> {
        self.bridged.lock().unwrap().get(token).cloned()
    }

    /// The token and name of the one sign-in by the bridge so far.
    pub fn last_bridged(&self) -> (String, String) {
        let bridged = self.bridged.lock().unwrap();
        let (token, name) = bridged.iter().next().expect("somebody signed in by the bridge");
        (token.clone(), name.clone())
    }
}

async fn metadata(State(relay): State<Arc<Relay>>) -> String {
    let instead = relay.instead.lock().unwrap().clone();
    instead.unwrap_or_else(|| relay.metadata())
}
