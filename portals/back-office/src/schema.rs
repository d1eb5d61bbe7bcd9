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
    /// Of a choice: the words of which one stands.
    #[serde(default)]
    pub of: Vec<String>,
    /// Needed wherever this other item stands: a value without its unit is none.
    pub with: Option<String>,
}

/// How an item is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Up to 200 characters.
    Text,
    /// Digits, with a point where there is a fraction: a measured value.
    Number,
    /// Whole yen, with a minus where it is given back.
    Amount,
    /// How many: digits alone.
    Count,
    /// One of the item's words.
    Choice,
    /// `YYYY-MM-DD`
    Date,
    /// `YYYY-MM`
    Month,
}

impl Form {
    /// Whether `value` is written so. What is taken here is what My Page can show: no exponent, no sign where there is none.
    pub fn takes(self, value: &str) -> bool {
        let digits = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        match self {
            Self::Text | Self::Choice => value.chars().count() <= 200 && !value.chars().any(char::is_control),
            Self::Number => match value.split_once('.') {
                Some((whole, fraction)) => digits(whole, 6) && digits(fraction, 4),
                None => digits(value, 6),
            },
            Self::Amount => digits(value.strip_prefix('-').unwrap_or(value), 10),
            Self::Count => digits(value, 4),
            Self::Date => day(value).is_some(),
            Self::Month => day(&format!("{value}-01")).is_some(),
        }
    }
}

impl Item {
    /// Whether `value` is written as this item is.
    pub fn takes(&self, value: &str) -> bool {
        self.form.takes(value) && (self.form != Form::Choice || self.of.iter().any(|word| word == value))
    }

    /// What should stand there, for whoever made the file.
    pub fn wanted(&self) -> String {
        match self.form {
            Form::Text => TEXT.to_owned(),
            Form::Number => "数字(小数点まで。例 5.7) / digits, with a point where there is a fraction".to_owned(),
            Form::Amount => "円の整数(例 12000) / whole yen".to_owned(),
            Form::Count => "数字4桁まで / up to four digits".to_owned(),
            Form::Choice => self.of.join(" / "),
            Form::Date => DATE.to_owned(),
            Form::Month => "YYYY-MM".to_owned(),
        }
    }
}

/// What a text is, for whoever made the file.
pub(crate) const TEXT: &str = "200字までの文字 / text of up to 200 characters";
/// What a date is.
pub(crate) const DATE: &str = "YYYY-MM-DD";

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
        for item in &schema.items {
            if (item.form == Form::Choice) == item.of.is_empty() {
                return Err(wrong(format!(
                    "{}: a choice, and nothing else, names its words in `of`",
                    item.name
                )));
            }
            let known = |with: &String| schema.items.iter().any(|other| other.name == *with);
            if item.with.as_ref().is_some_and(|with| !known(with)) {
                return Err(wrong(format!("{}: `with` names no item", item.name)));
            }
        }
        Ok(schema)
    }

    /// What records say on `today`. What has not begun is as little in force as what is over; a record whose days can't be
    /// read counts against saying anything unless two others hold for certain.
    pub fn standing(&self, records: &[Vec<(String, String)>], today: Date) -> Standing {
        let Some(period) = &self.period else {
            return if records.is_empty() {
                Standing::Absent
            } else {
                Standing::Valid
            };
        };
        let (mut holding, mut not, mut unclear) = (0, 0, 0);
        for record in records {
            match period.holds(record, today) {
                Some(true) => holding += 1,
                Some(false) => not += 1,
                None => unclear += 1,
            }
        }
        match (holding, not, unclear) {
            (2.., ..) => Standing::Several,
            (_, _, 1..) => Standing::Unknown,
            (1, ..) => Standing::Valid,
            (0, 1.., _) => Standing::Ended,
            _ => Standing::Absent,
        }
    }
}

impl Period {
    /// Whether `record` is in force on `today`, its first and last day included; none where its days don't say.
    pub fn holds(&self, record: &[(String, String)], today: Date) -> Option<bool> {
        let value = |name: &str| {
            let found = record.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
        };
        let from = value(&self.from).and_then(day);
        let until = value(&self.until).map(day);
        match (from, until) {
            (Some(from), Some(Some(until))) if until < from => None,
            (Some(from), _) if today < from => Some(false),
            (_, Some(Some(until))) if until < today => Some(false),
            (Some(_), None | Some(Some(_))) => Some(true),
            _ => None,
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
    fn what_records_say_is_judged_on_the_day_with_gaps_and_overlaps() {
        let schema = Schema::load("coverage", Path::new("/")).unwrap();
        let today = date!(2026 - 12 - 01);
        use Standing::{Absent, Ended, Several, Unknown, Valid};
        for (periods, says) in [
            (&[][..], Absent),
            (&[("2024-04-01", "")], Valid),
            // Both days count.
            (&[("2026-12-01", "")], Valid),
            (&[("2024-04-01", "2026-12-01")], Valid),
            (&[("2024-04-01", "2026-11-30")], Ended),
            // What has not begun is not in force.
            (&[("2026-12-02", "")], Ended),
            (&[("2026-04-01", ""), ("2027-04-01", "")], Valid),
            (&[("2020-04-01", "2026-12-31"), ("2027-01-01", "")], Valid),
            // A gap: before and after today.
            (&[("2020-04-01", "2025-03-31"), ("2027-04-01", "")], Ended),
            // One ends on the day on which the next begins.
            (&[("2020-04-01", "2026-11-30"), ("2026-12-01", "")], Valid),
            (&[("2020-04-01", "2026-12-01"), ("2026-12-01", "")], Several),
            (&[("2020-04-01", ""), ("2026-11-01", "")], Several),
            (&[("2020-04-01", ""), ("2026-11-01", ""), ("soon", "")], Several),
            // An overlap in the past is over.
            (
                &[
                    ("2020-04-01", "2022-03-31"),
                    ("2021-04-01", "2022-03-31"),
                    ("2024-04-01", ""),
                ],
                Valid,
            ),
            // Days that don't say.
            (&[("2020-04-01", "soon")], Unknown),
            (&[("", "")], Unknown),
            (&[("", "2030-01-01")], Unknown),
            (&[("2026-12-10", "2026-11-01")], Unknown),
            (&[("2024-04-01", ""), ("soon", "")], Unknown),
            // Unreadable at one end, and out of today for certain by the other.
            (&[("soon", "2026-11-30"), ("2024-04-01", "")], Valid),
            (&[("2027-04-01", "soon"), ("2024-04-01", "")], Valid),
        ] {
            let records: Vec<_> = periods.iter().map(|(from, until)| period(from, until)).collect();
            assert_eq!(schema.standing(&records, today), says, "{periods:?}");
        }
    }

    #[test]
    fn figures_and_choices_are_taken_only_as_they_can_be_shown() {
        let takes = |form: Form, values: &[&str]| {
            let taken: Vec<_> = values.iter().copied().filter(|value| form.takes(value)).collect();
            taken.join(" ")
        };
        let values = [
            "12",
            "1.5",
            "-3",
            "1e5",
            "NaN",
            "inf",
            "+1",
            ".5",
            "5.",
            "",
            "１２",
            "12,000",
            "99999999999",
        ];
        assert_eq!(takes(Form::Number, &values), "12 1.5");
        assert_eq!(takes(Form::Amount, &values), "12 -3");
        assert_eq!(takes(Form::Count, &values), "12");
        let schema = Schema::load("checkup", Path::new("/")).unwrap();
        let item = |name: &str| schema.items.iter().find(|item| item.name == name).unwrap();
        for (name, words, strange) in [("hba1c-unit", ["JDS", "NGSP"], "jds"), ("sex", ["男", "女"], "F")] {
            assert!(words.iter().all(|word| item(name).takes(word)), "{name}");
            assert!(
                !item(name).takes(strange) && item(name).wanted().contains(words[0]),
                "{name}"
            );
        }
    }

    #[test]
    fn a_schema_of_ones_own_that_contradicts_itself_is_refused() {
        let folder = std::env::temp_dir().join(format!("madoguchi-schema-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let refusal = |items: &str| {
            let text = format!("kind = \"own\"\nservice_type = \"urn:own\"\nitems = [{items}]\n");
            fs::write(folder.join("own.toml"), text).unwrap();
            Schema::load("own.toml", &folder).unwrap_err().to_string()
        };
        for (items, says) in [
            ("{ name = \"sex\", form = \"choice\" }", "names its words"),
            ("{ name = \"sex\", form = \"text\", of = [\"a\"] }", "names its words"),
            (
                "{ name = \"unit\", form = \"text\", with = \"value\" }",
                "names no item",
            ),
        ] {
            assert!(refusal(items).contains(says), "{items}: {}", refusal(items));
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
