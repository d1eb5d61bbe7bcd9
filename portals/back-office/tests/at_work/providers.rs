//! Providers that do what they should not: My Page gives up in time, shows nothing that it could not check, and says so.

use std::{sync::Arc, time::Duration as Wait};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::post,
};
use portal_kit::listener::{Listener, Stopper};
use relay_core::{
    chance::OsChance,
    clock::{Clock as _, SystemClock},
};
use relay_records::front::Terms;
use relay_saml::{
    message::EntityId,
    wsf::{Record, RecordSet, Standing},
};
use relay_testing::{Relay, TestService};
use time::Duration;

use crate::rig::{PAGE, my_page, resident, sign_in};

/// How a provider misbehaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    Slow,
    Silent,
    Ten,
    NoXml,
    Fault,
    AnothersName,
    AnotherQuestion,
    AnotherKind,
}

const COVERAGE: &str = "urn:madoguchi:records:2026-12:coverage";

fn set(kind: &str) -> RecordSet {
    RecordSet {
        kind: kind.to_owned(),
        standing: Standing::Valid,
        as_of: Some(SystemClock.now()),
        overdue: false,
        dummy: false,
        source: "偽の役所".to_owned(),
        records: vec![Record(vec![("insurer-name".to_owned(), "CANARY".to_owned())])],
    }
}

async fn answer(State((manner, entity)): State<(Manner, Arc<str>)>, body: Bytes) -> Response {
    let text = String::from_utf8_lossy(&body).into_owned();
    let id = text
        .split("<wsa:MessageID")
        .nth(1)
        .and_then(|rest| rest.split(['>', '<']).nth(1))
        .unwrap_or_default()
        .to_owned();
    let write = |sender: &str, id: &str, kind: &str| {
        let sender = EntityId::parse(sender).unwrap();
        set(kind).write(&sender, id, SystemClock.now(), &mut OsChance).unwrap()
    };
    match manner {
        Manner::Slow => {
            tokio::time::sleep(Wait::from_secs(6)).await;
            write(&entity, &id, "coverage").into_response()
        }
        Manner::Silent => (StatusCode::OK, "").into_response(),
        Manner::Ten => "x".repeat(10 * 1024 * 1024).into_response(),
        Manner::NoXml => "<html><body>welcome</body>".into_response(),
        Manner::Fault => (StatusCode::INTERNAL_SERVER_ERROR, "busy").into_response(),
        Manner::AnothersName => write("https://other.example/saml", &id, "coverage").into_response(),
        Manner::AnotherQuestion => write(&entity, "urn:uuid:another", "coverage").into_response(),
        Manner::AnotherKind => write(&entity, &id, "pension").into_response(),
    }
}

#[tokio::test]
async fn a_provider_that_misbehaves_darkens_its_panel_in_time_and_nothing_of_it_is_shown() {
    let mut relay = Relay::start().await;
    let page = my_page(&mut relay).await;
    let wrong = TestService::start(&relay, "https://wrong.example/saml").await;
    relay.join(&wrong).await;
    let nagisa = resident(&relay, 1).await;
    let strangers = portal_testing::Authority::new("strangers");
    let now = SystemClock.now();
    let agree = async |address: String| {
        let terms = Terms {
            asker: PAGE.to_owned(),
            service_type: COVERAGE.to_owned(),
            provider: wrong.entity().to_owned(),
            address,
            about: "資格".to_owned(),
            until: now.date() + Duration::days(2),
        };
        let edition = relay.records.propose_agreement("hama", &terms, now).await.unwrap();
        relay
            .records
            .approve_agreement("iso", (PAGE, COVERAGE, edition), now)
            .await
            .unwrap();
    };
    agree("https://localhost:1/wsf/records".to_owned()).await;
    let browser = sign_in(&relay, &page, &nagisa.card).await;
    let shown = browser.get(&page.at("/coverage")).await.body;
    assert!(shown.contains("返事がありません"), "nobody listens: {shown}");
    for (manner, says) in [
        (Manner::Slow, "返事がありません"),
        (Manner::Silent, "確かめられませんでした"),
        (Manner::Ten, "確かめられませんでした"),
        (Manner::NoXml, "確かめられませんでした"),
        (Manner::Fault, "確かめられませんでした"),
        (Manner::AnothersName, "確かめられませんでした"),
        (Manner::AnotherQuestion, "確かめられませんでした"),
        (Manner::AnotherKind, "確かめられませんでした"),
    ] {
        let server = relay.authority.server(&["localhost"]);
        let listener = Listener::bind(([127, 0, 0, 1], 0).into(), server.for_anyone())
            .await
            .unwrap();
        let address = format!("https://localhost:{}/wsf/records", listener.address().port());
        let entity: Arc<str> = wrong.entity().into();
        let routes = Router::new()
            .route("/wsf/records", post(answer))
            .with_state((manner, entity));
        let (stopper, stop) = Stopper::new();
        let serving = tokio::spawn(listener.serve(routes, stop));
        agree(address).await;
        let begun = std::time::Instant::now();
        let shown = browser.get(&page.at("/coverage")).await.body;
        assert!(
            begun.elapsed() < Wait::from_secs(4),
            "{manner:?} took {:?}",
            begun.elapsed()
        );
        assert!(shown.contains(says), "{manner:?}: {shown}");
        assert!(!shown.contains("CANARY"), "{manner:?}: {shown}");
        stopper.stop();
        serving.abort();
    }
    // Its server's certificate is of an authority that nobody here believes.
    let server = strangers.server(&["localhost"]);
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), server.for_anyone())
        .await
        .unwrap();
    let address = format!("https://localhost:{}/wsf/records", listener.address().port());
    let (_stopper, stop) = Stopper::new();
    tokio::spawn(listener.serve(Router::new(), stop));
    agree(address).await;
    let shown = browser.get(&page.at("/coverage")).await.body;
    assert!(shown.contains("返事がありません"), "{shown}");
}
