//! Refused messages, counted by the hour, by who or what and by rule: in memory first, so that refusing costs nobody a
//! wait, and soon after in the database. How many rows an hour can make is bounded, whatever comes.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use store::{StoreError, Tx};
use time::OffsetDateTime;

/// Who is counted where nobody is known: an unknown sender, or one too many.
pub const UNKNOWN: &str = "unknown";
/// So many rows are begun for each hour at most with a name in them; those beyond are counted as [`UNKNOWN`].
const NAMED_AN_HOUR: usize = 500;

/// Messages that were refused within an hour by one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals {
    pub hour: OffsetDateTime,
    /// Who sent them, or what was asked.
    pub who: String,
    pub rule: String,
    pub count: u64,
}

/// What was counted and is not in the database yet.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    waiting: BTreeMap<(OffsetDateTime, String, &'static str), u64>,
    /// The hour whose names are counted, and which they are.
    named: Option<(OffsetDateTime, BTreeMap<String, Vec<&'static str>>)>,
}

impl Tally {
    /// Counts a refusal by `rule` at `now`.
    pub fn count(&self, who: &str, rule: &'static str, now: OffsetDateTime) {
        let hour = hour(now);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let who = if counts.may_name(hour, who, rule) { who } else { UNKNOWN };
        *counts.waiting.entry((hour, who.to_owned(), rule)).or_default() += 1;
    }

    /// Hands what waits to `write`, which is given back what could not be written.
    ///
    /// # Errors
    /// `write`'s; then everything waits again.
    pub async fn hand_over<E>(&self, write: impl AsyncFnOnce(&[Refusals]) -> Result<(), E>) -> Result<(), E> {
        let waiting = {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut counts.waiting)
        };
        if waiting.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = waiting
            .iter()
            .map(|((hour, who, rule), count)| Refusals {
                hour: *hour,
                who: who.clone(),
                rule: (*rule).to_owned(),
                count: *count,
            })
            .collect();
        let written = write(&rows).await;
        if written.is_err() {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, count) in waiting {
                *counts.waiting.entry(key).or_default() += count;
            }
        }
        written
    }
}

impl Counts {
    fn may_name(&mut self, hour: OffsetDateTime, who: &str, rule: &'static str) -> bool {
        let begun = self.named.as_ref().is_some_and(|(begun, _)| *begun == hour);
        if !begun {
            self.named = Some((hour, BTreeMap::new()));
        }
        let Some((_, named)) = &mut self.named else {
            return false;
        };
        let known = named.get(who).is_some_and(|rules| rules.contains(&rule));
        if !known {
            if named.values().map(Vec::len).sum::<usize>() >= NAMED_AN_HOUR {
                return false;
            }
            named.entry(who.to_owned()).or_default().push(rule);
        }
        true
    }
}

fn hour(now: OffsetDateTime) -> OffsetDateTime {
    let seconds = now.unix_timestamp();
    OffsetDateTime::from_unix_timestamp(seconds - seconds.rem_euclid(3_600)).unwrap_or(now)
}

/// Adds `rows` to what is counted: several processes may, at once. They are in order, so that two never wait for each
/// other.
pub(crate) async fn add(tx: &Tx, sql: &'static str, rows: &[Refusals]) -> Result<(), StoreError> {
    for row in rows {
        let count = i64::try_from(row.count).unwrap_or(i64::MAX);
        tx.execute(sql, &[&row.hour, &row.who, &row.rule, &count]).await?;
    }
    Ok(())
}

pub(crate) fn read(row: &store::Row) -> Refusals {
    Refusals {
        hour: row.get("hour"),
        who: row.get("who"),
        rule: row.get("rule"),
        count: row.get::<_, i64>("count").unsigned_abs(),
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::datetime};

    use super::*;

    const NINE: OffsetDateTime = datetime!(2026-11-22 9:00 UTC);

    /// What waits, handed over at once.
    fn waiting(tally: &Tally) -> Vec<Refusals> {
        let counts = std::mem::take(&mut tally.0.lock().unwrap().waiting);
        let row = |((hour, who, rule), count): ((OffsetDateTime, String, &'static str), u64)| Refusals {
            hour,
            who,
            rule: rule.to_owned(),
            count,
        };
        counts.into_iter().map(row).collect()
    }

    #[test]
    fn an_hour_has_one_row_for_each_name_and_rule() {
        let tally = Tally::default();
        for minute in [0, 1, 59, 60] {
            tally.count("https://clinic.example", "unsigned", NINE + Duration::minutes(minute));
        }
        tally.count("https://clinic.example", "stale", NINE);
        let rows = waiting(&tally);
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.hour, row.rule.as_str(), row.count))
            .collect();
        assert_eq!(
            told,
            [
                (NINE, "stale", 1),
                (NINE, "unsigned", 3),
                (NINE + Duration::HOUR, "unsigned", 1)
            ]
        );
    }

    #[test]
    fn a_million_names_make_no_million_rows_and_nothing_goes_uncounted() {
        let tally = Tally::default();
        for name in 0..20_000 {
            tally.count(&format!("https://{name}.example"), "unsigned", NINE);
        }
        let rows = waiting(&tally);
        assert_eq!(rows.len(), NAMED_AN_HOUR + 1);
        assert_eq!(rows.iter().map(|row| row.count).sum::<u64>(), 20_000);
        // The next hour has room again.
        tally.count("https://1.example", "unsigned", NINE + Duration::HOUR);
        assert_eq!(waiting(&tally)[0].who, "https://1.example");
    }
}
