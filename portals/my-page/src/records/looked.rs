//! Who looked: every office's own record, put together here for the person and kept nowhere.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::HeaderMap, response::Response};
use portal_kit::{Html, Say, Trouble, Visit, date::Moment, icon};
use portal_service::{NotAnswered, Service, how};
use time::OffsetDateTime;

use super::{ALL, Answer, Dark, LOOKS, panel::Panel, wanted};

/// As many as a page shows.
const SHOWN: usize = 100;

/// One look.
struct Look {
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

/// All that the offices tell, the newest first, and how many offices told nothing.
pub(super) struct Looks {
    looks: Vec<Look>,
    silent: usize,
    reason: Option<NotAnswered>,
}

impl Looks {
    pub(super) fn of(answers: Vec<Answer>) -> Self {
        let (mut looks, mut silent, mut reason) = (Vec::new(), 0, None);
        for answer in answers {
            let set = match answer {
                Ok(set) => set,
                // An office that was never to be asked here is not one that is silent.
                Err(NotAnswered::NotAgreed | NotAnswered::NotSet) => continue,
                Err(why) => {
                    silent += 1;
                    reason = Some(why);
                    continue;
                }
            };
            for record in &set.records {
                let text = |name| record.get(name).unwrap_or_default().to_owned();
                let at = text("at")
                    .parse()
                    .ok()
                    .and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
                let Some(at) = at else { continue };
                looks.push(Look {
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
        looks.sort_by_key(|look| std::cmp::Reverse(look.at));
        Self { looks, silent, reason }
    }

    pub(super) fn any_refused(&self) -> bool {
        self.looks.iter().any(|look| look.rule.is_some())
    }

    /// The looks, the newest first; those of the person's own page at one kind on one day are one, with how many they were:
    /// what others looked at must not drown in them.
    fn grouped(&self, own: &str) -> Vec<(&Look, usize)> {
        let mut grouped: Vec<(&Look, usize)> = Vec::new();
        for look in &self.looks {
            let day = |look: &Look| look.at.to_offset(time::macros::offset!(+9)).date();
            let same = grouped.iter_mut().find(|(other, _)| {
                look.asker == own
                    && (&other.asker, &other.kind, &other.source, &other.purpose, &other.rule)
                        == (&look.asker, &look.kind, &look.source, &look.purpose, &look.rule)
                    && day(other) == day(look)
            });
            match same {
                Some((_, times)) => *times += 1,
                None => grouped.push((look, 1)),
            }
        }
        grouped
    }

    pub(super) fn panel(&self, say: Say<'_>) -> Panel {
        let refused = self.looks.iter().filter(|look| look.rule.is_some()).count();
        let answered = (self.looks.len() - refused).to_string();
        let title = say.html("page-looked");
        match (self.looks.is_empty(), &self.reason) {
            (true, Some(reason)) => {
                let Dark { what, next, .. } = Dark::of(say, reason);
                Panel {
                    to: "/looked",
                    icon: icon::EYE,
                    title,
                    state: "dark",
                    fact: what,
                    line: next,
                    as_of: None,
                    dark: true,
                }
            }
            _ => Panel {
                to: "/looked",
                icon: icon::EYE,
                title,
                state: "",
                fact: say.html_with(
                    "looked-fact",
                    &[("answered", &answered), ("refused", &refused.to_string())],
                ),
                line: say.html("looked-line"),
                as_of: None,
                dark: false,
            },
        }
    }
}

#[derive(Template)]
#[template(path = "looked.html")]
struct LookedBody<'w> {
    say: Say<'w>,
    rows: Vec<Row>,
    silent: Option<Html>,
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

pub(super) async fn page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let Some(person) = service.signed_in(&headers).await? else {
        return Ok(service.welcome(&visit, &headers, "/looked"));
    };
    let say = service.say(&visit);
    let asked = ALL.map(|office| wanted(office.service_type, LOOKS));
    let looks = Looks::of(service.ask(&person, &asked, visit.trace).await);
    let named = |prefix: &str, code: &str| {
        let key = format!("{prefix}-{code}");
        match code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') && say.knows(&key) {
            true => say.html(&key),
            false => Html::escaped(code),
        }
    };
    let silent = looks.silent.to_string();
    let rows = looks.grouped(service.entity()).into_iter().take(SHOWN);
    let body = LookedBody {
        say,
        silent: (looks.silent > 0).then(|| say.html_with("looked-silent", &[("offices", &silent)])),
        rows: rows
            .map(|(look, times)| Row {
                at: say.moment(look.at),
                who: match look.asker == service.entity() {
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
    };
    Ok(service.page(&visit, &person, "page-looked", &body))
}
