//! A clinic's portal: one page for whoever is signed in. A new portal is made of no more than this.

use std::{process::ExitCode, sync::Arc};

use askama::Template;
use axum::{Router, extract::State, http::HeaderMap, response::Response, routing::get};
use portal_kit::{Say, Trouble, Visit, date::Moment, icon};
use portal_service::{Link, Portal, Service};
use relay_saml::names::AuthnContext;

/// What the clinic's portal is.
pub static CLINIC: Portal = Portal {
    code: "clinic",
    names: &[("ja", "みなと診療所"), ("en", "Minato Clinic")],
    words: [JAPANESE, EASY, ENGLISH],
    pages: &[Link {
        to: "/",
        words: "page-visits",
        icon: icon::CLOCK,
    }],
    contexts: &[AuthnContext::CardPin],
    routes,
    log: env!("CARGO_CRATE_NAME"),
};

const JAPANESE: &str = "
portal-name = みなと診療所
page-visits = 来院の記録
page-visits-about = いつ来院したか
welcome-title = 来院の記録を、カードで見る
welcome-lead = 市民カードでログインすると、来院の記録を見られます。
visits-title = 来院の記録
visits-whose = { $name } の方の記録です。
";
const EASY: &str = "
portal-name = みなと診療所《しんりょうじょ》
page-visits = 来《き》た日《ひ》の記録《きろく》
page-visits-about = いつ 来《き》たか
welcome-title = 来《き》た日《ひ》の記録《きろく》を 見《み》る
welcome-lead = 市民《しみん》カードで ログインすると、記録《きろく》を 見《み》ることが できます。
visits-title = 来《き》た日《ひ》の記録《きろく》
visits-whose = { $name } さんの 記録《きろく》です。
";
const ENGLISH: &str = "
portal-name = Minato Clinic
page-visits = Visits
page-visits-about = When you came to us
welcome-title = See your visits with your card
welcome-lead = Sign in with your resident card to see your visits.
visits-title = Visits
visits-whose = The visits of { $name }.
";

#[derive(Template)]
#[template(
    source = "<p>{{ say.html_with(\"visits-whose\", [(\"name\", name)].as_slice()) }}</p><p>{{ since.said }}</p>",
    ext = "html"
)]
struct Visits<'a> {
    say: Say<'a>,
    name: &'a str,
    since: Moment,
}

fn routes() -> Router<Arc<Service>> {
    Router::new().route("/", get(visits))
}

async fn visits(State(clinic): State<Arc<Service>>, visit: Visit, headers: HeaderMap) -> Result<Response, Trouble> {
    let Some(person) = clinic.signed_in(&headers).await? else {
        return Ok(clinic.welcome(&visit, &headers, "/"));
    };
    let say = clinic.say(&visit);
    let body = Visits {
        say,
        name: &person.short_name,
        since: say.moment(person.session.signed_in_at),
    };
    Ok(clinic.page(&visit, &person, "visits-title", &body))
}

#[allow(dead_code, reason = "the tests start it themselves")]
fn main() -> ExitCode {
    portal_service::program(&CLINIC)
}
