//! What a resident sees: who I am to this service, when I signed in, how my card stands, and the way out.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use portal_kit::{Html, Page, Say, Trouble, Visit, Words, date::Moment, headers::Policy, page::Link, words::Sources};
use relay_core::saml::names::AuthnContext;
use url::form_urlencoded;

use crate::{
    me::{Me, trouble},
    my_page::{MyPage, SESSION},
    saml::logout_form,
};

/// The words of these pages.
pub const WORDS: Sources = [
    include_str!("../words/ja.ftl"),
    include_str!("../words/easy.ftl"),
    include_str!("../words/en.ftl"),
];

/// The pages a sign-in can come back to.
pub(crate) const PAGES: [&str; 3] = ["/", "/history", "/card"];

const LINKS: [Link; 3] = [
    Link {
        to: PAGES[0],
        words: "page-me",
    },
    Link {
        to: PAGES[1],
        words: "page-history",
    },
    Link {
        to: PAGES[2],
        words: "page-card",
    },
];

/// As many past sign-ins as a page shows.
const SHOWN: i64 = 50;

/// The words.
pub(crate) fn words() -> Words {
    Words::new(WORDS)
}

pub(crate) fn routes() -> Router<Arc<MyPage>> {
    Router::new()
        .route(PAGES[0], get(me))
        .route(PAGES[1], get(history))
        .route(PAGES[2], get(card))
        .route("/left/{how}", get(left))
}

/// How a logout ended. Each has a page of its own address, so that reading it again, or in another language, asks for
/// nothing again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// The session here is over; the relay was not asked.
    Here,
    /// Every service has ended its session.
    Everywhere,
    /// Some service could not be told.
    Partly,
}

#[derive(Template)]
#[template(path = "farewell.html")]
struct FarewellBody<'w> {
    say: Say<'w>,
    said: Html,
    good: bool,
}

impl Farewell {
    const ALL: [Self; 3] = [Self::Here, Self::Everywhere, Self::Partly];

    const fn path(self) -> &'static str {
        match self {
            Self::Here => "/left/here",
            Self::Everywhere => "/left/everywhere",
            Self::Partly => "/left/partly",
        }
    }
}

/// On to the page after a logout.
pub(crate) fn farewell(farewell: Farewell) -> Response {
    Redirect::to(farewell.path()).into_response()
}

async fn left(State(my_page): State<Arc<MyPage>>, visit: Visit) -> Result<Response, Trouble> {
    let farewell = Farewell::ALL
        .into_iter()
        .find(|farewell| farewell.path() == visit.path());
    let farewell = farewell.ok_or_else(Trouble::not_found)?;
    let say = my_page.site.say(&visit);
    let key = match farewell {
        Farewell::Here => "left-here",
        Farewell::Everywhere => "left-everywhere",
        Farewell::Partly => "left-partly",
    };
    let body = FarewellBody {
        say,
        said: say.html(key),
        good: farewell != Farewell::Partly,
    };
    Ok(Page::new(say, "left-title", &body).answer(&my_page.site, &visit))
}

/// The token in a posted form.
pub(crate) fn token_in(form: &[u8]) -> String {
    form_urlencoded::parse(form)
        .find(|(name, _)| name == portal_kit::form::FIELD)
        .map(|(_, token)| token.into_owned())
        .unwrap_or_default()
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomeBody<'w> {
    say: Say<'w>,
    to: &'w str,
    over: bool,
}

#[derive(Template)]
#[template(path = "me.html")]
struct MeBody<'w> {
    say: Say<'w>,
    short_name: &'w str,
    signed_in: Moment,
    until: Moment,
    token: String,
}

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryBody<'w> {
    say: Say<'w>,
    sign_ins: Vec<SignInShown>,
    days: String,
    token: String,
}

struct SignInShown {
    at: Moment,
    how: Html,
}

#[derive(Template)]
#[template(path = "card.html")]
struct CardBody<'w> {
    say: Say<'w>,
    used_at: Moment,
    how: Html,
    token: String,
}

async fn me(State(my_page): State<Arc<MyPage>>, visit: Visit, headers: HeaderMap) -> Result<Response, Trouble> {
    let Some(me) = my_page.me(&headers).await? else {
        return Ok(welcome(&my_page, &visit, &headers, "/"));
    };
    let say = my_page.site.say(&visit);
    let body = MeBody {
        say,
        short_name: &me.short_name,
        signed_in: say.moment(me.session.signed_in_at),
        until: say.moment(me.session.until),
        token: token(&my_page, &me),
    };
    Ok(shown(&my_page, &visit, "me-title", &body))
}

async fn history(State(my_page): State<Arc<MyPage>>, visit: Visit, headers: HeaderMap) -> Result<Response, Trouble> {
    let Some(me) = my_page.me(&headers).await? else {
        return Ok(welcome(&my_page, &visit, &headers, "/history"));
    };
    let say = my_page.site.say(&visit);
    let past = my_page.records.history(&me.session, SHOWN).await.map_err(trouble)?;
    let body = HistoryBody {
        say,
        sign_ins: past
            .iter()
            .map(|sign_in| SignInShown {
                at: say.moment(sign_in.at),
                how: how(say, &sign_in.context),
            })
            .collect(),
        days: my_page.config.session.history.whole_days().to_string(),
        token: token(&my_page, &me),
    };
    Ok(shown(&my_page, &visit, "history-title", &body))
}

async fn card(State(my_page): State<Arc<MyPage>>, visit: Visit, headers: HeaderMap) -> Result<Response, Trouble> {
    let Some(me) = my_page.me(&headers).await? else {
        return Ok(welcome(&my_page, &visit, &headers, "/card"));
    };
    let say = my_page.site.say(&visit);
    let body = CardBody {
        say,
        used_at: say.moment(me.session.signed_in_at),
        how: how(say, &me.session.context),
        token: token(&my_page, &me),
    };
    Ok(shown(&my_page, &visit, "card-title", &body))
}

fn welcome(my_page: &MyPage, visit: &Visit, headers: &HeaderMap, to: &str) -> Response {
    let say = my_page.site.say(visit);
    // Whoever was signed in a moment ago is told why this is not the page they had.
    let over = SESSION.read(headers).is_some();
    Page::new(say, "welcome-title", &WelcomeBody { say, to, over }).answer(&my_page.site, visit)
}

/// A page for somebody signed in: with links to the others, and a form that leads by the relay.
fn shown(my_page: &MyPage, visit: &Visit, title: &str, body: &impl Template) -> Response {
    let say = my_page.site.say(visit);
    let mut answer = Page::new(say, title, body)
        .links(&LINKS)
        .answer(&my_page.site, visit)
        .into_response();
    let policy = my_page
        .relay_address()
        .map_or_else(Policy::default, |relay| Policy::default().forms_to(&relay));
    answer.extensions_mut().insert(policy);
    answer
}

fn token(my_page: &MyPage, me: &Me) -> String {
    my_page.forms.token(me.secret.as_slice(), logout_form())
}

/// How somebody was authenticated, in words.
fn how(say: Say<'_>, context: &str) -> Html {
    say.html(match AuthnContext::from(context) {
        AuthnContext::CardPin => "how-card-pin",
        AuthnContext::CardNoPin => "how-card",
        AuthnContext::WorkerCard | AuthnContext::Other(_) => "how-other",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_kit::Language;
    use time::macros::datetime;

    #[test]
    fn the_three_files_hold_the_same_words() {
        assert_eq!(portal_kit::testing::faults_of_words(WORDS), Vec::<String>::new());
    }

    #[test]
    fn every_page_renders_in_every_language_with_words_for_all_it_says() {
        let words = words();
        let at = datetime!(2026-11-22 0:00 UTC);
        for language in Language::ALL {
            let say = words.say(language);
            let pages = [
                WelcomeBody {
                    say,
                    to: "/",
                    over: true,
                }
                .render()
                .unwrap(),
                MeBody {
                    say,
                    short_name: "7KQX-2M9D",
                    signed_in: say.moment(at),
                    until: say.moment(at),
                    token: "t".into(),
                }
                .render()
                .unwrap(),
                HistoryBody {
                    say,
                    sign_ins: vec![SignInShown {
                        at: say.moment(at),
                        how: how(say, "urn:other"),
                    }],
                    days: "365".into(),
                    token: "t".into(),
                }
                .render()
                .unwrap(),
                CardBody {
                    say,
                    used_at: say.moment(at),
                    how: how(say, AuthnContext::CardPin.uri()),
                    token: "t".into(),
                }
                .render()
                .unwrap(),
            ];
            for page in pages {
                // A key without words shows as itself.
                for key in portal_kit::testing::keys_of_words(WORDS[0]) {
                    assert!(!page.contains(&format!(">{key}<")), "{key}: {page}");
                }
            }
        }
    }
}
