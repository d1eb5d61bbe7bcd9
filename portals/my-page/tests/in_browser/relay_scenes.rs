//! My Page at a real relay, both halves of it, with a real bridge at the desk.

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use fantoccini::Locator;
use relay_core::registration::CardUse;
use relay_testing::{Relay, TestPortal};
use time::OffsetDateTime;

use crate::{
    chromium::{Chromium, DESK},
    desk::Desk,
    rig::{AtRelay, KnownRelay},
    scenes::{PIN, opened, run},
    views::judged,
};

/// "Card pulled: the session ends everywhere within 2 s."
const ENDED: time::Duration = time::Duration::seconds(2);
/// Longer than any of it takes on a slow machine; only a failing test waits for it.
const LONG: Duration = Duration::from_secs(20);
/// Where the relay's own test set-up expects the bridge; nothing else is in this network.
pub const BRIDGE_PORT: u16 = 8940;

pub async fn relay_and_my_page() -> (Relay, TestPortal) {
    let mut relay = Relay::start().await;
    let known = KnownRelay {
        entity: relay_testing::rig::ENTITY.to_owned(),
        metadata: relay.metadata().await,
        address: relay.at("/saml/metadata"),
    };
    let my_page = AtRelay::start(&relay.authority, &known).await;
    relay
        .join_metadata(AtRelay::ENTITY, &my_page.metadata, &my_page.encryption)
        .await;
    (relay, my_page)
}

pub fn by_bridge() {
    run(async {
        let (relay, my_page) = relay_and_my_page().await;
        let origin = relay.at("");
        let desk = Desk::open(&relay.authority, &origin, BRIDGE_PORT).await;
        let certificate = desk.insert_resident(PIN, |spki| relay.cards.authentication_with_key(spki).to_vec());
        relay.register(&certificate, CardUse::Authentication).await;

        let browser = opened(&relay.authority, DESK, None).await;
        let mut names = Vec::new();
        for visit in 1..=2 {
            browser.goto(&format!("{}/", my_page.address)).await;
            browser.click("a.button[href^='/sign-in']").await;
            browser.find("main a[href*='/bridge']").await;
            judged(&browser, "the relay's page for the card").await;
            browser.picture("relay-card").await;
            browser.click("main a[href*='/bridge']").await;
            browser.find("#pin").await.send_keys(PIN).await.unwrap();
            browser.click("button[type=submit]").await;
            // The bridge's page goes on by itself; the relay's has a button.
            browser
                .click(&format!("form[action^='{}'] button", my_page.address))
                .await;
            names.push(browser.own_name().await);
            if visit == 1 {
                browser.click("form[action='/log-out'] button").await;
                browser.says("すべてのサービスからログアウトしました").await;
            }
        }
        // The same name at each visit.
        assert_eq!(names[0], names[1]);

        let pulled = OffsetDateTime::now_utc();
        desk.pull();
        until_out(&browser).await;
        was_ended_soon_after(&relay, pulled).await;
        browser.close().await;
        desk.close().await;
    });
}

/// Asks for the page again until it is a stranger's.
async fn until_out(browser: &Chromium) {
    let began = Instant::now();
    let sign_in = Locator::Css("a.button[href^='/sign-in']");
    loop {
        browser.client.refresh().await.unwrap();
        if browser.client.find(sign_in).await.is_ok() {
            return;
        }
        assert!(began.elapsed() < LONG, "still signed in");
    }
}

pub fn by_a_browsers_own_certificate() {
    run(async {
        let (relay, my_page) = relay_and_my_page().await;
        let desk = Desk::open_watching(&relay.authority, &relay.at(""), BRIDGE_PORT).await;
        // The key is in the browser's store, where a headless one needs nobody to type a PIN; the card in the reader
        // carries its certificate. Another resident's card lies in the other reader.
        let card = relay.card().await;
        let certify = |spki: &[u8]| relay.cards.authentication_with_key(spki).to_vec();
        let other = desk.insert_resident(PIN, certify);
        relay.register(&other, CardUse::Authentication).await;
        desk.move_to_the_other_reader();
        desk.insert_resident(PIN, |_| card.certificate.to_vec());
        desk.watches(&other).await;
        desk.watches(&card.certificate).await;

        let pem = card.pem();
        let browser = Chromium::open(&relay.authority.pem(), DESK, Some((&pem, &pem))).await;
        browser.goto(&format!("{}/", my_page.address)).await;
        browser.click("a.button[href^='/sign-in']").await;
        browser.click(&format!("main a[href^='{}']", relay.card_at(""))).await;
        let back = format!("form[action^='{}'] button", my_page.address);
        browser.click(&back).await;
        browser.own_name().await;

        let began = OffsetDateTime::now_utc();
        desk.pull_from_the_other_reader();
        desk.tells_of(&other).await;
        browser.client.refresh().await.unwrap();
        browser.own_name().await;
        assert!(ended_by_cards(&relay, began).await.is_empty());

        let pulled = OffsetDateTime::now_utc();
        desk.pull();
        until_out(&browser).await;
        was_ended_soon_after(&relay, pulled).await;
        browser.close().await;
        desk.close().await;
    });
}

pub fn by_the_card_itself() {
    run(async {
        let (mut relay, my_page) = relay_and_my_page().await;
        let desk = Desk::open_watching(&relay.authority, &relay.at(""), BRIDGE_PORT).await;
        let certificate = desk.insert_resident(PIN, |spki| relay.cards.authentication_with_key(spki).to_vec());
        relay.register(&certificate, CardUse::Authentication).await;
        desk.watches(&certificate).await;

        let browser = opened(&relay.authority, DESK, None).await;
        browser.goto(&format!("{}/", my_page.address)).await;
        browser.click("a.button[href^='/sign-in']").await;
        // This card signs PKCS#1 v1.5 only.
        let link = browser.find("p.quiet a").await.attr("href").await.unwrap().unwrap();
        let cookie = browser.client.get_named_cookie("__Host-sign-in").await.unwrap();
        // A headless browser has no window to type a PIN into: curl shows the card in its place, by OpenSC's module.
        let page = shown_by_curl(&relay, &format!("__Host-sign-in={}", cookie.value()), &link);
        browser.client.execute(BRING, vec![page.into()]).await.unwrap();
        browser.own_name().await;

        // The front is away when the card is pulled, and hears of it when it is back.
        let began = OffsetDateTime::now_utc();
        relay.stop_front().await;
        desk.pull();
        browser.client.refresh().await.unwrap();
        browser.own_name().await;
        relay.start_front().await;
        until_out(&browser).await;
        assert_eq!(ended_by_cards(&relay, began).await.len(), 1);
        browser.close().await;
        desk.close().await;
    });
}

/// When sessions ended since `began` because their card was pulled, as the front's trail has it.
async fn ended_by_cards(relay: &Relay, began: OffsetDateTime) -> Vec<OffsetDateTime> {
    let trail = relay.records.audit_since(began, 100).await.unwrap();
    let ended = trail.iter().filter(|one| one.event.act == "session.ended");
    let by_cards = ended.filter(|one| one.event.details["ending"] == "card_gone");
    by_cards.map(|one| one.event.at).collect()
}

async fn was_ended_soon_after(relay: &Relay, pulled: OffsetDateTime) {
    let ended = ended_by_cards(relay, pulled).await;
    assert_eq!(ended.len(), 1);
    let after = ended[0] - pulled;
    println!("     ended {after:.1} after the pull");
    assert!(after < ENDED, "ended only {after} after the pull");
}

/// Sends the form of a page that the browser did not get itself.
const BRING: &str = "
    const got = new DOMParser().parseFromString(arguments[0], 'text/html').querySelector('form');
    const form = document.body.appendChild(document.createElement('form'));
    form.method = 'post';
    form.action = got.getAttribute('action');
    for (const field of got.querySelectorAll('input')) form.append(field);
    form.submit();";

/// The page that `link` gives to whoever has the sign-in's cookie and shows the card in the reader.
fn shown_by_curl(relay: &Relay, cookie: &str, link: &str) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--engine", "pkcs11"])
        .args(["--cert-type", "ENG", "--cert", "pkcs11:object=Authentication;type=cert"])
        .args(["--key-type", "ENG", "--key"])
        .arg(format!("pkcs11:object=Authentication;type=private;pin-value={PIN}"))
        .arg("--cacert")
        .arg(relay.path().join("web.pem"))
        .args(["--cookie", cookie, link])
        .env("PKCS11_MODULE_PATH", module())
        .output()
        .expect("curl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the front answers in UTF-8")
}

/// OpenSC's PKCS #11 module.
fn module() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").expect("a system has /usr/lib");
    let mut found = folders
        .flatten()
        .map(|folder| folder.path().join("opensc-pkcs11.so"))
        .chain([PathBuf::from("/usr/lib/opensc-pkcs11.so")])
        .filter(|module| module.exists());
    found.next().expect("opensc-pkcs11 is installed")
}
