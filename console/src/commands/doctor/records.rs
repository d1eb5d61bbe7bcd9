//! The office database: whether it answers, is of this program's version, and has the same time.

use std::sync::Arc;

use office::{Health, Office, OfficeError, TimeSource};
use relay_core::clock::SystemClock;
use store::{StoreError, cluster::Cluster};
use time::Duration;

use super::Finding;
use crate::{
    commands::{Setting, database, upgrade_records, words::Lang},
    config::{Config, secrets},
};

/// Desks and database may differ by this much before someone should look; leases last minutes.
const CLOCK_DRIFT: Duration = Duration::seconds(5);
/// From here on what one writes the other takes for the past or the future.
const CLOCK_WRONG: Duration = Duration::minutes(5);
/// A database on the same machine answers in well under a millisecond; this slow, a clerk feels it.
const SLOW: std::time::Duration = std::time::Duration::from_millis(100);

/// Asks the database how it stands.
pub(super) fn examine(setting: &Setting, config: &Config, lang: Lang) -> Vec<Finding> {
    let cluster = Cluster::at(setting.home.cluster());
    if let Ok(versions) = cluster.versions()
        && !versions.present
    {
        let (wrote, newest) = (versions.wrote, versions.newest.to_string());
        let data = cluster.data_folder().unwrap_or_default();
        let (found, advice) = upgrade_records::written_by_another(&data, wrote, &newest, lang)
            .split_once('\n')
            .map(|(found, advice)| (found.to_owned(), advice.trim_start().to_owned()))
            .unwrap_or_default();
        return vec![Finding::bad("database", found, advice)];
    }
    match ask(config) {
        Ok(health) => told(&health, lang),
        Err(error) => vec![Finding::bad(
            "database",
            words(&error, lang),
            lang.pick(
                "`madoguchi up` で動かし、[database] の項目を確かめてください",
                "start it with `madoguchi up`; check [database] in the configuration",
            ),
        )],
    }
}

fn words(error: &anyhow::Error, lang: Lang) -> String {
    match error.downcast_ref::<OfficeError>() {
        Some(OfficeError::Store(StoreError::Unreachable { reason, .. })) => lang.pick(
            format!("答えません({reason})"),
            format!("it does not answer ({reason})"),
        ),
        _ => format!("{error:#}"),
    }
}

fn ask(config: &Config) -> anyhow::Result<Health> {
    let sealer = Arc::new(secrets::sealer(&config.seal.keys_file)?);
    let door = database::door(config)?;
    let office = Office::behind(&door, sealer, TimeSource::Database);
    Ok(database::runtime()?.block_on(office.health(&SystemClock))?)
}

fn told(health: &Health, lang: Lang) -> Vec<Finding> {
    let milliseconds = health.latency.as_secs_f64() * 1_000.0;
    let found = format!("PostgreSQL {}, {milliseconds:.1} ms", health.server);
    let answer = if health.latency > SLOW {
        Finding::warning(
            "database",
            found,
            lang.pick(
                "答えが遅すぎます。機械の込み具合を見てください",
                "slow: look at what else the machine does",
            ),
        )
    } else {
        Finding::good("database", found)
    };
    vec![answer, version(health, lang), clock(health.clock_ahead, lang)]
}

fn version(health: &Health, lang: Lang) -> Finding {
    let found = lang.pick(
        format!("データベース {}、プログラム {}", health.version, health.needs),
        format!("database {}, program {}", health.version, health.needs),
    );
    if health.version < health.needs {
        Finding::bad(
            "migrations",
            found,
            lang.pick(
                "`madoguchi setup` で移行してください",
                "run `madoguchi setup` to migrate",
            ),
        )
    } else if health.version > health.needs {
        Finding::bad(
            "migrations",
            found,
            lang.pick("プログラムを新しくしてください", "update the program"),
        )
    } else {
        Finding::good("migrations", found)
    }
}

fn clock(ahead: Duration, lang: Lang) -> Finding {
    let seconds = ahead.as_seconds_f64();
    let found = lang.pick(
        format!("データベースの時計との差 {seconds:+.1} 秒"),
        format!("the database's clock is {seconds:+.1} s ahead"),
    );
    let advice = lang.pick(
        "両方の機械の時刻同期を確かめてください",
        "check that both machines' clocks are kept right",
    );
    if ahead.abs() >= CLOCK_WRONG {
        Finding::bad("clock", found, advice)
    } else if ahead.abs() >= CLOCK_DRIFT {
        Finding::warning("clock", found, advice)
    } else {
        Finding::good("clock", found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Condition;

    #[test]
    fn a_database_that_is_down_is_told_in_the_readers_language() {
        let down = || {
            anyhow::Error::from(OfficeError::Store(StoreError::Unreachable {
                during: "version",
                reason: "refused".to_owned(),
            }))
        };
        assert_eq!(words(&down(), Lang::Ja), "答えません(refused)");
        assert_eq!(words(&down(), Lang::En), "it does not answer (refused)");
    }

    #[test]
    fn an_old_database_and_an_old_program_are_told_apart() {
        let health = |version, needs| Health {
            latency: std::time::Duration::from_millis(1),
            version,
            needs,
            server: "15.14".into(),
            clock_ahead: Duration::ZERO,
        };
        assert!(version(&health(5, 6), Lang::Ja).advice.unwrap().contains("setup"));
        assert!(version(&health(7, 6), Lang::Ja).advice.unwrap().contains("プログラム"));
        assert_eq!(version(&health(6, 6), Lang::Ja).condition, Condition::Good);
    }

    #[test]
    fn a_clock_that_differs_from_the_databases_is_told() {
        assert_eq!(clock(Duration::seconds(1), Lang::Ja).condition, Condition::Good);
        assert_eq!(clock(Duration::seconds(-30), Lang::Ja).condition, Condition::Warning);
        assert_eq!(clock(Duration::hours(9), Lang::Ja).condition, Condition::Bad);
    }
}
