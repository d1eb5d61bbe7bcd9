//! Discovery, names managed, and sign-ins handed on to another consortium's identity provider.

use relay_core::chance::OsChance;
use relay_records::front::PartnerKind;
use relay_saml::{
    Delivery, Here, Peer, Received, SignIn, TrustedKeys,
    message::{
        Assertion, AuthnStatement, Conditions, Confirmation, Endpoint, Entity, EntityId, Head, Identified, IdpRole,
        MessageId, NameId, NameIdPolicy, Response, Role, Scoping, Status, Subject,
    },
    names::{AuthnContext, Binding, NameIdFormat, StatusCode},
    signing::SigningKey,
};
use relay_testing::{
    Browser, Relay, TestService,
    rig::{OTHER_PROVIDER, self_signed},
};
use time::{Duration, OffsetDateTime};

use crate::{CLINIC, name, relay_with_clinic};

/// Another consortium's identity provider, as far as the relay meets it.
struct OtherProvider {
    entity: EntityId,
    key: SigningKey,
    /// How long ago its people signed in there.
    signed_in: Duration,
    /// How long its session of them goes on.
    goes_on: Option<Duration>,
}

const SSO: &str = "https://idp.other.example/sso";

impl OtherProvider {
    fn new() -> Self {
        let (certificate, key) = self_signed(&rcgen::PKCS_RSA_SHA256);
        Self {
            entity: EntityId::parse(OTHER_PROVIDER).unwrap(),
            key: SigningKey::from_pem(&key, &certificate).unwrap(),
            signed_in: Duration::ZERO,
            goes_on: None,
        }
    }

    fn metadata(&self) -> String {
        let entity = Entity {
            id: self.entity.clone(),
            valid_until: None,
            cache_for: None,
            idp: Some(IdpRole {
                role: Role {
                    keys: vec![self.key.descriptor()],
                    ..Role::default()
                },
                wants_signed_requests: true,
                single_sign_on: vec![Endpoint {
                    binding: Binding::Redirect,
                    location: SSO.to_owned(),
                    response_location: None,
                }],
            }),
            sp: None,
            organisation: vec![("ja".to_owned(), "隣の市のカード".to_owned())],
            contacts: Vec::new(),
        };
        entity
            .sign_metadata(&MessageId::fresh(&mut OsChance), &self.key)
            .unwrap()
    }

    /// Reads the relay's request as an identity provider must, and answers it: the form's fields.
    async fn answer(&self, relay: &Relay, url: &str) -> Vec<(&'static str, String)> {
        let query = url.split_once('?').unwrap().1;
        let delivery = Delivery::redirect(query).unwrap().message().unwrap();
        let metadata = relay.metadata().await;
        let ground = relay_saml::Ground::Approved(relay_saml::fingerprint(metadata.as_bytes()));
        let now = OffsetDateTime::now_utc();
        let addresses = relay_saml::Addresses::Https;
        let relay_entity = relay_saml::read_metadata(metadata.as_bytes(), ground, addresses, now)
            .unwrap()
            .remove(0);
        let sp = relay_entity.sp.unwrap();
        let keys = TrustedKeys::from_descriptors(&sp.role.keys).unwrap();
        let peer = Peer::new(relay_entity.id.clone(), keys, Vec::new());
        let here = Here {
            entity: &self.entity,
            address: SSO,
            now,
            skew: Duration::seconds(60),
            window: Duration::minutes(5),
        };
        let received = Received::open(&delivery).unwrap();
        let request = received.authn_request(&peer, &here).unwrap().first_time(true).unwrap();
        let scoping = request.scoping.clone().unwrap();
        assert_eq!(scoping.requesters, [EntityId::parse(CLINIC).unwrap()]);
        let consumer = sp.consumers[0].location.clone();
        let until = now + Duration::minutes(2);
        let response = Response {
            head: Head {
                id: MessageId::fresh(&mut OsChance),
                issued: now,
                issuer: self.entity.clone(),
                destination: Some(consumer.clone()),
            },
            in_response_to: Some(request.head.id.clone()),
            status: Status::success(),
            assertion: Some(Assertion {
                id: MessageId::fresh(&mut OsChance),
                issued: now,
                issuer: self.entity.clone(),
                subject: Subject {
                    name: Identified::Clear(NameId {
                        value: "the-other-citys-name".to_owned(),
                        format: NameIdFormat::Transient,
                        qualifier: None,
                        sp_qualifier: None,
                        sp_provided: None,
                    }),
                    confirmation: Confirmation {
                        recipient: consumer.clone(),
                        not_on_or_after: until,
                        in_response_to: Some(request.head.id.clone()),
                    },
                },
                conditions: Conditions {
                    not_before: None,
                    not_on_or_after: until,
                    audiences: vec![relay_entity.id.clone()],
                    one_time_use: false,
                    proxy: None,
                },
                authentication: Some(AuthnStatement {
                    at: now - self.signed_in,
                    session_index: Some("_other".to_owned()),
                    session_until: self.goes_on.map(|span| now + span),
                    context: AuthnContext::CardPin,
                    authorities: Vec::new(),
                }),
                attributes: Vec::new(),
                discovery: None,
            }),
        };
        let signed = response.sign(&self.key).unwrap();
        signed.post(&consumer, delivery.relay_state()).fields
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbouring_citys_resident_signs_in_there_and_comes_back_with_a_passing_name() {
    let (relay, clinic) = relay_with_clinic().await;
    let other = OtherProvider::new();
    relay
        .propose_and_approve_as(PartnerKind::Provider, OTHER_PROVIDER, &other.metadata())
        .await;
    let now = OffsetDateTime::now_utc();
    relay.records.switch_on("hama", OTHER_PROVIDER, now).await.unwrap();
    let browser = Browser::new(&relay);
    let mut request = clinic.request(&relay);
    request.name_id_policy = Some(NameIdPolicy {
        format: Some(NameIdFormat::Transient),
        sp_qualifier: None,
        allow_create: true,
    });
    let asked = browser.begin(&clinic.redirect(&request, None)).await;
    assert!(asked.body.contains("隣の市のカード"), "{}", asked.body);
    let sent = browser.get(&asked.address("/provider?").unwrap()).await;
    assert_eq!(sent.status, 303);
    let fields = other.answer(&relay, sent.location.as_deref().unwrap()).await;
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // Another browser has nothing of it.
    let stranger = Browser::new(&relay);
    assert_eq!(stranger.post(&relay.at("/saml/provider"), &fields).await.status, 409);
    let answer = browser.post(&relay.at("/saml/provider"), &fields).await;
    let assertion = clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
    assert_eq!(name(&assertion).format, NameIdFormat::Transient);
    assert_ne!(name(&assertion).value, "the-other-citys-name");
    let statement = assertion.authentication.as_ref().unwrap();
    assert_eq!(statement.authorities, [EntityId::parse(OTHER_PROVIDER).unwrap()]);
    // The same answer again is over.
    assert_eq!(browser.post(&relay.at("/saml/provider"), &fields).await.status, 409);
    // A service that allows no handing on is not offered it.
    let mut request = clinic.request(&relay);
    request.scoping = Some(Scoping {
        proxy_count: Some(0),
        ..Scoping::default()
    });
    request.force = true;
    let asked = browser.begin(&clinic.redirect(&request, None)).await;
    assert!(!asked.body.contains("隣の市のカード"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_provider_says_of_time_counts_here_and_a_service_on_trial_is_not_open_to_its_people() {
    let (relay, clinic) = relay_with_clinic().await;
    let mut other = OtherProvider::new();
    relay
        .propose_and_approve_as(PartnerKind::Provider, OTHER_PROVIDER, &other.metadata())
        .await;
    let now = OffsetDateTime::now_utc();
    relay.records.switch_on("hama", OTHER_PROVIDER, now).await.unwrap();
    let passed_on = async |other: &OtherProvider, force| {
        let browser = Browser::new(&relay);
        let mut request = clinic.request(&relay);
        request.force = force;
        let asked = browser.begin(&clinic.redirect(&request, None)).await;
        let sent = browser.get(&asked.address("/provider?").unwrap()).await;
        let fields = other.answer(&relay, sent.location.as_deref().unwrap()).await;
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = browser.post(&relay.at("/saml/provider"), &fields).await;
        clinic.read(&answer.fields()["SAMLResponse"], &request.head.id).unwrap()
    };
    // Signed in there for an hour, in a session that has ten minutes left: an hour here would outlive it.
    (other.signed_in, other.goes_on) = (Duration::hours(1), Some(Duration::minutes(10)));
    match passed_on(&other, false).await {
        SignIn::Done(assertion) => {
            let until = assertion.authentication.unwrap().session_until.unwrap();
            let left = until - OffsetDateTime::now_utc();
            assert!(left <= Duration::minutes(10) && left > Duration::minutes(8), "{left}");
        }
        failed => panic!("{failed:?}"),
    }
    // Forced, it is not enough.
    match passed_on(&other, true).await {
        SignIn::Failed(status) => assert_eq!(status.detail, Some(StatusCode::AuthnFailed)),
        done => panic!("{done:?}"),
    }
    // On trial the way is not shown, and not open either.
    let browser = Browser::new(&relay);
    let asked = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    let way = asked.address("/provider?").unwrap();
    relay
        .records
        .switch_to_trial("hama", CLINIC, OffsetDateTime::now_utc())
        .await
        .unwrap();
    let asked = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    assert!(!asked.body.contains("隣の市のカード"));
    let (old, new) = (sign_in_of(&way), asked.action().unwrap());
    let new = new.trim_start_matches("/sign-in/").trim_end_matches("/decline");
    assert_eq!(browser.get(&way.replace(&old, new)).await.status, 404);
}

/// The sign-in that an address is about.
fn sign_in_of(address: &str) -> String {
    let (_, rest) = address.split_once("/sign-in/").unwrap();
    rest.split('/').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_sends_the_browser_back_to_the_services_own_address_only() {
    let (relay, clinic) = relay_with_clinic().await;
    let browser = Browser::new(&relay);
    let back = format!("{}?x=1", clinic.consumer().replace("/acs", "/discovered"));
    let ask = async |back: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("entityID", CLINIC).append_pair("return", back);
        browser.get(&relay.at(&format!("/discovery?{}", query.finish()))).await
    };
    let answer = ask(&back).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let location = answer.location.unwrap();
    assert!(
        location.starts_with(&back) && location.contains("entityID=https%3A%2F%2Frelay."),
        "{location}"
    );
    assert_eq!(ask("https://evil.example/").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signed_a_person_in_is_remembered_for_the_services_of_the_common_domain() {
    let (mut relay, clinic) = relay_with_clinic().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let set = |answer: &relay_testing::Answer| {
        let cookies = answer.cookies.iter();
        cookies.clone().find(|cookie| cookie.starts_with("_saml_idp=")).cloned()
    };
    // Without such a domain only the relay itself could read it, which knows anyhow.
    let answer = browser.sign_in_with(&relay, &clinic, &clinic.request(&relay)).await;
    assert_eq!(set(&answer), None);
    let host = relay_testing::rig::HOST;
    let (named, address) = (format!("relay.{host}"), relay.at(""));
    let config = std::fs::read_to_string(relay.config_file()).unwrap();
    assert!(config.contains(&address));
    relay
        .reconfigure(
            &format!("address = \"{address}\"\n"),
            &format!(
                "address = \"{}\"\ncommon_domain = \"{named}\"\n",
                address.replace(host, &named)
            ),
        )
        .await;
    let mut request = clinic.request(&relay);
    request.force = true;
    request.head.destination = Some(relay.at("/saml/sso").replace(host, &named));
    let asked = browser
        .get(&clinic.redirect(&request, None).replace(&named, host))
        .await;
    let page = asked.location.unwrap().replace(&named, host);
    let answer = browser
        .get(&browser.get(&page).await.link("/card/", &relay).unwrap())
        .await;
    let cookie = set(&answer).unwrap();
    assert!(
        cookie.contains(&format!("; Domain=.{named}; Path=/; Secure; HttpOnly;")),
        "{cookie}"
    );
    let value = cookie["_saml_idp=".len()..].split(';').next().unwrap();
    let remembered = relay_saml::discovery::remembered(value);
    assert_eq!(remembered, [EntityId::parse(relay_testing::rig::ENTITY).unwrap()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_derived_so_none_can_be_changed_and_the_service_is_told_so() {
    let (relay, clinic) = relay_with_clinic().await;
    let (status, body) = clinic.give_name_up(&relay).await;
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("RequestUnsupported"), "{body}");
    // A header that must be understood, and is not, is refused here as at every SOAP address.
    let (place, envelope) = clinic.name_given_up(&relay);
    let header = "<S:Header><x:New xmlns:x=\"urn:x\" S:mustUnderstand=\"1\"></x:New></S:Header><S:Body>";
    let answer = Browser::new(&relay)
        .soap(&place, envelope.replace("<S:Body>", header))
        .await;
    assert!(answer.body.contains("soap_header"), "{}", answer.body);
    // What goes wrong is told to a machine, not on a page.
    for path in ["/saml/manage-name-id/soap", "/saml/slo/soap", "/saml/artifact"] {
        let answer = Browser::new(&relay).get(&relay.at(path)).await;
        assert!(
            answer.status == 405 && !answer.body.contains("<html"),
            "{}",
            answer.body
        );
    }
    let stranger = TestService::start(&relay, "https://stranger.example/saml").await;
    let (status, body) = stranger.give_name_up(&relay).await;
    assert!(status == 500 && body.contains("partner.unknown"), "{body}");
}
