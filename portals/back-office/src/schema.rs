//! What kind of records an instance provides: the items of a record, their forms, and how it is told whether they hold.

use std::{fs, path::Path};

use relay_saml::wsf::Standing;
use serde::Deserialize;
use time::{Date, macros::format_description};

/// The kinds that come with the program, by their names.
const BUILT_IN: [(&str, &str); 4] = [
    ("coverage", include_str!("../schemas/coverage.toml")),
    ("costs", include_str!("../schemas/costs.toml")),
    ("checkup", include_str!("../schemas/checkup.toml")),
    ("pension", include_str!("../schemas/pension.toml")),
];

/// A kind of records.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    pub kind: String,
    /// The URI by which it is asked for.
    pub service_type: String,
    /// Made up for a trial.
    #[serde(default)]
    pub dummy: bool,
    /// Records that hold from one day to another, where they do.
    pub period: Option<Period>,
    pub items: Vec<Item>,
}

/// The items that say from when until when a record holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    pub from: String,
    /// Empty: it goes on.
    pub until: String,
}

/// One item of a record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub name: String,
    pub form: Form,
    #[serde(default)]
    pub needed: bool,
}

/// How an item is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Up to 200 characters.
    Text,
    /// Digits, with a point where there is a fraction.
    Number,
    /// `YYYY-MM-DD`
    Date,
    /// `YYYY-MM`
    Month,
}

impl Form {
    /// Whether `value` is written so.
    pub fn takes(self, value: &str) -> bool {
        match self {
            Self::Text => value.chars().count() <= 200 && !value.chars().any(char::is_control),
            Self::Number => value.len() <= 12 && value.parse::<f64>().is_ok_and(f64::is_finite),
            Self::Date => day(value).is_some(),
            Self::Month => day(&format!("{value}-01")).is_some(),
        }
    }

    /// As told to whoever made the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "200字までの文字 / text of up to 200 characters",
            Self::Number => "数字 / a number",
            Self::Date => "YYYY-MM-DD",
            Self::Month => "YYYY-MM",
        }
    }
}

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    #[error("{name}: {reason}; the kinds that come with the program are coverage, costs, checkup, pension")]
    Unreadable { name: String, reason: std::io::Error },
    #[error("{name}: {reason}")]
    Wrong { name: String, reason: String },
}

impl Schema {
    /// The one called `name`: one that comes with the program, or a file.
    ///
    /// # Errors
    /// [`SchemaError`]
    pub fn load(name: &str, folder: &Path) -> Result<Self, SchemaError> {
        let built_in = BUILT_IN.iter().find(|(known, _)| *known == name);
        let text = match built_in {
            Some((_, text)) => (*text).to_owned(),
            None => fs::read_to_string(folder.join(name)).map_err(|reason| SchemaError::Unreadable {
                name: name.to_owned(),
                reason,
            })?,
        };
        let wrong = |reason: String| SchemaError::Wrong {
            name: name.to_owned(),
            reason,
        };
        let schema: Self = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if let Some(period) = &schema.period {
            for named in [&period.from, &period.until] {
                let item = schema.items.iter().find(|item| item.name == *named);
                if item.is_none_or(|item| item.form != Form::Date) {
                    return Err(wrong(format!("the period's {named} is no item of the form date")));
                }
            }
        }
        Ok(schema)
    }

    /// What records say on `today`.
    pub fn standing(&self, records: &[Vec<(String, String)>], today: Date) -> Standing {
        let Some(period) = &self.period else {
            return if records.is_empty() {
                Standing::Absent
            } else {
                Standing::Valid
            };
        };
        let value = |record: &[(String, String)], name: &str| {
            let found = record.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
        };
        let (mut holding, mut over, mut unclear) = (0, 0, 0);
        for record in records {
            let from = value(record, &period.from).as_deref().and_then(day);
            let until = value(record, &period.until);
            match (from, until.as_deref().map(day)) {
                (Some(from), None) if from <= today => holding += 1,
                (Some(from), Some(Some(until))) if from <= today && today <= until => holding += 1,
                (Some(_), None | Some(Some(_))) => over += 1,
                _ => unclear += 1,
            }
        }
        match (holding, over, unclear) {
            (_, _, 1..) => Standing::Unknown,
            (2.., ..) => Standing::Several,
            (1, ..) => Standing::Valid,
            (0, 1.., _) => Standing::Ended,
            _ => Standing::Absent,
        }
    }
}

/// The day written `text`.
pub fn day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn period(from: &str, until: &str) -> Vec<(String, String)> {
        vec![("valid-from".into(), from.into()), ("valid-until".into(), until.into())]
    }

    #[test]
    fn every_kind_that_comes_with_the_program_is_read() {
        for (name, _) in BUILT_IN {
            let schema = Schema::load(name, Path::new("/")).unwrap();
            assert_eq!(schema.kind, name);
            assert_eq!(schema.dummy, name == "pension");
        }
    }

    #[test]
    fn valid_ended_absent_several_and_unknown_are_five_different_answers() {
        let schema = Schema::load("coverage", Path::new("/")).unwrap();
        let today = date!(2026 - 12 - 01);
        let told = |records: &[Vec<(String, String)>]| schema.standing(records, today);
        assert_eq!(told(&[period("2024-04-01", "")]), Standing::Valid);
        assert_eq!(told(&[period("2024-04-01", "2026-12-01")]), Standing::Valid);
        assert_eq!(told(&[period("2024-04-01", "2026-11-30")]), Standing::Ended);
        assert_eq!(told(&[]), Standing::Absent);
        let overlap = [period("2020-04-01", ""), period("2026-11-01", "")];
        assert_eq!(told(&overlap), Standing::Several);
        let gap = [period("2020-04-01", "2025-03-31"), period("2027-04-01", "")];
        assert_eq!(told(&gap), Standing::Ended);
        assert_eq!(told(&[period("2020-04-01", "soon")]), Standing::Unknown);
        assert_eq!(told(&[period("", "")]), Standing::Unknown);
    }
}
