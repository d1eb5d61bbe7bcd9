//! The relay at work: real listeners, a real database for each half, the blind half as a process of its own, cards as
//! TLS clients show them, services that check what they are given.

mod apache;
mod faults;
mod intake;
mod joiner;
mod lasso;
mod leaving;
mod mellon;
mod moving;
mod operators;
mod others;
mod pages;
mod privacy;
mod process;
mod pulled;
mod rotating;
mod shibboleth;
mod signing_in;
mod telephone;
mod telling;
mod ways;
mod witness;
mod workers;

use relay_saml::{
    message::{Assertion, Identified, NameId},
    names::NameIdFormat,
};
use relay_testing::{Relay, TestService};

const CLINIC: &str = "https://clinic.example/saml";
const SCHOOL: &str = "https://school.example/saml";

/// A relay with a clinic and a school.
async fn relay_with_two() -> (Relay, TestService, TestService) {
    let mut relay = Relay::start().await;
    let clinic = TestService::start(&relay, CLINIC).await;
    let school = TestService::start(&relay, SCHOOL).await;
    relay.join(&clinic).await;
    relay.join(&school).await;
    (relay, clinic, school)
}

/// A relay with a clinic.
async fn relay_with_clinic() -> (Relay, TestService) {
    let mut relay = Relay::start().await;
    let clinic = TestService::start(&relay, CLINIC).await;
    relay.join(&clinic).await;
    (relay, clinic)
}

/// The name in an assertion, as the service reads it.
fn name(assertion: &Assertion) -> &NameId {
    match &assertion.subject.name {
        Identified::Clear(name) => name,
        sealed => panic!("the service could not open {sealed:?}"),
    }
}

/// The SessionIndex of an assertion.
fn index(assertion: &Assertion) -> String {
    let statement = assertion.authentication.as_ref().expect("an assertion says how");
    statement
        .session_index
        .clone()
        .expect("an assertion has a SessionIndex")
}

fn is_persistent(name: &NameId) -> bool {
    name.format == NameIdFormat::Persistent && name.value.len() == 43
}
