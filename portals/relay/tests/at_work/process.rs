//! The program itself: its mistakes told before it starts, its log, its end.

use std::{fs, process::Command};

use relay_testing::{Browser, FrontProcess, Relay, rig::front_program};

use crate::{name, relay_with_clinic, relay_with_two};

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_nothing_in_common_but_the_database_serve_one_sign_in_and_neither_log_tells_who() {
    let (mut relay, clinic, school) = relay_with_two().await;
    let card = relay.card().await;
    relay.stop_front().await;
    let first = FrontProcess::start(&relay).await;
    let browser = Browser::with_card(&relay, &card);
    let request = clinic.request(&relay);
    let asked = browser.begin(&clinic.redirect(&request, None)).await;
    let mut log = first.stop();
    let second = FrontProcess::start(&relay).await;
    let browser = browser.change_card(&relay, &card);
    let answer = browser.get(&asked.link("/card/", &relay).unwrap()).await;
    let at_clinic = clinic.assertion(&answer.fields()["SAMLResponse"], &request.head.id);
    let at_school = browser.sign_in(&relay, &school).await;
    log.push_str(&second.stop());
    assert!(log.contains("answered") && log.contains("listening"), "{log}");
    let hash = hex::encode(relay_saml::fingerprint(&card.certificate));
    let cookie = browser.cookie("__Host-session").unwrap();
    for canary in [&name(&at_clinic).value, &name(&at_school).value, &hash, &cookie] {
        assert!(!log.contains(canary.as_str()), "{canary} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_on_a_refusal_finds_in_the_log_and_the_trail_why_and_nothing_of_whose_card_it_was() {
    let (mut relay, clinic) = relay_with_clinic().await;
    relay.stop_front().await;
    let front = FrontProcess::start(&relay).await;
    let began = time::OffsetDateTime::now_utc();
    let card = relay.cards.authentication();
    let browser = Browser::with_card(&relay, &card);
    let unknown = browser.sign_in_with(&relay, &clinic, &clinic.request(&relay)).await;
    let bent = clinic.redirect(&clinic.request(&relay), None);
    let bent = browser.get(&bent.replacen("&Signature=", "&Signature=AAAA", 1)).await;
    let over = browser
        .get(&relay.at("/sign-in/00000000-0000-4000-8000-000000000000"))
        .await;
    let log = front.stop();
    for (answer, why) in [
        (&unknown, "card-unknown"),
        (&bent, "signature_invalid"),
        (&over, "sign-in-over"),
    ] {
        let number = &answer.headers["trace-id"];
        assert!(
            answer.body.contains(number),
            "{why}: the page shows it: {}",
            answer.body
        );
        let told = log.lines().any(|line| line.contains(number) && line.contains(why));
        assert!(told, "{why} of {number} in {log}");
    }
    let trail = relay.records.audit_since(began, 100).await.unwrap();
    let number = unknown.headers["trace-id"].as_str();
    let noted = trail
        .iter()
        .find(|one| one.event.details.get("trace").is_some_and(|trace| trace == number));
    assert_eq!(noted.unwrap().event.details["rule"], "card-unknown");
    let hash = hex::encode(relay_saml::fingerprint(&card.certificate));
    assert!(!log.contains(&hash) && !log.contains("4711-0000-1234"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_in_its_file_is_told_with_its_line_before_anything_starts() {
    let relay = Relay::start().await;
    let good = fs::read_to_string(relay.config_file()).unwrap();
    let bad = good
        .replace("domain = \"429996\"", "domian = \"429996\"")
        .replace("oid_arc", "oid_arcs");
    let file = relay.path().join("bad.toml");
    fs::write(&file, &bad).unwrap();
    let check = |file: &std::path::Path| {
        Command::new(front_program())
            .args(["--check", "--config"])
            .arg(file)
            .output()
            .unwrap()
    };
    assert!(check(&relay.config_file()).status.success());
    let told = check(&file);
    assert_eq!(told.status.code(), Some(2));
    let told = String::from_utf8(told.stderr).unwrap();
    for wrong in ["domian", "oid_arcs"] {
        let line = bad.lines().position(|line| line.starts_with(wrong)).unwrap() + 1;
        assert!(told.contains(&format!("bad.toml:{line}:")), "{told}");
    }
}
