//! What a resident sees: who I am to this service, when I signed in, how my card stands.

use std::sync::Arc;

use askama::Template;
use axum::{Router, extract::State, http::HeaderMap, response::Response, routing::get};
use portal_kit::{Html, Say, Trouble, Visit, date::Moment, icon, words::Sources};
use portal_service::{Link, Portal, Service, how};
use relay_saml::names::AuthnContext;

use crate::records;

const WORDS: Sources = [
    include_str!("../words/ja.ftl"),
    include_str!("../words/easy.ftl"),
    include_str!("../words/en.ftl"),
];

const LINKS: [Link; 9] = [
    link("/", "page-home", icon::HOME),
    link("/coverage", "page-coverage", icon::SHIELD),
    link("/costs", "page-costs", icon::YEN),
    link("/checkup", "page-checkup", icon::HEART),
    link("/pension", "page-pension", icon::PENSION),
    link("/looked", "page-looked", icon::EYE),
    link("/me", "page-me", icon::PERSON),
    link("/history", "page-history", icon::CLOCK),
    link("/card", "page-card", icon::CARD),
];

const fn link(to: &'static str, words: &'static str, icon: icon::Icon) -> Link {
    Link { to, words, icon }
}

/// As many past sign-ins as a page shows.
const SHOWN: i64 = 50;

/// My Page. With the card and its PIN, since what it shows is nobody else's business; on a telephone, which cannot read the
/// card, with both at another machine. Every page of it so far is for reading.
pub static MY_PAGE: Portal = Portal {
    code: "my-page",
    names: &[("ja", "マイページ"), ("en", "My Page")],
    words: WORDS,
    pages: &LINKS,
    contexts: &[AuthnContext::CardPin, AuthnContext::Telephone],
    routes,
    log: env!("CARGO_CRATE_NAME"),
};

fn routes() -> Router<Arc<Service>> {
    records::routes()
        .route("/me", get(me))
        .route("/history", get(history))
        .route("/card", get(card))
}

#[derive(Template)]
#[template(path = "me.html")]
struct MeBody<'w> {
    say: Say<'w>,
    short_name: &'w str,
    signed_in: Moment,
    until: Moment,
}

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryBody<'w> {
    say: Say<'w>,
    sign_ins: Vec<SignInShown>,
    days: String,
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
}

async fn me(State(service): State<Arc<Service>>, visit: Visit, headers: HeaderMap) -> Result<Response, Trouble> {
    let Some(person) = service.signed_in(&headers).await? else {
        return Ok(service.welcome(&visit, &headers, "/me"));
    };
    let say = service.say(&visit);
    let body = MeBody {
        say,
        short_name: &person.short_name,
        signed_in: say.moment(person.session.signed_in_at),
        until: say.moment(person.session.until),
    };
    Ok(service.page(&visit, &person, "me-title", &body))
}

async fn history(State(service): State<Arc<Service>>, visit: Visit, headers: HeaderMap) -> Result<Response, Trouble> {
    let Some(person) = service.signed_in(&headers).await? else {
        return Ok(service.welcome(&visit, &headers, "/history"));
    };
    let say = service.say(&visit);
    let past = service.history(&person, SHOWN).await?;
    let body = HistoryBody {
        say,
        sign_ins: past
            .iter()
            .map(|sign_in| SignInShown {
                at: say.moment(sign_in.at),
                how: how(say, &sign_in.context),
            })
            .collect(),
        days: service.history_life().whole_days().to_string(),
    };
    Ok(service.page(&visit, &person, "history-title", &body))
}

async fn card(State(service): State<Arc<Service>>, visit: Visit, headers: HeaderMap) -> Result<Response, Trouble> {
    let Some(person) = service.signed_in(&headers).await? else {
        return Ok(service.welcome(&visit, &headers, "/card"));
    };
    let say = service.say(&visit);
    let body = CardBody {
        say,
        used_at: say.moment(person.session.signed_in_at),
        how: how(say, &person.session.context),
    };
    Ok(service.page(&visit, &person, "card-title", &body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_kit::{Language, Words};
    use time::macros::datetime;

    #[test]
    fn the_three_files_hold_the_same_words() {
        assert_eq!(portal_testing::faults_of_words(WORDS), Vec::<String>::new());
    }

    #[test]
    fn every_page_renders_in_every_language_with_words_for_all_it_says() {
        let words = Words::layered(&[portal_service::WORDS, WORDS]);
        let at = datetime!(2026-11-22 0:00 UTC);
        for language in Language::ALL {
            let say = words.say(language);
            let me = MeBody {
                say,
                short_name: "7KQX-2M9D",
                signed_in: say.moment(at),
                until: say.moment(at),
            };
            let sign_ins = ["urn:other", AuthnContext::CardPin.uri()].map(|context| SignInShown {
                at: say.moment(at),
                how: how(say, context),
            });
            let history = HistoryBody {
                say,
                sign_ins: sign_ins.into(),
                days: "365".into(),
            };
            let card = CardBody {
                say,
                used_at: say.moment(at),
                how: how(say, AuthnContext::CardNoPin.uri()),
            };
            for page in [me.render(), history.render(), card.render()] {
                let page = page.unwrap();
                // A key without words shows as itself.
                for source in [portal_service::WORDS[0], WORDS[0]] {
                    for key in portal_testing::keys_of_words(source) {
                        assert!(!page.contains(&format!(">{key}<")), "{key}: {page}");
                    }
                }
            }
        }
    }
}
