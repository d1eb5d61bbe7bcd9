//! The relay front: SAML 2.0 identity provider. Knows a card and an encrypted pseudonym; no name, no pseudonym of any service.

pub mod card;
pub mod sign_in;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
