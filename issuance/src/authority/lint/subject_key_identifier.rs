//! The first 160 bits of SHA-256 over the SubjectPublicKeyInfo: any unique method will do.

use x509_parser::extensions::ParsedExtension;

use super::{Rule, key_identifier};

pub(super) const RULE: Rule = Rule {
    name: "subject key identifier",
    standard: "RFC 5280 §4.2.1.2, RFC 7093 §2",
    check: |judged| match judged.extension("2.5.29.14") {
        Some(ParsedExtension::SubjectKeyIdentifier(found)) => {
            let wanted = key_identifier(judged.certificate);
            super::holds(*found.0 == wanted, || hex::encode(found.0))
        }
        _ => judged.absent("2.5.29.14"),
    },
};
