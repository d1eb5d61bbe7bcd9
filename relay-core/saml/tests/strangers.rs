//! Strangers judge what is sent: xmlsec1 verifies and decrypts it, Lasso takes it as service and as identity provider,
//! pysaml2 and python3-saml take it as services, libxml2 holds it against the standards' schemas. What only our own code
//! accepts is not proved.

#[path = "strangers/keys_and_seals.rs"]
mod keys_and_seals;
#[path = "strangers/lasso_taken.rs"]
mod lasso_taken;
#[path = "strangers/parties.rs"]
mod parties;
#[path = "strangers/peer.rs"]
mod peer;
#[path = "strangers/with_lasso.rs"]
mod with_lasso;
#[path = "strangers/with_pysaml2.rs"]
mod with_pysaml2;
#[path = "strangers/with_python3_saml.rs"]
mod with_python3_saml;
#[path = "strangers/with_schemas.rs"]
mod with_schemas;
