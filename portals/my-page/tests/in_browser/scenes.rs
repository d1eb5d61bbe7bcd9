//! What a resident does.

use std::time::{Duration, Instant};

use portal_service::short_name;
use portal_testing::{Authority, Pair};
use relay_saml::names::Binding;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::{
    chromium::{Chromium, DESK, Look},
    desk::Desk,
    rig::Rig,
    views::{fits, judged},
};

pub const PIN: &str = "0417";
const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";

pub fn run<F: Future<Output = ()>>(scene: F) {
    Runtime::new().unwrap().block_on(scene);
}

/// A browser that believes `authority`, with the client certificate `card` if there is one.
pub async fn opened(authority: &Authority, look: Look, card: Option<&Pair>) -> Chromium {
    let card = card.map(|card| (card.certificate.as_str(), card.key.as_str()));
    Chromium::open(&authority.pem(), look, card).await
}

/// A desk for the relay that was made here.
async fn desk(rig: &Rig) -> Desk {
    let desk = Desk::open(&rig.authority, &rig.relay.base, 0).await;
    *rig.relay.bridge.lock().unwrap() = Some(desk.bridge);
    desk
}

fn insert(desk: &Desk, rig: &Rig) {
    desk.insert_resident(PIN, |spki| rig.authority.client_with_key("2f6d1c", spki).to_vec());
}

/// From My Page to the relay and back, by a card in the browser.
async fn sign_in_by_certificate(rig: &Rig, browser: &Chromium) {
    browser.goto(&format!("{}/", rig.my_page)).await;
    browser.click("a.button").await;
    browser.click("#card").await;
    browser.click("#back").await;
    browser.find("form[action='/log-out']").await;
}

pub fn by_certificate() {
    run(async {
        let rig = Rig::start_now().await;
        let card = rig.authority.client("2f6d1c");
        let browser = opened(&rig.authority, DESK, Some(&card)).await;
        sign_in_by_certificate(&rig, &browser).await;
        let name = rig.relay.name_of(card.identity.certificate().unwrap());
        browser.says(&short_name("my-page", &name)).await;
        browser.click("nav.pages a[href='/history']").await;
        browser.says("ログインの記録").await;
        browser.says("カードと暗証番号").await;
        browser.click("nav.pages a[href='/card']").await;
        browser.says("カードは使えます").await;
        // The same person at the next visit, in another browser.
        let again = opened(&rig.authority, DESK, Some(&card)).await;
        sign_in_by_certificate(&rig, &again).await;
        again.says(&short_name("my-page", &name)).await;
        again.close().await;
        browser.click("form[action='/log-out'] button").await;
        browser.says("すべてのサービスからログアウトしました").await;
        assert_eq!(*rig.relay.logouts.lock().unwrap(), [name]);
        browser.goto(&format!("{}/history", rig.my_page)).await;
        browser.says("カードでログインする").await;
        browser.close().await;
    });
}

pub fn by_bridge() {
    run(async {
        let rig = Rig::start_now().await;
        let desk = desk(&rig).await;
        let browser = opened(&rig.authority, DESK, None).await;
        browser.goto(&format!("{}/", rig.my_page)).await;
        browser.click("a.button").await;
        browser.click("#bridge").await;
        browser.says("カードが入っていません").await;
        browser.picture("bridge-no-card").await;
        insert(&desk, &rig);
        browser.click("a.button").await;
        browser.says("あと3回").await;
        browser.find("#pin").await.send_keys("9999").await.unwrap();
        browser.click("button[type=submit]").await;
        browser.says("暗証番号がちがいます").await;
        browser.says("あと2回").await;
        browser.picture("bridge-wrong-pin").await;
        // The language changes where one stands.
        browser.click("ul.languages li:nth-child(3) a").await;
        browser.says("2 tries left").await;
        browser.find("#pin").await.send_keys(PIN).await.unwrap();
        browser.click("button[type=submit]").await;
        // Its script sends the browser back by itself.
        browser.click("#back").await;
        browser.find("form[action='/log-out']").await;
        let (token, name) = rig.relay.last_bridged();
        browser.says(&short_name("my-page", &name)).await;

        let pulled = Instant::now();
        desk.pull();
        while !rig.relay.pulled.lock().unwrap().contains(&token) {
            assert!(
                pulled.elapsed() < Duration::from_secs(2),
                "the relay was told within two seconds"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // What the front does then, at each service.
        let client = portal_kit::client::client(rig.authority.roots(), None, Duration::from_secs(5)).unwrap();
        let sent = client
            .post(rig.relay.logout_at(Binding::Soap))
            .body(rig.relay.logout_by_soap(&name))
            .send()
            .await
            .unwrap();
        assert_eq!(sent.status(), 200);
        println!("     signed out {:.1?} after the pull", pulled.elapsed());
        browser.client.refresh().await.unwrap();
        browser.find("a.button[href^='/sign-in']").await;
        browser.close().await;
        desk.close().await;
    });
}

/// Tabs until the focus is on what `css` names.
async fn tab_to(browser: &Chromium, css: &str) {
    for _ in 0..25 {
        browser.press(TAB).await;
        let here = browser
            .client
            .execute("return document.activeElement.matches(arguments[0])", vec![json!(css)])
            .await
            .unwrap();
        // Whoever sees must see where they are.
        let outline = browser
            .evaluate(
                "const s = getComputedStyle(document.activeElement); return s.outlineStyle + ' ' + s.outlineWidth",
            )
            .await;
        assert_ne!(outline, json!("none 0px"), "the focus on {css}'s page is seen");
        if here == json!(true) {
            return;
        }
    }
    panic!("{css} is not reached by the Tab key");
}

pub fn by_keyboard() {
    run(async {
        let rig = Rig::start_now().await;
        let desk = desk(&rig).await;
        insert(&desk, &rig);
        let browser = opened(&rig.authority, DESK, None).await;
        browser.goto(&format!("{}/history", rig.my_page)).await;
        // The first stop skips what is the same on every page.
        tab_to(&browser, "a.skip").await;
        browser.press(ENTER).await;
        tab_to(&browser, "main a.button").await;
        browser.press(ENTER).await;
        browser.find("#bridge").await;
        browser.evaluate("document.getElementById('bridge').focus()").await;
        browser.press(ENTER).await;
        browser.find("#pin").await;
        tab_to(&browser, "#pin").await;
        browser.press(PIN).await;
        browser.press(ENTER).await;
        browser.find("#back").await;
        browser.evaluate("document.getElementById('back').focus()").await;
        browser.press(ENTER).await;
        browser.says("ログインの記録").await;
        browser.find("table").await;
        tab_to(&browser, "nav.pages a[href='/card']").await;
        browser.press(ENTER).await;
        browser.says("カードは使えます").await;
        tab_to(&browser, "form[action='/log-out'] button").await;
        browser.press(ENTER).await;
        browser.says("すべてのサービスからログアウトしました").await;
        browser.close().await;
        desk.close().await;
    });
}

pub fn without_scripts() {
    run(async {
        let rig = Rig::start_now().await;
        let desk = desk(&rig).await;
        insert(&desk, &rig);
        let look = Look { scripts: false, ..DESK };
        let card = rig.authority.client("2f6d1c");
        let browser = opened(&rig.authority, look, Some(&card)).await;
        browser.goto(&format!("{}/", rig.my_page)).await;
        browser.click("a.button").await;
        browser.click("#bridge").await;
        browser.find("#pin").await.send_keys(PIN).await.unwrap();
        browser.click("button[type=submit]").await;
        browser.says("カードで本人確認ができました").await;
        browser.picture("bridge-answer").await;
        browser.click("#return button").await;
        browser.click("#back").await;
        browser.click("form[action='/log-out'] button").await;
        browser.says("すべてのサービスからログアウトしました").await;
        sign_in_by_certificate(&rig, &browser).await;
        browser.close().await;
        desk.close().await;
    });
}

/// The pages, each with the path that shows it and the name of its picture.
const PAGES: [(&str, &str); 4] = [
    ("/", "me"),
    ("/history", "history"),
    ("/card", "card"),
    ("/nowhere", "not-found"),
];

pub fn accessibility() {
    run(async {
        let rig = Rig::start_now().await;
        let desk = desk(&rig).await;
        let card = rig.authority.client("2f6d1c");
        let browser = opened(&rig.authority, DESK, Some(&card)).await;
        for language in ["ja", "easy", "en"] {
            browser.goto(&format!("{}/?lang={language}", rig.my_page)).await;
            browser.find("a.button").await;
            judged(&browser, &format!("welcome {language}")).await;
        }
        sign_in_by_certificate(&rig, &browser).await;
        for language in ["ja", "easy", "en"] {
            for (path, name) in PAGES {
                browser.goto(&format!("{}{path}?lang={language}", rig.my_page)).await;
                browser.find("h1").await;
                judged(&browser, &format!("{name} {language}")).await;
            }
        }
        browser.goto(&format!("{}/", rig.my_page)).await;
        browser.click("form[action='/log-out'] button").await;
        browser.find("p.lead.good").await;
        judged(&browser, "farewell").await;

        let link = format!(
            "http://{}/sign?challenge={}&return={}/card/answer",
            desk.bridge,
            "0f".repeat(32),
            rig.relay.base
        );
        browser.goto(&link).await;
        browser.find("a.button").await;
        judged(&browser, "bridge without a card").await;
        insert(&desk, &rig);
        for language in ["ja", "easy", "en"] {
            browser.goto(&format!("{link}&lang={language}")).await;
            browser.find("#pin").await;
            judged(&browser, &format!("bridge {language}")).await;
        }
        browser.close().await;

        let dark = opened(&rig.authority, Look { dark: true, ..DESK }, Some(&card)).await;
        sign_in_by_certificate(&rig, &dark).await;
        let asked = dark
            .evaluate("return matchMedia('(prefers-color-scheme: dark)').matches")
            .await;
        assert_eq!(asked, json!(true));
        for (path, name) in PAGES {
            dark.goto(&format!("{}{path}", rig.my_page)).await;
            dark.find("h1").await;
            judged(&dark, &format!("{name} in dark colours")).await;
            dark.picture(&format!("{name}-dark")).await;
        }
        dark.goto(&link).await;
        dark.find("#pin").await;
        judged(&dark, "bridge in dark colours").await;
        dark.close().await;
        desk.close().await;
    });
}

pub fn sizes() {
    run(async {
        let rig = Rig::start_now().await;
        let desk = desk(&rig).await;
        insert(&desk, &rig);
        let card = rig.authority.client("2f6d1c");
        let narrow = Look {
            width: 380,
            height: 800,
            ..DESK
        };
        let looks = [
            ("1280", DESK),
            ("380", narrow),
            ("320", Look { width: 320, ..narrow }),
            ("1280-large-text", Look { text: 32, ..DESK }),
        ];
        for (name, look) in looks {
            let browser = opened(&rig.authority, look, Some(&card)).await;
            for language in ["ja", "easy", "en"] {
                browser.goto(&format!("{}/?lang={language}", rig.my_page)).await;
                browser.find("a.button").await;
                fits(&browser, &format!("welcome {name} {language}")).await;
                browser.picture(&format!("welcome-{name}-{language}")).await;
                let link = format!(
                    "http://{}/sign?challenge={}&return={}/card/answer&lang={language}",
                    desk.bridge,
                    "0f".repeat(32),
                    rig.relay.base
                );
                browser.goto(&link).await;
                browser.find("#pin").await;
                fits(&browser, &format!("bridge {name} {language}")).await;
                browser.picture(&format!("bridge-{name}-{language}")).await;
            }
            sign_in_by_certificate(&rig, &browser).await;
            for language in ["ja", "easy", "en"] {
                for (path, page) in PAGES {
                    browser.goto(&format!("{}{path}?lang={language}", rig.my_page)).await;
                    browser.find("h1").await;
                    fits(&browser, &format!("{page} {name} {language}")).await;
                    browser.picture(&format!("{page}-{name}-{language}")).await;
                }
            }
            browser.close().await;
        }
        desk.close().await;
    });
}
