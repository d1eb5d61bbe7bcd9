//! What stands round a portal's routes, in one layer: a trace id and a log line for each request, rate limits, the
//! visitor's language, security headers, and an error page wherever a handler gives [`Trouble`] or nothing useful.

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
use relay_core::{chance::OsChance, clock::Clock};
use serde_json::json;
use time::Duration;
use tracing::{Instrument, info, info_span};

pub use crate::trouble::Trouble;
use crate::{
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
    /// The request's id.
    pub trace: TraceId,
    /// The visitor's language.
    pub language: Language,
    target: String,
    /// Whether asking for the target again shows the same.
    repeatable: bool,
}

impl Visit {
    /// The path asked for, without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
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
    readers: Readers,
    takes_traces: bool,
    home: Option<String>,
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
            readers: Readers::People,
            // Anyone could write into our log what a browser may send.
            takes_traces: false,
            home: Some(home.into()),
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
            readers: Readers::Machines,
            takes_traces: true,
            home: None,
            contact: None,
            by_address: Limiter::new(MACHINES),
            by_session: None,
        }
    }

    /// With trace ids of its own: on a listener that asks for no certificate nobody's are taken over.
    pub fn own_traces(mut self) -> Self {
        self.takes_traces = false;
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
        self.wrap(
            routes
                .route(style::path(), get(style::serve))
                .fallback(async || Trouble::not_found()),
        )
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
        trace: received.unwrap_or_else(|| TraceId::new(&mut OsChance)),
        language: language(request.headers()),
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

fn language(headers: &HeaderMap) -> Language {
    let chosen = LANGUAGE.read(headers).and_then(Language::from_code);
    let accepted = || headers.get(ACCEPT_LANGUAGE)?.to_str().ok().map(Language::accepted);
    chosen.or_else(accepted).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, routing::post};
    use http_body_util::BodyExt;
    use relay_core::clock::HandClock;
    use std::time::Duration as Span;
    use time::macros::datetime;
    use tower::ServiceExt;

    fn site() -> Site {
        let clock = Arc::new(HandClock::at(datetime!(2026-11-22 0:00 UTC)));
        Site::of_pages(Words::new(["", "", ""]), "/", clock)
    }

    async fn ask(site: Site, request: axum::http::request::Builder) -> (StatusCode, HeaderMap, String) {
        let routes = Router::new()
            .route("/page", get(async |visit: Visit| visit.language.code()))
            .route("/broken", get(async || -> Result<(), Trouble> { Err(Trouble::ours()) }))
            .route("/form", post(async |_: axum::Form<Vec<(String, String)>>| "taken"));
        let answer = Arc::new(site)
            .dress(routes)
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let (parts, body) = answer.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        (parts.status, parts.headers, text)
    }

    fn get_request(target: &str) -> axum::http::request::Builder {
        axum::http::Request::get(target)
    }

    #[tokio::test]
    async fn an_error_page_shows_the_trace_id_that_the_log_has_and_what_to_do() {
        let (status, headers, text) = ask(site(), get_request("/broken")).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        let trace = headers["trace-id"].to_str().unwrap();
        assert!(
            text.contains(trace) && text.contains("市役所へお知らせください"),
            "{text}"
        );
        assert!(headers.contains_key("content-security-policy"));
        // It may go better a moment later, in the same place.
        assert!(text.contains("<a class=\"button\" href=\"/broken\">"), "{text}");
    }

    #[tokio::test]
    async fn whom_to_ask_stands_at_the_foot_with_a_number_that_a_telephone_dials() {
        let contact = Contact {
            phone: "0950-00-0000".to_owned(),
            hours: ("8:30".to_owned(), "17:15".to_owned()),
            days: crate::contact::Days::Weekdays,
        };
        for (language, hours) in [
            ("ja", "平日 8:30から17:15まで"),
            ("en", "Monday to Friday, 8:30 to 17:15"),
        ] {
            let site = site().contact_at(Some(contact.clone()));
            let (_, _, text) = ask(site, get_request("/nowhere").header("accept-language", language)).await;
            let (_, foot) = text.split_once("<footer>").unwrap();
            assert!(foot.contains("href=\"tel:0950000000\">0950-00-0000</a>"), "{foot}");
            assert!(foot.contains(hours), "{foot}");
        }
    }

    #[tokio::test]
    async fn the_rule_of_a_refusal_is_for_machines_and_the_log_and_not_for_residents() {
        let routes = Router::new().route(
            "/",
            get(async || -> Result<(), Trouble> { Err(Trouble::request().by_rule("signature_invalid")) }),
        );
        let request = get_request("/").body(Body::empty()).unwrap();
        let answer = Arc::new(site()).dress(routes).oneshot(request).await.unwrap();
        assert_eq!(answer.headers()["refused-by"], "signature_invalid");
        let text = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(!String::from_utf8_lossy(&text).contains("signature_invalid"));
    }

    #[tokio::test]
    async fn a_page_that_is_not_there_is_told_in_the_visitors_language() {
        let (status, _, text) = ask(site(), get_request("/nowhere").header("accept-language", "en")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(text.contains("There is no such page.") && text.contains("<html lang=\"en\">"));
        let (status, _, text) = ask(site(), get_request("/form")).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        assert!(text.contains("受け付けられませんでした"));
    }

    #[tokio::test]
    async fn what_was_refused_of_a_form_offers_no_link_that_would_ask_without_it() {
        let (status, _, text) = ask(site(), axum::http::Request::post("/form")).await;
        assert!(status.is_client_error());
        assert!(
            text.contains("受け付けられませんでした") && !text.contains("lang=en"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_link_changes_the_language_and_leaves_the_rest_of_the_query_as_it_was() {
        let target = "/page?SAMLRequest=a%2Fb&lang=easy&SigAlg=c%3a";
        let (status, headers, _) = ask(site(), get_request(target)).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        assert_eq!(headers[LOCATION], "/page?SAMLRequest=a%2Fb&SigAlg=c%3a");
        let cookie = headers[SET_COOKIE].to_str().unwrap();
        // It comes along with the form of another site too, whose refusal is to be read.
        assert!(
            cookie.starts_with("__Host-lang=easy;") && cookie.contains("SameSite=None"),
            "{cookie}"
        );
        let (_, _, text) = ask(site(), get_request("/page").header("cookie", "__Host-lang=easy")).await;
        assert_eq!(text, "easy");
        // What is no language of ours is the page's own business.
        assert_eq!(ask(site(), get_request("/page?lang=xx")).await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_link_to_a_language_never_leads_to_another_host() {
        let (_, headers, _) = ask(site(), get_request("//evil.example/?lang=en")).await;
        assert_eq!(headers[LOCATION], "/evil.example/");
        let (_, _, text) = ask(site(), get_request("//evil.example/")).await;
        assert!(
            text.contains("href=\"/evil.example/?lang=en\"") && !text.contains("\"//evil"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_session_that_asks_too_often_waits_and_is_told_how_long() {
        let cookie = Cookie {
            name: "s",
            same_site: SameSite::Lax,
            life: None,
        };
        let site = Arc::new(site().session_pace(
            cookie,
            Pace {
                burst: 1,
                each: Span::from_secs(20),
            },
        ));
        let routes = site.dress(Router::new().route("/", get(async || "page")));
        let request = || {
            get_request("/")
                .header("cookie", "__Host-s=abc")
                .body(Body::empty())
                .unwrap()
        };
        assert_eq!(
            routes.clone().oneshot(request()).await.unwrap().status(),
            StatusCode::OK
        );
        let answer = routes.oneshot(request()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.headers()[RETRY_AFTER], "21");
    }

    #[tokio::test]
    async fn machines_beside_peoples_pages_have_a_pace_and_traces_of_their_own() {
        let clock = Arc::new(HandClock::at(datetime!(2026-11-22 0:00 UTC)));
        let once = Pace {
            burst: 1,
            each: Span::from_secs(20),
        };
        let machines = Arc::new(Site::of_machines(clock).own_traces().pace(once));
        let people = Arc::new(site().pace(once));
        let routes = people
            .dress(Router::new().route("/", get(async || "page")))
            .merge(machines.wrap(Router::new().route("/soap", get(async || "envelope"))));
        let caller = TraceId::new(&mut OsChance);
        let ask = async |path: &str| {
            let mut request = get_request(path)
                .header(crate::trace::TRACEPARENT, caller.traceparent())
                .body(Body::empty())
                .unwrap();
            request.extensions_mut().insert(Peer {
                address: "192.0.2.7:4000".parse().unwrap(),
                certificates: Arc::new([]),
                tls: None,
            });
            routes.clone().oneshot(request).await.unwrap()
        };
        for path in ["/", "/soap"] {
            let answer = ask(path).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert_ne!(answer.headers()["trace-id"], caller.to_string());
        }
        for (path, kind) in [("/", "text/html; charset=utf-8"), ("/soap", "application/problem+json")] {
            let answer = ask(path).await;
            assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
            assert_eq!(answer.headers()[CONTENT_TYPE], kind);
        }
    }

    #[tokio::test]
    async fn a_machine_gets_a_problem_and_keeps_its_trace() {
        let clock = Arc::new(HandClock::at(datetime!(2026-11-22 0:00 UTC)));
        let caller = TraceId::new(&mut OsChance);
        let request = get_request("/broken").header(crate::trace::TRACEPARENT, caller.traceparent());
        let (status, headers, text) = ask(Site::of_machines(clock), request).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(headers[CONTENT_TYPE], "application/problem+json");
        assert!(text.contains(&caller.to_string()) && text.contains("trouble-ours"));
    }
}
