//! Who looked: every office's own record, put together here for the person and kept nowhere.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State},
    http::HeaderMap,
    response::Response,
};
use portal_kit::{Html, Say, Trouble, Visit, date::Moment, icon};
use portal_service::{NotAnswered, Service, how};
use serde::Deserialize;
use time::OffsetDateTime;

use super::{ALL, Answer, Dark, JST, LOOKS, panel::Panel, wanted};

/// As many as a page shows.
const SHOWN: usize = 50;

/// One look.
struct Look {
    /// In Japan's time.
    at: OffsetDateTime,
    asker: String,
    /// What the office calls it.
    called: Option<String>,
    source: String,
    kind: String,
    purpose: String,
    context: String,
    rule: Option<String>,
}

/// All that the offices tell, the newest first, and which offices told nothing.
pub(super) struct Looks {
    looks: Vec<Look>,
    /// Kinds of records of the offices that should have answered and did not.
    silent: Vec<&'static str>,
    reason: Option<NotAnswered>,
    /// Whether any office answered.
    answered: bool,
    /// Whether an office has more than it tells at once.
    more: bool,
    /// Whether a look can't be read.
    unreadable: bool,
}

impl Looks {
    /// Of the answers of [`ALL`], in their order.
    pub(super) fn of(answers: Vec<Answer>) -> Self {
        let mut all = Self {
            looks: Vec::new(),
            silent: Vec::new(),
            reason: None,
            answered: false,
            more: false,
            unreadable: false,
        };
        for (office, answer) in ALL.into_iter().zip(answers) {
            let set = match answer {
                Ok(set) => set,
                // An office that was never to be asked here is not one that is silent.
                Err(NotAnswered::NotAgreed | NotAnswered::NotSet) => continue,
                Err(why) => {
                    all.silent.push(office.kind);
                    all.reason = Some(why);
                    continue;
                }
            };
            all.answered = true;
            for record in &set.records {
                if record.get("more").is_some() {
                    all.more = true;
                    continue;
                }
                let text = |name| record.get(name).unwrap_or_default().to_owned();
                let at = text("at")
                    .parse()
                    .ok()
                    .and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok())
                    .and_then(|at| at.checked_to_offset(JST));
                let Some(at) = at else {
                    all.unreadable = true;
                    continue;
                };
                all.looks.push(Look {
                    at,
                    asker: text("asker"),
                    called: record.get("asker-name").map(str::to_owned),
                    source: set.source.clone(),
                    kind: text("kind"),
                    purpose: text("purpose"),
                    context: text("context"),
                    rule: record.get("rule").map(str::to_owned),
                });
            }
        }
        all.looks.sort_by_key(|look| std::cmp::Reverse(look.at));
        all
    }

    pub(super) fn any_refused(&self) -> bool {
        self.looks.iter().any(|look| look.rule.is_some())
    }

    /// The looks, the newest first; those of the person's own page at one kind on one day are one, with how many they were:
    /// what others looked at must not drown in them.
    fn grouped(&self, own: &str) -> Vec<(&Look, usize)> {
        let mut grouped: Vec<(&Look, usize)> = Vec::new();
        for look in &self.looks {
            let same = grouped
                .iter_mut()
                .rev()
                .take_while(|(other, _)| other.at.date() == look.at.date())
                .find(|(other, _)| {
                    look.asker == own
                        && (&other.asker, &other.kind, &other.source, &other.purpose, &other.rule)
                            == (&look.asker, &look.kind, &look.source, &look.purpose, &look.rule)
                });
            match same {
                Some((_, times)) => *times += 1,
                None => grouped.push((look, 1)),
            }
        }
        grouped
    }

    /// The names of the records whose offices did not answer, with what that means; none where all did.
    fn silent(&self, say: Say<'_>) -> Option<Html> {
        let names = self.silent.iter().map(|kind| say.html(&format!("page-{kind}")));
        (!self.silent.is_empty()).then(|| {
            Html::of(&Silent {
                say,
                names: names.collect(),
            })
        })
    }

    pub(super) fn panel(&self, say: Say<'_>) -> Panel {
        let refused = self.looks.iter().filter(|look| look.rule.is_some()).count();
        let answered = (self.looks.len() - refused).to_string();
        let panel = |state, fact, line| Panel {
            to: "/looked",
            icon: icon::EYE,
            title: say.html("page-looked"),
            state,
            fact,
            line,
            as_of: None,
            dark: state == "dark",
        };
        if let (false, Some(reason)) = (self.answered, &self.reason) {
            let Dark { what, next, .. } = Dark::of(say, reason);
            return panel("dark", what, next);
        }
        let silent = self.silent(say);
        let fact = match (self.looks.is_empty(), &silent) {
            (true, Some(_)) => say.html("looked-not-known"),
            _ => say.html_with(
                "looked-fact",
                &[("answered", &answered), ("refused", &refused.to_string())],
            ),
        };
        panel("", fact, silent.unwrap_or_else(|| say.html("looked-line")))
    }
}

#[derive(Template)]
#[template(
    source = "{{ say.html(\"looked-silent\") }} {% for name in names %}{% if !loop.first %}{{ say.html(\"list-comma\") }}{% endif %}{{ name }}{% endfor %}",
    ext = "html"
)]
struct Silent<'w> {
    say: Say<'w>,
    names: Vec<Html>,
}

#[derive(Template)]
#[template(path = "looked.html")]
struct LookedBody<'w> {
    say: Say<'w>,
    rows: Vec<Row>,
    silent: Option<Html>,
    /// Said where there is no row.
    nobody: Html,
    unreadable: bool,
    /// Pages before and after, by their numbers.
    newer: Option<usize>,
    older: Option<usize>,
    /// On the last page: there are older ones that no office tells here.
    more: bool,
}

struct Row {
    at: Moment,
    who: Html,
    times: Option<Html>,
    what: Html,
    source: String,
    why: Html,
    how: Html,
    refused: Option<Html>,
}

#[derive(Deserialize)]
pub(super) struct PageShown {
    page: Option<usize>,
}

pub(super) async fn page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Query(shown): Query<PageShown>,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let Some(person) = service.signed_in(&headers).await? else {
        return Ok(service.welcome(&visit, &headers, "/looked"));
    };
    let say = service.say(&visit);
    let asked = ALL.map(|office| wanted(office.service_type, LOOKS));
    let looks = Looks::of(service.ask(&person, &asked).await);
    let body = body(say, &looks, service.entity(), shown.page.unwrap_or(1));
    Ok(service.page(&visit, &person, "page-looked", &body))
}

fn body<'w>(say: Say<'w>, looks: &Looks, own: &str, page: usize) -> LookedBody<'w> {
    let named = |prefix: &str, code: &str| {
        let key = format!("{prefix}-{code}");
        match code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') && say.knows(&key) {
            true => say.html(&key),
            false => Html::escaped(code),
        }
    };
    let grouped = looks.grouped(own);
    let pages = grouped.len().div_ceil(SHOWN).max(1);
    let page = page.clamp(1, pages);
    let rows = grouped.into_iter().skip((page - 1) * SHOWN).take(SHOWN);
    LookedBody {
        say,
        silent: looks.silent(say),
        nobody: say.html(match (looks.silent.is_empty(), looks.answered) {
            (true, _) => "looked-nobody",
            (false, true) => "looked-nobody-answered",
            (false, false) => "looked-not-known",
        }),
        unreadable: looks.unreadable,
        newer: (page > 1).then(|| page - 1),
        older: (page < pages).then_some(page + 1),
        more: looks.more && page == pages,
        rows: rows
            .map(|(look, times)| Row {
                at: say.moment(look.at),
                who: match look.asker == own {
                    true => say.html("looked-yourself"),
                    false => Html::escaped(look.called.as_deref().unwrap_or(&look.asker)),
                },
                times: (times > 1).then(|| say.html_with("looked-times", &[("times", &times.to_string())])),
                what: named("page", &look.kind),
                source: look.source.clone(),
                why: named("purpose", &look.purpose),
                how: how(say, &look.context),
                refused: look.rule.as_deref().map(|rule| named("rule", rule)),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_kit::{Language, Words};
    use relay_saml::wsf::{Record, RecordSet, Standing};

    fn set(looks: &[(&str, &str)]) -> Answer {
        let record = |(at, asker): &(&str, &str)| {
            let items = [
                ("at", *at),
                ("asker", *asker),
                ("kind", "costs"),
                ("purpose", "own-view"),
            ];
            Record(items.map(|(name, value)| (name.into(), value.into())).into())
        };
        Ok(RecordSet {
            kind: LOOKS.into(),
            standing: Standing::Valid,
            as_of: None,
            overdue: false,
            dummy: false,
            source: "国保".into(),
            records: looks.iter().map(record).collect(),
        })
    }

    fn words() -> Words {
        Words::layered(&[portal_service::WORDS, crate::words()])
    }

    fn shown(looks: &Looks, page: usize) -> String {
        body(words().say(Language::Japanese), looks, "own", page)
            .render()
            .unwrap()
    }

    #[test]
    fn that_nobody_looked_is_said_only_when_every_office_answered_and_the_silent_ones_are_named() {
        let away = || Err(NotAnswered::Slow);
        let none = || Err(NotAnswered::NotAgreed);
        let words = words();
        let fact = |looks: &Looks| {
            let panel = looks.panel(words.say(Language::Japanese));
            format!("{} {}", panel.fact, panel.line)
        };
        let all = Looks::of(vec![set(&[]), set(&[]), none(), none()]);
        assert!(shown(&all, 1).contains("まだ、だれも見ていません") && fact(&all).contains("見た 0回"));
        let some = Looks::of(vec![set(&[]), away(), set(&[]), away()]);
        let (page, panel) = (shown(&some, 1), fact(&some));
        for said in [&page, &panel] {
            assert!(said.contains("医療費、年金") && !said.contains("特定健診"), "{said}");
        }
        assert!(
            !page.contains("まだ、だれも見ていません") && !panel.contains("0回"),
            "{page} {panel}"
        );
        let looked = Looks::of(vec![set(&[("1780000000", "clinic")]), away(), none(), none()]);
        assert!(fact(&looked).contains("見た 1回") && fact(&looked).contains("医療費"));
        let nobody_answered = Looks::of(vec![away(), away(), none(), none()]);
        assert!(!shown(&nobody_answered, 1).contains("だれも見ていません"));
        assert!(nobody_answered.panel(words.say(Language::Japanese)).dark);
    }

    #[test]
    fn looks_are_paged_and_what_lies_beyond_is_said() {
        let at: Vec<_> = (0..120).map(|at| (1_780_000_000 - at * 60).to_string()).collect();
        let many: Vec<_> = at.iter().map(|at| (at.as_str(), "clinic")).collect();
        let mut answer = set(&many);
        if let Ok(set) = &mut answer {
            set.records.push(Record(vec![("more".into(), "true".into())]));
        }
        let looks = Looks::of(vec![answer]);
        let rows = |page| shown(&looks, page).matches("clinic").count();
        assert_eq!(
            [rows(1), rows(2), rows(3), rows(0), rows(usize::MAX)],
            [50, 50, 20, 50, 20]
        );
        let (first, last) = (shown(&looks, 1), shown(&looks, 3));
        assert!(first.contains("/looked?page=2") && !first.contains("page=0") && !first.contains("これより古い"));
        assert!(
            last.contains("/looked?page=2") && last.contains("これより古い"),
            "{last}"
        );
    }

    #[test]
    fn times_that_no_calendar_has_stop_nothing_and_are_told() {
        let ends = ["253402300799", "-377705116800", "99999999999999999", "soon"];
        let looks: Vec<_> = ends.iter().map(|at| (*at, "own")).collect();
        let looks = Looks::of(vec![set(&looks)]);
        assert!(shown(&looks, 1).contains("読めない"), "{}", shown(&looks, 1));
    }
}
