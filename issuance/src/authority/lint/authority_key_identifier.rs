//! Which of the issuer's keys signed it, and nothing else about the issuer.

use x509_parser::extensions::ParsedExtension;

use super::{Rule, key_identifier};

pub(super) const RULE: Rule = Rule {
    name: "authority key identifier",
    standard: "RFC 5280 §4.2.1.1",
    check: |judged| match judged.extension("2.5.29.35") {
        Some(ParsedExtension::AuthorityKeyIdentifier(found)) => {
            let wanted = key_identifier(judged.issuer);
            let same = found.key_identifier.as_ref().is_some_and(|found| *found.0 == wanted);
            let alone = found.authority_cert_issuer.is_none() && found.authority_cert_serial.is_none();
            super::holds(same && alone, || format!("{found:?}"))
        }
        _ => judged.absent("2.5.29.35"),
    },
};
