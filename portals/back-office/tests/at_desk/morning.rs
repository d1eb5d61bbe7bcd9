//! The morning's scenes.

use std::{cell::RefCell, time::Instant};

use fantoccini::key::Key;
use relay_core::registration::{CardUse, Message as Said};
use relay_testing::Relay;

use crate::{
    chromium::{Chromium, DESK},
    clinic_desk::{CLINIC, Desk as Portal, take_workers},
    desk::Desk,
    rig::{COVERAGE, Provider, resident},
};

const PIN: &str = "0417";
/// Where the portal's configuration looks for the bridge; nothing else is in this network.
const BRIDGE: u16 = 47100;

pub fn at_a_reception() {
    tokio::runtime::Runtime::new().unwrap().block_on(morning());
}

async fn morning() {
    let mut relay = Relay::start().await;
    let workers = take_workers(&mut relay).await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    coverage.take_over(COVERAGE).await;
    let nagisa = resident(&relay, 1).await;
    let worker = workers.worker();
    relay.register(&worker.certificate, CardUse::Authentication).await;
    let portal = Portal::closed(&mut relay, &worker, "").await;
    coverage.agree_for(&relay, CLINIC, "eligibility-check").await;
    coverage.link(&relay, &[("ウミノ ナギサ", nagisa.person)]).await;
    let desk = Desk::open_at_a_clinic(&relay.authority, &relay.at(""), BRIDGE, &portal.address).await;
    // Made beforehand: the second key is the one that takes no PIN.
    let made = RefCell::new(Vec::new());
    desk.insert_resident(PIN, |spki| {
        let certificate = relay.cards.eligibility_with_key(spki).to_vec();
        made.borrow_mut().push(certificate.clone());
        certificate
    });
    desk.pull_and_wait();
    let certificate = made.borrow()[1].clone();
    let registration = relay
        .register_person(nagisa.person, &certificate, CardUse::Eligibility)
        .await;

    let pem = worker.pem();
    let browser = Chromium::open(&relay.authority.pem(), DESK, Some((&pem, &pem))).await;
    browser.goto(&portal.at("/")).await;
    browser.click("a.button[href^='/sign-in']").await;
    browser.click(&format!("main a[href^='{}']", relay.card_at(""))).await;
    browser
        .click(&format!("form[action^='{}'] button", portal.address))
        .await;
    browser.says("カードを待っています").await;
    browser.picture("desk-waiting").await;

    // A card is laid down: nobody presses a key.
    let mut times = Vec::new();
    for _ in 0..5 {
        let laid = Instant::now();
        desk.insert_again();
        browser.find("[data-verdict='valid']").await;
        times.push(laid.elapsed());
        browser.says("3割").await;
        browser.says("カードを読み取りました").await;
        desk.pull_and_wait();
        // The result stays when the card is given back, and the next patient only lays theirs down.
        browser.says("カードを待っています").await;
        browser.find("[data-verdict='valid']").await;
    }
    times.sort();
    println!("     laid down and painted: median {:.0?} of {times:.0?}", times[2]);
    browser.picture("desk-valid").await;
    // The answer is in sight, and stays so though the focus is on the next patient.
    let top = "return document.querySelector('.verdict h1').getBoundingClientRect().top >= 0 && scrollY === 0";
    assert_eq!(browser.evaluate(top).await, true);
    // By the keyboard: the focus is on the next patient.
    browser.press(&char::from(Key::Enter).to_string()).await;
    browser.says("患者さんのカードを置いてください").await;
    assert_eq!(
        browser
            .evaluate("return document.querySelectorAll('.today li').length")
            .await,
        5
    );

    // Stopped by its holder: other words, and nothing of the insurance.
    assert_eq!(relay.office_says(&Said::Suspend { registration }).await, 200);
    desk.insert_again();
    browser.find("[data-verdict='trouble']").await;
    browser.says("一時停止中のカードです").await;
    let told = browser.text().await;
    assert!(!told.contains("負担") && !told.contains("\n無効"), "{told}");
    browser.picture("desk-suspended").await;
    assert_eq!(relay.office_says(&Said::Resume { registration }).await, 200);
    desk.pull_and_wait();
    // A card that was never finished.
    desk.insert_blank();
    browser.says("できあがっていないカードです").await;
    desk.pull_and_wait();
    browser.says("カードを待っています").await;
    // The bridge ends: said on the page, which goes on by itself when there is one again.
    desk.close().await;
    browser.says("この端末のカード読取プログラムにつながりません").await;
    let desk = Desk::open_at_a_clinic(&relay.authority, &relay.at(""), BRIDGE, &portal.address).await;
    browser.says("カードを待っています").await;
    // The relay away, and back.
    relay.stop_front().await;
    browser.goto(&portal.at("/")).await;
    browser.says("中継につながりません").await;
    relay.start_front().await;
    browser.says("カードを待っています").await;
    browser.close().await;
    desk.close().await;
}
