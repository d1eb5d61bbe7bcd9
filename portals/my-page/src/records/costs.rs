//! 医療費: what I paid this year, by month, and each line.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Query, State},
    http::{
        HeaderMap, HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG},
    },
    response::{IntoResponse as _, Response},
};
use portal_kit::{Html, Say, Trouble, Visit};
use portal_service::Service;
use relay_saml::{fingerprint, wsf::RecordSet};
use serde::Deserialize;

use super::{Answer, AsOf, COSTS, Dark, asked, chart, figures};

/// One line of a cost notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) year: i32,
    month: u8,
    institution: String,
    care: String,
    days: i64,
    total: i64,
    pub(super) paid: i64,
}

/// The lines of an answer, the newest first; one that can't be read is left out by nobody: the office refused it.
pub(super) fn lines(set: &RecordSet) -> Vec<Line> {
    let mut lines: Vec<_> = set
        .records
        .iter()
        .filter_map(|record| {
            let (year, month) = figures::month(record.get("month")?)?;
            let number = |name| {
                record
                    .get(name)
                    .and_then(|text| text.parse::<i64>().ok())
                    .unwrap_or_default()
            };
            Some(Line {
                year,
                month,
                institution: record.get("institution").unwrap_or_default().to_owned(),
                care: record.get("care").unwrap_or_default().to_owned(),
                days: number("days"),
                total: number("total"),
                paid: number("paid"),
            })
        })
        .collect();
    lines.sort_by(|one, other| {
        (other.year, other.month, &other.institution).cmp(&(one.year, one.month, &one.institution))
    });
    lines
}

#[derive(Deserialize)]
pub(super) struct Shown {
    year: Option<i32>,
}

#[derive(Template)]
#[template(path = "costs.html")]
struct CostsBody<'w> {
    say: Say<'w>,
    told: Result<Told, Dark>,
}

struct Told {
    years: Vec<(i32, String, bool)>,
    /// None when there are no lines at all.
    sums: Option<Sums>,
    as_of: AsOf,
}

struct Sums {
    year: i32,
    label: Html,
    paid: String,
    insurer: Html,
    total: Html,
    paid_yen: Html,
    chart: chart::Bars,
    months: Vec<Month>,
    lines: Vec<Shown3>,
    sha256: String,
}

struct Month {
    name: Html,
    total: String,
    insurer: String,
    paid: String,
}

struct Shown3 {
    month: Html,
    institution: String,
    care: String,
    days: String,
    total: String,
    paid: String,
}

pub(super) async fn page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(shown): Query<Shown>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let (person, answer) = match asked(&service, &visit, &headers, ("/costs", COSTS)).await? {
        Ok(asked) => asked,
        Err(welcome) => return Ok(welcome),
    };
    let say = service.say(&visit);
    let body = body(say, &answer, shown.year);
    Ok(service.page(&visit, &person, "page-costs", &body))
}

/// The same lines as a file. Its hash stands on the page.
pub(super) async fn download(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(shown): Query<Shown>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let (_, answer) = match asked(&service, &visit, &headers, ("/costs", COSTS)).await? {
        Ok(asked) => asked,
        Err(welcome) => return Ok(welcome),
    };
    let Ok(set) = answer else {
        return Err(Trouble::busy());
    };
    let lines = lines(&set);
    let year = year_shown(&lines, shown.year).unwrap_or_default();
    let file = csv(&lines, year);
    let hash = hex(&fingerprint(file.as_bytes()));
    let mut answer = ([(CONTENT_TYPE, "text/csv; charset=utf-8")], file).into_response();
    let headers = answer.headers_mut();
    for (name, value) in [
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"costs-{year}.csv\""),
        ),
        (ETAG, format!("\"{hash}\"")),
    ] {
        headers.insert(
            name,
            HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("")),
        );
    }
    Ok(answer)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn year_shown(lines: &[Line], asked: Option<i32>) -> Option<i32> {
    let known = |year: &i32| lines.iter().any(|line| line.year == *year);
    asked.filter(known).or_else(|| lines.iter().map(|line| line.year).max())
}

/// The lines of a year as CSV: what spreadsheets read as a formula is written as text.
fn csv(lines: &[Line], year: i32) -> String {
    let field = |text: &str| {
        let inert = if text.starts_with(['=', '+', '-', '@', '\t']) {
            "'"
        } else {
            ""
        };
        format!("\"{inert}{}\"", text.replace('"', "\"\""))
    };
    let mut out = String::from("\u{feff}month,institution,care,days,total,paid\r\n");
    for line in lines.iter().filter(|line| line.year == year) {
        let (institution, care) = (field(&line.institution), field(&line.care));
        out.push_str(&format!(
            "{}-{:02},{institution},{care},{},{},{}\r\n",
            line.year, line.month, line.days, line.total, line.paid
        ));
    }
    out
}

fn body<'w>(say: Say<'w>, answer: &Answer, asked: Option<i32>) -> CostsBody<'w> {
    let set = match answer {
        Ok(set) => set,
        Err(reason) => {
            return CostsBody {
                say,
                told: Err(Dark::of(say, reason)),
            };
        }
    };
    let lines = lines(set);
    let shown = year_shown(&lines, asked);
    let mut years: Vec<_> = lines.iter().map(|line| line.year).collect();
    years.dedup();
    years.reverse();
    CostsBody {
        say,
        told: Ok(Told {
            years: years
                .into_iter()
                .map(|year| (year, figures::year(say, year), Some(year) == shown))
                .collect(),
            sums: shown.map(|year| sums(say, &lines, year)),
            as_of: AsOf::of(say, set),
        }),
    }
}

fn sums(say: Say<'_>, all: &[Line], year: i32) -> Sums {
    let lines: Vec<_> = all.iter().filter(|line| line.year == year).collect();
    let mut months: BTreeMap<u8, (i64, i64)> = BTreeMap::new();
    for line in &lines {
        let month = months.entry(line.month).or_default();
        month.0 += line.total;
        month.1 += line.paid;
    }
    // Months up to the last that came are zero where nothing stands; later ones have not come yet, which is not zero.
    let last = months.keys().max().copied().unwrap_or_default();
    let bars: Vec<_> = (1..=12)
        .map(|month| (month <= last).then(|| months.get(&month).map_or(0, |(_, paid)| *paid)))
        .collect();
    let (total, paid) = lines
        .iter()
        .fold((0, 0), |(total, paid), line| (total + line.total, paid + line.paid));
    let month_name = |month: u8| say.html_with("month", &[("month", &month.to_string())]);
    let file = csv(all, year);
    Sums {
        year,
        label: say.html_with("costs-line", &[("year", &figures::year(say, year))]),
        paid: figures::grouped(paid),
        paid_yen: figures::yen(say, paid),
        insurer: figures::yen(say, total - paid),
        total: figures::yen(say, total),
        chart: chart::Bars::of(say, &bars),
        months: (1..=last)
            .map(|month| {
                let (total, paid) = months.get(&month).copied().unwrap_or_default();
                Month {
                    name: month_name(month),
                    total: figures::grouped(total),
                    insurer: figures::grouped(total - paid),
                    paid: figures::grouped(paid),
                }
            })
            .collect(),
        lines: lines
            .iter()
            .map(|line| Shown3 {
                month: month_name(line.month),
                institution: line.institution.clone(),
                care: line.care.clone(),
                days: line.days.to_string(),
                total: figures::grouped(line.total),
                paid: figures::grouped(line.paid),
            })
            .collect(),
        sha256: hex(&fingerprint(file.as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_saml::wsf::{Record, Standing};

    fn set(rows: &[(&str, &str, i64, i64)]) -> RecordSet {
        let record = |(month, institution, total, paid): &(&str, &str, i64, i64)| {
            Record(vec![
                ("month".into(), (*month).into()),
                ("institution".into(), (*institution).into()),
                ("care".into(), "外来".into()),
                ("days".into(), "1".into()),
                ("total".into(), total.to_string()),
                ("paid".into(), paid.to_string()),
            ])
        };
        RecordSet {
            kind: "costs".into(),
            standing: Standing::Valid,
            as_of: None,
            overdue: false,
            dummy: false,
            source: "国保".into(),
            records: rows.iter().map(record).collect(),
        }
    }

    #[test]
    fn lines_stand_newest_first_and_the_newest_year_is_shown_unless_another_is_asked_for() {
        let set = set(&[
            ("2025-12", "A", 10, 3),
            ("2026-02", "B", 20, 6),
            ("2026-01", "C", 30, 9),
        ]);
        let lines = lines(&set);
        assert_eq!(
            lines.iter().map(|line| line.institution.as_str()).collect::<Vec<_>>(),
            ["B", "C", "A"]
        );
        assert_eq!(year_shown(&lines, None), Some(2026));
        assert_eq!(year_shown(&lines, Some(2025)), Some(2025));
        assert_eq!(year_shown(&lines, Some(1999)), Some(2026));
    }

    #[test]
    fn a_file_has_the_years_lines_and_no_formula() {
        let set = set(&[("2026-02", "=HYPERLINK(\"x\")", 20, 6), ("2025-01", "C", 30, 9)]);
        let file = csv(&lines(&set), 2026);
        assert_eq!(file.lines().count(), 2);
        assert!(
            file.contains("2026-02,\"'=HYPERLINK(\"\"x\"\")\",\"外来\",1,20,6"),
            "{file}"
        );
    }
}
