//! What stands round a portal's routes, in one layer: a trace id and a log line for each request, rate limits, the
//! visitor's language, security headers, and an error page wherever a handler gives [`Trouble`] or nothing useful.

#[cfg(test)]
mod tests;

use std::{borrow::Cow, net::IpAddr, sync::Arc, time::Instant};

use askama::Template;
use axum::{
    Router,
    extract::{FromRequestParts, MatchedPath, Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri,
        header::{ACCEPT_LANGUAGE, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE},
        request::Parts,
    },
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use relay_core::{chance::SharedChance, clock::Clock};
use serde_json::json;
use time::Duration;
use tracing::{Instrument, info, info_span};

pub use crate::trouble::Trouble;
use crate::{
    city::City,
    contact::Contact,
    cookie::{Cookie, SameSite},
    date::Moment,
    headers::{self, Policy},
    limit::{Limiter, Pace},
    listener::Peer,
    page::{Html, Page},
    style,
    trace::TraceId,
    words::{Language, Say, Words},
};

/// One request as its page sees it; a handler takes it as an argument.
#[derive(Debug, Clone)]
pub struct Visit {
    pub trace: TraceId,
    pub language: Language,
    /// The visitor chose the language here: another host can't know.
    chosen: bool,
    target: String,
    /// Whether asking for the target again shows the same.
    repeatable: bool,
}

impl Visit {
    /// The path asked for, without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// `url` of another of our hosts, with the language that the visitor chose here.
    pub fn carry_language(&self, url: &str) -> String {
        let joint = if url.contains('?') { '&' } else { '?' };
        match self.chosen {
            true => format!("{url}{joint}{LANGUAGE_KEY}={}", self.language.code()),
            false => url.to_owned(),
        }
    }

    /// The visitor's choice as another host handed it on: its code, and whether there is one.
    pub fn chosen_code(&self) -> Option<&'static str> {
        self.chosen.then(|| self.language.code())
    }

    /// The same visit in the language of `code`, as another host handed it on.
    pub fn in_language(mut self, code: Option<&str>) -> Self {
        if let Some(language) = code.and_then(Language::from_code) {
            (self.language, self.chosen) = (language, true);
        }
        self
    }

    /// The same page in another language.
    pub fn link_in(&self, language: Language) -> String {
        let joint = if self.target.contains('?') { '&' } else { '?' };
        format!("{}{joint}{LANGUAGE_KEY}={}", self.target, language.code())
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        // Every dressed route has one.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Who reads the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// People: errors are pages.
    People,
    /// Partners' machines: errors are problems (RFC 9457).
    Machines,
}

/// A portal's surroundings.
pub struct Site {
    words: Words,
    clock: Arc<dyn Clock>,
    chance: SharedChance,
    readers: Readers,
    takes_traces: bool,
    home: Option<String>,
    brand_leads_home: bool,
    city: Option<City>,
    contact: Option<Contact>,
    by_address: Limiter,
    by_session: Option<(Cookie, Limiter)>,
}

/// The query's key that chooses a language.
const LANGUAGE_KEY: &str = "lang";
/// Sent along with other sites' forms: what refuses a service's, the relay's or the bridge's form is to be read too.
const LANGUAGE: Cookie = Cookie {
    name: "lang",
    same_site: SameSite::None,
    life: Some(Duration::days(365)),
};
/// An address may be a whole city hall behind one line, or a carrier's customers: twenty pages a second for long.
const USUAL: Pace = Pace {
    burst: 300,
    each: std::time::Duration::from_millis(50),
};
/// For partners' machines: the listener's certificates say who they are.
const MACHINES: Pace = Pace {
    burst: 4_000,
    each: std::time::Duration::from_millis(1),
};
const TRACE: HeaderName = HeaderName::from_static("trace-id");
const RULE: HeaderName = HeaderName::from_static("refused-by");

impl Site {
    /// A site of pages for people, with `words`; error pages lead back to `home`.
    pub fn of_pages(words: Words, home: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self {
            words,
            clock,
            chance: SharedChance::of_the_system(),
            readers: Readers::People,
            // Anyone could write into our log what a browser may send.
            takes_traces: false,
            home: Some(home.into()),
            brand_leads_home: false,
            city: None,
            contact: None,
            by_address: Limiter::new(USUAL),
            by_session: None,
        }
    }

    /// A site for partners' machines, whose trace ids are taken over: the listener's certificates say who they are.
    pub fn of_machines(clock: Arc<dyn Clock>) -> Self {
        Self {
            words: Words::new(["", "", ""]),
            clock,
            chance: SharedChance::of_the_system(),
            readers: Readers::Machines,
            takes_traces: true,
            home: None,
            brand_leads_home: false,
            city: None,
            contact: None,
            by_address: Limiter::new(MACHINES),
            by_session: None,
        }
    }

    /// With trace ids drawn from `chance`.
    pub fn chance(mut self, chance: SharedChance) -> Self {
        self.chance = chance;
        self
    }

    /// With trace ids of its own: on a listener that asks for no certificate nobody's are taken over.
    pub fn own_traces(mut self) -> Self {
        self.takes_traces = false;
        self
    }

    /// With the city's name and emblem at the head of every page.
    pub fn of_city(mut self, city: Option<City>) -> Self {
        self.city = city;
        self
    }

    /// With a link home at the head of every page. Who is on the way through a procedure has no use for one.
    pub fn brand_leads_home(mut self) -> Self {
        self.brand_leads_home = true;
        self
    }

    /// With the counter's telephone at the foot of every page.
    pub fn contact_at(mut self, contact: Option<Contact>) -> Self {
        self.contact = contact;
        self
    }

    /// With another pace for each address.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.by_address = Limiter::new(pace);
        self
    }

    /// With a pace for each session, whose secret id is in `cookie`.
    pub fn session_pace(mut self, cookie: Cookie, pace: Pace) -> Self {
        self.by_session = Some((cookie, Limiter::new(pace)));
        self
    }

    /// The words in the visitor's language.
    pub fn say(&self, visit: &Visit) -> Say<'_> {
        self.words.say(visit.language)
    }

    /// Whose pages they are.
    pub(crate) fn city(&self) -> Option<&City> {
        self.city.as_ref()
    }

    /// Where the head of a page leads, if it leads anywhere.
    pub(crate) fn brand_leads_to(&self) -> Option<&str> {
        self.home.as_deref().filter(|_| self.brand_leads_home)
    }

    /// Whom a visitor asks.
    pub(crate) fn contact(&self) -> Option<&Contact> {
        self.contact.as_ref()
    }

    /// The site's clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// `routes` with all of this round them, the style sheet and a page for what is not there beside them.
    pub fn dress(self: &Arc<Self>, routes: Router) -> Router {
        let mut routes = routes.route(style::path(), get(style::serve));
        if let Some(city) = self.city.clone()
            && let Some(emblem) = city.emblem()
        {
            let served = city.clone();
            routes = routes.route(emblem, get(async move || served.serve()));
        }
        self.wrap(routes.fallback(async || Trouble::not_found()))
    }

    /// `routes` alone with all of this round them, to be merged with another site's: machines' routes on a listener for
    /// people.
    pub fn wrap(self: &Arc<Self>, routes: Router) -> Router {
        routes.layer(middleware::from_fn_with_state(Arc::clone(self), dressed))
    }

    fn may_pass(&self, address: Option<IpAddr>, headers: &HeaderMap) -> Result<(), Trouble> {
        let now = self.clock.now();
        if let Some(address) = address {
            self.by_address.allow_address(address, now).map_err(Trouble::too_many)?;
        }
        if let Some((cookie, limiter)) = &self.by_session
            && let Some(session) = cookie.read(headers)
        {
            limiter.allow(session.as_bytes(), now).map_err(Trouble::too_many)?;
        }
        Ok(())
    }

    fn explain(&self, trouble: &Trouble, visit: &Visit) -> Response {
        let say = self.say(visit);
        if self.readers == Readers::Machines {
            let problem = json!({
                "type": "about:blank",
                "title": say.text(trouble.key),
                "status": trouble.status.as_u16(),
                "code": trouble.key,
                "trace": visit.trace.to_string(),
            });
            let kind = [(CONTENT_TYPE, "application/problem+json")];
            return (trouble.status, kind, problem.to_string()).into_response();
        }
        let facts: Vec<_> = trouble
            .facts
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let next = format!("{}-next", trouble.key);
        let body = TroubleBody {
            say,
            said: say.html_with(trouble.key, &facts),
            next: say.knows(&next).then(|| say.html_with(&next, &facts)),
            // What needs only a little time is asked for once more where one stands.
            again: (visit.repeatable && trouble.status.is_server_error()).then_some(visit.target.as_str()),
            way: trouble.way.as_ref().map(|(to, words)| (to.as_str(), *words)),
            home: self.home.as_deref(),
            trace: visit.trace,
            at: say.moment(self.clock.now()),
        };
        let own = format!("{}-title", trouble.key);
        let title = match trouble.status {
            _ if say.knows(&own) => own.as_str(),
            StatusCode::SERVICE_UNAVAILABLE => "trouble-title-away",
            status if status.is_client_error() => "trouble-title-yours",
            _ => "trouble-title-ours",
        };
        let page = Page::new(say, title, &body).status(trouble.status);
        let page = if visit.repeatable {
            page
        } else {
            page.in_this_language()
        };
        page.answer(self, visit)
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroubleBody<'w> {
    say: Say<'w>,
    said: Html,
    next: Option<Html>,
    again: Option<&'w str>,
    way: Option<(&'w str, &'static str)>,
    home: Option<&'w str>,
    trace: TraceId,
    at: Moment,
}

async fn dressed(State(site): State<Arc<Site>>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let peer = request.extensions().get::<Peer>().cloned();
    let tls = peer.as_ref().is_none_or(|peer| peer.tls.is_some());
    let received = site
        .takes_traces
        .then(|| TraceId::received(request.headers()))
        .flatten();
    let visit = Visit {
        trace: received.unwrap_or_else(|| TraceId::new(&mut site.chance.clone())),
        language: language(request.headers()),
        chosen: chosen(request.headers()).is_some(),
        target: one_slash(request.uri().path_and_query().map_or("/", |target| target.as_str())),
        repeatable: request.method() == Method::GET,
    };
    // A path may hold what is nobody's business; the route it matched does not.
    let route: Cow<'static, str> = match request.extensions().get::<MatchedPath>() {
        Some(path) => path.as_str().to_owned().into(),
        None => "-".into(),
    };
    let method = request.method().clone();
    let span = info_span!("request", trace = %visit.trace, %method, %route);
    request.extensions_mut().insert(visit.clone());

    let answered = async {
        let passes = match route == style::path() {
            true => Ok(()),
            false => site.may_pass(peer.map(|peer| peer.address.ip()), request.headers()),
        };
        let mut answer = match (passes, change_of_language(&method, request.uri())) {
            (Err(trouble), _) => trouble.into_response(),
            (Ok(()), Some(change)) if site.readers == Readers::People => change,
            (Ok(()), _) => next.run(request).await,
        };
        if let Some(trouble) = trouble_in(&answer, site.readers) {
            info!(trouble = trouble.key, rule = trouble.rule, "answered with trouble");
            let mut page = site.explain(&trouble, &visit);
            for cookie in answer.headers().get_all(SET_COOKIE) {
                page.headers_mut().append(SET_COOKIE, cookie.clone());
            }
            if let Some(rule) = trouble.rule {
                page.headers_mut().insert(RULE, HeaderValue::from_static(rule));
            }
            if let Some(wait) = trouble.wait {
                page.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
            }
            answer = page;
        }
        info!(
            status = answer.status().as_u16(),
            took_ms = begun.elapsed().as_millis() as u64,
            "answered"
        );
        answer
    };
    let mut answer = answered.instrument(span).await;
    let policy = answer.extensions_mut().remove::<Policy>().unwrap_or_default();
    headers::put(answer.headers_mut(), &policy, tls);
    if let Ok(trace) = HeaderValue::try_from(visit.trace.to_string()) {
        answer.headers_mut().insert(TRACE, trace);
    }
    answer
}

/// The trouble a handler gave, or what an answer of axum's own (plain text, for developers) means.
fn trouble_in(answer: &Response, readers: Readers) -> Option<Trouble> {
    if let Some(trouble) = answer.extensions().get::<Trouble>() {
        return Some(trouble.clone());
    }
    let status = answer.status();
    let bare = answer
        .headers()
        .get(CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let failed = status.is_client_error() || status.is_server_error();
    (failed && bare && readers == Readers::People).then(|| Trouble::of(status))
}

/// The language that the visitor chose on this host.
fn chosen(headers: &HeaderMap) -> Option<Language> {
    LANGUAGE.read(headers).and_then(Language::from_code)
}

fn language(headers: &HeaderMap) -> Language {
    let accepted = || headers.get(ACCEPT_LANGUAGE)?.to_str().ok().map(Language::accepted);
    chosen(headers).or_else(accepted).unwrap_or_default()
}

/// A link with `lang=` sets the cookie and goes on to the same page without it. The rest of the query stays byte for
/// byte: signed messages travel in it (SAML bindings §3.4.4.1).
fn change_of_language(method: &Method, uri: &Uri) -> Option<Response> {
    if method != Method::GET {
        return None;
    }
    let chosen = |part: &str| Language::from_code(part.strip_prefix(LANGUAGE_KEY)?.strip_prefix('=')?);
    let parts: Vec<&str> = uri.query()?.split('&').collect();
    let language = parts.iter().rev().find_map(|part| chosen(part))?;
    let rest: Vec<&str> = parts.into_iter().filter(|part| chosen(part).is_none()).collect();
    let path = one_slash(uri.path());
    let target = match rest.is_empty() {
        true => path,
        false => format!("{path}?{}", rest.join("&")),
    };
    let headers = [
        (LOCATION, HeaderValue::try_from(target).ok()?),
        (SET_COOKIE, LANGUAGE.set(language.code())),
    ];
    Some((StatusCode::SEE_OTHER, headers).into_response())
}

/// With one slash at the front: a link with two would lead to another host.
fn one_slash(path: &str) -> String {
    format!("/{}", path.trim_start_matches('/'))
}
