//! Country, organisation and common name in this order, and nothing else: no place for a person's name.

use super::Rule;

pub(super) const RULE: Rule = Rule {
    name: "subject",
    standard: "RFC 5280 §4.1.2.6",
    check: |judged| {
        let attributes = judged.certificate.subject().iter_attributes();
        let found: Vec<_> = attributes
            .map(|one| (one.attr_type().to_id_string(), one.as_str().unwrap_or_default()))
            .collect();
        let good = match &found[..] {
            [(c, country), (o, organisation), (cn, name)] => {
                (c.as_str(), *country) == ("2.5.4.6", "JP")
                    && (o.as_str(), *organisation) == ("2.5.4.10", judged.settings.organisation.as_str())
                    && cn == "2.5.4.3"
                    && !name.is_empty()
            }
            _ => false,
        };
        let kinds = || {
            found
                .iter()
                .map(|(kind, _)| kind.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        super::holds(good, kinds)
    },
};
