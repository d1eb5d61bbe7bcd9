//! The relay's operators at the administration interface.

use std::time::Duration;

use portal_kit::{client, tls::Identity};
use relay_saml::{message::NameIdPolicy, names::NameIdFormat};
use relay_testing::{Browser, CardAuthority, Relay, TestCard, TestService};
use serde_json::{Value, json};
use store::{cluster::Stop, testing::LoneCluster};

use crate::{CLINIC, SCHOOL, index, name, relay_with_two};

async fn ask(relay: &Relay, who: &Identity, path: &str, body: Option<Value>) -> (u16, Value) {
    let client = client::client(relay.authority.roots(), Some(who), Duration::from_secs(20)).unwrap();
    let url = relay.admin_at(path);
    let request = match body {
        None => client.get(url),
        Some(Value::String(text)) => client.post(url).body(text),
        Some(body) => client
            .post(url)
            .header("content-type", "application/json")
            .body(body.to_string()),
    };
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_operators_bring_a_service_in_try_it_and_switch_it_on_and_off() {
    let mut relay = Relay::start().await;
    let clinic = TestService::start(&relay, CLINIC).await;
    relay.pin(CLINIC, &clinic.metadata(), &clinic.encryption_pem());
    let [one, other] = [relay.operators[0].identity.clone(), relay.operators[1].identity.clone()];
    let metadata = Value::String(clinic.metadata());
    let (status, proposed) = ask(&relay, &one, &format!("/partners?entity_id={CLINIC}"), Some(metadata)).await;
    assert_eq!(status, 200, "{proposed}");
    let approval = json!({ "entity_id": CLINIC, "edition": 1, "sha256": proposed["sha256"] });
    let (status, problem) = ask(&relay, &one, "/partners/approve", Some(approval.clone())).await;
    assert_eq!((status, &problem["code"]), (409, &json!("partner.same_person")));
    assert_eq!(ask(&relay, &other, "/partners/approve", Some(approval)).await.0, 204);
    // On trial, only cards named for trials sign in.
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let refused = browser.sign_in_with(&relay, &clinic, &clinic.request(&relay)).await;
    assert!(
        refused.status == 403 && refused.body.contains("試験中"),
        "{}",
        refused.body
    );
    // Its holder tells what the page shows, and an operator names it; the front runs on.
    let (_, shown) = refused.body.split_once("<code>").unwrap();
    let (number, _) = shown.split_once("</code>").unwrap();
    let named = json!({ "sha256": number });
    assert_eq!(ask(&relay, &one, "/trial-cards", Some(named)).await.0, 204);
    let (_, cards) = ask(&relay, &one, "/trial-cards", None).await;
    assert_eq!(
        (&cards[0]["sha256"], &cards[0]["named_by"]),
        (&json!(number), &json!("hama"))
    );
    let assertion = browser.sign_in(&relay, &clinic).await;
    let which = json!({ "entity_id": CLINIC });
    let (status, problem) = ask(&relay, &one, "/partners/on", Some(which.clone())).await;
    assert_eq!((status, &problem["code"]), (409, &json!("partner.not_now")));
    let tried = json!({ "entity_id": CLINIC, "named": true });
    assert_eq!(ask(&relay, &one, "/partners/sign-in-tried", Some(tried)).await.0, 204);
    // Its logout names the person in clear: seen on trial, and told to the operators.
    clinic.log_out(&relay, &index(&assertion), true).await;
    let (_, listed) = ask(&relay, &one, "/partners", None).await;
    assert_eq!(listed[0]["logout"], "in_clear");
    assert_eq!(ask(&relay, &one, "/partners/on", Some(which.clone())).await.0, 409);
    // A passing name shows nothing, and neither does an encrypted one of nobody.
    let mut passing = clinic.request(&relay);
    passing.name_id_policy = Some(NameIdPolicy {
        format: Some(NameIdFormat::Transient),
        sp_qualifier: None,
        allow_create: true,
    });
    let answer = browser.sign_in_with(&relay, &clinic, &passing).await;
    let assertion = clinic.assertion(&answer.fields()["SAMLResponse"], &passing.head.id);
    clinic.log_out(&relay, &index(&assertion), true).await;
    let assertion = browser.sign_in(&relay, &clinic).await;
    let mut nobody = name(&assertion).clone();
    nobody.value = "a-name-that-nobody-has-0123456789-abcdefghi".to_owned();
    clinic.log_out_as(&relay, &index(&assertion), &nobody).await;
    let (_, listed) = ask(&relay, &one, "/partners", None).await;
    assert_eq!(listed[0]["logout"], "in_clear");
    // Mended, it is seen too.
    let assertion = browser.sign_in(&relay, &clinic).await;
    clinic.log_out(&relay, &index(&assertion), false).await;
    assert_eq!(ask(&relay, &one, "/partners/on", Some(which.clone())).await.0, 204);
    // The same software with other keys at other places is tried again.
    let moved = TestService::start(&relay, CLINIC).await;
    let metadata = Value::String(moved.metadata());
    let (_, proposed) = ask(&relay, &one, &format!("/partners?entity_id={CLINIC}"), Some(metadata)).await;
    let approval = json!({ "entity_id": CLINIC, "edition": proposed["edition"], "sha256": proposed["sha256"] });
    assert_eq!(ask(&relay, &other, "/partners/approve", Some(approval)).await.0, 204);
    let (_, listed) = ask(&relay, &one, "/partners", None).await;
    let stands = ["state", "sign_in", "logout"].map(|key| listed[0][key].as_str().unwrap());
    assert_eq!(stands, ["trial", "untried", "untried"]);
    let off = json!({ "entity_id": CLINIC, "words": "key lost" });
    assert_eq!(ask(&relay, &other, "/partners/off", Some(off)).await.0, 204);
    assert_eq!(
        browser
            .begin(&clinic.redirect(&clinic.request(&relay), None))
            .await
            .status,
        403
    );
    let (_, trail) = ask(&relay, &one, "/audit", None).await;
    let acts: Vec<_> = trail
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["act"].as_str().unwrap(), event["actor"].as_str().unwrap()))
        .collect();
    assert!(acts.contains(&("partner.switched", "iso")), "{acts:?}");
    assert!(acts.contains(&("partner.approved", "iso")));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_known_operators_come_in_and_see_how_the_relay_stands() {
    let mut relay = Relay::start().await;
    relay.card().await;
    let operator = relay.operators[0].identity.clone();
    let (status, state) = ask(&relay, &operator, "/state", None).await;
    assert_eq!(status, 200);
    assert_eq!(state["blind_half"], true);
    assert_eq!(state["operator"], "hama");
    assert_eq!(state["offices"][0]["applied"], 2);
    relay.stop_blind();
    let (_, state) = ask(&relay, &operator, "/state", None).await;
    assert_eq!(state["blind_half"], false);
    // Certified by the same authority, and nobody's operator.
    let neighbour = relay.authority.client("hama").identity;
    assert_eq!(ask(&relay, &neighbour, "/state", None).await.0, 403);
    let client = client::client(relay.authority.roots(), None, Duration::from_secs(20)).unwrap();
    assert!(client.get(relay.admin_at("/state")).send().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_never_work_is_refused_when_it_is_put_forward_and_what_stays_open_is_said() {
    let relay = Relay::start().await;
    let clinic = TestService::start(&relay, CLINIC).await;
    let [one, other] = [relay.operators[0].identity.clone(), relay.operators[1].identity.clone()];
    let path = format!("/partners?entity_id={CLINIC}");
    let propose = async |metadata: String| ask(&relay, &one, &path, Some(Value::String(metadata))).await;
    let whole = clinic.metadata();
    let (before, rest) = whole.split_once("<md:KeyDescriptor").unwrap();
    let (_, after) = rest.rsplit_once("</md:KeyDescriptor>").unwrap();
    for (metadata, code) in [
        (format!("{before}{after}"), "partner.no_signing_key"),
        (
            whole.replace("/acs\"", "/acs?SAMLResponse=x\""),
            "partner.protocol_parameter",
        ),
    ] {
        let (status, problem) = propose(metadata).await;
        assert_eq!((status, &problem["code"]), (422, &json!(code)), "{problem}");
    }
    // A service that a pulled card does not reach is told before anybody switches it on, and in the list from then on.
    for (metadata, heard) in [
        (clinic.metadata(), "from-the-relay"),
        (clinic.metadata_without_logout(), "nothing"),
        (clinic.metadata_visited_only(), "from-the-browser"),
    ] {
        let (status, proposed) = propose(metadata).await;
        assert_eq!((status, &proposed["logout_heard"]), (200, &json!(heard)), "{proposed}");
        let approval = json!({ "entity_id": CLINIC, "edition": proposed["edition"], "sha256": proposed["sha256"] });
        assert_eq!(ask(&relay, &other, "/partners/approve", Some(approval)).await.0, 204);
        let (_, listed) = ask(&relay, &one, "/partners", None).await;
        assert_eq!(listed[0]["logout_heard"], heard);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_that_cant_be_read_or_name_plain_addresses_are_not_put_forward() {
    let relay = Relay::start().await;
    let operator = relay.operators[0].identity.clone();
    for metadata in [
        "<x/>",
        "<!DOCTYPE a><md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\"/>",
    ] {
        let path = format!("/partners?entity_id={CLINIC}");
        let (status, problem) = ask(&relay, &operator, &path, Some(Value::String(metadata.to_owned()))).await;
        assert_eq!((status, &problem["code"]), (422, &json!("partner.metadata")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_which_services_do_not_know_of_a_logout_yet_and_not_whose() {
    let (relay, _clinic, mut school) = relay_with_two().await;
    let operator = relay.operators[0].identity.clone();
    assert_eq!(ask(&relay, &operator, "/untold", None).await, (200, json!([])));
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    browser.sign_in(&relay, &school).await;
    school.go_away().await;
    browser.sign_out(&relay).await;
    let (status, untold) = ask(&relay, &operator, "/untold", None).await;
    assert_eq!(status, 200);
    let [service] = untold.as_array().unwrap().as_slice() else {
        panic!("one service is behind: {untold}");
    };
    assert_eq!(
        (&service["entity_id"], &service["waiting"]),
        (&json!(SCHOOL), &json!(1))
    );
    // To the hour and to the minute, and nothing else of the session.
    assert!(service["since"].as_str().unwrap().ends_with(":00:00Z"), "{service}");
    assert!(service["next"].as_str().unwrap().ends_with(":00Z"), "{service}");
    let mut keys: Vec<_> = service.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["entity_id", "given_up", "next", "since", "tries", "waiting"]);
    let (_, state) = ask(&relay, &operator, "/state", None).await;
    assert_eq!(state["untold"], json!({ "services": 1, "waiting": 1 }));
    school.come_back().await;
    let told = async {
        while ask(&relay, &operator, "/untold", None).await.1 != json!([]) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), told).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn with_its_database_down_the_front_still_says_so_and_how_the_blind_half_stands() {
    let cluster = LoneCluster::start_new().unwrap();
    let mut relay = Relay::start_on(&cluster).await;
    let operator = relay.operators[0].identity.clone();
    cluster.stop(Stop::Immediate).unwrap();
    let (status, state) = ask(&relay, &operator, "/state", None).await;
    assert_eq!(status, 200, "{state}");
    assert_eq!(
        (&state["database_clock_ahead_ms"], &state["untold"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(state["blind_half"], true);
    relay.stop_blind();
    let (_, state) = ask(&relay, &operator, "/state", None).await;
    assert_eq!(state["blind_half"], false);
    cluster.start().unwrap();
    let (_, state) = ask(&relay, &operator, "/state", None).await;
    assert!(state["database_clock_ahead_ms"].is_number(), "{state}");
}

/// Rule, partner and count of what was refused.
async fn refused(relay: &Relay) -> Vec<(String, String, u64)> {
    let (status, rows) = ask(relay, &relay.operators[0].identity, "/refusals?hours=2", None).await;
    assert_eq!(status, 200, "{rows}");
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let mut rows: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text(row, "rule"), text(row, "partner"), row["count"].as_u64().unwrap()))
        .collect();
    rows.sort();
    // Two hours, where the test ran over the end of one.
    rows.chunk_by(|one, other| (&one.0, &one.1) == (&other.0, &other.1))
        .map(|same| (same[0].0.clone(), same[0].1.clone(), same.iter().map(|row| row.2).sum()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_messages_of_every_door_are_counted_by_partner_and_rule_and_survive_a_restart() {
    let (mut relay, clinic) = crate::relay_with_clinic().await;
    assert_eq!(refused(&relay).await, []);
    let browser = Browser::new(&relay);
    // Taken, then replayed twice.
    let asked = clinic.redirect(&clinic.request(&relay), None);
    assert_eq!(browser.begin(&asked).await.status, 200);
    for _ in 0..2 {
        assert_eq!(browser.begin(&asked).await.status, 400);
    }
    // The clinic's name under somebody else's key, and a name that is nobody's.
    let impostor = TestService::start(&relay, CLINIC).await;
    browser.begin(&impostor.redirect(&impostor.request(&relay), None)).await;
    let stranger = TestService::start(&relay, "https://stranger.example/saml").await;
    browser.begin(&stranger.redirect(&stranger.request(&relay), None)).await;
    // Nonsense at the doors for machines and for offices.
    for path in ["/saml/slo/soap", "/saml/artifact", "/saml/manage-name-id/soap"] {
        assert_eq!(browser.soap(&relay.at(path), "<x/>".into()).await.status, 500);
    }
    assert_eq!(
        browser
            .soap(&relay.card_at("/saml/ecp"), "nonsense".into())
            .await
            .status,
        500
    );
    assert_eq!(relay.post_envelope("nonsense").await.0, 403);
    browser.get(&relay.at("/saml/slo?SAMLRequest=%21")).await;

    let known = |rule: &str, count| (rule.to_owned(), CLINIC.to_owned(), count);
    let unknown = |rule: &str, count| (rule.to_owned(), "unknown".to_owned(), count);
    let expected = [
        unknown("base64", 1),
        unknown("envelope.not_an_envelope", 1),
        unknown("not_well_formed", 1),
        unknown("partner.unknown", 1),
        known("replayed", 2),
        known("signature_invalid", 1),
        unknown("soap", 3),
    ];
    assert_eq!(refused(&relay).await, expected);
    // Those that nobody had asked about are written down at the end.
    browser.begin(&asked).await;
    relay.stop_front().await;
    relay.start_front().await;
    assert!(refused(&relay).await.contains(&known("replayed", 3)));
    // Nobody's name stands anywhere in what is kept.
    let dump = relay.front_database.dump().unwrap();
    assert!(!String::from_utf8_lossy(&dump).contains("stranger.example"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_card_is_let_in_no_more_from_the_moment_its_authoritys_list_says_so() {
    use time::Duration;

    let mut relay = Relay::start().await;
    let staff = CardAuthority::new("staff");
    let (tanaka, sato) = (staff.worker(), staff.worker());
    let write = |name: &str, text: &str| std::fs::write(relay.path().join(name), text).unwrap();
    let list = |revoked: &[&TestCard], number| staff.revocation_list(revoked, number, Duration::DAY);
    write("operators.pem", &(relay.authority.pem() + &staff.pem()));
    write("staff.crl", &list(&[], 1));
    let hash = |card: &TestCard| hex::encode(relay_saml::fingerprint(&card.certificate));
    let known = format!("\"tanaka {}\", \"sato {}\", ", hash(&tanaka), hash(&sato));
    relay
        .reconfigure(
            "[operators]\nauthorities = \"web.pem\"\nknown = [",
            &format!("[operators]\nauthorities = \"operators.pem\"\nrevocations = [\"staff.crl\"]\nknown = [{known}"),
        )
        .await;
    let write = |name: &str, text: &str| std::fs::write(relay.path().join(name), text).unwrap();

    // One connection that stands, as the operators' screen has it.
    let url = relay.admin_at("/partners");
    let client = client::client(
        relay.authority.roots(),
        Some(&tanaka.identity()),
        std::time::Duration::from_secs(20),
    )
    .unwrap();
    let asked = async || {
        let answer = client.get(&url).send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap_or(Value::Null);
        (status, body["code"].as_str().map(str::to_owned))
    };
    let code = |code: &str| (403, Some(code.to_owned()));
    assert_eq!(asked().await, (200, None));
    write("staff.crl", &list(&[&tanaka], 2));
    assert_eq!(asked().await, code("operator.revoked"));
    // Nobody else is touched, and operators whose authority has no list here come in as before.
    assert_eq!(ask(&relay, &sato.identity(), "/partners", None).await.0, 200);
    assert_eq!(
        ask(&relay, &relay.operators[0].identity, "/partners", None).await.0,
        200
    );

    // Whoever keeps the list away, or puts back an old one, an expired one or one of their own, lets nobody in.
    write("staff.crl", &list(&[], 1));
    assert_eq!(asked().await, code("operator.no_list"));
    write("staff.crl", &staff.revocation_list(&[], 3, -Duration::MINUTE));
    assert_eq!(asked().await, code("operator.no_list"));
    write(
        "staff.crl",
        &CardAuthority::new("staff").revocation_list(&[], 4, Duration::DAY),
    );
    assert_eq!(asked().await, code("operator.no_list"));
    std::fs::remove_file(relay.path().join("staff.crl")).unwrap();
    assert_eq!(asked().await, code("operator.no_list"));
    assert_eq!(ask(&relay, &sato.identity(), "/partners", None).await.0, 403);
    write("staff.crl", &list(&[&tanaka], 5));
    assert_eq!(asked().await, code("operator.revoked"));
    assert_eq!(ask(&relay, &sato.identity(), "/partners", None).await.0, 200);
    let counted = refused(&relay).await;
    assert!(
        counted.contains(&("operator.revoked".into(), "unknown".into(), 2)),
        "{counted:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_is_approved_by_who_says_where_and_until_when_and_stays_suspended() {
    let (relay, _clinic, _school) = relay_with_two().await;
    let [one, other] = [relay.operators[0].identity.clone(), relay.operators[1].identity.clone()];
    const ADDRESS: &str = "https://school.example/wsf/records";
    const TYPE: &str = "urn:madoguchi:records:2026-12:coverage";
    let terms = |address: &str| {
        json!({
            "asker": CLINIC, "service_type": TYPE, "provider": SCHOOL, "address": address,
            "about": "資格", "until": "2099-03-31",
        })
    };
    let approve = async |edition: i32, address: &str, until: &str| {
        let what = json!({
            "asker": CLINIC, "service_type": TYPE, "edition": edition, "address": address, "until": until,
        });
        ask(&relay, &other, "/agreements/approve", Some(what)).await
    };
    let (_, proposed) = ask(&relay, &one, "/agreements", Some(terms(ADDRESS))).await;
    assert_eq!(proposed["edition"], 1);
    // An approval that does not say where and until when is none.
    let blind = json!({ "asker": CLINIC, "service_type": TYPE, "edition": 1 });
    assert_eq!(ask(&relay, &other, "/agreements/approve", Some(blind)).await.0, 422);
    for (address, until) in [
        ("https://elsewhere.example/wsf/records", "2099-03-31"),
        (ADDRESS, "2098-03-31"),
    ] {
        let (status, problem) = approve(1, address, until).await;
        assert_eq!((status, &problem["code"]), (409, &json!("agreement.other_terms")));
    }
    assert_eq!(approve(1, ADDRESS, "2099-03-31").await.0, 204);
    let because = json!({ "asker": CLINIC, "service_type": TYPE, "because": "点検" });
    assert_eq!(ask(&relay, &one, "/agreements/suspend", Some(because)).await.0, 204);
    // New terms while it is suspended are approved and do not resume it.
    const MOVED: &str = "https://new.school.example/wsf/records";
    assert_eq!(ask(&relay, &one, "/agreements", Some(terms(MOVED))).await.0, 200);
    assert_eq!(approve(2, MOVED, "2099-03-31").await.0, 204);
    let (_, listed) = ask(&relay, &one, "/agreements", None).await;
    let stands = |at: usize| ["address", "until", "suspended"].map(|key| listed[at][key].as_str().unwrap_or_default());
    assert_eq!(stands(1), [MOVED, "2099-03-31", "点検"]);
    let counts = relay.records.agreements_of(CLINIC).await.unwrap();
    assert_eq!((counts[0].edition, counts[0].suspended.as_deref()), (2, Some("点検")));
    // The trail says what was stood for.
    let (_, trail) = ask(&relay, &one, "/audit", None).await;
    let approved: Vec<_> = trail
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["act"] == "agreement.approved")
        .map(|event| &event["details"])
        .collect();
    assert_eq!(approved.len(), 2, "{trail}");
    assert_eq!(
        (
            &approved[0]["address"],
            &approved[0]["until"],
            &approved[0]["suspended"]
        ),
        (&json!(MOVED), &json!("2099-03-31"), &json!(true))
    );
    let resumed = json!({ "asker": CLINIC, "service_type": TYPE, "because": null });
    assert_eq!(ask(&relay, &one, "/agreements/suspend", Some(resumed)).await.0, 204);
    let counts = relay.records.agreements_of(CLINIC).await.unwrap();
    assert_eq!((counts[0].edition, counts[0].suspended.as_deref()), (2, None));
}
