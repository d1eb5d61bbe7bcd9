//! The algorithm that the authorities sign with.

use super::{Rule, SHA256_WITH_RSA};
use crate::authority::profile::dotted;

pub(super) const RULE: Rule = Rule {
    name: "signature algorithm",
    standard: "RFC 5280 §4.1.2.3, RFC 4055 §5",
    check: |judged| {
        let found = judged.certificate.tbs_certificate.signature.algorithm.to_id_string();
        super::holds(found == dotted(SHA256_WITH_RSA), || found)
    },
};
