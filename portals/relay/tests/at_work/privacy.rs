//! What each half's dump and log tell, looked through for canaries.

use relay_testing::Browser;

use crate::{CLINIC, name, relay_with_two};

#[tokio::test(flavor = "multi_thread")]
async fn no_dump_and_no_log_of_either_half_holds_a_services_name_of_a_person() {
    let (relay, clinic, school) = relay_with_two().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let names = [
        name(&browser.sign_in(&relay, &clinic).await).value.clone(),
        name(&browser.sign_in(&relay, &school).await).value.clone(),
    ];
    let front = String::from_utf8_lossy(&relay.front_database.dump().unwrap()).into_owned();
    let blind = String::from_utf8_lossy(&relay.blind_database.dump().unwrap()).into_owned();
    // The dumps are read at all.
    assert!(front.contains(CLINIC) && blind.contains(CLINIC));
    let log = relay.blind_log();
    assert!(log.contains("finished"), "{log}");
    for name in &names {
        for (what, text) in [("front", &front), ("blind", &blind), ("log", &log)] {
            assert!(!text.contains(name.as_str()), "{what} holds a name");
            assert!(!text.contains(&hex::encode(name)), "{what} holds a name in hex");
        }
    }
    // The card is known to the front by its hash, and to the blind half not at all.
    let hash = hex::encode(relay_saml::fingerprint(&card.certificate));
    assert!(front.contains(&hash) && !blind.contains(&hash) && !log.contains(&hash));
    // Cookies open sessions: none is in the dump.
    let cookie = browser.cookie("__Host-session").unwrap();
    assert!(!front.contains(&cookie));
}
