//! What the relay's operators agreed on decides whom names are made for, and each panel is told its own reason.

use relay_core::clock::{Clock as _, SystemClock};
use relay_records::front::Terms;
use relay_testing::Relay;
use time::{Date, Duration};
use uuid::Uuid;

use crate::rig::{COVERAGE, PAGE, Provider, my_page, resident, sign_in};

/// Both operators stand for it that `provider` may be asked by My Page until `until`.
async fn agree(relay: &Relay, provider: &Provider, until: Date) {
    let terms = Terms {
        asker: PAGE.to_owned(),
        service_type: provider.office.schema().service_type.clone(),
        provider: provider.entity.clone(),
        address: provider.address(),
        about: "記録".to_owned(),
        until,
    };
    let now = SystemClock.now();
    let edition = relay.records.propose_agreement("hama", &terms, now).await.unwrap();
    let which = (PAGE, terms.service_type.as_str(), edition);
    relay.records.approve_agreement("iso", which, now).await.unwrap();
}

fn today() -> Date {
    SystemClock.now().to_offset(time::macros::offset!(+9)).date()
}

#[tokio::test]
async fn an_office_has_names_made_only_at_providers_that_an_agreement_names() {
    let mut relay = Relay::start().await;
    let _page = my_page(&mut relay).await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    let nagisa = resident(&relay, 1).await;
    let row = [(Uuid::from_u128(7), nagisa.person)];
    let refused = async |service: &str, rule: &str| {
        let (status, answer) = relay.ask_for_names(service, &row).await;
        assert_eq!(status, 422, "{service}: {answer}");
        assert!(answer.contains(rule), "{service}: {answer}");
    };
    // Nobody agreed on anything; a day has passed since what was agreed; and who only asks, provides nothing.
    refused(&coverage.entity, "link.no_agreement").await;
    agree(&relay, &coverage, today() - Duration::DAY).await;
    refused(&coverage.entity, "link.no_agreement").await;
    agree(&relay, &coverage, today()).await;
    refused(PAGE, "link.no_agreement").await;
    refused("https://nobody.example/saml", "link.no_partner").await;
    refused("no name of anybody", "link.no_partner").await;
    let (status, answer) = relay.ask_for_names(&coverage.entity, &row).await;
    assert_eq!(
        (status, answer.matches("EncryptedID").count() > 0),
        (200, true),
        "{answer}"
    );
    // Whoever tries is on record, with what they asked for.
    let trail = relay.records.audit_since(SystemClock.now() - Duration::HOUR, 100).await;
    let tried: Vec<_> = trail.unwrap().into_iter().map(|one| one.event).collect();
    let tried: Vec<_> = tried
        .iter()
        .filter(|event| event.act == "records.linked" && event.outcome == relay_core::audit::Outcome::Refused)
        .map(|event| {
            (
                event.subjects["sender"].as_str().unwrap(),
                event.details["rule"].as_str().unwrap(),
                event.details["named"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(tried.len(), 5, "{tried:?}");
    assert!(
        tried.contains(&("shiomi-office", "link.no_agreement", PAGE)),
        "{tried:?}"
    );
}

#[tokio::test]
async fn each_panel_is_told_its_own_reason() {
    let mut relay = Relay::start().await;
    let page = my_page(&mut relay).await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    let costs = Provider::start(&mut relay, "costs").await;
    let checkup = Provider::start(&mut relay, "checkup").await;
    coverage.take_over(COVERAGE).await;
    for office in [&coverage, &costs, &checkup] {
        office.agree(&relay, PAGE).await;
    }
    let nagisa = resident(&relay, 1).await;
    let browser = sign_in(&relay, &page, &nagisa.card).await;
    let now = SystemClock.now();
    let types = costs.office.schema().service_type.as_str();
    let suspended = relay
        .records
        .suspend_agreement("hama", (PAGE, types), Some("点検"), now);
    suspended.await.unwrap();
    agree(&relay, &checkup, today() - Duration::DAY).await;
    // One is suspended, one has lapsed, one was never agreed on, in one query; the fourth answers.
    for (path, says) in [
        ("/coverage", "不明"),
        ("/costs", "いまは提供を止めています"),
        ("/checkup", "この記録は、まだここで見られません"),
        ("/pension", "この記録は、まだここで見られません"),
    ] {
        let shown = browser.get(&page.at(path)).await.body;
        assert!(shown.contains(says), "{path}: {shown}");
    }
    let home = browser.get(&page.at("/")).await.body;
    let counted =
        ["いまは提供を止めています", "この記録は、まだここで見られません"].map(|words| home.matches(words).count());
    assert_eq!(counted, [1, 2], "{home}");
    // Switched off at the relay altogether.
    relay
        .records
        .switch_off("hama", &coverage.entity, "移転のため", now)
        .await
        .unwrap();
    let shown = browser.get(&page.at("/coverage")).await.body;
    assert!(shown.contains("いまは提供を止めています"), "{shown}");
}
