//! What strangers send is taken: Lasso in the service's place and in the identity provider's, xmlsec1 with the pen.

#[path = "taken/from_lasso.rs"]
mod from_lasso;
#[path = "taken/from_xmlsec1.rs"]
mod from_xmlsec1;
#[path = "strangers/parties.rs"]
#[allow(dead_code, reason = "shared with the strangers' tests, which use more of it")]
mod parties;
#[path = "strangers/peer.rs"]
#[allow(dead_code, reason = "shared with the strangers' tests, which use more of it")]
mod peer;
#[path = "taken/receiver.rs"]
mod receiver;
