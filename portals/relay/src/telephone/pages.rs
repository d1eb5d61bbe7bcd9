//! What the telephone shows, and what the machine with the reader shows.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use portal_kit::{Html, Page, Say, Visit, date::Moment, headers::Policy, icon};
use uuid::Uuid;

use super::{Device, Picture, kept::Request};
use crate::{
    front::Front,
    pages::shown,
    sign_in::{Asked, TelephoneCode},
};

#[derive(Template)]
#[template(path = "telephone_waiting.html")]
struct Waiting<'v> {
    say: Say<'v>,
    service: &'v str,
    digits: (&'v str, &'v str),
    picture: Picture,
    until: Moment,
    here: String,
}

/// The telephone's page while nobody has approved: the digits, the picture, what to do with them.
pub(super) fn waiting(front: &Front, visit: &Visit, id: Uuid, asked: &Asked, code: &TelephoneCode) -> Response {
    let say = front.site.say(visit);
    let body = Waiting {
        say,
        service: shown(asked, visit.language),
        digits: code.digits.split_at_checked(3).unwrap_or((&code.digits, "")),
        picture: Picture::numbered(code.picture),
        until: say.moment(code.until),
        here: format!("/sign-in/{id}/telephone"),
    };
    Page::new(say, "telephone-title", &body).answer(&front.site, visit)
}

#[derive(Template)]
#[template(path = "telephone_ended.html")]
struct Ended<'v> {
    say: Say<'v>,
    why: Html,
    next: Html,
    again: String,
    back: String,
}

/// The telephone's page when its digits are over: refused, or too late.
pub(super) fn ended(front: &Front, visit: &Visit, id: Uuid, why: &str) -> Response {
    let say = front.site.say(visit);
    let body = Ended {
        say,
        why: say.html(why),
        next: say.html(&format!("{why}-next")),
        again: format!("/sign-in/{id}/telephone"),
        back: front.at(&format!("/sign-in/{id}")),
    };
    Page::new(say, "telephone-ended-title", &body).answer(&front.site, visit)
}

#[derive(Template)]
#[template(path = "telephone_enter.html")]
struct Enter<'v> {
    say: Say<'v>,
    token: String,
    why: Option<Html>,
}

/// Where digits are typed; again, with why they were not taken.
pub(super) fn enter(front: &Front, visit: &Visit, token: String, why: Option<&str>) -> Response {
    let say = front.site.say(visit);
    let body = Enter {
        say,
        token,
        why: why.map(|why| say.html(why)),
    };
    let status = why.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    Page::new(say, "telephone-enter-title", &body)
        .status(status)
        .answer(&front.site, visit)
}

/// A request that was found by its digits, as it is compared.
pub(super) struct Compared<'a> {
    pub(super) id: Uuid,
    pub(super) token: String,
    pub(super) request: &'a Request,
    pub(super) offered: &'a [u8],
    /// The key of what went wrong before.
    pub(super) why: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "telephone_compare.html")]
struct Compare<'v> {
    say: Say<'v>,
    service: &'v str,
    device: Html,
    asked_at: Moment,
    ago: Html,
    pictures: Vec<(u8, Picture)>,
    token: String,
    here: String,
    why: Option<Html>,
    next: Option<Html>,
}

/// What was asked, for whoever is to approve it: to be compared with what they did themselves.
pub(super) fn compare(front: &Front, visit: &Visit, status: StatusCode, compared: &Compared<'_>) -> Response {
    let say = front.site.say(visit);
    let Compared {
        id,
        token,
        request,
        offered,
        why,
    } = compared;
    let minutes = (front.now() - request.asked_at).whole_minutes().max(0).to_string();
    let next = why.map(|why| format!("{why}-next"));
    let body = Compare {
        say,
        service: request.shown_as(visit.language),
        device: say.html(match request.device {
            Device::Apple => "telephone-apple",
            Device::Android => "telephone-android",
            Device::Other => "telephone-other",
        }),
        asked_at: say.moment(request.asked_at),
        ago: say.html_with("telephone-ago", &[("minutes", &minutes)]),
        pictures: offered
            .iter()
            .map(|number| (*number, Picture::numbered(*number)))
            .collect(),
        token: token.clone(),
        here: format!("/telephone/{id}"),
        why: why.map(|why| say.html(why)),
        next: next.filter(|key| say.knows(key)).map(|key| say.html(&key)),
    };
    let mut page = Page::new(say, "telephone-compare-title", &body)
        .status(status)
        .answer(&front.site, visit);
    // The form's answer leads on to the bridge.
    if let Some(bridge) = &front.config.relay.bridge {
        page.extensions_mut().insert(Policy::default().forms_to(bridge));
    }
    page
}

#[derive(Template)]
#[template(path = "telephone_decided.html")]
struct Decided<'v> {
    say: Say<'v>,
    said: Html,
    next: Html,
    good: bool,
}

/// The end at the machine with the reader.
pub(super) fn decided(front: &Front, visit: &Visit, outcome: &str) -> Response {
    let say = front.site.say(visit);
    let body = Decided {
        say,
        said: say.html(outcome),
        next: say.html(&format!("{outcome}-next")),
        good: outcome == "telephone-approved",
    };
    // What it answers was sent once: another language would ask for it again.
    Page::new(say, &format!("{outcome}-title"), &body)
        .in_this_language()
        .answer(&front.site, visit)
}
