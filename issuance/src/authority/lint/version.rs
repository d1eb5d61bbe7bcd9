//! The third form of certificates alone.

use x509_parser::x509::X509Version;

use super::{Judged, Rule};

pub(super) const RULE: Rule = Rule {
    name: "version 3",
    standard: "RFC 5280 §4.1.2.1",
    check: |judged: &Judged<'_>| match judged.certificate.version() {
        X509Version::V3 => Ok(()),
        other => Err(other.to_string()),
    },
};
