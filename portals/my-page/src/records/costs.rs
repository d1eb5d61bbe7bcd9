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
use time::OffsetDateTime;

use super::{Answer, AsOf, COSTS, Dark, Instead, JST, asked, chart, figures};

/// Bills come from the institutions some two months late: until the third month after it, a month without any is open.
const LATE_MONTHS: i32 = 3;

/// One line of a cost notice, in the order of its fields. A figure that can't be read is none, and so is every sum of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    pub(super) year: i32,
    month: u8,
    institution: String,
    care: String,
    days: Option<i64>,
    total: Option<i64>,
    pub(super) paid: Option<i64>,
}

/// What an answer has.
pub(super) struct Lines {
    /// The newest first; the same answer stands in the same order each time, on the page and in the file.
    pub(super) lines: Vec<Line>,
    /// Whether a line or a figure can't be read.
    pub(super) unreadable: bool,
}

impl Lines {
    pub(super) fn of(set: &RecordSet) -> Self {
        let (mut lines, mut unreadable) = (Vec::with_capacity(set.records.len()), false);
        for record in &set.records {
            let Some((year, month)) = record.get("month").and_then(figures::month) else {
                unreadable = true;
                continue;
            };
            let number = |name| record.get(name).and_then(figures::whole);
            let line = Line {
                year,
                month,
                institution: record.get("institution").unwrap_or_default().to_owned(),
                care: record.get("care").unwrap_or_default().to_owned(),
                days: number("days"),
                total: number("total"),
                paid: number("paid"),
            };
            unreadable |= [line.days, line.total, line.paid].contains(&None);
            lines.push(line);
        }
        lines.sort_by(|one, other| {
            let month = (other.year, other.month).cmp(&(one.year, one.month));
            month.then_with(|| one.cmp(other))
        });
        Self { lines, unreadable }
    }

    /// The newest year, and what was paid in it.
    pub(super) fn newest_year(&self) -> Option<(i32, Option<i64>)> {
        let year = self.lines.first()?.year;
        let paid = self.lines.iter().filter(|line| line.year == year).map(|line| line.paid);
        Some((year, figures::sum(paid)))
    }
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
    instead: Option<Instead>,
    unreadable: bool,
    years: Vec<(i32, String, bool)>,
    /// None when there are no lines at all.
    sums: Option<Sums>,
    as_of: AsOf,
}

struct Sums {
    year: i32,
    label: Html,
    /// Without its unit; none when it can't be shown.
    paid: Option<String>,
    insurer: Html,
    total: Html,
    paid_yen: Html,
    chart: chart::Bars,
    months: Vec<Month>,
    lines: Vec<LineShown>,
    sha256: String,
}

struct Month {
    name: Html,
    total: Html,
    insurer: Html,
    paid: Html,
}

struct LineShown {
    month: Html,
    institution: String,
    care: String,
    days: Html,
    total: Html,
    paid: Html,
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
    let body = body(say, &answer, shown.year, service.moment());
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
    let lines = Lines::of(&set).lines;
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

/// The lines of a year as CSV, in the order of the page: what spreadsheets read as a formula is written as text. The last line
/// says how many there are, so that a file that was cut short is told from a whole one.
fn csv(lines: &[Line], year: i32) -> String {
    let field = |text: &str| {
        let inert = if text.starts_with(['=', '+', '-', '@', '\t']) {
            "'"
        } else {
            ""
        };
        format!("\"{inert}{}\"", text.replace('"', "\"\""))
    };
    // A word, not an empty field: a spreadsheet would add that up as zero.
    let figure = |figure: Option<i64>| figure.map_or_else(|| "unreadable".to_owned(), |figure| figure.to_string());
    let mut out = String::from("\u{feff}month,institution,care,days,total,paid\r\n");
    let mut rows = 0;
    for line in lines.iter().filter(|line| line.year == year) {
        rows += 1;
        let (institution, care) = (field(&line.institution), field(&line.care));
        out.push_str(&format!(
            "{}-{:02},{institution},{care},{},{},{}\r\n",
            line.year,
            line.month,
            figure(line.days),
            figure(line.total),
            figure(line.paid)
        ));
    }
    out.push_str(&format!("#end,{rows},,,,\r\n"));
    out
}

fn body<'w>(say: Say<'w>, answer: &Answer, asked: Option<i32>, now: OffsetDateTime) -> CostsBody<'w> {
    let set = match answer {
        Ok(set) => set,
        Err(reason) => {
            return CostsBody {
                say,
                told: Err(Dark::of(say, reason)),
            };
        }
    };
    let Lines { lines, unreadable } = Lines::of(set);
    let shown = year_shown(&lines, asked);
    let mut years: Vec<_> = lines.iter().map(|line| line.year).collect();
    years.dedup();
    years.reverse();
    let as_of = set.as_of.filter(|as_of| *as_of <= now).unwrap_or(now);
    CostsBody {
        say,
        told: Ok(Told {
            instead: Instead::of(say, set, !lines.is_empty()),
            unreadable,
            years: years
                .into_iter()
                .map(|year| (year, figures::year(say, year), Some(year) == shown))
                .collect(),
            sums: shown.map(|year| sums(say, &lines, year, as_of)),
            as_of: AsOf::of(say, set, now),
        }),
    }
}

/// The months of `year`, January first: what was paid in each. One without a line is zero once its bills must have come, or a
/// later month's have; before, it has not come yet, which is not zero.
fn months_of(lines: &[Line], year: i32, as_of: OffsetDateTime) -> [chart::Month; 12] {
    let count = |year: i32, month: u8| year * 12 + i32::from(month);
    let as_of = as_of.checked_to_offset(JST).unwrap_or(as_of);
    let all_came = count(as_of.year(), as_of.month().into()) - LATE_MONTHS;
    let newest = lines.first().map_or(0, |line| count(line.year, line.month));
    let mut month = 0;
    [(); 12].map(|()| {
        month += 1;
        let mut there = lines
            .iter()
            .filter(|line| (line.year, line.month) == (year, month))
            .peekable();
        if there.peek().is_none() && count(year, month) > newest.max(all_came) {
            return chart::Month::Later;
        }
        figures::sum(there.map(|line| line.paid)).map_or(chart::Month::Unreadable, chart::Month::Figure)
    })
}

fn sums(say: Say<'_>, all: &[Line], year: i32, as_of: OffsetDateTime) -> Sums {
    let lines: Vec<_> = all.iter().filter(|line| line.year == year).collect();
    let mut by_month: BTreeMap<u8, Vec<&Line>> = BTreeMap::new();
    for line in &lines {
        by_month.entry(line.month).or_default().push(line);
    }
    let totals = |lines: &[&Line]| {
        (
            figures::sum(lines.iter().map(|line| line.total)),
            figures::sum(lines.iter().map(|line| line.paid)),
        )
    };
    let (total, paid) = totals(&lines);
    let month_name = |month: u8| say.html_with("month", &[("month", &month.to_string())]);
    let bars = months_of(all, year, as_of);
    let file = csv(all, year);
    Sums {
        year,
        label: say.html_with("costs-line", &[("year", &figures::year(say, year))]),
        paid: paid.map(figures::grouped),
        paid_yen: figures::yen(say, paid),
        insurer: figures::yen(say, figures::less(total, paid)),
        total: figures::yen(say, total),
        chart: chart::Bars::of(say, &bars),
        months: (1..=12)
            .zip(bars)
            .filter(|(_, bar)| *bar != chart::Month::Later)
            .map(|(month, _)| {
                let (total, paid) = totals(by_month.get(&month).map_or(&[][..], Vec::as_slice));
                Month {
                    name: month_name(month),
                    total: figures::grouped_or(say, total),
                    insurer: figures::grouped_or(say, figures::less(total, paid)),
                    paid: figures::grouped_or(say, paid),
                }
            })
            .collect(),
        lines: lines
            .iter()
            .map(|line| LineShown {
                month: month_name(line.month),
                institution: line.institution.clone(),
                care: line.care.clone(),
                days: figures::grouped_or(say, line.days),
                total: figures::grouped_or(say, line.total),
                paid: figures::grouped_or(say, line.paid),
            })
            .collect(),
        sha256: hex(&fingerprint(file.as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_kit::{Language, Words};
    use relay_saml::wsf::{Record, Standing};
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-12-01 9:00 +9);

    fn set(rows: &[(&str, &str, &str, &str)]) -> RecordSet {
        let record = |(month, institution, total, paid): &(&str, &str, &str, &str)| {
            Record(vec![
                ("month".into(), (*month).into()),
                ("institution".into(), (*institution).into()),
                ("care".into(), "外来".into()),
                ("days".into(), "1".into()),
                ("total".into(), (*total).into()),
                ("paid".into(), (*paid).into()),
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

    fn page(set: RecordSet) -> String {
        let words = Words::layered(&[portal_service::WORDS, crate::words()]);
        body(words.say(Language::Japanese), &Ok(set), None, NOW)
            .render()
            .unwrap()
    }

    #[test]
    fn lines_stand_newest_first_and_the_newest_year_is_shown_unless_another_is_asked_for() {
        let set = set(&[
            ("2025-12", "A", "10", "3"),
            ("2026-02", "B", "20", "6"),
            ("2026-01", "C", "30", "9"),
        ]);
        let lines = Lines::of(&set).lines;
        assert_eq!(
            lines.iter().map(|line| line.institution.as_str()).collect::<Vec<_>>(),
            ["B", "C", "A"]
        );
        assert_eq!(year_shown(&lines, None), Some(2026));
        assert_eq!(year_shown(&lines, Some(2025)), Some(2025));
        assert_eq!(year_shown(&lines, Some(1999)), Some(2026));
    }

    #[test]
    fn a_file_has_the_years_lines_their_number_and_no_formula() {
        let set = set(&[("2026-02", "=HYPERLINK(\"x\")", "20", "6"), ("2025-01", "C", "30", "9")]);
        let file = csv(&Lines::of(&set).lines, 2026);
        assert_eq!(file.lines().count(), 3);
        assert!(
            file.contains("2026-02,\"'=HYPERLINK(\"\"x\"\")\",\"外来\",1,20,6"),
            "{file}"
        );
        assert!(file.ends_with("\r\n#end,1,,,,\r\n"), "{file}");
    }

    #[test]
    fn whatever_order_an_office_answers_in_page_and_file_have_the_same_one() {
        let mut rows = [
            ("2026-02", "病院甲", "20", "6"),
            ("2026-02", "病院甲", "20", "5"),
            ("2026-02", "病院乙", "30", "9"),
            ("2026-01", "病院丙", "30", "9"),
            ("2026-02", "病院甲", "10", "6"),
        ];
        let file = csv(&Lines::of(&set(&rows)).lines, 2026);
        for turn in 0..rows.len() {
            rows.rotate_left(1);
            assert_eq!(csv(&Lines::of(&set(&rows)).lines, 2026), file, "{turn}");
        }
        let order = |text: &str| -> Vec<String> {
            let place = |(at, _): (usize, &str)| text[at..].chars().take(3).collect();
            let places = text.match_indices("病院").map(place);
            places
                .filter(|name: &String| name.ends_with(['甲', '乙', '丙']))
                .collect()
        };
        assert_eq!(order(&file).len(), 5);
        assert_eq!(order(&page(set(&rows))), order(&file));
    }

    #[test]
    fn a_figure_that_cannot_be_read_is_said_to_be_so_and_no_sum_is_made_of_it() {
        let shown = page(set(&[
            ("2026-02", "病院", "12000.5", "3600"),
            ("2026-03", "病院", "20", "6"),
        ]));
        for part in ["表示できません", "読めない数字", "3,606円"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        // Neither the total nor what the insurance paid is made up.
        let month = "2月</th><td data-label=\"医療費の総額\">表示できません</td>";
        assert!(!shown.contains("<dd>0円") && shown.contains(month), "{shown}");
        let shown = page(set(&[("2026-02", "病院", "25", "x")]));
        assert!(
            shown.contains("<span>表示できません</span>") && !shown.contains("0円"),
            "{shown}"
        );
        // A line whose month can't be read is in no year, and told.
        let shown = page(set(&[("2026-2", "病院", "20", "6")]));
        assert!(shown.contains("読めない数字") && !shown.contains("該当なし"), "{shown}");
        // Beyond what can be added up.
        let most = "999999999999999";
        let many: Vec<_> = (0..10_000).map(|_| ("2026-02", "病院", most, most)).collect();
        assert!(page(set(&many)).contains("表示できません"));
    }

    #[test]
    fn nothing_and_not_known_are_two_answers_and_neither_is_an_empty_page() {
        let said = |standing| {
            let mut set = set(&[]);
            set.standing = standing;
            page(set)
        };
        let (absent, unknown) = (said(Standing::Absent), said(Standing::Unknown));
        assert!(
            absent.contains("該当なし") && absent.contains("0円という意味ではありません"),
            "{absent}"
        );
        assert!(unknown.contains("不明") && !unknown.contains("該当なし"), "{unknown}");
        // It says that it has some, and none can be read: neither of the two.
        let none = said(Standing::Valid);
        assert!(none.contains("表示できません") && !none.contains("該当なし"), "{none}");
    }

    #[test]
    fn months_of_a_past_year_have_all_come_and_those_of_this_year_as_their_bills_do() {
        use chart::Month::{Figure, Later};
        let lines = |rows: &[(&str, &str, &str, &str)]| Lines::of(&set(rows)).lines;
        let both = lines(&[("2025-07", "A", "10", "3"), ("2026-03", "B", "20", "6")]);
        assert_eq!(
            months_of(&both, 2025, NOW)[6..],
            [Figure(3), Figure(0), Figure(0), Figure(0), Figure(0), Figure(0)]
        );
        // September is three months past: it has come, and there is nothing.
        let year = months_of(&both, 2026, NOW);
        assert_eq!(
            (year[2], year[8], year[9], year[11]),
            (Figure(6), Figure(0), Later, Later)
        );
        // Nothing of this year came at all: last year's is whole nevertheless.
        let old = lines(&[("2025-07", "A", "10", "3")]);
        assert!(!months_of(&old, 2025, NOW).contains(&Later));
        // In January, last year's last months are still on their way.
        let january = datetime!(2027-01-10 9:00 +9);
        assert_eq!(months_of(&both, 2026, january)[9..], [Figure(0), Later, Later]);
        // What came early counts as come.
        let early = lines(&[("2026-11", "A", "10", "3")]);
        assert_eq!(months_of(&early, 2026, NOW)[9..], [Figure(0), Figure(3), Later]);
    }
}
