//! Identifiers of the second form of certificates.

use super::Rule;

pub(super) const RULE: Rule = Rule {
    name: "unique identifiers are out of use",
    standard: "RFC 5280 §4.1.2.8",
    check: |judged| {
        let none = judged.certificate.issuer_uid.is_none() && judged.certificate.subject_uid.is_none();
        super::holds(none, || "present".into())
    },
};
