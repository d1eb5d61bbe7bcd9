//! Whole answers of the helper, as they are by the same clock and chance. What needs a reader is in `with_card`.

use std::sync::Arc;

use card_bridge::{Started, config::Config};
use portal_kit::{config::Log, listener::Stopper};
use portal_testing::Authority;
use relay_core::{
    chance::{SeededChance, SharedChance},
    clock::HandClock,
};
use time::macros::datetime;

const FRONT: &str = "https://relay.example";

struct Helper {
    base: String,
    client: reqwest::Client,
    _folder: tempfile::TempDir,
    _stopper: Stopper,
}

impl Helper {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authorities = folder.path().join("front.pem");
        std::fs::write(&authorities, Authority::new("relay").pem()).unwrap();
        let config = Config {
            address: "127.0.0.1:0".parse().unwrap(),
            origins: vec![url::Url::parse(FRONT).unwrap().origin()],
            authorities,
            reader: None,
            eligibility: None,
            every_card: false,
            owed_file: None,
            city: None,
            contact: None,
            log: Log {
                json: true,
                level: "info",
            },
        };
        let clock = Arc::new(HandClock::at(datetime!(2026-11-22 9:00 +9)));
        let chance = SharedChance::new(SeededChance::new(20_261_122));
        let started = Started::new(&config, clock, chance).await.unwrap();
        let base = format!("http://{}", started.address());
        let (stopper, stop) = Stopper::new();
        tokio::spawn(started.run(stop));
        let tls = portal_kit::tls::client(Authority::new("nobody").roots(), None).unwrap();
        let client = reqwest::Client::builder()
            .use_preconfigured_tls(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            base,
            client,
            _folder: folder,
            _stopper: stopper,
        }
    }

    /// The status, the headers and the body of the answer at `path`, the helper's own address by one name.
    async fn whole(&self, path: &str) -> String {
        let answer = self.client.get(format!("{}{path}", self.base)).send().await.unwrap();
        let mut headers: Vec<_> = answer
            .headers()
            .iter()
            .filter(|(name, _)| *name != "date")
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        let (status, headers) = (answer.status().as_u16(), headers.join("\n"));
        let text = format!("{status}\n{headers}\n\n{}", answer.text().await.unwrap());
        text.replace(&self.base, "http://bridge.example")
    }
}

fn query() -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("challenge", &format!("{}-{}", "0a".repeat(16), "0b".repeat(32)))
        .append_pair("return", &format!("{FRONT}/card/answer"))
        .finish()
}

#[tokio::test]
async fn a_challenge_is_taken_in_and_leads_to_a_page_of_its_own() {
    let helper = Helper::start().await;
    insta::assert_snapshot!("taken_in", helper.whole(&format!("/sign?{}", query())).await);
}

#[tokio::test]
async fn what_was_asked_before_a_restart_leads_back_to_the_front_that_asked() {
    let helper = Helper::start().await;
    let over = helper.whole(&format!("/ask/00?{}", query())).await;
    insta::assert_snapshot!("asked_before_a_restart", over);
    // Nowhere but to a front of the configuration.
    let elsewhere = query().replace("relay.example", "evil.example");
    let over = helper.whole(&format!("/ask/00?{elsewhere}")).await;
    assert!(
        over.starts_with("410") && !over.contains("href=\"https://evil"),
        "{over}"
    );
}
