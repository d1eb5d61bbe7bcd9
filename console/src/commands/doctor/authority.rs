//! The authorities: whether they are the ceremony's, open with the passphrase, and last long enough.

use issuance::authority::{Authorities, Passphrase};
use relay_core::clock::{Clock, SystemClock};
use time::OffsetDateTime;

use super::Finding;
use crate::{
    commands::{
        authority::{self, Standing},
        words::Lang,
    },
    config::Config,
};

/// An authority this close to its end can no longer give a card its full five years; a new ceremony takes weeks.
const SOON: i64 = 180;

/// Opens the authorities as the console does each morning, and looks at their time.
pub(super) fn examine(config: &Config, lang: Lang) -> Vec<Finding> {
    let standing = match authority::examine(&config.authority.folder) {
        Ok(standing) => standing,
        Err(error) => {
            return vec![Finding::bad(
                "authority",
                error.to_string(),
                lang.pick(
                    "[authority] folder を確かめ、壊れているなら控えから戻してください。無いなら `madoguchi setup` が作ります",
                    "check [authority] folder; restore it from a copy when damaged; `madoguchi setup` makes a missing one",
                ),
            )];
        }
    };
    let now = SystemClock.now();
    let mut findings: Vec<Finding> = standing.iter().map(|one| time_of(one, now, lang)).collect();
    let opened = Passphrase::read(&config.authority.passphrase_file)
        .and_then(|passphrase| Authorities::open(&config.authority.folder, &passphrase));
    if let Err(error) = opened {
        findings.push(Finding::bad(
            "authority",
            error.to_string(),
            lang.pick(
                "[authority] passphrase_file を確かめてください。カードを作れません",
                "check [authority] passphrase_file: no card can be made",
            ),
        ));
    }
    findings
}

fn time_of(standing: &Standing, now: OffsetDateTime, lang: Lang) -> Finding {
    let left = standing.days_left(now);
    let name = authority::name(standing.name, lang);
    let found = lang.pick(format!("{name}: あと {left} 日"), format!("{name}: {left} days left"));
    let advice = lang.pick("新しい認証局の開設を計画してください", "plan the next ceremony");
    // Nobody holds a ceremony tomorrow: the clock went back.
    if standing.from > now {
        let advice = lang.pick(
            "認証局は、いまの時計より後に開設されています。時計を合わせてください。新しい認証局は要りません",
            "it was made later than this clock says: set the clock. No new authority is needed",
        );
        return Finding::bad("authority", found, advice);
    }
    if standing.until <= now {
        Finding::bad("authority", found, advice)
    } else if left < SOON {
        Finding::warning("authority", found, advice)
    } else {
        Finding::good("authority", found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Condition;
    use issuance::authority::AuthorityName;
    use time::{Duration, macros::datetime};

    #[test]
    fn an_authority_is_told_of_half_a_year_before_it_ends() {
        let now = datetime!(2026-11-22 0:00 UTC);
        let ending = |days| Standing {
            name: AuthorityName::Resident,
            from: now - Duration::days(1),
            until: now + Duration::days(days),
        };
        assert_eq!(time_of(&ending(1000), now, Lang::Ja).condition, Condition::Good);
        assert_eq!(time_of(&ending(100), now, Lang::Ja).condition, Condition::Warning);
        assert_eq!(time_of(&ending(0), now, Lang::Ja).condition, Condition::Bad);
        let back = time_of(&ending(1000), now - Duration::days(30), Lang::En);
        assert_eq!(back.condition, Condition::Bad);
        assert!(
            back.advice.unwrap().starts_with("it was made later"),
            "a new authority mends no clock"
        );
    }
}
