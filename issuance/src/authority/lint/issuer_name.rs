//! The issuer's name is the subject of who signed it, byte for byte.

use super::Rule;

pub(super) const RULE: Rule = Rule {
    name: "issuer's name",
    standard: "RFC 5280 §4.1.2.4",
    check: |judged| {
        let same = judged.certificate.issuer().as_raw() == judged.issuer.subject().as_raw();
        super::holds(same, || judged.certificate.issuer().to_string())
    },
};
