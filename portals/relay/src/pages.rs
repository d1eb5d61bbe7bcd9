//! The pages a person sees between a service's request and its answer. No script runs on any of them.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use portal_kit::{Html, Page, Say, Visit, headers::Policy};
use relay_core::saml::{message::EntityId, send::PostForm};
use url::Url;
use uuid::Uuid;

use crate::{
    front::Front,
    sign_in::{Asked, Refused},
};

#[derive(Template)]
#[template(path = "card.html")]
struct Card<'v> {
    say: Say<'v>,
    lead: Html,
    refused: Option<Html>,
    what_now: Option<Html>,
    trace: String,
    trial: bool,
    tls: String,
    pkcs1: String,
    bridge: Option<String>,
    others: Vec<(String, String)>,
    decline: String,
}

/// The page that asks for the card; after one that would not do, with why.
pub(crate) fn card(
    front: &Front,
    visit: &Visit,
    id: Uuid,
    asked: &Asked,
    refused: Option<Refused>,
    others: &[(EntityId, String)],
) -> Response {
    let say = front.site.say(visit);
    let service = shown(asked);
    let what_now = refused.map(|refused| format!("{}-next", refused.code()));
    let body = Card {
        say,
        lead: say.html_with("card-lead", &[("service", service)]),
        refused: refused.map(|refused| say.html(refused.code())),
        what_now: what_now.filter(|key| say.knows(key)).map(|key| say.html(&key)),
        trace: visit.trace.to_string(),
        trial: asked.trial,
        tls: front.card_at(&format!("/card/{id}")),
        pkcs1: front.card_pkcs1_at(&format!("/card/{id}")),
        bridge: front
            .config
            .relay
            .bridge
            .as_ref()
            .map(|_| front.at(&format!("/sign-in/{id}/bridge"))),
        others: others
            .iter()
            .map(|(entity, name)| {
                let entity: String = url::form_urlencoded::byte_serialize(entity.as_str().as_bytes()).collect();
                (
                    front.at(&format!("/sign-in/{id}/provider?entity={entity}")),
                    name.clone(),
                )
            })
            .collect(),
        decline: format!("/sign-in/{id}/decline"),
    };
    let (status, title) = match refused {
        Some(_) => (StatusCode::FORBIDDEN, "card-refused-title"),
        None => (StatusCode::OK, "card-title"),
    };
    let mut page = Page::new(say, title, &body).status(status).answer(&front.site, visit);
    // Declined by artifact, the browser is redirected to the service.
    page.extensions_mut()
        .insert(Policy::default().forms_to(&address(&asked.reply.location)));
    page
}

#[derive(Template)]
#[template(path = "form.html")]
struct Form<'v> {
    say: Say<'v>,
    lead: Html,
    action: &'v str,
    fields: &'v [(&'static str, String)],
}

/// The page that carries an answer to the service: a form with one button.
pub(crate) fn form(front: &Front, visit: &Visit, asked: &Asked, form: &PostForm) -> Response {
    posting(front, visit, shown(asked), form)
}

/// The page that carries a message to `service`.
pub(crate) fn posting(front: &Front, visit: &Visit, service: &str, form: &PostForm) -> Response {
    let say = front.site.say(visit);
    let body = Form {
        say,
        lead: say.html_with("form-lead", &[("service", service)]),
        action: &form.action,
        fields: &form.fields,
    };
    // Another language would ask for the page again, and what it carries is sent once.
    let page = Page::new(say, "form-title", &body).in_this_language();
    let mut page = page.answer(&front.site, visit);
    page.extensions_mut()
        .insert(Policy::default().forms_to(&address(&form.action)));
    page
}

#[derive(Template)]
#[template(path = "away.html")]
struct Away<'v> {
    say: Say<'v>,
    again: String,
    trace: String,
}

/// The page for when the blind half is away: nothing was issued, and the way back in.
pub(crate) fn away(front: &Front, visit: &Visit, again: &str) -> Response {
    let say = front.site.say(visit);
    let body = Away {
        say,
        again: front.at(again),
        trace: visit.trace.to_string(),
    };
    Page::new(say, "away-title", &body)
        .status(StatusCode::SERVICE_UNAVAILABLE)
        .answer(&front.site, visit)
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'v> {
    say: Say<'v>,
}

/// The page of whoever comes to the relay itself, by a link back or by typing its name: sign-ins begin elsewhere.
pub(crate) fn start(front: &Front, visit: &Visit) -> Response {
    let say = front.site.say(visit);
    Page::new(say, "card-title", &Start { say }).answer(&front.site, visit)
}

#[derive(Template)]
#[template(path = "said.html")]
struct Said {
    lead: Html,
}

/// A page that says one thing.
pub(crate) fn said(front: &Front, visit: &Visit, title: &'static str, key: &'static str) -> Response {
    let say = front.site.say(visit);
    Page::new(say, title, &Said { lead: say.html(key) }).answer(&front.site, visit)
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut<'v> {
    say: Say<'v>,
    waiting: &'v [String],
    given_up: &'v [String],
}

/// The page after signing out: everything is over, or which services do not know yet and which never will.
pub(crate) fn signed_out(front: &Front, visit: &Visit, waiting: &[String], given_up: &[String]) -> Response {
    let say = front.site.say(visit);
    let body = SignedOut { say, waiting, given_up };
    Page::new(say, "signed-out-title", &body).answer(&front.site, visit)
}

#[derive(Template)]
#[template(path = "sign_out.html")]
struct SignOut<'v> {
    say: Say<'v>,
}

/// The page that asks whether to sign out everywhere; the browser may be sent round to `places` then.
pub(crate) fn sign_out(front: &Front, visit: &Visit, places: &[String]) -> Response {
    let say = front.site.say(visit);
    let mut page = Page::new(say, "sign-out-title", &SignOut { say }).answer(&front.site, visit);
    // Browsers hold the redirects after a form to the rule for forms.
    let policy = places
        .iter()
        .fold(Policy::default(), |policy, place| policy.forms_to(&address(place)));
    page.extensions_mut().insert(policy);
    page
}

/// What a service is called on pages.
fn shown(asked: &Asked) -> &str {
    asked.shown_as.as_deref().unwrap_or(&asked.service)
}

/// An address that stood in checked metadata.
fn address(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|_| Url::parse("about:blank").expect("a constant that is an address"))
}
