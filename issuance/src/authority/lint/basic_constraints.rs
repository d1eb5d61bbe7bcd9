//! Who is an authority, and how many stand below it.

use x509_parser::extensions::ParsedExtension;

use super::Rule;

pub(super) const RULE: Rule = Rule {
    name: "basic constraints",
    standard: "RFC 5280 §4.2.1.9",
    check: |judged| match judged.extension("2.5.29.19") {
        Some(ParsedExtension::BasicConstraints(constraints)) => {
            let good = constraints.ca == judged.profile.is_authority()
                && constraints.path_len_constraint == judged.profile.path_length().map(u32::from);
            super::holds(good, || format!("{constraints:?}"))
        }
        _ => judged.absent("2.5.29.19"),
    },
};
