//! A clinic's desk: a patient's card is laid down, and the insurer answers, without a PIN and without a name.

use relay_core::{
    clock::{Clock as _, SystemClock},
    eligibility::{Challenge, card_text},
    registration::{CardUse, Message as Said, RevocationReason},
};
use relay_testing::{Browser, Relay, TestCard};
use time::Duration;

use crate::{
    clinic_desk::{CLINIC, Desk, eligibility_card, take_workers, verdict},
    rig::{COVERAGE, PAGE, Provider, my_page, resident, sign_in},
};

/// What the clinic asks for.
const CHECK: &str = "eligibility-check";

#[tokio::test(flavor = "multi_thread")]
async fn a_card_laid_down_shows_its_insurance_and_the_patient_sees_the_look() {
    let mut relay = Relay::start().await;
    let workers = take_workers(&mut relay).await;
    let page = my_page(&mut relay).await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    coverage.take_over(COVERAGE).await;
    let nagisa = resident(&relay, 1).await;
    coverage.agree(&relay, PAGE).await;
    let card = eligibility_card(&relay, nagisa.person).await;
    let desk = Desk::open(&mut relay, &workers).await;
    coverage.agree_for(&relay, CLINIC, CHECK).await;
    coverage.link(&relay, &[("ウミノ ナギサ", nagisa.person)]).await;

    let begun = std::time::Instant::now();
    let screen = desk.lay_down(&card).await;
    println!("laid down and shown within {:.0?}", begun.elapsed());
    assert_eq!(verdict(&screen), ("valid".into(), "有効".into()));
    for part in ["3割", "429996", "汐見市国民健康保険", "いつの記録か", "つぎの人"] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    // Neither the patient's name nor any name of theirs is here.
    assert!(!screen.contains("ナギサ"));
    // What the clinic has written, field by field.
    let compared = desk
        .browser
        .get(&desk.at("/result/1?number=１００&branch=02&symbol=汐"))
        .await;
    for part in ["書き方だけちがう", "ちがう: 院内は 02", "院内の記録と同じ"] {
        assert!(compared.body.contains(part), "{part}: {}", compared.body);
    }
    // The patient sees who looked and what for.
    let browser = sign_in(&relay, &page, &nagisa.card).await;
    let looked = browser.get(&page.at("/looked")).await.body;
    for part in [
        "カード(暗証番号なし)",
        "しおかぜ内科クリニック",
        "保険の資格をたしかめるため",
    ] {
        assert!(looked.contains(part), "{part}: {looked}");
    }
    // The desk remembers today's, another desk nothing.
    let today = desk.browser.get(&desk.at("/")).await.body;
    assert!(today.contains("/result/1"), "{today}");
    let stranger = Browser::new(&relay).get(&desk.at("/result/1")).await.body;
    assert!(
        stranger.contains("従事者カードでログインします") && !stranger.contains("429996"),
        "{stranger}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_five_answers_stay_five_at_the_desk() {
    let mut relay = Relay::start().await;
    let workers = take_workers(&mut relay).await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    let (nagisa, mio, guest) = (
        resident(&relay, 1).await,
        resident(&relay, 2).await,
        resident(&relay, 3).await,
    );
    let cards = [
        eligibility_card(&relay, nagisa.person).await,
        eligibility_card(&relay, mio.person).await,
        eligibility_card(&relay, guest.person).await,
    ];
    let desk = Desk::open(&mut relay, &workers).await;
    coverage.agree_for(&relay, CLINIC, CHECK).await;
    let word = async |card| verdict(&desk.lay_down(card).await).1;
    // Nothing was ever taken over.
    assert_eq!(word(&cards[0]).await, "不明");
    let later = (SystemClock.now().date() + Duration::days(20)).to_string();
    let csv =
        format!("{COVERAGE}200-01,イソベ ミオ,1980-05-06,429996,汐見市国民健康保険,汐,300,01,{later},,,3,,一般\n");
    coverage.take_over(&csv).await;
    let known = [("イソベ ミオ", mio.person), ("ウミノ ナギサ", nagisa.person)];
    coverage.link(&relay, &known).await;
    assert_eq!(word(&cards[0]).await, "有効");
    let ended = desk.lay_down(&cards[1]).await;
    assert_eq!(verdict(&ended).1, "無効");
    // A newer one is known and told; no ratio stands beside one that is over.
    assert!(
        ended.contains("新しい資格があります") && !ended.contains("<b>3割</b>"),
        "{ended}"
    );
    assert_eq!(word(&cards[2]).await, "該当なし");
    let two = format!(
        "{COVERAGE}200-01,イソベ ミオ,1980-05-06,429996,汐見市国民健康保険,汐,300,01,2026-04-01,,,2,,一般\n\
        200-01,イソベ ミオ,1980-05-06,429996,汐見市国民健康保険,汐,301,02,2026-05-01,,,3,,一般\n"
    );
    coverage.take_over(&two).await;
    let several = desk.lay_down(&cards[1]).await;
    assert_eq!(verdict(&several).1, "複数該当");
    assert!(
        several.contains("301") && several.contains("300") && !several.contains("<b>"),
        "{several}"
    );
    // The insurer away: unknown, not invalid.
    coverage.stop();
    let silent = desk.lay_down(&cards[0]).await;
    assert_eq!(verdict(&silent).1, "不明");
    assert!(silent.contains("保険者から返事がありません"), "{silent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_not_good_says_so_and_never_that_the_insurance_is_invalid() {
    let mut relay = Relay::start().await;
    let workers = take_workers(&mut relay).await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    coverage.take_over(COVERAGE).await;
    let person = resident(&relay, 1).await;
    let card = relay.cards.eligibility();
    let registration = relay
        .register_person(person.person, &card.certificate, CardUse::Eligibility)
        .await;
    let desk = Desk::open(&mut relay, &workers).await;
    coverage.agree_for(&relay, CLINIC, CHECK).await;
    let told = async |card: TestCard, words: &str| {
        let screen = desk.lay_down(&card).await;
        let (code, word) = verdict(&screen);
        assert_eq!(code, "trouble", "{screen}");
        assert_eq!(word, words);
        assert!(screen.contains("保険のことは、まだ何も確かめていません"), "{screen}");
    };
    told(relay.cards.eligibility(), "登録のないカードです").await;
    // The key with the PIN, signing the same text, is not for this; nor is a worker's.
    told(person.card.clone(), "資格確認に使うカードではありません").await;
    told(workers.worker(), "資格確認に使うカードではありません").await;
    let stranger = relay_testing::CardAuthority::new("residents").eligibility();
    told(stranger, "このまちの中継が知らないカードです").await;
    assert_eq!(relay.office_says(&Said::Suspend { registration }).await, 200);
    told(card.clone(), "一時停止中のカードです").await;
    assert_eq!(relay.office_says(&Said::Resume { registration }).await, 200);
    let reason = RevocationReason::KeyCompromise;
    assert_eq!(relay.office_says(&Said::Revoke { registration, reason }).await, 200);
    told(card.clone(), "使えなくなったカードです").await;
    // Each is in the trail by its rule.
    let trail = relay
        .records
        .audit_since(SystemClock.now() - Duration::HOUR, 50)
        .await
        .unwrap();
    let rules: Vec<_> = trail
        .iter()
        .filter(|row| row.event.act == "records.refused")
        .map(|row| row.event.details["rule"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        rules,
        [
            "card-revoked",
            "card-suspended",
            "card-unknown-issuer",
            "card-other-profile",
            "card-other-profile",
            "card-unknown"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_good_once_for_its_challenge_its_clinic_and_not_for_long() {
    let mut relay = Relay::start().await;
    let workers = take_workers(&mut relay).await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    coverage.take_over(COVERAGE).await;
    let person = resident(&relay, 1).await;
    let card = eligibility_card(&relay, person.person).await;
    let desk = Desk::open(&mut relay, &workers).await;
    // Before two operators stand for an agreement, nobody is referred.
    let (_, word) = verdict(&desk.lay_down(&card).await);
    assert_eq!(word, "この受付には、保険者との協定がありません");
    coverage.agree_for(&relay, CLINIC, CHECK).await;
    let challenge = desk.challenge().await.unwrap();
    let signature = card.sign(&card_text(&challenge.origin, &challenge.challenge));
    assert_ne!(
        verdict(&desk.bring(&challenge, &card.certificate, &signature).await).0,
        "trouble"
    );
    let word = async |challenge: Challenge, signature: Vec<u8>| {
        verdict(&desk.bring(&challenge, &card.certificate, &signature).await).1
    };
    assert_eq!(word(challenge.clone(), signature).await, "同じ確認が二度送られました");
    // A signature for a sign-in, for another front, for another challenge.
    for text in [
        [
            b"madoguchi-sign-in-v1\0",
            challenge.origin.as_bytes(),
            b"\0",
            challenge.challenge.as_bytes(),
        ]
        .concat(),
        card_text("https://other.example", &challenge.challenge),
        card_text(&challenge.origin, &"0f".repeat(32)),
    ] {
        let challenge = desk.challenge().await.unwrap();
        let said = word(challenge, card.sign(&text)).await;
        assert_eq!(said, "カードの署名を確かめられません");
    }
    // A challenge of another, or one that was made up.
    let mut bent = desk.challenge().await.unwrap();
    bent.challenge = "0f".repeat(32);
    let signature = card.sign(&card_text(&bent.origin, &bent.challenge));
    assert_eq!(word(bent, signature).await, "時間がたちすぎました");
    // Suspended by the operators; then the clinic switched off in mid-day.
    let types = coverage.office.schema().service_type.clone();
    let now = SystemClock.now();
    let suspend = |because| relay.records.suspend_agreement("hama", (CLINIC, &types), because, now);
    suspend(Some("点検")).await.unwrap();
    let (_, word) = verdict(&desk.lay_down(&card).await);
    assert_eq!(word, "保険者が、いまは提供を止めています");
    suspend(None).await.unwrap();
    let challenge = desk.challenge().await.unwrap();
    relay
        .records
        .switch_off("hama", CLINIC, "鍵をなくした", now)
        .await
        .unwrap();
    let signature = card.sign(&card_text(&challenge.origin, &challenge.challenge));
    let screen = desk.bring(&challenge, &card.certificate, &signature).await;
    assert_eq!(verdict(&screen).1, "この受付は、いま中継に登録されていません");
    let body = desk.challenge().await.unwrap_err();
    assert!(body.contains("service-unknown"), "{body}");
    // The relay away.
    relay.stop_front().await;
    let body = desk.challenge().await.unwrap_err();
    assert!(body.contains("relay-gone"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clinic_brings_so_many_cards_within_an_hour_and_no_more() {
    let mut relay = Relay::start().await;
    let workers = take_workers(&mut relay).await;
    relay.reconfigure("[cards]\n", "[cards]\nchecks_per_hour = 2\n").await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    coverage.take_over(COVERAGE).await;
    let person = resident(&relay, 1).await;
    let card = eligibility_card(&relay, person.person).await;
    let desk = Desk::open(&mut relay, &workers).await;
    coverage.agree_for(&relay, CLINIC, CHECK).await;
    for _ in 0..2 {
        assert_ne!(verdict(&desk.lay_down(&card).await).0, "trouble");
    }
    assert_eq!(verdict(&desk.lay_down(&card).await).1, "1時間の確認の数を超えました");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_clinics_own_workers_sits_at_its_desk() {
    let mut relay = Relay::start().await;
    take_workers(&mut relay).await;
    // A resident's card is not let in by the relay.
    let patient = relay.card().await;
    let desk = Desk::closed(&mut relay, &patient, "").await;
    let refused = desk.sign_in(&relay).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    // A worker of another clinic, whom this one has not named.
    let mut relay = Relay::start().await;
    let workers = take_workers(&mut relay).await;
    let worker = workers.worker();
    relay.register(&worker.certificate, CardUse::Authentication).await;
    let desk = Desk::closed(&mut relay, &worker, "staff = [\"ABCD-EFGH\"]\n").await;
    assert_eq!(desk.sign_in(&relay).await.status, 303);
    let shown = desk.browser.get(&desk.at("/")).await.body;
    assert!(
        shown.contains("この受付の係として登録されていません") && !shown.contains("id=\"reading\""),
        "{shown}"
    );
}

/// A file, JSON, CSV and FHIR.
const HANDED_ON: &str = "[files]\nres = \"res\"\nwork = \"work\"\n\
                         [fhir]\naddress = \"127.0.0.1:0\"\ntoken_file = \"fhir-token\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn the_clinics_own_system_is_handed_each_check_whole_and_nobody_without_its_token() {
    let mut relay = Relay::start().await;
    let workers = take_workers(&mut relay).await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    coverage.take_over(COVERAGE).await;
    let nagisa = resident(&relay, 1).await;
    let desk = Desk::open_with(&mut relay, &workers, HANDED_ON).await;
    coverage.agree_for(&relay, CLINIC, CHECK).await;
    coverage.link(&relay, &[("ウミノ ナギサ", nagisa.person)]).await;
    let card = eligibility_card(&relay, nagisa.person).await;
    assert_eq!(verdict(&desk.lay_down(&card).await).1, "有効");
    // The answer file, whole, and nothing left where it was written.
    let files = || {
        std::fs::read_dir(desk.folder.join("res"))
            .unwrap()
            .map(|file| file.unwrap().path())
    };
    let file = files().next().expect("an answer file");
    assert!(
        file.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("OQSsiquc01res_")
    );
    let text = std::fs::read_to_string(file).unwrap();
    for part in [
        "<QualificationValidity>1</QualificationValidity>",
        "<MedicalInstitutionCode>4212345678</MedicalInstitutionCode>",
        "<InsuredIdentificationNumber>100</InsuredIdentificationNumber>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(std::fs::read_dir(desk.folder.join("work")).unwrap().count(), 0);
    // From the screen.
    let json = desk.browser.get(&desk.at("/result/1/check.json")).await.body;
    assert!(
        json.contains("\"answer\":\"valid\"") && json.contains("429996"),
        "{json}"
    );
    let csv = desk.browser.get(&desk.at("/result/1/check.csv")).await.body;
    assert!(csv.contains(",valid,") && csv.contains("\"429996\""), "{csv}");
    let stranger = Browser::new(&relay).get(&desk.at("/result/1/check.json")).await;
    assert_eq!(stranger.status, 404);
    // FHIR on loopback.
    let base = format!("http://{}/fhir", desk.fhir.unwrap());
    let client = reqwest::Client::builder()
        .use_preconfigured_tls(portal_kit::tls::client(relay.authority.roots(), None).unwrap())
        .no_proxy()
        .build()
        .unwrap();
    let ask = async |path: &str, token: &str| {
        let answer = client
            .get(format!("{base}{path}"))
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let read: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        (status, read)
    };
    for token in ["", "a-token-of-this-des", "a-token-of-this-desk2"] {
        let (status, read) = ask("/Coverage", token).await;
        assert_eq!((status, read["resourceType"].as_str()), (401, Some("OperationOutcome")));
    }
    let (status, bundle) = ask("/Coverage", "a-token-of-this-desk").await;
    assert_eq!((status, bundle["total"].as_u64()), (200, Some(1)));
    let found = &bundle["entry"][0]["resource"];
    assert_eq!(found["identifier"][0]["value"], "00429996:汐:100:01");
    let (_, response) = ask("/CoverageEligibilityResponse", "a-token-of-this-desk").await;
    let response = &response["entry"][0]["resource"];
    assert_eq!(response["disposition"], "有効");
    let reference = response["insurance"][0]["coverage"]["reference"].as_str().unwrap();
    let (status, again) = ask(&format!("/{reference}"), "a-token-of-this-desk").await;
    assert_eq!((status, &again), (200, found));
    assert_eq!(ask("/Coverage/none", "a-token-of-this-desk").await.0, 404);
    // The folder gone: the result stands there all the same, and says what is missing.
    std::fs::remove_dir_all(desk.folder.join("res")).unwrap();
    let screen = desk.lay_down(&card).await;
    assert_eq!(verdict(&screen).1, "有効");
    assert!(
        screen.contains("院内システムのフォルダーに結果を書けませんでした"),
        "{screen}"
    );
}
