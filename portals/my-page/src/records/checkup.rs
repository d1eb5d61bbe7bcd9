//! 特定健診: values over the years beside the reference values of their year, the next step first. Never a diagnosis.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::HeaderMap, response::Response};
use portal_kit::{Html, Say, Trouble, Visit};
use portal_service::Service;
use relay_saml::wsf::{Record, RecordSet};

use time::OffsetDateTime;

use super::{Answer, AsOf, CHECKUP, Dark, Instead, asked, chart::Trend, figures};

/// How a value stands to the reference values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Band {
    Usual,
    /// Worth looking after.
    Mid,
    /// A value at which seeing a doctor is advised.
    High,
}

impl Band {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Mid => "mid",
            Self::High => "high",
        }
    }
}

/// From which value on something is worth looking after, and from which on a doctor is advised (特定健診 判定値 and 受診勧奨
/// 判定値, DOMAIN 5.6). For HDL it is below.
struct Measure {
    item: &'static str,
    unit: &'static str,
    mid: f64,
    high: Option<f64>,
    below: bool,
}

const fn measure(item: &'static str, unit: &'static str, mid: f64, high: Option<f64>) -> Measure {
    Measure {
        item,
        unit,
        mid,
        high,
        below: false,
    }
}

/// The HbA1c of a year may be in JDS or NGSP (until and since 2013): each has its own values.
const JDS: Measure = measure("hba1c", "% (JDS)", 5.2, Some(6.1));
const NGSP: Measure = measure("hba1c", "% (NGSP)", 5.6, Some(6.5));
const MEASURES: [Measure; 12] = [
    measure("bmi", "", 25.0, None),
    measure("systolic", "mmHg", 130.0, Some(140.0)),
    measure("diastolic", "mmHg", 85.0, Some(90.0)),
    measure("triglycerides", "mg/dL", 150.0, Some(300.0)),
    Measure {
        item: "hdl",
        unit: "mg/dL",
        mid: 40.0,
        high: None,
        below: true,
    },
    measure("ldl", "mg/dL", 120.0, Some(140.0)),
    measure("glucose", "mg/dL", 100.0, Some(126.0)),
    NGSP,
    measure("ast", "U/L", 31.0, Some(51.0)),
    measure("alt", "U/L", 31.0, Some(51.0)),
    measure("ggt", "U/L", 51.0, Some(101.0)),
    measure("waist", "cm", 85.0, None),
];

/// A value that stands there and can't be read, or can't be judged because it does not say in which unit or for whom it is.
struct Unreadable;

impl Measure {
    /// The same as it was judged in `record`'s year and for its person.
    fn of(&self, record: &Record) -> Result<Self, Unreadable> {
        let mut measure = Self { ..*self };
        if self.item == "hba1c" {
            measure = match record.get("hba1c-unit") {
                Some("JDS") => JDS,
                Some("NGSP") => NGSP,
                _ => return Err(Unreadable),
            };
        }
        // 腹囲: men from 85, women from 90.
        if self.item == "waist" {
            measure.mid = match record.get("sex") {
                Some("男") => 85.0,
                Some("女") => 90.0,
                _ => return Err(Unreadable),
            };
        }
        Ok(measure)
    }

    /// What `record` has of it; none where nothing stands.
    fn value(&self, record: &Record) -> Option<Result<Value, Unreadable>> {
        let written = record.get(self.item)?;
        let read = || {
            let measure = self.of(record)?;
            let figure = figures::measured(written).ok_or(Unreadable)?;
            Ok(Value {
                written: written.to_owned(),
                figure,
                band: measure.band(figure),
                measure,
            })
        };
        Some(read())
    }

    fn band(&self, value: f64) -> Band {
        let reached = |limit: f64| if self.below { value < limit } else { value >= limit };
        match (self.high.is_some_and(reached), reached(self.mid)) {
            (true, _) => Band::High,
            (false, true) => Band::Mid,
            (false, false) => Band::Usual,
        }
    }
}

/// A value beside what it was judged by.
struct Value {
    written: String,
    figure: f64,
    band: Band,
    measure: Measure,
}

/// The check-ups, the oldest first.
fn by_year(set: &RecordSet) -> Vec<&Record> {
    let mut records: Vec<_> = set.records.iter().filter(|record| year(record).is_some()).collect();
    let key = |record: &Record| record.get("taken-on").map(str::to_owned);
    records.sort_by(|one, other| (key(one), &one.0).cmp(&(key(other), &other.0)));
    records
}

fn year(record: &Record) -> Option<i32> {
    let day = record.get("taken-on")?;
    figures::month(day.get(..7)?).map(|(year, _)| year)
}

/// What the newest check-up says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Worst(Band),
    /// None of those that can be read is high, and one can't be read: it is not said that all is as usual.
    Unreadable,
}

/// None without a check-up.
pub(super) fn verdict(set: &RecordSet) -> Option<Verdict> {
    let newest = *by_year(set).last()?;
    let values: Vec<_> = MEASURES.iter().filter_map(|measure| measure.value(newest)).collect();
    let worst = values.iter().flatten().map(|value| value.band).max();
    match (worst, values.iter().any(Result::is_err)) {
        (Some(Band::High), _) => Some(Verdict::Worst(Band::High)),
        (_, true) => Some(Verdict::Unreadable),
        (worst, false) => worst.map(Verdict::Worst),
    }
}

/// As a panel says it.
pub(super) fn told(say: Say<'_>, set: &RecordSet) -> (Html, Html) {
    let verdict = verdict(set);
    match (Instead::of(say, set, verdict.is_some()), verdict) {
        (Some(instead), _) => instead.told(),
        (None, Some(Verdict::Worst(band))) => {
            let key = format!("checkup-{}", band.as_str());
            (say.html(&key), say.html(&format!("{key}-line")))
        }
        (None, _) => (say.html("some-unreadable"), say.html("some-unreadable-next")),
    }
}

#[derive(Template)]
#[template(path = "checkup.html")]
struct CheckupBody<'w> {
    say: Say<'w>,
    told: Result<Told, Dark>,
}

struct Told {
    as_of: AsOf,
    instead: Option<Instead>,
    unreadable: bool,
    verdict: Option<Verdict>,
    /// Names of the measures at which a doctor is advised.
    high: Vec<Html>,
    measures: Vec<Shown>,
    years: Vec<String>,
}

/// A measure, over the years.
struct Shown {
    name: Html,
    /// The newest that can be read; none without one.
    card: Option<Card>,
    /// One for each year: nothing, what stands there, or that it can't be read.
    values: Vec<Option<Result<(String, Band), Unreadable>>>,
}

struct Card {
    year: String,
    unit: &'static str,
    now: String,
    band: Band,
    usual: Html,
    chart: Html,
}

pub(super) async fn page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let (person, answer) = match asked(&service, &visit, &headers, ("/checkup", CHECKUP)).await? {
        Ok(asked) => asked,
        Err(welcome) => return Ok(welcome),
    };
    let say = service.say(&visit);
    let body = body(say, &answer, service.moment());
    Ok(service.page(&visit, &person, "page-checkup", &body))
}

fn body<'w>(say: Say<'w>, answer: &Answer, now: OffsetDateTime) -> CheckupBody<'w> {
    let told = match answer {
        Err(reason) => Err(Dark::of(say, reason)),
        Ok(set) => {
            let records = by_year(set);
            let measures: Vec<_> = MEASURES
                .iter()
                .filter_map(|measure| shown(say, measure, &records))
                .collect();
            let unreadable = records.len() < set.records.len()
                || measures
                    .iter()
                    .flat_map(|shown| shown.values.iter().flatten())
                    .any(Result::is_err);
            let newest = records.last();
            let is_high = |measure: &&Measure| {
                let value = newest.and_then(|newest| measure.value(newest)?.ok());
                value.is_some_and(|value| value.band == Band::High)
            };
            Ok(Told {
                as_of: AsOf::of(say, set, now),
                instead: Instead::of(say, set, !records.is_empty()),
                unreadable,
                verdict: verdict(set),
                high: MEASURES
                    .iter()
                    .filter(is_high)
                    .map(|measure| say.html(&format!("measure-{}", measure.item)))
                    .collect(),
                years: records.iter().map(|record| year_of(say, record)).collect(),
                measures,
            })
        }
    };
    CheckupBody { say, told }
}

fn year_of(say: Say<'_>, record: &Record) -> String {
    figures::year(say, year(record).unwrap_or_default())
}

fn shown(say: Say<'_>, measure: &Measure, records: &[&Record]) -> Option<Shown> {
    let values: Vec<_> = records.iter().map(|record| measure.value(record)).collect();
    values.iter().any(Option::is_some).then(|| Shown {
        name: say.html(&format!("measure-{}", measure.item)),
        card: card(say, measure, records, &values),
        values: values
            .into_iter()
            .map(|value| value.map(|value| value.map(|value| (value.written, value.band))))
            .collect(),
    })
}

fn card(
    say: Say<'_>,
    measure: &Measure,
    records: &[&Record],
    values: &[Option<Result<Value, Unreadable>>],
) -> Option<Card> {
    let read = |(record, value): (&&Record, &'_ Option<Result<Value, Unreadable>>)| {
        let value = value.as_ref()?.as_ref().ok()?;
        Some((
            year_of(say, record),
            value.written.clone(),
            value.figure,
            value.band,
            value.measure.unit,
            (value.measure.mid, value.measure.below),
        ))
    };
    let read: Vec<_> = records.iter().zip(values).filter_map(read).collect();
    let (year, now, _, band, unit, (mid, below)) = read.last()?.clone();
    // A line joins only what was measured alike.
    let points: Vec<_> = read
        .iter()
        .filter(|(.., other, _)| *other == unit)
        .map(|(year, value, figure, band, ..)| (year.clone(), value.clone(), *figure, band.as_str()))
        .collect();
    let said: Vec<_> = points
        .iter()
        .map(|(year, value, ..)| format!("{year} {value}"))
        .collect();
    let key = if below { "measure-from" } else { "measure-under" };
    let limit = mid.to_string();
    let limit = &[("limit", limit.as_str())];
    let name = say.text(&format!("measure-{}", measure.item));
    let about = format!("{name}: {}. {}", said.join(", "), say.text_with(key, limit));
    let usual = if below { (Some(mid), None) } else { (None, Some(mid)) };
    Some(Card {
        year,
        unit,
        now,
        band,
        usual: say.html_with(key, limit),
        chart: Trend::of(about, &points, usual).html(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_kit::{Language, Words};
    use relay_saml::wsf::Standing;

    fn record(items: &[(&str, &str)]) -> Record {
        Record(
            items
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
        )
    }

    #[test]
    fn a_value_stands_where_the_reference_values_of_its_year_and_person_say() {
        let bands = |item: &str, values: &[&str], beside: &[(&str, &str)]| -> Vec<Option<Band>> {
            let measure = MEASURES.iter().find(|measure| measure.item == item).unwrap();
            let band = |value: &&str| {
                let mut items = vec![(item, *value)];
                items.extend_from_slice(beside);
                measure.value(&record(&items)).unwrap().ok().map(|value| value.band)
            };
            values.iter().map(band).collect()
        };
        use Band::{High, Mid, Usual};
        let pressures = bands("systolic", &["129", "130", "139", "140"], &[]);
        assert_eq!(pressures, [Usual, Mid, Mid, High].map(Some));
        assert_eq!(bands("hdl", &["40", "39"], &[]), [Usual, Mid].map(Some));
        let values = ["5.5", "6.2"];
        assert_eq!(
            bands("hba1c", &values, &[("hba1c-unit", "NGSP")]),
            [Usual, Mid].map(Some)
        );
        assert_eq!(bands("hba1c", &values, &[("hba1c-unit", "JDS")]), [Mid, High].map(Some));
        assert_eq!(bands("waist", &["86"], &[("sex", "男")]), [Some(Mid)]);
        assert_eq!(bands("waist", &["86"], &[("sex", "女")]), [Some(Usual)]);
        // Without a unit or a sex that is known nothing is judged, and neither is what is no figure.
        for beside in [&[][..], &[("hba1c-unit", "jds")], &[("hba1c-unit", "%")]] {
            assert_eq!(bands("hba1c", &["5.5"], beside), [None], "{beside:?}");
        }
        assert_eq!(bands("waist", &["86"], &[("sex", "F")]), [None]);
        assert_eq!(bands("systolic", &["NaN", "1e9", "high", "-1"], &[]), [None; 4]);
    }

    fn set(standing: Standing, records: Vec<Record>) -> RecordSet {
        RecordSet {
            kind: "checkup".into(),
            standing,
            as_of: None,
            overdue: false,
            dummy: false,
            source: "健康づくり課".into(),
            records,
        }
    }

    fn page(set: RecordSet) -> String {
        let words = Words::layered(&[portal_service::WORDS, crate::words()]);
        let now = time::macros::datetime!(2026-12-01 9:00 +9);
        body(words.say(Language::Japanese), &Ok(set), now).render().unwrap()
    }

    #[test]
    fn a_value_that_cannot_be_read_is_told_and_never_counted_as_usual() {
        let fine = record(&[("taken-on", "2026-09-10"), ("systolic", "120"), ("ldl", "100")]);
        let odd = record(&[("taken-on", "2026-09-10"), ("systolic", "1O0"), ("ldl", "100")]);
        let of = |records: &[&Record]| set(Standing::Valid, records.iter().map(|one| (*one).clone()).collect());
        assert_eq!(verdict(&of(&[&fine])), Some(Verdict::Worst(Band::Usual)));
        assert_eq!(verdict(&of(&[&odd])), Some(Verdict::Unreadable));
        let shown = page(of(&[&fine, &odd]));
        for part in ["読めない数字", "表示できません", "○ 100"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!shown.contains("どの値も基準のなかです"), "{shown}");
        // A doctor is advised whatever else can't be read.
        let high = record(&[("taken-on", "2026-09-10"), ("systolic", "1O0"), ("ldl", "150")]);
        assert_eq!(verdict(&of(&[&high])), Some(Verdict::Worst(Band::High)));
        assert!(page(of(&[&high])).contains("相談をすすめます"));
        // A check-up without a day that can be read is told too.
        let dayless = record(&[("taken-on", "sometime"), ("ldl", "100")]);
        assert!(page(of(&[&fine, &dayless])).contains("読めない数字"));
        assert!(page(of(&[&dayless])).contains("表示できません"));
    }

    #[test]
    fn nothing_and_not_known_are_two_answers() {
        let (absent, unknown) = (
            page(set(Standing::Absent, vec![])),
            page(set(Standing::Unknown, vec![])),
        );
        assert!(absent.contains("該当なし") && absent.contains("受診券"), "{absent}");
        assert!(unknown.contains("不明") && !unknown.contains("該当なし"), "{unknown}");
    }
}
