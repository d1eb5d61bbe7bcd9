//! A service provider built from the same SAML room: it asks, reads what it is given, and takes word that a session is
//! over.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, response::Response, routing::post};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portal_kit::{
    listener::{Listener, Stopper},
    testing::Pair,
};
use rcgen::PKCS_RSA_SHA256;
use relay_core::{
    chance::OsChance,
    saml::{
        Addresses, DecryptionKeys, Delivery, Ground, Here, Peer, Received, Refusal, SignIn, TrustedKeys, fingerprint,
        message::{
            AnswerTo, Artifact, ArtifactResolve, Assertion, AuthnRequest, Endpoint, Entity, EntityId, Head, Identified,
            IndexedEndpoint, KeyDescriptor, KeyUse, LogoutRequest, LogoutResponse, ManageNameIdRequest, MessageId,
            NameChange, NameId, RelayState, Role, SpRole, Status,
        },
        names::{Binding, NameIdFormat},
        read_metadata,
        sealing::{ContentCipher, KeyTransport, SealingKey},
        signing::SigningKey,
    },
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use time::{Duration, OffsetDateTime};
use tokio::task::JoinHandle;

use super::{Relay, rig::self_signed};
use crate::sso::soap;

/// A service provider.
pub struct TestService {
    shared: Arc<Shared>,
    server: Pair,
    serving: Option<(Stopper, JoinHandle<()>)>,
}

struct Shared {
    entity: EntityId,
    signing: SigningKey,
    encryption: String,
    keys: DecryptionKeys,
    address: String,
    idp: EntityId,
    idp_keys: Vec<KeyDescriptor>,
    names_certificate: Vec<u8>,
    told: Mutex<Vec<(OffsetDateTime, String)>>,
    /// Its names for people, by the SessionIndex they came with.
    known: Mutex<HashMap<String, NameId>>,
}

impl TestService {
    /// A service named `entity` that knows `relay` by its metadata. It listens for SOAP at an address of its own.
    pub async fn start(relay: &Relay, entity: &str) -> Self {
        let metadata = relay.metadata().await;
        let ground = Ground::Approved(fingerprint(metadata.as_bytes()));
        let now = OffsetDateTime::now_utc();
        let idp = read_metadata(metadata.as_bytes(), ground, Addresses::Https, now)
            .expect("the relay's metadata can be read")
            .remove(0);
        let idp_keys = idp.idp.expect("the relay is an identity provider").role.keys;
        let names_certificate = idp_keys
            .iter()
            .find(|key| key.usage == KeyUse::Encryption)
            .expect("the relay's metadata name a key for encryption")
            .certificate
            .clone();
        let (signing, signing_key) = self_signed(&PKCS_RSA_SHA256);
        let (encryption, encryption_key) = self_signed(&PKCS_RSA_SHA256);
        let PrivateKeyDer::Pkcs8(pkcs8) =
            PrivateKeyDer::from_pem_slice(encryption_key.as_bytes()).expect("a fresh key is PEM")
        else {
            unreachable!("keys made here are PKCS#8")
        };
        let server = relay.authority.server(&["localhost", "127.0.0.1"]);
        let listener = Listener::bind(([127, 0, 0, 1], 0).into(), server.for_anyone())
            .await
            .expect("a free port is bound");
        let address = format!("https://localhost:{}", listener.address().port());
        let shared = Arc::new(Shared {
            entity: EntityId::parse(entity).expect("a test's entity"),
            signing: SigningKey::from_pem(&signing_key, &signing).expect("a fresh key signs"),
            encryption,
            keys: DecryptionKeys::from_pkcs8([pkcs8.secret_pkcs8_der()]).expect("a fresh key opens"),
            address,
            idp: idp.id,
            idp_keys,
            names_certificate,
            told: Mutex::default(),
            known: Mutex::default(),
        });
        let mut service = Self {
            shared,
            server,
            serving: None,
        };
        service.serve(listener);
        service
    }

    fn serve(&mut self, listener: Listener) {
        let (stopper, stop) = Stopper::new();
        let routes = Router::new()
            .route("/slo", post(logout))
            .with_state(Arc::clone(&self.shared));
        self.serving = Some((stopper, tokio::spawn(listener.serve(routes, stop))));
    }

    /// From now on it does not answer.
    pub async fn go_away(&mut self) {
        if let Some((stopper, serving)) = self.serving.take() {
            stopper.stop();
            let _ = serving.await;
        }
    }

    /// It answers again, where it did.
    pub async fn come_back(&mut self) {
        let port = url::Url::parse(&self.shared.address).ok().and_then(|url| url.port());
        let port = port.expect("it has listened somewhere");
        let listener = Listener::bind(([127, 0, 0, 1], port).into(), self.server.for_anyone()).await;
        self.serve(listener.expect("its port is still free"));
    }

    /// Its name.
    pub fn entity(&self) -> &str {
        self.shared.entity.as_str()
    }

    /// Where it takes Responses.
    pub fn consumer(&self) -> String {
        format!("{}/acs", self.shared.address)
    }

    /// Its certificate for encryption, PEM.
    pub fn encryption_pem(&self) -> String {
        self.shared.encryption.clone()
    }

    /// When it was told that a session is over, and which (its SessionIndex).
    pub fn told(&self) -> Vec<(OffsetDateTime, String)> {
        self.shared.told().clone()
    }

    /// A browser came to `address` with the relay's LogoutRequest: its RelayState, and where the browser is sent back to.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn visited(&self, relay: &Relay, address: &str) -> Result<(String, String), Refusal> {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let delivery = Delivery::redirect(query)?.message()?;
        let (peer, here) = (self.shared.peer()?, format!("{}/slo/redirect", self.shared.address));
        let request = Received::open(&delivery)?
            .logout_request(&peer, &self.shared.here(&here), Some(&self.shared.keys))?
            .first_time(true)?;
        let back = relay.at("/saml/slo");
        let response = LogoutResponse {
            head: self.head(Some(back.clone())),
            in_response_to: Some(request.head.id.clone()),
            status: Status::success(),
        };
        let state = delivery.relay_state();
        let sent = response.compose().redirect(&back, state, &self.shared.signing);
        Ok((state.map(|state| state.as_str().to_owned()).unwrap_or_default(), sent))
    }

    /// The status of the relay's answer to `request`, from the address a browser was sent back to.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn logout_status(&self, address: &str, request: &MessageId) -> Result<Status, Refusal> {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let delivery = Delivery::redirect(query)?.message()?;
        let (peer, here) = (self.shared.peer()?, format!("{}/slo/redirect", self.shared.address));
        let response = Received::open(&delivery)?.logout_response(&peer, &self.shared.here(&here), request)?;
        response.first_time(true).map(|response| response.status)
    }

    /// Its metadata.
    pub fn metadata(&self) -> String {
        self.metadata_with(&[(Binding::Soap, "/slo"), (Binding::Redirect, "/slo/redirect")])
    }

    /// Its metadata as those of a service that hears of logouts by a browser's visit only.
    pub fn metadata_visited_only(&self) -> String {
        self.metadata_with(&[(Binding::Redirect, "/slo/redirect")])
    }

    fn metadata_with(&self, single_logout: &[(Binding, &str)]) -> String {
        let encryption = CertificateDer::from_pem_slice(self.shared.encryption.as_bytes()).expect("a certificate");
        let consumer = |index, binding| IndexedEndpoint {
            index,
            is_default: Some(index == 0),
            binding: Some(binding),
            location: self.consumer(),
        };
        let endpoint = |binding, path: &str| Endpoint {
            binding,
            location: format!("{}{path}", self.shared.address),
            response_location: None,
        };
        let entity = Entity {
            id: self.shared.entity.clone(),
            valid_until: None,
            cache_for: None,
            idp: None,
            sp: Some(SpRole {
                role: Role {
                    keys: vec![
                        self.shared.signing.descriptor(),
                        KeyDescriptor {
                            usage: KeyUse::Encryption,
                            certificate: encryption.to_vec(),
                            methods: Vec::new(),
                        },
                    ],
                    single_logout: single_logout
                        .iter()
                        .map(|(binding, path)| endpoint(*binding, path))
                        .collect(),
                    ..Role::default()
                },
                signs_requests: true,
                wants_signed_assertions: true,
                consumers: vec![
                    consumer(0, Binding::Post),
                    consumer(1, Binding::Artifact),
                    consumer(2, Binding::Paos),
                ],
                discovery_responses: vec![IndexedEndpoint {
                    index: 0,
                    is_default: None,
                    binding: None,
                    location: format!("{}/discovered", self.shared.address),
                }],
            }),
            organisation: vec![("ja".to_owned(), "みなと診療所".to_owned())],
            contacts: Vec::new(),
        };
        entity
            .sign_metadata(&MessageId::fresh(&mut OsChance), &self.shared.signing)
            .expect("a service's metadata can be written")
    }

    /// A request as it is usually made, for changing.
    pub fn request(&self, relay: &Relay) -> AuthnRequest {
        AuthnRequest {
            head: self.head(Some(relay.at("/saml/sso"))),
            force: false,
            passive: false,
            answer_to: AnswerTo::Default,
            name_id_policy: None,
            context: None,
            scoping: None,
            subject: None,
            provider_name: None,
        }
    }

    /// The URL a browser is sent to with `request`.
    pub fn redirect(&self, request: &AuthnRequest, relay_state: Option<&str>) -> String {
        let location = request.head.destination.clone().unwrap_or_default();
        let state = relay_state.and_then(RelayState::parse);
        request.compose().expect("a test's request can be written").redirect(
            &location,
            state.as_ref(),
            &self.shared.signing,
        )
    }

    /// The form a browser posts `request` with: its fields.
    pub fn post(&self, request: &AuthnRequest) -> Vec<(&'static str, String)> {
        let location = request.head.destination.clone().unwrap_or_default();
        let composed = request.compose().expect("a test's request can be written");
        composed.sign(&self.shared.signing).post(&location, None).fields
    }

    /// The SOAP envelope a client without cookies brings to the identity provider.
    pub fn envelope(&self, request: &AuthnRequest) -> String {
        let composed = request.compose().expect("a test's request can be written");
        composed.sign(&self.shared.signing).soap()
    }

    /// What a posted SAMLResponse (base64) says, checked as a service must.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn read(&self, response: &str, request: &MessageId) -> Result<SignIn, Refusal> {
        self.read_xml(
            STANDARD.decode(response).expect("the front writes base64"),
            request,
            false,
        )
    }

    /// The same of a SOAP envelope.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn read_envelope(&self, envelope: &str, request: &MessageId) -> Result<SignIn, Refusal> {
        self.read_xml(envelope.as_bytes().to_vec(), request, true)
    }

    fn read_xml(&self, xml: Vec<u8>, request: &MessageId, paos: bool) -> Result<SignIn, Refusal> {
        let delivery = match paos {
            true => Delivery::paos(xml),
            false => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.append_pair("SAMLResponse", &STANDARD.encode(xml));
                Delivery::post(form.finish().as_bytes())?.message()?
            }
        };
        let received = Received::open(&delivery)?;
        let consumer = self.consumer();
        let here = self.shared.here(&consumer);
        let peer = self.shared.peer()?;
        received
            .response(&peer, &here, Some(request), &self.shared.keys)?
            .first_time(true)
    }

    /// The assertion in a posted SAMLResponse.
    pub fn assertion(&self, response: &str, request: &MessageId) -> Assertion {
        match self.read(response, request) {
            Ok(SignIn::Done(assertion)) => {
                let statement = assertion.authentication.as_ref();
                let index = statement.and_then(|statement| statement.session_index.clone());
                if let (Some(index), Identified::Clear(name)) = (index, &assertion.subject.name) {
                    self.shared.known().insert(index, name.clone());
                }
                *assertion
            }
            other => panic!("no assertion: {other:?}"),
        }
    }

    /// Fetches the message behind an artifact and reads it as the answer to `request`; `None` where there is none (any
    /// more).
    pub async fn resolve(&self, relay: &Relay, artifact: &str, request: &MessageId) -> Option<SignIn> {
        let place = relay.at("/saml/artifact");
        let resolve = ArtifactResolve {
            head: self.head(Some(place.clone())),
            artifact: Artifact::parse(artifact).expect("the front writes artifacts"),
        };
        let envelope = resolve.compose().sign(&self.shared.signing).soap();
        let (status, body) = self.ask(relay, &place, envelope).await;
        assert_eq!(status, 200, "{body}");
        let read = || -> Result<Option<SignIn>, Refusal> {
            let delivery = Delivery::soap(body.into_bytes());
            let consumer = self.consumer();
            let (peer, here) = (self.shared.peer()?, self.shared.here(&consumer));
            let Some(inside) = Received::open(&delivery)?.behind_artifact(&peer, &here, &resolve.head.id)? else {
                return Ok(None);
            };
            let verified = inside.response(&peer, &here, Some(request), &self.shared.keys)?;
            verified.first_time(true).map(Some)
        };
        read().expect("the front's answer to an artifact is taken")
    }

    /// Asks the front by SOAP to end the session of `index`; `clear`: naming the person in clear.
    pub async fn log_out(&self, relay: &Relay, index: &str, clear: bool) -> (u16, String) {
        let request = self.logout_request(relay.at("/saml/slo/soap"), index, clear);
        self.ask_to_log_out(relay, &request).await
    }

    /// The same, naming `name`.
    pub async fn log_out_as(&self, relay: &Relay, index: &str, name: &NameId) -> (u16, String) {
        let mut request = self.logout_request(relay.at("/saml/slo/soap"), index, false);
        request.name = self.sealed(name);
        self.ask_to_log_out(relay, &request).await
    }

    async fn ask_to_log_out(&self, relay: &Relay, request: &LogoutRequest) -> (u16, String) {
        let composed = request.compose().expect("a test's request can be written");
        let envelope = composed.sign(&self.shared.signing).soap();
        self.ask(relay, &relay.at("/saml/slo/soap"), envelope).await
    }

    /// Says by SOAP that it uses a name no longer.
    pub async fn give_name_up(&self, relay: &Relay) -> (u16, String) {
        let (place, envelope) = self.name_given_up(relay);
        self.ask(relay, &place, envelope).await
    }

    /// Where it says so, and the SOAP envelope.
    pub fn name_given_up(&self, relay: &Relay) -> (String, String) {
        let place = relay.at("/saml/manage-name-id/soap");
        let request = self.logout_request(place.clone(), "", false);
        let request = ManageNameIdRequest {
            head: request.head,
            name: request.name,
            change: NameChange::Terminate,
        };
        let composed = request.compose().expect("a test's request can be written");
        let envelope = composed.sign(&self.shared.signing).soap();
        (place, envelope)
    }

    /// The URL a browser is sent to for logging out.
    pub fn log_out_by_redirect(&self, relay: &Relay, index: &str) -> String {
        self.logout_asked(relay, index).0
    }

    /// The same, and the request's ID.
    pub fn logout_asked(&self, relay: &Relay, index: &str) -> (String, MessageId) {
        let location = relay.at("/saml/slo");
        let request = self.logout_request(location.clone(), index, false);
        let composed = request.compose().expect("a test's request can be written");
        (
            composed.redirect(&location, None, &self.shared.signing),
            request.head.id,
        )
    }

    fn logout_request(&self, destination: String, index: &str, clear: bool) -> LogoutRequest {
        let known = self.shared.known().get(index).cloned();
        let name = known.unwrap_or_else(|| NameId {
            value: "a-name-that-nobody-has-0123456789-abcdefghi".to_owned(),
            format: NameIdFormat::Persistent,
            qualifier: Some(self.shared.idp.as_str().to_owned()),
            sp_qualifier: Some(self.entity().to_owned()),
            sp_provided: None,
        });
        LogoutRequest {
            head: self.head(Some(destination)),
            name: match clear || name.format == NameIdFormat::Transient {
                true => Identified::Clear(name),
                false => self.sealed(&name),
            },
            session_indexes: vec![index.to_owned()],
            reason: None,
            not_on_or_after: None,
        }
    }

    /// `name` as nobody but the blind half reads it.
    fn sealed(&self, name: &NameId) -> Identified {
        let certificate = &self.shared.names_certificate;
        let key = SealingKey::new(certificate, ContentCipher::Aes128Gcm, KeyTransport::OaepSha1);
        Identified::Sealed(key.expect("the relay's key").seal_name(name, &mut OsChance))
    }

    async fn ask(&self, relay: &Relay, url: &str, envelope: String) -> (u16, String) {
        let client = portal_kit::client::client(relay.authority.roots(), None, std::time::Duration::from_secs(20))
            .expect("a client is made");
        let answer = client.post(url).body(envelope).send().await.expect("the front answers");
        (
            answer.status().as_u16(),
            answer.text().await.expect("an answer is text"),
        )
    }

    fn head(&self, destination: Option<String>) -> Head {
        self.shared.head(destination)
    }
}

impl Shared {
    fn head(&self, destination: Option<String>) -> Head {
        Head {
            id: MessageId::fresh(&mut OsChance),
            issued: OffsetDateTime::now_utc(),
            issuer: self.entity.clone(),
            destination,
        }
    }

    fn peer(&self) -> Result<Peer, Refusal> {
        Ok(Peer::new(
            self.idp.clone(),
            TrustedKeys::from_descriptors(&self.idp_keys)?,
            Vec::new(),
        ))
    }

    fn here<'h>(&'h self, address: &'h str) -> Here<'h> {
        Here {
            entity: &self.entity,
            address,
            now: OffsetDateTime::now_utc(),
            skew: Duration::seconds(60),
            window: Duration::minutes(5),
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, NameId>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Vec<(OffsetDateTime, String)>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn logout(State(service): State<Arc<Shared>>, body: Bytes) -> Response {
    let delivery = Delivery::soap(body.to_vec());
    let address = format!("{}/slo", service.address);
    let read = || -> Result<LogoutRequest, Refusal> {
        let received = Received::open(&delivery)?;
        let here = service.here(&address);
        received
            .logout_request(&service.peer()?, &here, Some(&service.keys))?
            .first_time(true)
    };
    let request = match read() {
        Ok(request) => request,
        Err(refusal) => return soap(StatusCode::INTERNAL_SERVER_ERROR, refusal.to_string()),
    };
    for index in &request.session_indexes {
        service.told().push((OffsetDateTime::now_utc(), index.clone()));
    }
    let response = LogoutResponse {
        head: service.head(None),
        in_response_to: Some(request.head.id.clone()),
        status: Status::success(),
    };
    soap(StatusCode::OK, response.compose().sign(&service.signing).soap())
}
