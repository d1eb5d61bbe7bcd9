//! What the key may be used for: an authority's signs certificates and lists, everybody else's signs.

use x509_parser::extensions::ParsedExtension;

use super::Rule;

pub(super) const RULE: Rule = Rule {
    name: "key usage",
    standard: "RFC 5280 §4.2.1.3",
    check: |judged| match judged.extension("2.5.29.15") {
        Some(ParsedExtension::KeyUsage(usage)) => {
            // Bits: digitalSignature 0; keyCertSign 5, cRLSign 6.
            let wanted = if judged.profile.is_authority() {
                1 << 5 | 1 << 6
            } else {
                1
            };
            super::holds(usage.flags == wanted, || format!("{:#b}", usage.flags))
        }
        _ => judged.absent("2.5.29.15"),
    },
};
