//! The relay front: SAML 2.0 identity provider. Knows a card and an encrypted pseudonym; no name, no pseudonym of any service.
