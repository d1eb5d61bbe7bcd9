//! A person's own records, each from the office that has them: a home with a panel for each, and a page behind each panel.
//!
//! Every panel is asked for by itself and within its own time: an office that is away darkens its panel and no other, and the
//! panels never change place. The portal stores nothing of what it shows.

mod chart;
mod checkup;
mod costs;
mod coverage;
mod figures;
mod home;
mod looked;
mod panel;
mod pension;

use std::sync::Arc;

use axum::{Router, http::HeaderMap, response::Response, routing::get};
use portal_kit::{Html, Say, Trouble, Visit, date::Moment};
use portal_service::{NotAnswered, Service, SignedIn, Wanted};
use relay_saml::wsf::{RecordSet, Standing};
use time::{Duration, OffsetDateTime, UtcOffset, macros::offset};

/// What a person asks for themselves.
const OWN_VIEW: &str = "own-view";
/// Days are Japan's days.
const JST: UtcOffset = offset!(+9);
/// The kind under which each office tells who looked.
const LOOKS: &str = "looks";

const fn wanted(service_type: &'static str, kind: &'static str) -> Wanted {
    Wanted {
        service_type,
        kind,
        purpose: OWN_VIEW,
    }
}

pub(crate) const COVERAGE: Wanted = wanted("urn:madoguchi:records:2026-12:coverage", "coverage");
pub(crate) const COSTS: Wanted = wanted("urn:madoguchi:records:2026-12:costs", "costs");
pub(crate) const CHECKUP: Wanted = wanted("urn:madoguchi:records:2026-12:checkup", "checkup");
pub(crate) const PENSION: Wanted = wanted("urn:madoguchi:records:2026-12:pension", "pension");
/// Every office's kind, in the order of their panels.
pub(crate) const ALL: [Wanted; 4] = [COVERAGE, COSTS, CHECKUP, PENSION];

pub(crate) fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/", get(home::home))
        .route("/coverage", get(coverage::page))
        .route("/costs", get(costs::page))
        .route("/costs.csv", get(costs::download))
        .route("/checkup", get(checkup::page))
        .route("/pension", get(pension::page))
        .route("/looked", get(looked::page))
}

/// An answer with what stands round it on every page and panel.
pub(crate) type Answer = Result<RecordSet, NotAnswered>;

/// Whoever is signed in, with what one office answers; or the way in.
async fn asked(
    service: &Service,
    visit: &Visit,
    headers: &HeaderMap,
    (to, wanted): (&str, Wanted),
) -> Result<Result<(SignedIn, Answer), Response>, Trouble> {
    let Some(person) = service.signed_in(headers).await? else {
        return Ok(Err(service.welcome(visit, headers, to)));
    };
    let mut answers = service.ask(&person, &[wanted]).await;
    let answer = answers.pop().unwrap_or(Err(NotAnswered::NotSet));
    Ok(Ok((person, answer)))
}

/// How old an answer is, and whose it is.
#[derive(Clone)]
pub(crate) struct AsOf {
    pub(crate) at: Option<Moment>,
    /// It says a time that cannot be: one that has not come yet.
    pub(crate) strange: bool,
    pub(crate) source: String,
    pub(crate) overdue: bool,
    pub(crate) dummy: bool,
}

impl AsOf {
    pub(crate) fn of(say: Say<'_>, set: &RecordSet, now: OffsetDateTime) -> Self {
        // A made-up record has no day.
        let at = set.as_of.filter(|_| !set.dummy);
        // As far as two clocks may differ.
        let strange = at.is_some_and(|at| at - now > Duration::minutes(5));
        Self {
            at: at.filter(|_| !strange).map(|at| say.moment(at)),
            strange,
            source: set.source.clone(),
            overdue: set.overdue,
            dummy: set.dummy,
        }
    }
}

/// What is said where an office has nothing of the person or can't tell: two answers that are never one another, nor an empty
/// page.
pub(crate) struct Instead {
    pub(crate) word: Html,
    pub(crate) means: Html,
}

impl Instead {
    /// Of an answer, of whose records there is `something` that can be shown.
    pub(crate) fn of(say: Say<'_>, set: &RecordSet, something: bool) -> Option<Self> {
        let (word, means) = match (set.standing, something) {
            (Standing::Unknown, _) => ("standing-unknown", "records-unknown".to_owned()),
            (Standing::Absent, false) => ("standing-absent", format!("{}-none-line", set.kind)),
            (_, true) => return None,
            // It says that it has records, and none of them can be read.
            (Standing::Valid | Standing::Ended | Standing::Several, false) => {
                ("cannot-be-shown", "some-unreadable-next".to_owned())
            }
        };
        Some(Self {
            word: say.html(word),
            means: say.html(&means),
        })
    }

    /// As a panel's fact and line.
    pub(crate) fn told(self) -> (Html, Html) {
        (self.word, self.means)
    }
}

/// Why a page has nothing to show: what happened, what it does not mean, what to do.
pub(crate) struct Dark {
    pub(crate) what: Html,
    pub(crate) next: Html,
    /// Whether trying again may help.
    pub(crate) again: bool,
}

impl Dark {
    pub(crate) fn of(say: Say<'_>, reason: &NotAnswered) -> Self {
        let (key, again) = match reason {
            NotAnswered::NotSet | NotAnswered::NotAgreed => ("dark-not-agreed", false),
            NotAnswered::SignedOut => ("dark-signed-out", false),
            NotAnswered::Suspended => ("dark-suspended", false),
            NotAnswered::NoConsent => ("dark-no-consent", false),
            NotAnswered::Slow | NotAnswered::Away(_) => ("dark-away", true),
            NotAnswered::Wrong(_) => ("dark-wrong", true),
        };
        Self {
            what: say.html(key),
            next: say.html(&format!("{key}-next")),
            again,
        }
    }
}
