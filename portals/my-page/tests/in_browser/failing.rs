//! What residents see when something goes wrong, in each language, at a desk, on a telephone and with large text.

use std::time::Duration;

use fantoccini::Locator;
use portal_testing::Authority;
use relay_core::{
    chance::OsChance,
    id::Id,
    registration::{CardUse, CertificateDer, Message as Said, RevocationReason},
};
use relay_saml::{
    message::{Response, Status},
    names::{AuthnContext, StatusCode},
};
use relay_testing::{Relay, TestPortal, TestService};
use serde_json::json;
use store::{cluster::Stop, testing::LoneCluster};

use crate::{
    chromium::{Chromium, DESK},
    desk::Desk,
    rig::{AtRelay, KnownRelay, Rig},
    scenes::{PIN, opened, run},
    views::seen,
};

const LANGUAGES: [&str; 3] = ["ja", "easy", "en"];
/// The way to the card in the browser itself.
const CARD: &str = "main a[href*='/card/']";

/// A sign-in begun at My Page: the relay's page for the card.
async fn begin(browser: &Chromium, my_page: &str) {
    browser.goto(&format!("{my_page}/")).await;
    browser.click("a.button[href^='/sign-in']").await;
    browser.find(CARD).await;
}

/// Where My Page sends a browser that signs in.
async fn sent_off(authority: &Authority, my_page: &str) -> String {
    let client = portal_kit::client::client(authority.roots(), None, Duration::from_secs(20)).unwrap();
    let answer = client.get(format!("{my_page}/sign-in?to=/")).send().await.unwrap();
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// What a browser sees at `address` while somebody behind the same address asks as often as they can.
async fn in_a_crowd(browser: &Chromium, authority: &Authority, address: &str) {
    let client = portal_kit::client::client(authority.roots(), None, Duration::from_secs(20)).unwrap();
    let busy = address.to_owned();
    let crowd = tokio::spawn(async move {
        loop {
            client.get(&busy).send().await.unwrap();
        }
    });
    let refused = async {
        loop {
            browser.goto(address).await;
            // Only a refusal has a reference number.
            if browser.client.find(Locator::Css("main code")).await.is_ok() {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), refused).await.unwrap();
    crowd.abort();
}

pub fn at_the_relay() {
    run(async {
        let cluster = LoneCluster::start_new().unwrap();
        let mut relay = Relay::start_on(&cluster).await;
        let known = KnownRelay {
            entity: relay_testing::rig::ENTITY.to_owned(),
            metadata: relay.metadata().await,
            address: relay.at("/saml/metadata"),
        };
        let my_page = AtRelay::start(&relay.authority, &known).await;
        relay
            .join_metadata(AtRelay::ENTITY, &my_page.metadata, &my_page.encryption)
            .await;
        let mut clinic = TestService::start(&relay, "https://clinic.example/saml").await;
        relay.join(&clinic).await;
        for language in LANGUAGES {
            cards_refused(&mut relay, &cluster, &my_page, &mut clinic, language).await;
            requests_refused(&relay, &my_page, &clinic, language).await;
        }
    });
}

/// One card from before it is registered until it is revoked.
async fn cards_refused(
    relay: &mut Relay,
    cluster: &LoneCluster,
    my_page: &TestPortal,
    clinic: &mut TestService,
    language: &str,
) {
    let name = |what: &str| format!("relay-{what}-{language}");
    let card = relay.cards.authentication();
    let pem = card.pem();
    let browser = Chromium::open(&relay.authority.pem(), DESK, Some((&pem, &pem))).await;
    browser.goto(&format!("{}/?lang={language}", my_page.address)).await;
    browser.goto(&relay.at(&format!("/sign-out?lang={language}"))).await;
    seen(&browser, &name("sign-out-nobody")).await;

    begin(&browser, &my_page.address).await;
    seen(&browser, &name("card")).await;
    browser.click(CARD).await;
    browser.find("[role=alert]").await;
    seen(&browser, &name("card-unknown")).await;
    let fresh = || Id::<()>::new(&mut OsChance).uuid();
    let registration = fresh();
    let register = Said::Register {
        registration,
        certificate_der: CertificateDer(card.certificate.to_vec()),
        used_for: CardUse::Authentication,
        pseudonym: relay.pseudonym_of(fresh()),
    };
    assert_eq!(relay.office_says(&register).await, 200);
    browser.click(CARD).await;
    browser.find("[role=alert]").await;
    seen(&browser, &name("card-not-handed-over")).await;
    assert_eq!(relay.office_says(&Said::Activate { registration }).await, 200);

    relay.stop_blind();
    browser.click(CARD).await;
    browser.find("main a.button[href*='/sign-in/']").await;
    seen(&browser, &name("blind-half-down")).await;
    relay.start_blind();
    browser.click("main a.button[href*='/sign-in/']").await;
    browser.click(CARD).await;
    // Nothing was half issued: the same sign-in goes on.
    browser.find(&format!("form[action^='{}']", my_page.address)).await;
    seen(&browser, &name("back-to-the-service")).await;
    browser
        .click(&format!("form[action^='{}'] button", my_page.address))
        .await;
    browser.find("form[action='/log-out']").await;

    // A service that can't be told that the session is over.
    browser.goto(&clinic.redirect(&clinic.request(relay), None)).await;
    browser.find(&format!("form[action='{}']", clinic.consumer())).await;
    clinic.go_away().await;
    browser.goto(&relay.at("/sign-out")).await;
    browser.find("form[action='/sign-out']").await;
    seen(&browser, &name("sign-out")).await;
    browser.click("form[action='/sign-out'] button").await;
    browser.find("main ul li").await;
    seen(&browser, &name("signed-out-waiting")).await;
    clinic.come_back().await;

    let state = async |said: &Said| assert_eq!(relay.office_says(said).await, 200);
    state(&Said::Suspend { registration }).await;
    begin(&browser, &my_page.address).await;
    browser.click(CARD).await;
    browser.find("[role=alert]").await;
    seen(&browser, &name("card-suspended")).await;
    let reason = RevocationReason::CessationOfOperation;
    state(&Said::Revoke { registration, reason }).await;
    browser.click(CARD).await;
    browser.find("[role=alert]").await;
    seen(&browser, &name("card-revoked")).await;

    cluster.stop(Stop::Immediate).unwrap();
    browser.click(CARD).await;
    browser.find("main code").await;
    seen(&browser, &name("database-down")).await;
    cluster.start().unwrap();
    browser.close().await;
}

/// Requests that are not taken, and a browser that has no card to show.
async fn requests_refused(relay: &Relay, my_page: &TestPortal, clinic: &TestService, language: &str) {
    let name = |what: &str| format!("relay-{what}-{language}");
    let browser = Chromium::open(&relay.authority.pem(), DESK, None).await;
    browser.goto(&format!("{}/?lang={language}", my_page.address)).await;
    browser.goto(&relay.at(&format!("/sign-out?lang={language}"))).await;
    begin(&browser, &my_page.address).await;
    browser.click(CARD).await;
    browser.find("[role=alert]").await;
    seen(&browser, &name("no-card")).await;
    // The bridge does not run here: what the browser says then is its own; what the page before it said was ours.
    begin(&browser, &my_page.address).await;
    browser.click("main a[href*='/bridge']").await;
    browser.picture(&name("bridge-does-not-run")).await;
    // Back from there, the page begins with another way.
    browser.client.back().await.unwrap();
    browser.find("main [role=status]").await;
    browser.find("section.way.best a.button[href*='/card/']").await;
    seen(&browser, &name("bridge-in-vain")).await;

    let url = sent_off(&relay.authority, &my_page.address).await;
    browser.goto(&url).await;
    browser.find(CARD).await;
    browser.goto(&url).await;
    browser.find("main code").await;
    seen(&browser, &name("request-replayed")).await;
    let url = sent_off(&relay.authority, &my_page.address).await;
    browser.goto(&url.replacen("&Signature=", "&Signature=AAAA", 1)).await;
    browser.find("main code").await;
    seen(&browser, &name("request-refused")).await;
    for (path, what) in [
        ("/sign-in/00000000-0000-4000-8000-000000000000", "sign-in-over"),
        ("/nowhere", "not-found"),
        ("/", "home"),
    ] {
        browser.goto(&relay.at(path)).await;
        browser.find("h1").await;
        seen(&browser, &name(what)).await;
    }

    let now = time::OffsetDateTime::now_utc();
    relay
        .records
        .switch_off("hama", AtRelay::ENTITY, "a trial", now)
        .await
        .unwrap();
    browser.goto(&sent_off(&relay.authority, &my_page.address).await).await;
    browser.find("main code").await;
    seen(&browser, &name("service-off")).await;
    metadata_run_out(relay, clinic, &browser).await;
    seen(&browser, &name("service-expired")).await;
    relay.records.switch_on("hama", AtRelay::ENTITY, now).await.unwrap();

    in_a_crowd(&browser, &relay.authority, &relay.at("/sign-out")).await;
    seen(&browser, &name("too-often")).await;
    browser.close().await;
}

/// The page that a sign-in gets once the service's metadata have run out.
async fn metadata_run_out(relay: &Relay, clinic: &TestService, browser: &Chromium) {
    let now = time::OffsetDateTime::now_utc();
    let end = (now + Duration::from_secs(2)).replace_nanosecond(0).unwrap();
    let end = end.format(&time::format_description::well_known::Rfc3339).unwrap();
    let metadata = clinic.metadata();
    let ending = metadata.replacen("entityID=", &format!("validUntil=\"{end}\" entityID="), 1);
    assert_ne!(ending, metadata);
    relay.propose_and_approve(clinic.entity(), &ending).await;
    let ended = async {
        loop {
            browser.goto(&clinic.redirect(&clinic.request(relay), None)).await;
            // Only a refusal has a reference number.
            if browser.client.find(Locator::Css("main code")).await.is_ok() {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ended).await.unwrap();
    relay.propose_and_approve(clinic.entity(), &metadata).await;
}

pub fn at_the_desk() {
    run(async {
        let authority = Authority::new("Shiomi test authority");
        let origin = "https://relay.localhost:4430";
        let desk = Desk::open(&authority, origin, 0).await;
        let browser = opened(&authority, DESK, None).await;
        let link = format!(
            "http://{}/sign?challenge={}&return={origin}/card/answer",
            desk.bridge,
            "0f".repeat(32)
        );
        let in_all = async |what: &str| {
            let here = browser.url().await;
            let here = here.split('?').next().unwrap_or_default().to_owned();
            for language in LANGUAGES {
                browser.goto(&format!("{here}?lang={language}")).await;
                browser.find("h1").await;
                seen(&browser, &format!("desk-{what}-{language}")).await;
            }
            browser.goto(&format!("{here}?lang=ja")).await;
        };
        let enter = async |pin: &str| {
            browser.find("#pin").await.send_keys(pin).await.unwrap();
            browser.click("button[type=submit]").await;
        };
        browser.goto(&link).await;
        browser.says("カードが入っていません").await;
        in_all("no-card").await;
        desk.insert_resident(PIN, |spki| authority.client_with_key("2f6d1c", spki).to_vec());
        browser.goto(&link).await;
        browser.find("#pin").await;
        in_all("ready").await;
        browser
            .evaluate("document.querySelector('main form').noValidate = true")
            .await;
        enter("04").await;
        browser.find("[role=alert]").await;
        in_all("not-a-pin").await;
        // Pulled between the page and the button; then in the middle of signing.
        browser.find("#pin").await.send_keys(PIN).await.unwrap();
        desk.pull_and_wait();
        browser.click("button[type=submit]").await;
        browser.says("カードが入っていません").await;
        in_all("pulled").await;
        desk.insert_again();
        browser.goto(&link).await;
        browser.find("#pin").await;
        desk.pull_after(9);
        enter(PIN).await;
        browser.find("[role=alert]").await;
        in_all("pulled-while-signing").await;
        desk.insert_again();
        browser.goto(&link).await;
        enter("9999").await;
        browser.says("あと2回").await;
        in_all("wrong-pin").await;
        enter("9998").await;
        browser.says("残りは1回").await;
        in_all("last-try").await;
        enter("9997").await;
        browser.says("暗証番号を続けてまちがえたため").await;
        in_all("blocked").await;
        desk.pull_and_wait();
        desk.insert_blank();
        browser.goto(&link).await;
        browser.find("main a.button").await;
        in_all("not-ready").await;
        let base = format!("http://{}", desk.bridge);
        browser.goto(&format!("{base}/ask/00")).await;
        browser.find("main code").await;
        in_all("over").await;
        let stranger = link.replace("relay.localhost", "stranger.localhost");
        for language in LANGUAGES {
            browser.goto(&format!("{base}/?lang={language}")).await;
            seen(&browser, &format!("desk-about-{language}")).await;
            browser.goto(&stranger).await;
            browser.find("main code").await;
            seen(&browser, &format!("desk-not-allowed-{language}")).await;
        }
        browser.close().await;
        desk.close().await;
    });
}

pub fn at_my_page() {
    run(async {
        let cluster = LoneCluster::start_new().unwrap();
        for language in LANGUAGES {
            let rig = Rig::start_on(&cluster).await;
            my_page_failing(&rig, &cluster, language).await;
        }
    });
}

async fn my_page_failing(rig: &Rig, cluster: &LoneCluster, language: &str) {
    let name = |what: &str| format!("my-page-{what}-{language}");
    let card = rig.authority.client("2f6d1c");
    let browser = opened(&rig.authority, DESK, Some(&card)).await;
    let home = format!("{}/", rig.my_page);
    browser.goto(&format!("{home}?lang={language}")).await;
    let to_relay = async || {
        browser.goto(&home).await;
        browser.click("a.button[href^='/sign-in']").await;
        browser.click("#card").await;
        browser.find("#back").await;
    };
    // What the relay sends, as `twist` has it.
    let answered = async |twist: fn(&mut Response)| {
        to_relay().await;
        let waiting = rig.relay.last_waiting();
        let mut response = rig
            .relay
            .response(&waiting, "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k");
        twist(&mut response);
        let form = rig.relay.form(&waiting, &response);
        let set = "document.querySelector('[name=SAMLResponse]').value = arguments[0]";
        browser
            .client
            .execute(set, vec![json!(form.fields[0].1)])
            .await
            .unwrap();
        browser.click("#back").await;
    };
    to_relay().await;
    browser
        .evaluate(
            "const f = document.querySelector('[name=SAMLResponse]'); f.value = f.value.replace(/.{8}$/, 'AAAAAAAA')",
        )
        .await;
    browser.click("#back").await;
    browser.find("main code").await;
    seen(&browser, &name("message-refused")).await;
    answered(|response| {
        response.status = Status::failure(StatusCode::Responder, StatusCode::AuthnFailed);
        response.assertion = None;
    })
    .await;
    browser.find("main code").await;
    seen(&browser, &name("sign-in-stopped")).await;
    answered(|response| {
        let statement = response.assertion.as_mut().unwrap().authentication.as_mut().unwrap();
        statement.context = AuthnContext::CardNoPin;
    })
    .await;
    browser.find("main code").await;
    seen(&browser, &name("pin-wanted")).await;

    // An answer that comes a second time.
    to_relay().await;
    browser.click("#back").await;
    browser.find("form[action='/log-out']").await;
    browser.client.back().await.unwrap();
    browser.click("#back").await;
    browser.find("main code").await;
    seen(&browser, &name("answered-twice")).await;

    browser.goto(&home).await;
    browser
        .evaluate("document.querySelector('[name=token]').value = 'x'")
        .await;
    browser.click("form[action='/log-out'] button").await;
    browser.find("main code").await;
    seen(&browser, &name("forged")).await;
    for (path, what) in [
        ("left/here", "left-here"),
        ("left/partly", "left-partly"),
        ("nowhere", "not-found"),
    ] {
        browser.goto(&format!("{home}{path}")).await;
        browser.find("h1").await;
        seen(&browser, &name(what)).await;
    }
    cluster.stop(Stop::Immediate).unwrap();
    browser.goto(&format!("{home}history")).await;
    browser.find("main code").await;
    seen(&browser, &name("database-down")).await;
    cluster.start().unwrap();

    // Nobody has used it for a quarter of an hour.
    rig.clock.advance(time::Duration::minutes(16));
    browser.goto(&format!("{home}history")).await;
    browser.find("a.button[href^='/sign-in']").await;
    seen(&browser, &name("session-over")).await;

    rig.relay.serve_instead(Some("no metadata".to_owned()));
    rig.clock.advance(time::Duration::days(8));
    to_relay().await;
    browser.click("#back").await;
    browser.find("main code").await;
    seen(&browser, &name("relay-expired")).await;
    in_a_crowd(&browser, &rig.authority, &home).await;
    seen(&browser, &name("too-often")).await;
    browser.close().await;
}
