//! What came of a card, as it stands on the screen: a word and a shape, what to do now, and what to compare.

use std::sync::atomic::Ordering;

use askama::Template;
use portal_kit::{Html, Say, date::Moment};
use relay_saml::wsf::Record;
use serde::Deserialize;
use time::Date;

use crate::{
    check::{Check, Outcome, Verdict, day},
    compare::{FIELDS, Likeness, compare},
};

/// A result as the screen shows it.
pub(super) struct Shown {
    pub(super) number: usize,
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    pub(super) shape: Html,
    pub(super) word: Html,
    pub(super) say: Vec<Html>,
    pub(super) share: Option<Html>,
    pub(super) heading: Html,
    /// One list for each record that is shown.
    pub(super) facts: Vec<Vec<Fact>>,
    pub(super) todo: Vec<Html>,
    pub(super) as_of: Option<Moment>,
    pub(super) source: String,
    /// Whether there is one record to compare with.
    pub(super) comparable: bool,
    pub(super) compared: bool,
    pub(super) fields: Vec<(&'static str, Html, String)>,
    /// Whether it may be handed on to the clinic's own system.
    pub(super) files: bool,
    /// What is said when the clinic's software did not get it.
    pub(super) not_put: Option<Html>,
}

/// One line of what stands on the paper card.
pub(super) struct Fact {
    pub(super) name: Html,
    pub(super) value: Html,
    /// What the clinic has written, where it was compared.
    pub(super) ours: Option<Html>,
    /// [`Likeness::code`], where it was compared.
    pub(super) likeness: &'static str,
}

/// The numbers as the clinic has written them.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Ours {
    #[serde(default, rename = "insurer-number")]
    insurer_number: String,
    #[serde(default)]
    symbol: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    branch: String,
}

impl Ours {
    fn get(&self, name: &str) -> &str {
        match name {
            "insurer-number" => &self.insurer_number,
            "symbol" => &self.symbol,
            "number" => &self.number,
            "branch" => &self.branch,
            _ => "",
        }
    }

    fn any(&self) -> bool {
        FIELDS.iter().any(|name| !self.get(name).is_empty())
    }
}

/// The shape beside each word: none is another's, whatever its colour.
#[derive(Template)]
#[template(
    source = "<svg class=\"shape\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">{{ drawing|safe }}</svg>",
    ext = "html"
)]
struct Shape {
    drawing: &'static str,
}

const fn drawing(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Valid => "<circle cx=\"12\" cy=\"12\" r=\"9\" stroke-width=\"3\"/>",
        Verdict::Ended { .. } => "<path d=\"M4 4l16 16M20 4L4 20\" stroke-width=\"3.2\"/>",
        Verdict::Absent => {
            "<rect x=\"3\" y=\"3\" width=\"18\" height=\"18\" stroke-width=\"2\" stroke-dasharray=\"5 4\"/>\
             <path d=\"M7.5 12h9\" stroke-width=\"3\"/>"
        }
        Verdict::Several => {
            "<rect x=\"3\" y=\"3\" width=\"12\" height=\"12\" stroke-width=\"2.6\"/>\
             <path d=\"M9 15v6h12V9h-6\" stroke-width=\"2.6\"/>"
        }
        Verdict::Unknown => {
            "<path d=\"M12 2.5L22 12l-10 9.5L2 12z\" stroke-width=\"1.8\"/>\
             <path d=\"M9.4 9.7c0-3.4 5.3-3.3 5.3-.3 0 2-2.7 2-2.7 4.200M12 16.3v.4\" stroke-width=\"2.2\"/>"
        }
        Verdict::None => {
            "<rect x=\"2\" y=\"5\" width=\"20\" height=\"14\" stroke-width=\"2\"/>\
             <path d=\"M12 8v5M12 15.5v.5\" stroke-width=\"2.4\"/>"
        }
    }
}

impl Shown {
    /// `check` beside what the clinic has written.
    pub(super) fn of(say: Say<'_>, check: &Check, ours: &Ours) -> Self {
        let verdict = check.verdict();
        let code = verdict.code();
        let record = check.record();
        let facts = match verdict {
            // None is chosen for the desk: each stands there.
            Verdict::Several => check.holding().map(|record| facts(say, record, None)).collect(),
            _ => record
                .map(|record| facts(say, record, ours.any().then_some(ours)))
                .into_iter()
                .collect(),
        };
        Self {
            number: check.number,
            code,
            title: title(verdict),
            shape: Html::of(&Shape {
                drawing: drawing(verdict),
            }),
            word: match &check.outcome {
                Outcome::Trouble(code) => trouble(say, code, ""),
                _ => say.html(&format!("verdict-{code}")),
            },
            say: said(say, check),
            share: check.share().map(|share| say.html_with("share", &[("share", share)])),
            heading: say.html(&format!("facts-{code}")),
            facts,
            todo: todo(say, check),
            as_of: check.set().and_then(|set| set.as_of).map(|at| say.moment(at)),
            source: check.set().map(|set| set.source.clone()).unwrap_or_default(),
            comparable: record.is_some(),
            compared: ours.any(),
            fields: FIELDS
                .iter()
                .map(|name| (*name, say.html(&format!("item-{name}")), ours.get(name).to_owned()))
                .collect(),
            files: check.set().is_some(),
            not_put: check.not_put.load(Ordering::Relaxed).then(|| say.html("desk-not-put")),
        }
    }
}

const fn title(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Valid => "verdict-valid",
        Verdict::Ended { .. } => "verdict-ended",
        Verdict::Absent => "verdict-absent",
        Verdict::Several => "verdict-several",
        Verdict::Unknown => "verdict-unknown",
        Verdict::None => "verdict-trouble",
    }
}

/// The words of a trouble; a code that no words are known for is told as it is, and never as something about the insurance.
fn trouble(say: Say<'_>, code: &str, end: &str) -> Html {
    let key = format!("desk-{code}{end}");
    match code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') && say.knows(&key) {
        true => say.html(&key),
        false => say.html_with("desk-other", &[("code", code)]),
    }
}

/// A day within a sentence.
fn plain(say: Say<'_>, day: Date) -> String {
    let (year, month, number) = (
        day.year().to_string(),
        u8::from(day.month()).to_string(),
        day.day().to_string(),
    );
    say.text_with("plain-day", &[("year", &year), ("month", &month), ("day", &number)])
}

/// The sentences beside the word.
fn said(say: Say<'_>, check: &Check) -> Vec<Html> {
    let long = |text: &str| day(text).map(|day| plain(say, day));
    let record = check.record();
    let text = |name| record.and_then(|record| record.get(name));
    match check.verdict() {
        Verdict::Valid => text("insurer-name").map(Html::escaped).into_iter().collect(),
        Verdict::Ended { .. } => {
            let mut lines = Vec::new();
            if let Some(until) = text("valid-until").and_then(long) {
                lines.push(say.html_with("said-ended", &[("until", &until)]));
            }
            if let Some(newer) = check.newer() {
                let from = newer.get("valid-from").and_then(long).unwrap_or_default();
                let insurer = newer.get("insurer-name").unwrap_or_default();
                lines.push(say.html_with("said-newer", &[("from", &from), ("insurer", insurer)]));
            } else if let Some(why) = text("ended-because") {
                lines.push(say.html_with("said-because", &[("why", why)]));
            }
            lines
        }
        Verdict::Absent => vec![say.html("said-absent")],
        Verdict::Several => vec![say.html_with("said-several", &[("many", &check.holding().count().to_string())])],
        Verdict::Unknown => vec![say.html(match check.outcome {
            Outcome::Silent => "said-silent",
            _ => "said-unknown",
        })],
        Verdict::None => vec![say.html("said-trouble")],
    }
}

/// What to do now, in order.
fn todo(say: Say<'_>, check: &Check) -> Vec<Html> {
    if let Outcome::Trouble(code) = &check.outcome {
        return vec![trouble(say, code, "-next"), say.html("todo-paper")];
    }
    let code = match check.verdict() {
        Verdict::Ended { newer: true } => "newer",
        verdict => verdict.code(),
    };
    (1..=3)
        .map(|step| format!("todo-{code}-{step}"))
        .filter(|key| say.knows(key))
        .map(|key| say.html(&key))
        .collect()
}

/// The lines in the order of the paper card.
fn facts(say: Say<'_>, record: &Record, ours: Option<&Ours>) -> Vec<Fact> {
    const ITEMS: [&str; 9] = [
        "insurer-number",
        "insurer-name",
        "symbol",
        "number",
        "branch",
        "valid-from",
        "valid-until",
        "card-until",
        "certificate",
    ];
    let shown = ITEMS.into_iter().filter_map(|name| {
        let value = record.get(name)?;
        let written = ours.map(|ours| ours.get(name)).filter(|_| FIELDS.contains(&name));
        let likeness = written.map(|written| compare(written, value));
        Some(Fact {
            name: say.html(&format!("item-{name}")),
            value: match day(value) {
                Some(day) if name.contains("valid") || name == "card-until" => say.day(day).said,
                _ => Html::escaped(value),
            },
            ours: likeness.map(|likeness| {
                let written = written.unwrap_or_default();
                say.html_with(&format!("likeness-{}", likeness.code()), &[("ours", written)])
            }),
            likeness: likeness.map_or("", Likeness::code),
        })
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::tests::{answered, period},
        pages::WORDS,
    };
    use portal_kit::{Language, Words};
    use relay_saml::wsf::Standing;

    fn words() -> Words {
        Words::layered(&[portal_service::WORDS, WORDS])
    }

    fn shown(check: &Check, ours: &Ours) -> Shown {
        Shown::of(words().say(Language::Japanese), check, ours)
    }

    #[test]
    fn five_answers_and_a_trouble_differ_in_word_shape_and_what_to_do() {
        let now = || period("2020-04-01", "");
        let over = || period("2020-04-01", "2026-10-31");
        let mut checks = vec![
            answered(Standing::Valid, vec![now()]),
            answered(Standing::Ended, vec![over()]),
            answered(Standing::Absent, vec![]),
            answered(Standing::Several, vec![now(), now()]),
            answered(Standing::Unknown, vec![]),
        ];
        checks.push(Check {
            number: 6,
            id: String::new(),
            at: crate::check::tests::NOW,
            outcome: Outcome::Trouble("card-suspended".into()),
            not_put: false.into(),
        });
        let shown: Vec<_> = checks.iter().map(|check| shown(check, &Ours::default())).collect();
        for (at, one) in shown.iter().enumerate() {
            assert!(!one.todo.is_empty() && !one.say.is_empty(), "{}", one.code);
            for other in &shown[at + 1..] {
                assert_ne!(one.word, other.word);
                assert_ne!(one.shape, other.shape);
                assert_ne!(one.todo, other.todo);
            }
            let only_valid = one.code == "valid";
            assert_eq!(one.share.is_some(), only_valid, "{}", one.code);
        }
        // Several: all of them stand there, and none is chosen.
        assert_eq!(shown[3].facts.len(), 2);
        assert!(!shown[3].comparable);
        // A stopped card says nothing of the insurance.
        assert!(!shown[5].word.to_string().contains("無効") && !shown[5].files);
    }

    #[test]
    fn a_newer_insurance_is_told_where_it_is() {
        let check = answered(
            Standing::Ended,
            vec![period("2020-04-01", "2026-10-31"), period("2026-12-15", "")],
        );
        let shown = shown(&check, &Ours::default());
        let said: String = shown.say.iter().map(ToString::to_string).collect();
        assert!(
            said.contains("12月15日") && said.contains("汐見市国民健康保険"),
            "{said}"
        );
    }

    #[test]
    fn what_the_clinic_has_written_is_marked_field_by_field_and_kept_as_written() {
        let check = answered(Standing::Valid, vec![period("2020-04-01", "")]);
        let ours = Ours {
            insurer_number: "４２９９９６".into(),
            symbol: "汐園".into(),
            number: "104\u{2212}2937".into(),
            branch: String::new(),
        };
        let shown = shown(&check, &ours);
        let likeness: Vec<_> = shown.facts[0].iter().map(|fact| fact.likeness).collect();
        assert_eq!(likeness[..5], ["meant", "", "differs", "meant", "lacking"]);
        assert_eq!(shown.fields[2].2, "104\u{2212}2937");
    }
}
