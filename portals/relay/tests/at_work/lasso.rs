//! Lasso (python3-lasso) live on the other side: as a service, as a client without cookies, and as another
//! consortium's identity provider that the relay passes residents on to.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use portal_testing::KeptPort;
use relay_core::chance::OsChance;
use relay_records::front::PartnerKind;
use relay_saml::{
    SignIn,
    message::{Endpoint, Entity, EntityId, IdpRole, MessageId, NameIdPolicy, Role},
    names::{AuthnContext, Binding, NameIdFormat, StatusCode},
    signing::SigningKey,
};
use relay_testing::{Browser, Relay, rig::OTHER_PROVIDER, rig::self_signed};
use time::OffsetDateTime;

use crate::{CLINIC, apache::Site, name, relay_with_clinic};

const ENTITY: &str = "https://lasso.example/saml";
const SOAP: (Binding, &str) = (Binding::Soap, "/slo/soap");
const REDIRECT: (Binding, &str) = (Binding::Redirect, "/slo");

/// A running Lasso and the port it listens on, where that is not its site's; both end with this value.
struct Lasso(Child, Option<KeptPort>);

impl Lasso {
    fn start(role: &str, folder: &Path, port: u16) -> Self {
        let log = File::create(folder.join("lasso.log")).unwrap();
        let mut child = peer()
            .args([role, folder.to_str().unwrap(), &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("python3 runs (scripts/packages test)");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let log = || fs::read_to_string(folder.join("lasso.log")).unwrap();
        assert_eq!(line, "listening\n", "{}", log());
        Self(child, None)
    }
}

impl Drop for Lasso {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Debian's python, where its packages are: another one may stand first in the path.
fn peer() -> Command {
    let mut command = Command::new("/usr/bin/python3");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/at_work/lasso_peer.py"));
    command
}

/// A service run with Lasso, a partner in service.
async fn service(relay: &mut Relay, entity: &str, logout: &[(Binding, &str)]) -> (Site, Lasso) {
    let consumers = [(Binding::Post, "/acs"), (Binding::Paos, "/paos")];
    let site = Site::lay_out(relay, entity, &consumers, logout).await;
    fs::write(site.file("web.pem"), relay.authority.pem()).unwrap();
    let lasso = Lasso::start("service", site.path(), site.port);
    relay.join_metadata(entity, &site.metadata, &site.certificate).await;
    // Lasso encrypts names with AES-CBC; both halves' operators decided to take that from this service.
    relay.pin_taking(entity, &site.metadata, &site.certificate, &["cipher-block-chaining"]);
    (site, lasso)
}

async fn is_inside(browser: &Browser, site: &Site) -> bool {
    browser.get(&site.at("/secret/")).await.status == 200
}

async fn has_session(browser: &Browser, relay: &Relay) -> bool {
    !browser
        .get(&relay.at("/sign-out"))
        .await
        .body
        .contains("ログインしていません")
}

#[tokio::test(flavor = "multi_thread")]
async fn lasso_knows_a_resident_by_the_same_sealed_name_at_each_visit_and_another_by_another() {
    let mut relay = Relay::start().await;
    let (site, _lasso) = service(&mut relay, ENTITY, &[SOAP, REDIRECT]).await;
    let card = relay.card().await;
    let name = site.log_in(&relay, &Browser::with_card(&relay, &card)).await;
    assert_eq!(name.len(), 43, "{name}");
    assert_eq!(site.log_in(&relay, &Browser::with_card(&relay, &card)).await, name);
    let another = relay.card().await;
    assert_ne!(site.log_in(&relay, &Browser::with_card(&relay, &another)).await, name);
}

#[tokio::test(flavor = "multi_thread")]
async fn lasso_ends_the_session_by_soap_and_by_redirect_naming_the_person_to_the_blind_half_alone() {
    let mut relay = Relay::start().await;
    let (site, _lasso) = service(&mut relay, ENTITY, &[SOAP, REDIRECT]).await;
    let card = relay.card().await;
    for way in ["/leave/soap", "/leave/redirect"] {
        let browser = Browser::with_card(&relay, &card);
        site.log_in(&relay, &browser).await;
        assert!(has_session(&browser, &relay).await);
        let leaving = site.at(way);
        let first = browser.get(&leaving).await;
        let (_, left) = browser.follow(&leaving, first).await;
        assert_eq!(
            (left.status, left.body.as_str()),
            (200, "left"),
            "{way}: {}",
            site.log()
        );
        assert!(!has_session(&browser, &relay).await, "{way}");
        assert!(!is_inside(&browser, &site).await, "{way}");
    }
    // It was the blind half that read the name, and it was the right one.
    assert_eq!(relay.blind_log().matches("\"compared\"").count(), 2);
    assert!(!relay.blind_log().contains("\"same\":false"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_signs_out_at_the_relay_and_lasso_hears_of_it_by_soap_and_by_a_visit() {
    let mut relay = Relay::start().await;
    let (by_soap, _one) = service(&mut relay, ENTITY, &[SOAP]).await;
    let (by_visit, _other) = service(&mut relay, "https://lasso-too.example/saml", &[REDIRECT]).await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let at_one = by_soap.log_in(&relay, &browser).await;
    let at_other = by_visit.log_in(&relay, &browser).await;
    assert_ne!(at_one, at_other);
    let out = relay.at("/sign-out");
    let left = browser.sign_out(&relay).await;
    let (_, said) = browser.follow(&out, left).await;
    let logs = || by_soap.log() + &by_visit.log();
    assert!(
        said.body.contains("すべてのサービスで終わりました"),
        "{}\n{}",
        said.body,
        logs()
    );
    for site in [&by_soap, &by_visit] {
        assert!(!is_inside(&browser, site).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_without_cookies_shows_its_card_and_lasso_carries_the_answer() {
    let mut relay = Relay::start().await;
    let (site, _lasso) = service(&mut relay, ENTITY, &[SOAP]).await;
    let card = relay.card().await;
    let name = site.log_in(&relay, &Browser::with_card(&relay, &card)).await;
    fs::write(site.file("card.pem"), card.pem()).unwrap();
    let folder = site.path().to_owned();
    let url = site.at("/secret/");
    let carried = tokio::task::spawn_blocking(move || peer().arg("client").arg(folder).arg(url).output().unwrap());
    let carried = carried.await.unwrap();
    let said = String::from_utf8(carried.stdout).unwrap();
    let wrong = String::from_utf8_lossy(&carried.stderr);
    assert_eq!(
        said,
        format!("{name} {}\n", AuthnContext::CardPin.uri()),
        "{wrong}\n{}",
        site.log()
    );
}

/// Another consortium's identity provider run with Lasso, a partner that is on.
async fn provider(relay: &Relay, folder: &Path) -> Lasso {
    let kept = KeptPort::take();
    let port = kept.number();
    let (certificate, key) = self_signed(&rcgen::PKCS_RSA_SHA256);
    let signing = SigningKey::from_pem(&key, &certificate).unwrap();
    let entity = Entity {
        id: EntityId::parse(OTHER_PROVIDER).unwrap(),
        valid_until: None,
        cache_for: None,
        idp: Some(IdpRole {
            role: Role {
                keys: vec![signing.descriptor()],
                ..Role::default()
            },
            wants_signed_requests: true,
            single_sign_on: vec![Endpoint {
                binding: Binding::Redirect,
                location: format!("http://127.0.0.1:{port}/sso"),
                response_location: None,
            }],
        }),
        sp: None,
        organisation: vec![("ja".to_owned(), "隣の市のカード".to_owned())],
        contacts: Vec::new(),
    };
    let metadata = entity
        .sign_metadata(&MessageId::fresh(&mut OsChance), &signing)
        .unwrap();
    for (name, content) in [
        ("idp.xml", metadata.as_str()),
        ("idp.pem", &certificate),
        ("idp.key", &key),
        ("sp.xml", &relay.metadata().await),
    ] {
        fs::write(folder.join(name), content).unwrap();
    }
    relay
        .propose_and_approve_as(PartnerKind::Provider, OTHER_PROVIDER, &metadata)
        .await;
    let now = OffsetDateTime::now_utc();
    relay.records.switch_on("hama", OTHER_PROVIDER, now).await.unwrap();
    let mut lasso = Lasso::start("provider", folder, port);
    lasso.1 = Some(kept);
    lasso
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resident_of_a_consortium_that_runs_lasso_signs_in_there_and_comes_back() {
    let (relay, clinic) = relay_with_clinic().await;
    let folder = tempfile::tempdir().unwrap();
    let _lasso = provider(&relay, folder.path()).await;
    let log = || fs::read_to_string(folder.path().join("lasso.log")).unwrap();
    let browser = Browser::new(&relay);
    let mut names = Vec::new();
    for _ in 0..2 {
        let mut request = clinic.request(&relay);
        request.force = true;
        request.name_id_policy = Some(NameIdPolicy {
            format: Some(NameIdFormat::Transient),
            sp_qualifier: None,
            allow_create: true,
        });
        let asked = browser.begin(&clinic.redirect(&request, Some("state"))).await;
        let sent = browser.get(&asked.address("/provider?").unwrap()).await;
        let there = browser.get(sent.location.as_deref().unwrap()).await;
        assert_eq!(there.status, 200, "{}\n{}", there.body, log());
        let answer = browser.press(&there).await;
        assert_eq!(answer.status, 200, "{}\n{}", answer.body, log());
        let fields = answer.fields();
        assert_eq!(fields["RelayState"], "state");
        let assertion = clinic.assertion(&fields["SAMLResponse"], &request.head.id);
        let statement = assertion.authentication.as_ref().unwrap();
        assert_eq!(statement.authorities, [EntityId::parse(OTHER_PROVIDER).unwrap()]);
        assert_eq!(statement.context, AuthnContext::CardPin);
        assert_eq!(name(&assertion).sp_qualifier.as_deref(), Some(CLINIC));
        assert_eq!(name(&assertion).format, NameIdFormat::Transient);
        names.push(name(&assertion).value.clone());
    }
    assert_ne!(names[0], names[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_insists_on_a_lasting_name_is_told_where_only_another_provider_knows_the_person() {
    let (relay, clinic) = relay_with_clinic().await;
    let folder = tempfile::tempdir().unwrap();
    let _lasso = provider(&relay, folder.path()).await;
    let browser = Browser::new(&relay);
    // Asked for either kind, the page shows the way there.
    let asked = browser.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    let way = asked.address("/provider?").unwrap();
    let mut request = clinic.request(&relay);
    request.name_id_policy = Some(NameIdPolicy {
        format: Some(NameIdFormat::Persistent),
        sp_qualifier: None,
        allow_create: true,
    });
    let asked = browser.begin(&clinic.redirect(&request, Some("state"))).await;
    assert!(!asked.body.contains("隣の市のカード"), "{}", asked.body);
    // Taken all the same, it leads back to the service, which hears why.
    let begun = |page: &str| page.split("/sign-in/").nth(1).unwrap()[..36].to_owned();
    let other = begun(&asked.address("/bridge").unwrap());
    let sent = browser.get(&way.replace(&begun(&way), &other)).await;
    let fields = sent.fields();
    assert_eq!(fields["RelayState"], "state", "{}", sent.body);
    match clinic.read(&fields["SAMLResponse"], &request.head.id) {
        Ok(SignIn::Failed(status)) => {
            assert_eq!(status.code, StatusCode::Responder);
            assert_eq!(status.detail, Some(StatusCode::InvalidNameIdPolicy));
        }
        other => panic!("{other:?}"),
    }
}
