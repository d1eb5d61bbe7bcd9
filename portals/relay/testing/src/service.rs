//! A service of the tests: a relying party ([`portal_service::party`]) without pages, so that a test holds every message
//! in its hands. It asks, reads what it is given, and takes word that a session is over.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portal_kit::{
    listener::{Listener, Stopper},
    tls::Identity,
};
use portal_service::{
    IdentityProvider,
    party::{Endpoints, RelyingParty},
};
use portal_testing::Pair;
use rcgen::PKCS_RSA_SHA256;
use relay_core::chance::OsChance;
use relay_saml::{
    DecryptionKeys, Delivery, Ground, Received, Refusal, SignIn, fingerprint,
    message::{
        AnswerTo, Artifact, ArtifactResolve, Assertion, AuthnRequest, Comparison, EntityId, Head, Identified,
        KeyDescriptor, KeyUse, LogoutRequest, ManageNameIdRequest, MessageId, NameChange, NameId, RelayState,
        RequestedAuthnContext, Status,
    },
    names::{Binding, NameIdFormat},
    signing::SigningKey,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use time::{Duration, OffsetDateTime};
use tokio::task::JoinHandle;

use super::{
    Relay,
    rig::{ENTITY, self_signed},
};

const CONSUMER: &str = "/acs";
const LOGOUT: &str = "/slo/redirect";
const LOGOUT_SOAP: &str = "/slo";

/// A service provider.
pub struct TestService {
    shared: Arc<Shared>,
    server: Pair,
    serving: Option<(Stopper, JoinHandle<()>)>,
}

struct Shared {
    party: RelyingParty,
    relay: IdentityProvider,
    /// Its certificate for encryption, PEM.
    encryption: String,
    /// Its certificate for signing and the key, PEM.
    own: (String, String),
    told: Mutex<Vec<(OffsetDateTime, String)>>,
    /// Its names for people, by the SessionIndex they came with.
    known: Mutex<HashMap<String, NameId>>,
}

impl TestService {
    /// A service named `entity` that knows `relay` by its metadata. It listens for SOAP at an address of its own.
    pub async fn start(relay: &Relay, entity: &str) -> Self {
        let metadata = relay.metadata().await;
        let ground = Ground::Approved(fingerprint(metadata.as_bytes()));
        let named = EntityId::parse(ENTITY).expect("the relay's name is one");
        let idp = IdentityProvider::read(metadata.as_bytes(), &named, ground, OffsetDateTime::now_utc())
            .expect("the relay's metadata can be read");
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
        let certificate = CertificateDer::from_pem_slice(encryption.as_bytes()).expect("a certificate");
        let party = RelyingParty {
            entity: EntityId::parse(entity).expect("a test's entity"),
            origin: format!("https://localhost:{}", listener.address().port()),
            endpoints: Endpoints {
                consumers: [Binding::Post, Binding::Artifact, Binding::Paos]
                    .map(|binding| (binding, CONSUMER))
                    .into(),
                single_logout: vec![(Binding::Soap, LOGOUT_SOAP), (Binding::Redirect, LOGOUT)],
                discovery: Some("/discovered"),
            },
            names: vec![("ja".to_owned(), "みなと診療所".to_owned())],
            signing: SigningKey::from_pem(&signing_key, &signing).expect("a fresh key signs"),
            encryption_certificate: certificate.to_vec(),
            decryption: DecryptionKeys::from_pkcs8([pkcs8.secret_pkcs8_der()]).expect("a fresh key opens"),
            skew: Duration::seconds(60),
        };
        let shared = Arc::new(Shared {
            party,
            relay: idp,
            encryption,
            own: (signing, signing_key),
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
            .route(LOGOUT_SOAP, post(logout))
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
        let port = url::Url::parse(&self.shared.party.origin)
            .ok()
            .and_then(|url| url.port());
        let port = port.expect("it has listened somewhere");
        let listener = Listener::bind(([127, 0, 0, 1], port).into(), self.server.for_anyone()).await;
        self.serve(listener.expect("its port is still free"));
    }

    /// Its name.
    pub fn entity(&self) -> &str {
        self.shared.party.entity.as_str()
    }

    /// Where it takes Responses.
    pub fn consumer(&self) -> String {
        self.shared.party.at(CONSUMER)
    }

    /// Who it is in connections to providers of records: the key that it signs with.
    pub fn identity(&self) -> Identity {
        let (certificate, key) = &self.shared.own;
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
        Identity::new(vec![certificate], key)
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
        let (peer, here) = (&self.shared.relay.peer, self.shared.party.at(LOGOUT));
        let request = Received::open(&delivery)?
            .logout_request(peer, &self.here(&here), Some(&self.shared.party.decryption))?
            .first_time(true)?;
        let back = relay.at("/saml/slo");
        let id = MessageId::fresh(&mut OsChance);
        let now = OffsetDateTime::now_utc();
        let response = self.shared.party.logout_response(id, &request, Some(&back), now);
        let state = delivery.relay_state();
        let sent = response.compose().redirect(&back, state, &self.shared.party.signing);
        Ok((state.map(|state| state.as_str().to_owned()).unwrap_or_default(), sent))
    }

    /// The status of the relay's answer to `request`, from the address a browser was sent back to.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn logout_status(&self, address: &str, request: &MessageId) -> Result<Status, Refusal> {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let delivery = Delivery::redirect(query)?.message()?;
        let (peer, here) = (&self.shared.relay.peer, self.shared.party.at(LOGOUT));
        let response = Received::open(&delivery)?.logout_response(peer, &self.here(&here), request)?;
        response.first_time(true).map(|response| response.status)
    }

    /// Its metadata.
    pub fn metadata(&self) -> String {
        self.metadata_with(|_| true)
    }

    /// Its metadata as those of a service that hears of logouts by a browser's visit only.
    pub fn metadata_visited_only(&self) -> String {
        self.metadata_with(|binding| binding != Binding::Soap)
    }

    /// Its metadata as those of a service that has no logout at all.
    pub fn metadata_without_logout(&self) -> String {
        self.metadata_with(|_| false)
    }

    /// Its metadata while it changes its key for signing: the next one stands before the one that is still at work.
    pub fn metadata_changing_keys(&self) -> String {
        let (next, _) = self_signed(&PKCS_RSA_SHA256);
        let certificate = CertificateDer::from_pem_slice(next.as_bytes()).expect("a certificate");
        let mut entity = self.shared.party.metadata(None);
        if let Some(sp) = &mut entity.sp {
            let next = KeyDescriptor {
                usage: KeyUse::Signing,
                certificate: certificate.to_vec(),
                methods: Vec::new(),
            };
            sp.role.keys.insert(0, next);
        }
        let signed = self.shared.party.sign_metadata(&entity, &mut OsChance);
        signed.expect("a service's metadata can be written")
    }

    fn metadata_with(&self, logout_by: impl Fn(Binding) -> bool) -> String {
        let mut entity = self.shared.party.metadata(None);
        if let Some(sp) = &mut entity.sp {
            sp.role.single_logout.retain(|endpoint| logout_by(endpoint.binding));
            sp.role.name_id_formats.clear();
        }
        let signed = self.shared.party.sign_metadata(&entity, &mut OsChance);
        signed.expect("a service's metadata can be written")
    }

    /// A request as plain as can be, for changing.
    pub fn request(&self, relay: &Relay) -> AuthnRequest {
        let (party, provider) = (&self.shared.party, &self.shared.relay);
        let any = RequestedAuthnContext {
            classes: Vec::new(),
            comparison: Comparison::Exact,
        };
        let id = MessageId::fresh(&mut OsChance);
        AuthnRequest {
            head: self.head(Some(relay.at("/saml/sso"))),
            answer_to: AnswerTo::Default,
            name_id_policy: None,
            context: None,
            provider_name: None,
            ..party.authn_request(id, provider, any, OffsetDateTime::now_utc())
        }
    }

    /// The URL a browser is sent to with `request`.
    pub fn redirect(&self, request: &AuthnRequest, relay_state: Option<&str>) -> String {
        let location = request.head.destination.clone().unwrap_or_default();
        let state = relay_state.and_then(RelayState::parse);
        request.compose().expect("a test's request can be written").redirect(
            &location,
            state.as_ref(),
            &self.shared.party.signing,
        )
    }

    /// The form a browser posts `request` with: its fields.
    pub fn post(&self, request: &AuthnRequest) -> Vec<(&'static str, String)> {
        let location = request.head.destination.clone().unwrap_or_default();
        let composed = request.compose().expect("a test's request can be written");
        composed.sign(&self.shared.party.signing).post(&location, None).fields
    }

    /// The SOAP envelope a client without cookies brings to the identity provider.
    pub fn envelope(&self, request: &AuthnRequest) -> String {
        let composed = request.compose().expect("a test's request can be written");
        composed.sign(&self.shared.party.signing).soap()
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
        let here = self.here(&consumer);
        received
            .response(
                &self.shared.relay.peer,
                &here,
                Some(request),
                &self.shared.party.decryption,
            )?
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
        let envelope = resolve.compose().sign(&self.shared.party.signing).soap();
        let (status, body) = self.ask(relay, &place, envelope).await;
        assert_eq!(status, 200, "{body}");
        let read = || -> Result<Option<SignIn>, Refusal> {
            let delivery = Delivery::soap(body.into_bytes());
            let consumer = self.consumer();
            let (peer, here) = (&self.shared.relay.peer, self.here(&consumer));
            let Some(inside) = Received::open(&delivery)?.behind_artifact(peer, &here, &resolve.head.id)? else {
                return Ok(None);
            };
            let verified = inside.response(peer, &here, Some(request), &self.shared.party.decryption)?;
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
        let envelope = composed.sign(&self.shared.party.signing).soap();
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
        let envelope = composed.sign(&self.shared.party.signing).soap();
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
            composed.redirect(&location, None, &self.shared.party.signing),
            request.head.id,
        )
    }

    fn logout_request(&self, destination: String, index: &str, clear: bool) -> LogoutRequest {
        let known = self.shared.known().get(index).cloned();
        let name = known.unwrap_or_else(|| NameId {
            value: "a-name-that-nobody-has-0123456789-abcdefghi".to_owned(),
            format: NameIdFormat::Persistent,
            qualifier: Some(ENTITY.to_owned()),
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
        let key = self.shared.relay.sealing.as_ref().expect("the relay's key for names");
        Identified::Sealed(key.seal_name(name, &mut OsChance))
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
        let id = MessageId::fresh(&mut OsChance);
        self.shared
            .party
            .head(id, destination.as_deref(), OffsetDateTime::now_utc())
    }

    fn here<'h>(&'h self, address: &'h str) -> relay_saml::Here<'h> {
        self.shared.party.here(address, OffsetDateTime::now_utc())
    }
}

impl Shared {
    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, NameId>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Vec<(OffsetDateTime, String)>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn logout(State(service): State<Arc<Shared>>, body: Bytes) -> Response {
    let delivery = Delivery::soap(body.to_vec());
    let (party, now) = (&service.party, OffsetDateTime::now_utc());
    let address = party.at(LOGOUT_SOAP);
    let read = || -> Result<LogoutRequest, Refusal> {
        let received = Received::open(&delivery)?;
        let (peer, here) = (&service.relay.peer, party.here(&address, now));
        let request = received.logout_request(peer, &here, Some(&party.decryption))?;
        request.first_time(true)
    };
    let request = match read() {
        Ok(request) => request,
        Err(refusal) => return soap(StatusCode::INTERNAL_SERVER_ERROR, refusal.to_string()),
    };
    for index in &request.session_indexes {
        service.told().push((OffsetDateTime::now_utc(), index.clone()));
    }
    let response = party.logout_response(MessageId::fresh(&mut OsChance), &request, None, now);
    soap(StatusCode::OK, response.compose().sign(&party.signing).soap())
}

fn soap(status: StatusCode, envelope: String) -> Response {
    (status, [(CONTENT_TYPE, "text/xml; charset=utf-8")], envelope).into_response()
}
