use super::*;
use axum::{body::Body, routing::post};
use http_body_util::BodyExt;
use relay_core::{chance::OsChance, clock::HandClock};
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
