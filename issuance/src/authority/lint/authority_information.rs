//! Where the issuer's certificate is, and who answers whether this one is good.

use x509_parser::extensions::ParsedExtension;

use super::{Rule, as_uri};
use crate::authority::{
    issue::{ISSUERS, RESPONDER},
    profile::dotted,
};

pub(super) const RULE: Rule = Rule {
    name: "authority information",
    standard: "RFC 5280 §4.2.2.1, RFC 6960 §3.1",
    check: |judged| {
        let Some(ParsedExtension::AuthorityInfoAccess(access)) = judged.extension("1.3.6.1.5.5.7.1.1") else {
            return judged.absent("1.3.6.1.5.5.7.1.1");
        };
        let points = access.accessdescs.iter();
        let found: Option<Vec<_>> = points
            .map(|point| Some((point.access_method.to_id_string(), as_uri(&point.access_location)?)))
            .collect();
        let pointers = judged.settings.pointers(judged.profile.issuer());
        let issuers = (dotted(ISSUERS), pointers.issuer_certificate);
        let responder = pointers.responder.map(|url| (dotted(RESPONDER), url));
        let wanted: Vec<_> = responder.into_iter().chain([issuers.clone()]).collect();
        // For a while cards named no responder, as none answered; they are no worse for it.
        let good = found
            .as_ref()
            .is_some_and(|found| *found == wanted || *found == [issuers]);
        super::holds(good, || format!("{found:?}"))
    },
};
