//! The office's own policies, one for each kind of card; an issuing authority names those that it may issue under.

use x509_parser::extensions::ParsedExtension;

use super::Rule;
use crate::authority::profile::dotted;

pub(super) const RULE: Rule = Rule {
    name: "policies",
    standard: "RFC 5280 §4.2.1.4",
    check: |judged| {
        let Some(ParsedExtension::CertificatePolicies(policies)) = judged.extension("2.5.29.32") else {
            return judged.absent("2.5.29.32");
        };
        let found: Vec<_> = policies.iter().map(|policy| policy.policy_id.to_id_string()).collect();
        let wanted = judged.profile.policies(&judged.settings.oid_arc);
        let wanted: Vec<_> = wanted.iter().map(|oid| dotted(oid)).collect();
        let plain = policies.iter().all(|policy| policy.policy_qualifiers.is_none());
        super::holds(plain && found == wanted, || found.join(", "))
    },
};
