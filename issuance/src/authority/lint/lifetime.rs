//! Both ends belong to it, so a whole number of days ends one second short.

use time::Duration;

use super::Rule;

pub(super) const RULE: Rule = Rule {
    name: "lifetime",
    standard: "RFC 5280 §4.1.2.5",
    check: |judged| {
        let validity = judged.certificate.validity();
        let lasts = validity.not_after.to_datetime() - validity.not_before.to_datetime() + Duration::SECOND;
        let wanted = Duration::days(judged.profile.lifetime_days());
        super::holds(lasts == wanted, || lasts.to_string())
    },
};
