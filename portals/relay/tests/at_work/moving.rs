//! Somebody moves to another city, whose office registers with the same relay.

use relay_core::{
    chance::{OsChance, draw},
    registration::{CardUse, CertificateDer, Message, RevocationReason},
};
use relay_testing::{Browser, Relay, TestCard};
use uuid::Uuid;

use crate::{index, name, relay_with_two};

/// A card of the new city's, for whoever is behind what the old city's office handed over.
async fn card_there(relay: &Relay, handed: Uuid) -> TestCard {
    let card = relay.cards.authentication();
    let registration = fresh();
    let register = Message::Register {
        registration,
        certificate_der: CertificateDer(card.certificate.to_vec()),
        used_for: CardUse::Authentication,
        pseudonym: relay.refreshed(&relay.pseudonym_of(handed)),
    };
    assert_eq!(relay.other_office_says(&register).await, 200);
    assert_eq!(relay.other_office_says(&Message::Activate { registration }).await, 200);
    card
}

fn fresh() -> Uuid {
    Uuid::from_bytes(draw(&mut OsChance))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_moves_is_somebody_else_to_the_services_of_the_new_city_and_stays_that() {
    let (relay, clinic, school) = relay_with_two().await;
    let person = fresh();
    let old = relay.cards.authentication();
    let registration = relay
        .register_person(person, &old.certificate, CardUse::Authentication)
        .await;
    let known_as = async |card: &TestCard| {
        let browser = Browser::with_card(&relay, card);
        let mut names = Vec::new();
        for service in [&clinic, &school] {
            names.push(name(&browser.sign_in(&relay, service).await).value.clone());
        }
        names
    };
    let before = known_as(&old).await;
    let first = card_there(&relay, person).await;
    let after = known_as(&first).await;
    assert!(
        before.iter().all(|name| !after.contains(name)),
        "nobody there knows her"
    );
    // The card there replaced, she stays who she is there; somebody else is somebody else.
    let second = card_there(&relay, person).await;
    assert_eq!(known_as(&second).await, after);
    let neighbour = card_there(&relay, fresh()).await;
    assert_ne!(known_as(&neighbour).await, after);
    // The old city ends its card, and can end none of the new one's.
    let end = Message::Revoke {
        registration,
        reason: RevocationReason::CessationOfOperation,
    };
    assert_eq!(relay.office_says(&end).await, 200);
    let shown = Browser::with_card(&relay, &old);
    let page = shown.begin(&clinic.redirect(&clinic.request(&relay), None)).await;
    let link = page.link("/card/", &relay).expect("the page asks for the card");
    assert!(
        !shown.get(&link).await.body.contains("SAMLResponse"),
        "an ended card signs nobody in"
    );
    assert_eq!(known_as(&second).await, after);
    // Logging out names her as she is known there, which only the blind half can compare.
    let there = Browser::with_card(&relay, &second).sign_in(&relay, &clinic).await;
    let (status, body) = clinic.log_out_as(&relay, &index(&there), name(&there)).await;
    assert!(status == 200 && !body.contains("UnknownPrincipal"), "{body}");
}
