//! The pages a person sees between a service's request and its answer. No script runs on any of them.

use askama::Template;
use axum::{
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};
use portal_kit::{Html, Language, Page, Say, Visit, headers::Policy, icon};
use relay_saml::{message::EntityId, send::PostForm};
use url::Url;
use uuid::Uuid;

use crate::{
    front::Front,
    partners::called,
    sign_in::{Asked, Refused},
};

/// Where the script stands that sends an answer nobody is to see.
pub(crate) const SCRIPT_PATH: &str = "/send.js";

/// The way that the page for the card begins with; the others stand below it in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// The reader at this desk, by its bridge.
    Reader,
    /// The browser itself, by its own certificate.
    Browser,
    /// A card at another machine.
    Telephone,
}

/// What the page for the card offers.
pub(crate) struct Ways {
    pub(crate) first: First,
    /// The browser was at a bridge that did not answer.
    pub(crate) in_vain: bool,
    /// Other providers: their names for SAML and for people.
    pub(crate) others: Vec<(EntityId, String)>,
}

#[derive(Template)]
#[template(path = "card.html")]
struct Card<'v> {
    say: Say<'v>,
    service: &'v str,
    refused: Option<Html>,
    what_now: Option<Html>,
    /// What its holder tells the operators, so that it becomes a card for trials.
    card: Option<String>,
    trace: String,
    trial: bool,
    stays_open: bool,
    ways: [First; 3],
    in_vain: bool,
    tls: String,
    pkcs1: String,
    bridge: Option<String>,
    telephone: Option<String>,
    others: Vec<(String, String)>,
    decline: String,
}

/// The page that asks for the card; after one that would not do, with why.
pub(crate) fn card(
    front: &Front,
    visit: &Visit,
    id: Uuid,
    (asked, refused, shown_card): (&Asked, Option<Refused>, Option<[u8; 32]>),
    offered: &Ways,
) -> Response {
    let say = front.site.say(visit);
    // The card's listeners are other hosts, where a redirect would ask for the card a second time: the language goes along.
    let spoken = visit.chosen_code().map_or(String::new(), |code| format!("?in={code}"));
    let what_now = refused.map(|refused| format!("{}-next", refused.code()));
    let bridge = front.config.relay.bridge.as_ref();
    let body = Card {
        say,
        service: shown(asked, visit.language),
        refused: refused.map(|refused| say.html(refused.code())),
        what_now: what_now.filter(|key| say.knows(key)).map(|key| say.html(&key)),
        card: shown_card
            .filter(|_| refused == Some(Refused::OnTrial))
            .map(hex::encode),
        trace: visit.trace.to_string(),
        trial: asked.trial,
        stays_open: asked.stays_open,
        ways: match offered.first {
            First::Reader => [First::Reader, First::Telephone, First::Browser],
            First::Browser => [First::Browser, First::Reader, First::Telephone],
            First::Telephone => [First::Telephone, First::Reader, First::Browser],
        },
        in_vain: offered.in_vain,
        tls: front.card_at(&format!("/card/{id}{spoken}")),
        pkcs1: front.card_pkcs1_at(&format!("/card/{id}{spoken}")),
        bridge: bridge.map(|_| front.at(&format!("/sign-in/{id}/bridge"))),
        telephone: bridge
            // A page with a refusal may be a card listener's, whose forms the public one does not take.
            .filter(|_| asked.takes_telephones() && refused.is_none())
            .map(|_| front.at(&format!("/sign-in/{id}/telephone"))),
        others: offered
            .others
            .iter()
            .map(|(entity, name)| {
                let entity: String = url::form_urlencoded::byte_serialize(entity.as_str().as_bytes()).collect();
                (
                    front.at(&format!("/sign-in/{id}/provider?entity={entity}")),
                    name.clone(),
                )
            })
            .collect(),
        decline: format!("/sign-in/{id}/decline{spoken}"),
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

/// What a form carries to a service: what its page says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carried {
    Assertion,
    /// That nobody is given, and why.
    Refusal,
    /// A message of a logout.
    Logout,
}

impl Carried {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Assertion => ("form-title", "form-lead"),
            Self::Refusal => ("form-refused-title", "form-refused-lead"),
            Self::Logout => ("form-logout-title", "form-logout-lead"),
        }
    }
}

#[derive(Template)]
#[template(path = "form.html")]
struct Form<'v> {
    say: Say<'v>,
    lead: Html,
    /// Nobody is to see anything (saml-core section 3.4.1, `IsPassive`): it goes on by itself, and only where no script
    /// runs is there a button.
    unseen: bool,
    script: &'static str,
    action: &'v str,
    fields: &'v [(&'static str, String)],
}

/// The page that carries an answer to the service: a form with one button.
pub(crate) fn form(front: &Front, visit: &Visit, asked: &Asked, carried: Carried, form: &PostForm) -> Response {
    carrying(
        front,
        visit,
        (shown(asked, visit.language), carried, asked.passive),
        form,
    )
}

/// The page that carries a message to `service`.
pub(crate) fn posting(front: &Front, visit: &Visit, service: &str, carried: Carried, form: &PostForm) -> Response {
    carrying(front, visit, (service, carried, false), form)
}

fn carrying(
    front: &Front,
    visit: &Visit,
    (service, carried, unseen): (&str, Carried, bool),
    form: &PostForm,
) -> Response {
    let say = front.site.say(visit);
    let (title, lead) = carried.words();
    let body = Form {
        say,
        lead: say.html_with(lead, &[("service", service)]),
        unseen,
        script: SCRIPT_PATH,
        action: &form.action,
        fields: &form.fields,
    };
    // Another language would ask for the page again, and what it carries is sent once.
    let page = Page::new(say, title, &body).in_this_language();
    let page = if unseen { page.bare() } else { page };
    let mut page = page.answer(&front.site, visit);
    let policy = Policy::default().forms_to(&address(&form.action));
    page.extensions_mut()
        .insert(if unseen { policy.scripts() } else { policy });
    page
}

/// The one script: it sends the form of an answer that nobody is to see.
pub(crate) async fn send_script() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=86400"),
    ];
    (headers, "document.forms[0].submit();\n").into_response()
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
    /// Digits of telephones are taken here.
    telephone: bool,
}

/// The page of whoever comes to the relay itself, by a link back or by typing its name: sign-ins begin elsewhere.
pub(crate) fn start(front: &Front, visit: &Visit) -> Response {
    let say = front.site.say(visit);
    Page::new(
        say,
        "start-title",
        &Start {
            say,
            telephone: front.config.relay.bridge.is_some(),
        },
    )
    .answer(&front.site, visit)
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
    token: String,
}

/// The page that asks whether to sign out everywhere; the browser may be sent round to `places` then.
pub(crate) fn sign_out(front: &Front, visit: &Visit, token: String, places: &[String]) -> Response {
    let say = front.site.say(visit);
    let mut page = Page::new(say, "sign-out-title", &SignOut { say, token }).answer(&front.site, visit);
    // Browsers hold the redirects after a form to the rule for forms.
    let policy = places
        .iter()
        .fold(Policy::default(), |policy, place| policy.forms_to(&address(place)));
    page.extensions_mut().insert(policy);
    page
}

/// What a service is called on pages.
pub(crate) fn shown(asked: &Asked, language: Language) -> &str {
    called(&asked.called, language).unwrap_or(&asked.service)
}

/// An address that stood in checked metadata.
fn address(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|_| Url::parse("about:blank").expect("a constant that is an address"))
}
