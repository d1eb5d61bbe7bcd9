//! Signed by the issuer's key; checked last, as the only rule that costs something.

use super::Rule;

pub(super) const RULE: Rule = Rule {
    name: "signature",
    standard: "RFC 5280 §4.1.1.3",
    check: |judged| {
        let signed = judged.certificate.verify_signature(Some(judged.issuer.public_key()));
        super::holds(signed.is_ok(), || "does not verify with the issuer's key".into())
    },
};
