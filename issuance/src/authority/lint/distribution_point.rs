//! Where its issuer's list is, and nothing about reasons or other issuers.

use x509_parser::extensions::{DistributionPointName, ParsedExtension};

use super::{Rule, as_uri};

pub(super) const RULE: Rule = Rule {
    name: "distribution point",
    standard: "RFC 5280 §4.2.1.13",
    check: |judged| {
        let Some(ParsedExtension::CRLDistributionPoints(points)) = judged.extension("2.5.29.31") else {
            return judged.absent("2.5.29.31");
        };
        let mut found = Some(Vec::new());
        for point in &points.points {
            let names = match &point.distribution_point {
                Some(DistributionPointName::FullName(names))
                    if point.reasons.is_none() && point.crl_issuer.is_none() =>
                {
                    names.iter().map(as_uri).collect::<Option<Vec<_>>>()
                }
                _ => None,
            };
            found = found.zip(names).map(|(found, names)| [found, names].concat());
        }
        let wanted = vec![judged.settings.pointers(judged.profile.issuer()).revocation_list];
        super::holds(found.as_ref() == Some(&wanted), || format!("{found:?}"))
    },
};
