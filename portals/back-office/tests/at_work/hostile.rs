//! Queries that are not answered, each by its name, and answers that are not taken.

use std::time::Duration as Wait;

use portal_kit::client;
use relay_core::{
    chance::OsChance,
    clock::{Clock as _, SystemClock},
};
use relay_saml::{
    message::{Assertion, EntityId},
    wsf::{DiscoveryAnswer, DiscoveryQuery, FaultStatus, RecordSet, RecordsQuery, Reference, Standing},
};
use relay_testing::{Browser, Relay, TestService};
use time::{Duration, OffsetDateTime};

use crate::rig::{COVERAGE, Provider, resident};

const SCHOOL: &str = "https://school.example/saml";
const CLINIC: &str = "https://clinic.example/saml";

struct Scene {
    relay: Relay,
    provider: Provider,
    school: TestService,
    clinic: TestService,
    bootstrap: Reference,
}

/// A school that may ask, a clinic that may not, and somebody who is signed in at the school.
async fn scene() -> Scene {
    let mut relay = Relay::start().await;
    let provider = Provider::start(&mut relay, "coverage").await;
    let school = TestService::start(&relay, SCHOOL).await;
    let clinic = TestService::start(&relay, CLINIC).await;
    relay.join(&school).await;
    relay.join(&clinic).await;
    provider.take_over(COVERAGE).await;
    provider.agree(&relay, SCHOOL).await;
    let nagisa = resident(&relay, 1).await;
    provider.link(&relay, &[("ウミノ ナギサ", nagisa.person)]).await;
    let browser = Browser::with_card(&relay, &nagisa.card);
    let assertion: Assertion = browser.sign_in(&relay, &school).await;
    let bootstrap = assertion.discovery.expect("a service that may ask is told where");
    // Who may ask for nothing is told nothing.
    assert_eq!(browser.sign_in(&relay, &clinic).await.discovery, None);
    Scene {
        relay,
        provider,
        school,
        clinic,
        bootstrap,
    }
}

fn entity(text: &str) -> EntityId {
    EntityId::parse(text).unwrap()
}

impl Scene {
    async fn send(&self, by: Option<&TestService>, address: &str, envelope: String) -> (u16, String) {
        let identity = by.map(TestService::identity);
        let client = client::client(self.relay.authority.roots(), identity.as_ref(), Wait::from_secs(20)).unwrap();
        let answer = client.post(address).body(envelope).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    fn wanted(&self) -> &str {
        &self.provider.office.schema().service_type
    }

    fn discovery(&self, sender: &str, at: OffsetDateTime) -> (DiscoveryQuery, String) {
        let query = DiscoveryQuery::new(&entity(sender), &self.bootstrap, &[self.wanted()], &mut OsChance);
        let written = query.write(&self.bootstrap.address, at).unwrap();
        (query, written)
    }

    async fn reference(&self) -> Reference {
        let (query, written) = self.discovery(SCHOOL, SystemClock.now());
        let (status, answer) = self.send(Some(&self.school), &self.bootstrap.address, written).await;
        assert_eq!(status, 200, "{answer}");
        let answer = DiscoveryAnswer::read(answer.as_bytes(), &query, &self.bootstrap.provider).unwrap();
        answer.references.into_iter().next().expect("a reference")
    }

    fn query(&self, reference: &Reference, sender: &str, at: OffsetDateTime) -> (RecordsQuery, String) {
        let query = RecordsQuery::new(&entity(sender), "coverage", "own-view", &mut OsChance);
        let written = query.write(reference, at).unwrap();
        (query, written)
    }
}

fn says(answer: &(u16, String), status: &str) {
    assert_eq!(answer.0, 500, "{}", answer.1);
    assert!(
        answer.1.contains(&format!("code=\"{status}\"")),
        "{status}: {}",
        answer.1
    );
}

#[tokio::test]
async fn replayed_forged_wrong_and_late_queries_are_refused_at_the_provider() {
    let scene = scene().await;
    let reference = scene.reference().await;
    let now = SystemClock.now();
    let address = reference.address.clone();
    let school = Some(&scene.school);
    // As it should be; then the same once more.
    let (query, written) = scene.query(&reference, SCHOOL, now);
    let (status, answer) = scene.send(school, &address, written.clone()).await;
    assert_eq!(status, 200, "{answer}");
    let set = RecordSet::read(answer.as_bytes(), &query, &entity(&scene.provider.entity)).unwrap();
    assert_eq!((set.standing, set.records.len()), (Standing::Valid, 2));
    says(&scene.send(school, &address, written).await, "DuplicateMsg");
    // By another key than the token names, by nobody, and in another's name.
    let fresh = || scene.query(&reference, SCHOOL, now).1;
    says(
        &scene.send(Some(&scene.clinic), &address, fresh()).await,
        "ProviderIDNotValid",
    );
    says(&scene.send(None, &address, fresh()).await, "ProviderIDNotValid");
    let in_anothers_name = scene.query(&reference, CLINIC, now).1;
    says(
        &scene.send(school, &address, in_anothers_name).await,
        "ProviderIDNotValid",
    );
    // Too old, and from the future.
    for at in [now - Duration::minutes(10), now + Duration::minutes(10)] {
        says(
            &scene
                .send(school, &address, scene.query(&reference, SCHOOL, at).1)
                .await,
            "StaleMsg",
        );
    }
    // Written for another address.
    let elsewhere = fresh().replacen(
        &format!("<wsa:To xmlns:wsa=\"http://www.w3.org/2005/08/addressing\">{address}"),
        "<wsa:To xmlns:wsa=\"http://www.w3.org/2005/08/addressing\">https://other.example/",
        1,
    );
    says(&scene.send(school, &address, elsewhere).await, "DestinationUnreachable");
    // A token that was changed, or has no signature.
    let longer = fresh().replace("NotOnOrAfter=\"20", "NotOnOrAfter=\"30");
    says(&scene.send(school, &address, longer).await, "InvalidSecurityToken");
    let text = fresh();
    let (from, until) = (
        text.find("<ds:Signature").unwrap(),
        text.find("</ds:Signature>").unwrap() + 15,
    );
    let bare = format!("{}{}", &text[..from], &text[until..]);
    says(&scene.send(school, &address, bare).await, "InvalidSecurityToken");
    // A second signature, wrapped round something else.
    let wrapped = fresh().replacen("<S:Body>", &format!("<S:Body>{}", &text[from..until]), 1);
    says(&scene.send(school, &address, wrapped).await, "InvalidSecurityToken");
    // Not XML, entities, far too much.
    for text in ["", "<a/>", "<!DOCTYPE a><a/>"] {
        says(
            &scene.send(school, &address, text.to_owned()).await,
            "IDStarMsgNotUnderstood",
        );
    }
    // What nobody agreed on.
    let other = |kind: &str, purpose: &str| {
        let query = RecordsQuery::new(&entity(SCHOOL), kind, purpose, &mut OsChance);
        query.write(&reference, now).unwrap()
    };
    says(
        &scene.send(school, &address, other("coverage", "research")).await,
        "ActionNotAuthorized",
    );
    says(
        &scene.send(school, &address, other("costs", "own-view")).await,
        "NoResults",
    );
}

#[tokio::test]
async fn an_asker_that_changes_its_key_asks_with_either_of_them() {
    let scene = scene().await;
    let changing = scene.school.metadata_changing_keys();
    scene.relay.propose_and_approve(SCHOOL, &changing).await;
    let reference = scene.reference().await;
    let (query, written) = scene.query(&reference, SCHOOL, SystemClock.now());
    let (status, answer) = scene.send(Some(&scene.school), &reference.address, written).await;
    assert_eq!(status, 200, "{answer}");
    RecordSet::read(answer.as_bytes(), &query, &reference.provider).unwrap();
    // The clinic's key is none of the school's still.
    let (_, written) = scene.query(&reference, SCHOOL, SystemClock.now());
    says(
        &scene.send(Some(&scene.clinic), &reference.address, written).await,
        "ProviderIDNotValid",
    );
}

#[tokio::test]
async fn an_office_takes_over_nobodys_trace_id() {
    let scene = scene().await;
    let reference = scene.reference().await;
    let (_, written) = scene.query(&reference, SCHOOL, SystemClock.now());
    let client = client::client(
        scene.relay.authority.roots(),
        Some(&scene.school.identity()),
        Wait::from_secs(20),
    );
    let asked = client
        .unwrap()
        .post(&reference.address)
        .header("traceparent", "00-00000000000000000123456789abcdef-0123456789abcdef-00")
        .body(written);
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let own = answer.headers()["trace-id"].to_str().unwrap();
    assert_ne!(own, "0123-4567-89ab-cdef");
}

#[tokio::test]
async fn a_token_for_one_provider_is_nothing_to_another() {
    let mut scene = scene().await;
    let reference = scene.reference().await;
    let other = Provider::start(&mut scene.relay, "costs").await;
    other.agree(&scene.relay, SCHOOL).await;
    let moved = Reference {
        address: other.address(),
        ..reference
    };
    let query = RecordsQuery::new(&entity(SCHOOL), "costs", "own-view", &mut OsChance);
    let written = query.write(&moved, SystemClock.now()).unwrap();
    says(
        &scene.send(Some(&scene.school), &moved.address, written).await,
        "InvalidSecurityToken",
    );
}

#[tokio::test]
async fn replayed_forged_wrong_and_late_queries_are_refused_at_the_discovery_service() {
    let scene = scene().await;
    let address = scene.bootstrap.address.clone();
    let now = SystemClock.now();
    let (_, written) = scene.discovery(SCHOOL, now);
    let first = scene.send(None, &address, written.clone()).await;
    assert_eq!(first.0, 200, "{}", first.1);
    says(&scene.send(None, &address, written).await, "DuplicateMsg");
    says(
        &scene.send(None, &address, scene.discovery(CLINIC, now).1).await,
        "ProviderIDNotValid",
    );
    for at in [now - Duration::minutes(10), now + Duration::minutes(10)] {
        says(
            &scene.send(None, &address, scene.discovery(SCHOOL, at).1).await,
            "StaleMsg",
        );
    }
    let forged = scene
        .discovery(SCHOOL, now)
        .1
        .replacen("Base64Binary\"", "Base64Binary\" x=\"", 0);
    let place = forged.find("</wsse:BinarySecurityToken>").unwrap() - 8;
    let mut changed = forged.into_bytes();
    changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
    says(
        &scene.send(None, &address, String::from_utf8(changed).unwrap()).await,
        "InvalidSecurityToken",
    );
    // For a service that nobody agreed on there is no reference, and no name is made.
    let before = scene.provider_names().await;
    let query = DiscoveryQuery::new(&entity(SCHOOL), &scene.bootstrap, &["urn:nobody:agreed"], &mut OsChance);
    let (status, answer) = scene.send(None, &address, query.write(&address, now).unwrap()).await;
    assert_eq!(status, 200, "{answer}");
    let answer = DiscoveryAnswer::read(answer.as_bytes(), &query, &scene.bootstrap.provider).unwrap();
    assert!(answer.references.is_empty());
    assert_eq!(answer.lacks("urn:nobody:agreed"), Some(FaultStatus::NotAgreed));
    assert_eq!(scene.provider_names().await, before);
}

impl Scene {
    /// How many names both halves have made for the provider.
    async fn provider_names(&self) -> usize {
        let from = OffsetDateTime::now_utc() - Duration::HOUR;
        let used = self
            .relay
            .records
            .blobs_used(from, from + Duration::hours(2))
            .await
            .unwrap();
        used.iter().filter(|blob| blob.service == self.provider.entity).count()
    }
}
