//! One purpose a certificate, and no other.

use x509_parser::extensions::ParsedExtension;

use super::Rule;
use crate::authority::profile::dotted;

pub(super) const RULE: Rule = Rule {
    name: "extended key usage",
    standard: "RFC 5280 §4.2.1.12, RFC 6960 §4.2.2.2",
    check: |judged| {
        let Some(ParsedExtension::ExtendedKeyUsage(usage)) = judged.extension("2.5.29.37") else {
            return judged.absent("2.5.29.37");
        };
        let ours = usage.other.iter().map(|oid| oid.to_id_string());
        let clients = usage.client_auth.then(|| "1.3.6.1.5.5.7.3.2".to_owned());
        let responders = usage.ocsp_signing.then(|| "1.3.6.1.5.5.7.3.9".to_owned());
        let found: Vec<_> = ours.chain(clients).chain(responders).collect();
        let wanted = judged.profile.purpose(&judged.settings.oid_arc);
        let wanted: Vec<_> = wanted.iter().map(|oid| dotted(oid)).collect();
        let others =
            usage.any || usage.server_auth || usage.code_signing || usage.email_protection || usage.time_stamping;
        super::holds(!others && found == wanted, || format!("{usage:?}"))
    },
};
