//! 特定健診: values over the years beside the reference values of their year, the next step first. Never a diagnosis.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::HeaderMap, response::Response};
use portal_kit::{Html, Say, Trouble, Visit};
use portal_service::Service;
use relay_saml::wsf::{Record, RecordSet};

use super::{Answer, AsOf, CHECKUP, Dark, asked, chart::Trend, figures};

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

impl Measure {
    /// The same as it was judged in `record`'s year and for its person.
    fn of(&self, record: &Record) -> Self {
        let mut measure = Self { ..*self };
        if self.item == "hba1c" && record.get("hba1c-unit") == Some("JDS") {
            measure = JDS;
        }
        // 腹囲: men from 85, women from 90.
        if self.item == "waist" && record.get("sex") == Some("女") {
            measure.mid = 90.0;
        }
        measure
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

fn value(record: &Record, item: &str) -> Option<f64> {
    record.get(item)?.parse().ok()
}

/// The check-ups, the oldest first.
fn by_year(set: &RecordSet) -> Vec<&Record> {
    let mut records: Vec<_> = set
        .records
        .iter()
        .filter(|record| record.get("taken-on").is_some())
        .collect();
    records.sort_by_key(|record| record.get("taken-on").map(str::to_owned));
    records
}

/// The worst band of the newest check-up; none without one.
pub(super) fn worst(set: &RecordSet) -> Option<Band> {
    let records = by_year(set);
    let newest = records.last()?;
    let bands = MEASURES.iter().filter_map(|measure| {
        let measure = measure.of(newest);
        Some(measure.band(value(newest, measure.item)?))
    });
    bands.max()
}

#[derive(Template)]
#[template(path = "checkup.html")]
struct CheckupBody<'w> {
    say: Say<'w>,
    told: Result<Told, Dark>,
}

struct Told {
    as_of: AsOf,
    worst: Option<Band>,
    /// Names of the measures at which a doctor is advised.
    high: Vec<Html>,
    measures: Vec<Shown>,
    years: Vec<String>,
}

struct Shown {
    name: Html,
    unit: &'static str,
    now: String,
    band: Band,
    usual: Html,
    chart: Html,
    /// One for each year, with its class.
    values: Vec<Option<(String, Band)>>,
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
    let body = body(say, &answer);
    Ok(service.page(&visit, &person, "page-checkup", &body))
}

fn body<'w>(say: Say<'w>, answer: &Answer) -> CheckupBody<'w> {
    let told = match answer {
        Err(reason) => Err(Dark::of(say, reason)),
        Ok(set) => {
            let records = by_year(set);
            let measures: Vec<_> = MEASURES
                .iter()
                .filter_map(|measure| shown(say, measure, &records))
                .collect();
            Ok(Told {
                as_of: AsOf::of(say, set),
                worst: worst(set),
                high: measures
                    .iter()
                    .filter(|shown| shown.band == Band::High)
                    .map(|shown| shown.name.clone())
                    .collect(),
                years: records.iter().map(|record| year_of(say, record)).collect(),
                measures,
            })
        }
    };
    CheckupBody { say, told }
}

fn year_of(say: Say<'_>, record: &Record) -> String {
    let year = record.get("taken-on").and_then(|text| text.get(..4)?.parse().ok());
    figures::year(say, year.unwrap_or_default())
}

fn shown(say: Say<'_>, measure: &Measure, records: &[&Record]) -> Option<Shown> {
    let newest = records
        .iter()
        .rev()
        .find(|record| value(record, measure.item).is_some())?;
    let latest = measure.of(newest);
    let name = say.text(&format!("measure-{}", measure.item));
    let mut points = Vec::new();
    let mut values = Vec::new();
    for record in records {
        let own = measure.of(record);
        let found = value(record, measure.item);
        let written = record.get(measure.item).unwrap_or_default().to_owned();
        values.push(found.map(|value| (written.clone(), own.band(value))));
        // A line joins only what was measured alike.
        if let Some(value) = found.filter(|_| own.unit == latest.unit) {
            points.push((year_of(say, record), written, value, own.band(value).as_str()));
        }
    }
    let said: Vec<_> = points
        .iter()
        .map(|(year, value, ..)| format!("{year} {value}"))
        .collect();
    let limit = latest.mid.to_string();
    let usual = say.text_with(
        if latest.below { "measure-from" } else { "measure-under" },
        &[("limit", &limit)],
    );
    let band = match latest.below {
        true => (Some(latest.mid), None),
        false => (None, Some(latest.mid)),
    };
    Some(Shown {
        now: newest.get(measure.item)?.to_owned(),
        band: latest.band(value(newest, measure.item)?),
        chart: Trend::of(format!("{name}: {}. {usual}", said.join(", ")), &points, band).html(),
        usual: say.html_with(
            if latest.below { "measure-from" } else { "measure-under" },
            &[("limit", &limit)],
        ),
        name: say.html(&format!("measure-{}", measure.item)),
        unit: latest.unit,
        values,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let find = |item: &str| MEASURES.iter().find(|measure| measure.item == item).unwrap();
        let none = record(&[]);
        let systolic = find("systolic").of(&none);
        assert_eq!(
            [129.0, 130.0, 139.0, 140.0].map(|v| systolic.band(v)),
            [Band::Usual, Band::Mid, Band::Mid, Band::High]
        );
        let hdl = find("hdl").of(&none);
        assert_eq!([40.0, 39.0].map(|v| hdl.band(v)), [Band::Usual, Band::Mid]);
        let ngsp = find("hba1c").of(&record(&[("hba1c-unit", "NGSP")]));
        let jds = find("hba1c").of(&record(&[("hba1c-unit", "JDS")]));
        assert_eq!((ngsp.band(5.5), jds.band(5.5)), (Band::Usual, Band::Mid));
        assert_eq!((ngsp.band(6.2), jds.band(6.2)), (Band::Mid, Band::High));
        let waist = |sex| find("waist").of(&record(&[("sex", sex)]));
        assert_eq!(
            (waist("男").band(86.0), waist("女").band(86.0)),
            (Band::Mid, Band::Usual)
        );
    }
}
