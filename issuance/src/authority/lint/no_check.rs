//! Who asks a responder does not ask about the responder; its certificate ends soon instead.

use super::Rule;
use crate::authority::{der, issue::NO_CHECK, profile::dotted};

pub(super) const RULE: Rule = Rule {
    name: "no check of the responder",
    standard: "RFC 6960 §4.2.2.2.1",
    check: |judged| {
        let oid = dotted(NO_CHECK);
        let mut extensions = judged.certificate.extensions().iter();
        match extensions.find(|extension| extension.oid.to_id_string() == oid) {
            Some(extension) => super::holds(extension.value == der::NULL, || hex::encode(extension.value)),
            None => Ok(()),
        }
    },
};
