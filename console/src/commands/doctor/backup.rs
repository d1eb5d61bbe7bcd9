//! The copies of the set-up: how old the newest is, and whether it is still where it was put.

use time::{Duration, OffsetDateTime};

use super::Finding;
use crate::{
    commands::{
        Setting,
        backup::register::{self, Made},
        words::Lang,
    },
    config::Config,
};

/// Looks at the newest copy that was made here.
pub(super) fn examine(setting: &Setting, config: &Config) -> Finding {
    let newest = register::all(&setting.home).pop();
    let there = newest.as_ref().is_some_and(|made| made.file.exists());
    let limit = Duration::days(i64::from(config.backup.days));
    told(
        newest.as_ref(),
        there,
        limit,
        config.demo.is_some(),
        OffsetDateTime::now_utc(),
        setting.lang,
    )
}

fn told(newest: Option<&Made>, there: bool, limit: Duration, demo: bool, now: OffsetDateTime, lang: Lang) -> Finding {
    let advice = lang.pick(
        "`madoguchi backup` で取り、毎日のタイマーが動いているかを確かめてください",
        "make one with `madoguchi backup`, and see that its daily timer runs",
    );
    let Some(made) = newest else {
        let none = lang.pick("まだ一度も取っていません", "none was ever made");
        // A demonstration's people are made up.
        return if demo {
            Finding::good("backup", none)
        } else {
            Finding::warning("backup", none, advice)
        };
    };
    let age = age_words(now - made.at, lang);
    let file = made.file.display();
    let found = lang.pick(format!("{age}に取りました: {file}"), format!("made {age} ago: {file}"));
    if now - made.at > limit {
        Finding::warning("backup", found, advice)
    } else if !there {
        Finding::warning(
            "backup",
            found,
            lang.pick(
                "そのファイルがここにありません。移した先にあるかを確かめてください",
                "the file is not there: see that it is where it was moved to",
            ),
        )
    } else {
        Finding::good("backup", found)
    }
}

/// `3時間前`; in English without its "ago".
pub(in crate::commands) fn age_words(age: Duration, lang: Lang) -> String {
    let (days, hours, minutes) = (age.whole_days(), age.whole_hours(), age.whole_minutes().max(0));
    match (days, hours) {
        (1.., _) => lang.pick(format!("{days}日前"), format!("{days} days")),
        (_, 1..) => lang.pick(format!("{hours}時間前"), format!("{hours} hours")),
        _ => lang.pick(format!("{minutes}分前"), format!("{minutes} minutes")),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::commands::doctor::Condition;

    #[test]
    fn a_copy_that_is_missing_old_or_gone_is_told() {
        let now = datetime!(2026-11-30 9:00 UTC);
        let made = |hours| Made {
            at: now - Duration::hours(hours),
            file: "/mnt/backup/madoguchi-429996-20261130-020000.tar.age".into(),
            bytes: 1,
            sha256: String::new(),
            rows: 1,
        };
        let limit = Duration::days(2);
        let of = |made: Option<Made>, there, demo| told(made.as_ref(), there, limit, demo, now, Lang::En);
        assert_eq!(of(None, false, false).condition, Condition::Warning);
        assert_eq!(of(None, false, true).condition, Condition::Good);
        assert_eq!(of(Some(made(7)), true, false).condition, Condition::Good);
        assert_eq!(of(Some(made(7)), false, false).condition, Condition::Warning);
        let old = of(Some(made(49)), true, false);
        assert_eq!(old.condition, Condition::Warning);
        assert!(old.found.contains("2 days ago"), "{}", old.found);
    }
}
