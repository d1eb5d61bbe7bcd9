//! What stands round the signed part is not covered by the signature. Only the one encoding that DER allows is taken, or one
//! certificate would have many forms and as many fingerprints.

use super::{Rule, SHA256_WITH_RSA};
use crate::authority::der;

pub(super) const RULE: Rule = Rule {
    name: "one encoding",
    standard: "RFC 5280 §4.1, ITU-T X.690 §10",
    check: |judged| {
        let rebuilt = der::sequence(&[
            judged.certificate.tbs_certificate.as_ref().to_vec(),
            der::sequence(&[der::object_identifier(SHA256_WITH_RSA), der::NULL.to_vec()]),
            der::value(0x03, &[&[0], &*judged.certificate.signature_value.data].concat()),
        ]);
        super::holds(rebuilt == judged.certificate.as_raw(), || {
            "not the DER encoding of its parts".into()
        })
    },
};
