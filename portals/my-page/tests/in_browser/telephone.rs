//! A telephone at the real relay, signed in by a card at a desk's reader with a real bridge beside it.

use relay_core::registration::CardUse;

use crate::{
    chromium::{Chromium, DESK, Look},
    desk::Desk,
    relay_scenes::{BRIDGE_PORT, relay_and_my_page},
    scenes::{PIN, opened, run},
    views::seen,
};

const TELEPHONE: Look = Look {
    width: 390,
    height: 844,
    ..DESK
};
/// By which the relay knows a telephone.
const AGENT: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1";

pub fn by_a_desk() {
    run(async {
        let (relay, my_page) = relay_and_my_page().await;
        let desk = Desk::open(&relay.authority, &relay.at(""), BRIDGE_PORT).await;
        let certificate = desk.insert_resident(PIN, |spki| relay.cards.authentication_with_key(spki).to_vec());
        relay.register(&certificate, CardUse::Authentication).await;
        let telephone = opened(&relay.authority, TELEPHONE, None).await;
        crate::views::call_itself(&telephone, AGENT).await;
        let kiosk = opened(&relay.authority, DESK, None).await;
        for language in ["ja", "easy", "en"] {
            let name = |what: &str| format!("telephone-{what}-{language}");
            for browser in [&telephone, &kiosk] {
                browser.goto(&relay.at(&format!("/?lang={language}"))).await;
            }
            seen(&kiosk, &name("relay-start")).await;
            telephone.goto(&format!("{}/?lang={language}", my_page.address)).await;
            seen(&telephone, &name("welcome")).await;
            telephone.click("a.button[href^='/sign-in']").await;
            // The way that a telephone can go stands first, with the only button of its kind.
            let first = telephone
                .find("section.way.best form[action$='/telephone'] button")
                .await;
            seen(&telephone, &name("ways")).await;
            first.click().await.unwrap();
            let digits = telephone.find("#digits").await.text().await.unwrap();
            let picture = telephone.find(".token strong").await.html(true).await.unwrap();
            seen(&telephone, &name("digits")).await;

            kiosk.goto(&relay.at("/telephone")).await;
            seen(&kiosk, &name("enter")).await;
            kiosk.find("#digits").await.send_keys(&digits).await.unwrap();
            kiosk.click("main form button").await;
            kiosk.find("fieldset.pictures").await;
            seen(&kiosk, &name("compare")).await;
            choose(&kiosk, &picture).await;
            kiosk.click("button[value=approve]").await;
            kiosk.find("#pin").await;
            seen(&kiosk, &name("pin")).await;
            kiosk.find("#pin").await.send_keys(PIN).await.unwrap();
            kiosk.click("main form button").await;
            kiosk.find("main p.good[role=status]").await;
            seen(&kiosk, &name("approved")).await;

            telephone.click("main a.button[href$='/telephone']").await;
            telephone
                .click(&format!("form[action^='{}'] button", my_page.address))
                .await;
            telephone.own_name().await;
            seen(&telephone, &name("me")).await;
            telephone.click("form[action='/log-out'] button").await;
            telephone.find("main p.lead.good").await;
            seen(&telephone, &name("left")).await;
        }
        telephone.close().await;
        kiosk.close().await;
        desk.close().await;
    });
}

/// Chooses the picture under this word.
async fn choose(kiosk: &Chromium, word: &str) {
    let script = "const wanted = arguments[0];
        for (const label of document.querySelectorAll('.pictures label'))
            if (label.querySelector('span').innerHTML === wanted) { label.querySelector('input').click(); return true }
        return false";
    let chosen = kiosk.client.execute(script, vec![word.into()]).await.unwrap();
    assert_eq!(chosen, serde_json::json!(true), "{word} is among the pictures");
}
