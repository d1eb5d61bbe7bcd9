//! The helper's own pages, reached by plain navigation from the front's page and back.
//!
//! `GET /sign?challenge=…&return=…` takes the challenge in, `GET /ask/{id}` says who asks and takes the PIN,
//! `POST /ask/{id}` has the card sign, `GET /answer/{id}` sends the browser back with a form. Another page's script
//! reaches none of it: the `Host` must be this loopback address (DNS rebinding), a request for another page's frame,
//! image or `fetch` is refused (Fetch Metadata), a PIN is taken only with an id that stands in this helper's own page,
//! and the answer goes only to an origin that the configuration names.

use std::{net::SocketAddr, sync::Arc};

use askama::Template;
use axum::{
    Extension, Router,
    body::Bytes,
    extract::{Path, Query, Request},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN},
    },
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use portal_kit::{
    Html, Page, Say, Site, Trouble, Visit, Words, city::City, contact::Contact, form::from_own_page, headers::Policy,
    icon, words::Sources,
};
use relay_core::{
    chance::{SharedChance, draw},
    clock::Clock,
};
use secrecy::SecretString;
use serde::Deserialize;
use url::{Origin, Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::{
    asks::{Answer, Ask, Asks, LIFE},
    desk::{Desk, NotSigned, Standing},
    eligibility::Reading,
    signing,
    watch::Eye,
};

/// The words of these pages.
pub const WORDS: Sources = [
    include_str!("../words/ja.ftl"),
    include_str!("../words/easy.ftl"),
    include_str!("../words/en.ftl"),
];

/// The one script: it presses the button that a person can press too.
const RETURN_SCRIPT: &str = include_str!("../assets/return.js");
const SCRIPT_PATH: &str = "/return.js";
/// As long as a service's name may be on these pages.
const LONGEST_NAME: usize = 60;
/// How many tries a PIN has at first.
const TRIES: u8 = 3;

/// What the pages work with.
pub struct Bridge {
    origins: Vec<Origin>,
    desk: Desk,
    asks: Asks,
    eye: Eye,
    /// Patients' cards, where a clinic's page may ask for them.
    eligibility: Option<Arc<Reading>>,
    own: String,
    site: Arc<Site>,
    clock: Arc<dyn Clock>,
    chance: SharedChance,
}

type Shared = Extension<Arc<Bridge>>;

impl Bridge {
    /// Pages at `address` for the fronts at `origins`.
    pub fn new(
        origins: Vec<Origin>,
        (desk, eligibility): (Desk, Option<Arc<Reading>>),
        eye: Eye,
        address: SocketAddr,
        (city, contact): (Option<City>, Option<Contact>),
        (clock, chance): (Arc<dyn Clock>, SharedChance),
    ) -> Self {
        Self {
            origins,
            desk,
            asks: Asks::default(),
            eye,
            eligibility,
            own: address.to_string(),
            site: Arc::new(
                Site::of_pages(Words::new(WORDS), "/", Arc::clone(&clock))
                    .chance(chance.clone())
                    .of_city(city)
                    .contact_at(contact),
            ),
            clock,
            chance,
        }
    }

    /// All pages.
    pub fn routes(self: &Arc<Self>) -> Router {
        let routes = Router::new()
            .route("/", get(about))
            .route("/sign", get(take_in))
            .route("/ask/{id}", get(ask).post(sign))
            .route("/answer/{id}", get(answer))
            .route(SCRIPT_PATH, get(script))
            .layer(middleware::from_fn(own_pages_only))
            .layer(Extension(Arc::clone(self)));
        let routes = match &self.eligibility {
            Some(reading) => routes.merge(reading.routes(self.own.clone())),
            None => routes,
        };
        self.site.dress(routes)
    }

    /// What was asked as `id`. One that is forgotten (too long ago, or before this helper was started) leads back to the
    /// front that `wanted` names.
    fn find(&self, id: &str, wanted: Option<&Wanted>) -> Result<Ask, Trouble> {
        self.asks.find(id, self.clock.now()).ok_or_else(|| {
            let over = Trouble::new(StatusCode::GONE, "bridge-over");
            let back = wanted.and_then(|wanted| {
                let mut back = self.front_at(&wanted.r#return).ok()?;
                back.set_query(None);
                back.query_pairs_mut().append_pair("challenge", &wanted.challenge);
                Some(back)
            });
            match back {
                Some(back) => over.offering((back, "bridge-begin-again")),
                None => over,
            }
        })
    }

    /// An address of a front that the configuration names.
    fn front_at(&self, address: &str) -> Result<Url, Trouble> {
        let back = Url::parse(address).map_err(|_| Trouble::request())?;
        let plain = back.username().is_empty() && back.password().is_none() && back.fragment().is_none();
        if !plain || !self.origins.contains(&back.origin()) {
            tracing::warn!("a challenge of a front that is not in the configuration was refused");
            return Err(Trouble::new(StatusCode::FORBIDDEN, "bridge-not-allowed"));
        }
        Ok(back)
    }
}

/// Refuses what did not come to this address by its number, and what is no page in a window of its own.
async fn own_pages_only(Extension(bridge): Shared, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if headers.get(HOST).map(HeaderValue::as_bytes) != Some(bridge.own.as_bytes()) {
        return Trouble::new(StatusCode::MISDIRECTED_REQUEST, "bridge-not-here").into_response();
    }
    let says = |name: &str, wanted: &[&str]| {
        headers
            .get(name)
            .is_none_or(|value| wanted.iter().any(|wanted| value.as_bytes() == wanted.as_bytes()))
    };
    let is_script = request.uri().path() == SCRIPT_PATH;
    let fits = match is_script {
        true => says("sec-fetch-site", &["same-origin"]),
        false => says("sec-fetch-mode", &["navigate"]) && says("sec-fetch-dest", &["document"]),
    };
    if !fits {
        return Trouble::new(StatusCode::FORBIDDEN, "bridge-not-a-page").into_response();
    }
    next.run(request).await
}

#[derive(Deserialize)]
struct Wanted {
    challenge: String,
    r#return: String,
    /// What the person signs in to, for their eyes alone: nothing is decided by it.
    service: Option<String>,
}

impl Wanted {
    /// As a page's query: whoever knows no more what was asked still knows where it came from.
    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("challenge", &self.challenge)
            .append_pair("return", &self.r#return);
        if let Some(service) = &self.service {
            query.append_pair("service", service);
        }
        query.finish()
    }

    /// The service's name, as far as one fits on a line and is seen as it is: whoever sent the browser here may have
    /// written it.
    fn named(&self) -> Option<String> {
        let seen = |letter: &char| {
            !letter.is_control()
                && !matches!(letter, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}')
        };
        let name: String = self
            .service
            .as_deref()?
            .chars()
            .filter(seen)
            .take(LONGEST_NAME)
            .collect();
        (!name.trim().is_empty()).then_some(name)
    }
}

/// The same, as far as a page's address still says it.
#[derive(Deserialize)]
struct Still {
    challenge: Option<String>,
    r#return: Option<String>,
    service: Option<String>,
}

impl Still {
    fn whole(self) -> Option<Wanted> {
        Some(Wanted {
            challenge: self.challenge?,
            r#return: self.r#return?,
            service: self.service,
        })
    }
}

#[derive(Template)]
#[template(path = "about.html")]
struct AboutBody<'w> {
    say: Say<'w>,
    /// Where a telephone's digits are typed.
    telephones: Vec<String>,
}

async fn about(Extension(bridge): Shared, visit: Visit) -> Response {
    let say = bridge.site.say(&visit);
    let telephones = bridge
        .origins
        .iter()
        .map(|origin| format!("{}/telephone", origin.ascii_serialization()));
    let body = AboutBody {
        say,
        telephones: telephones.collect(),
    };
    Page::new(say, "bridge-about-title", &body).answer(&bridge.site, &visit)
}

async fn take_in(Extension(bridge): Shared, Query(wanted): Query<Wanted>) -> Result<Redirect, Trouble> {
    if !signing::is_challenge(&wanted.challenge) {
        return Err(Trouble::request());
    }
    let back = bridge.front_at(&wanted.r#return)?;
    let now = bridge.clock.now();
    let query = wanted.query();
    let ask = Ask {
        service: wanted.named(),
        challenge: wanted.challenge,
        back,
        until: now + LIFE,
        last: None,
        answer: None,
    };
    let id = bridge.asks.keep(ask, now, &mut bridge.chance.clone());
    Ok(Redirect::to(&format!("/ask/{id}?{query}")))
}

#[derive(Template)]
#[template(path = "ask.html")]
struct AskBody<'w> {
    say: Say<'w>,
    service: Option<String>,
    asker: String,
    last: Option<Html>,
    standing: Html,
    next: Option<Html>,
    tries: Option<u8>,
    /// A mark for each try that a PIN has at first: whether it is left.
    marks: Vec<bool>,
    here: String,
}

async fn ask(
    Extension(bridge): Shared,
    visit: Visit,
    Path(id): Path<String>,
    Query(wanted): Query<Still>,
) -> Result<Response, Trouble> {
    let wanted = wanted.whole();
    let query = wanted
        .as_ref()
        .map_or(String::new(), |wanted| format!("?{}", wanted.query()));
    let ask = bridge.find(&id, wanted.as_ref())?;
    if ask.answer.is_some() {
        return Ok(Redirect::to(&format!("/answer/{id}{query}")).into_response());
    }
    let desk = bridge.desk.clone();
    let standing = tokio::task::spawn_blocking(move || desk.standing())
        .await
        .map_err(|_| Trouble::ours())?;
    let say = bridge.site.say(&visit);
    let (key, tries) = standing_words(&standing);
    let count = tries.map(|tries| tries.to_string()).unwrap_or_default();
    let next = format!("{key}-next");
    let body = AskBody {
        say,
        asker: ask.origin(),
        service: ask.service,
        last: ask.last.as_ref().and_then(|last| last_words(say, last)),
        standing: say.html_with(key, &[("tries", &count)]),
        next: say.knows(&next).then(|| say.html(&next)),
        tries,
        marks: tries.map_or(Vec::new(), |left| {
            (0..TRIES.max(left)).map(|mark| mark < left).collect()
        }),
        here: format!("/ask/{id}{query}"),
    };
    Ok(Page::new(say, title(&standing), &body).answer(&bridge.site, &visit))
}

/// The page's heading: what is to be done now, or that nothing can be.
const fn title(standing: &Standing) -> &'static str {
    match standing {
        Standing::Ready { .. } => "bridge-ask-title",
        Standing::NoCard | Standing::InUse | Standing::Silent | Standing::NotOurs | Standing::NotAResidents => {
            "bridge-insert-title"
        }
        Standing::NoService | Standing::NoReader | Standing::NotReady | Standing::Blocked => "bridge-cannot-title",
    }
}

/// What is said of a card, and the tries when it can sign.
fn standing_words(standing: &Standing) -> (&'static str, Option<u8>) {
    match standing {
        Standing::Ready { tries: 1, .. } => ("bridge-last-try", Some(1)),
        Standing::Ready { tries, .. } => ("bridge-ready", Some(*tries)),
        Standing::NoService => ("bridge-no-service", None),
        Standing::NoReader => ("bridge-no-reader", None),
        Standing::NoCard => ("bridge-no-card", None),
        Standing::InUse => ("bridge-in-use", None),
        Standing::Silent => ("bridge-silent", None),
        Standing::NotOurs => ("bridge-not-ours", None),
        Standing::NotAResidents => ("bridge-not-a-residents", None),
        Standing::NotReady => ("bridge-not-ready", None),
        Standing::Blocked => ("bridge-blocked", None),
    }
}

/// What is said of the try before; nothing where the card's standing says it all.
fn last_words(say: Say<'_>, last: &NotSigned) -> Option<Html> {
    match last {
        NotSigned::NotNow(_) => None,
        NotSigned::NotAPin => Some(say.html("bridge-not-a-pin")),
        // The tries left stand below, as the card tells them now.
        NotSigned::WrongPin(_) => Some(say.html("bridge-wrong-pin")),
        NotSigned::Interrupted => Some(say.html("bridge-interrupted")),
    }
}

async fn sign(
    Extension(bridge): Shared,
    Path(id): Path<String>,
    Query(wanted): Query<Still>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Redirect, Trouble> {
    let pin = pin_of(body);
    let wanted = wanted.whole();
    let query = wanted
        .as_ref()
        .map_or(String::new(), |wanted| format!("?{}", wanted.query()));
    from_own_page(&headers)?;
    let own = format!("http://{}", bridge.own);
    // Without a referrer browsers say `null` here; what another page sends names that page, or `null` without our id.
    if headers
        .get(ORIGIN)
        .is_some_and(|origin| origin != own.as_str() && origin != "null")
    {
        return Err(portal_kit::form::Forged.into());
    }
    let ask = bridge.find(&id, wanted.as_ref())?;
    if ask.answer.is_some() {
        return Ok(Redirect::to(&format!("/answer/{id}{query}")));
    }
    let Some(pin) = pin else {
        bridge.asks.failed(&id, NotSigned::NotAPin);
        return Ok(Redirect::to(&format!("/ask/{id}{query}")));
    };
    let digest = signing::digest_of(&ask.origin(), &ask.challenge);
    let (desk, mark) = (bridge.desk.clone(), bridge.eye.mark());
    let signed = tokio::task::spawn_blocking(move || desk.sign(&pin, &digest))
        .await
        .map_err(|_| Trouble::ours())?;
    match signed {
        Err(why) => {
            bridge.asks.failed(&id, why);
            Ok(Redirect::to(&format!("/ask/{id}{query}")))
        }
        Ok(signed) => {
            let gone = URL_SAFE_NO_PAD.encode(draw::<32>(&mut bridge.chance.clone()));
            bridge.eye.watch(&signed.reader, &mark, &ask.back, &gone);
            let answer = Answer {
                certificate: STANDARD.encode(signed.certificate),
                signature: STANDARD.encode(signed.signature),
                gone,
            };
            bridge.asks.answered(&id, answer);
            Ok(Redirect::to(&format!("/answer/{id}{query}")))
        }
    }
}

/// The PIN in a posted form, and the form wiped as far as it is ours: the connection's own buffer, which the web
/// server reuses, is out of reach.
fn pin_of(body: Bytes) -> Option<SecretString> {
    let pin = form_urlencoded::parse(&body)
        .find(|(name, _)| name == "pin")
        .map(|(_, pin)| Zeroizing::new(pin.into_owned()))
        .map(|pin| SecretString::from(pin.as_str()));
    if let Ok(mut form) = body.try_into_mut() {
        form.fill(0);
    }
    pin
}

#[derive(Template)]
#[template(path = "answer.html")]
struct AnswerBody<'w> {
    say: Say<'w>,
    back: String,
    challenge: String,
    answer: Answer,
    script: &'static str,
}

async fn answer(
    Extension(bridge): Shared,
    visit: Visit,
    Path(id): Path<String>,
    Query(wanted): Query<Still>,
) -> Result<Response, Trouble> {
    let wanted = wanted.whole();
    let query = wanted
        .as_ref()
        .map_or(String::new(), |wanted| format!("?{}", wanted.query()));
    let ask = bridge.find(&id, wanted.as_ref())?;
    let Some(answer) = ask.answer else {
        return Ok(Redirect::to(&format!("/ask/{id}{query}")).into_response());
    };
    let say = bridge.site.say(&visit);
    let body = AnswerBody {
        say,
        back: ask.back.to_string(),
        challenge: ask.challenge,
        answer,
        script: SCRIPT_PATH,
    };
    let mut page = Page::new(say, "bridge-answer-title", &body).answer(&bridge.site, &visit);
    page.extensions_mut()
        .insert(Policy::default().scripts().forms_to(&ask.back));
    Ok(page)
}

async fn script() -> impl IntoResponse {
    (
        [
            (CONTENT_TYPE, "text/javascript; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
        ],
        RETURN_SCRIPT,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_files_hold_the_same_words() {
        assert_eq!(portal_testing::faults_of_words(WORDS), Vec::<String>::new());
    }

    #[test]
    fn every_standing_of_a_card_has_its_words_and_only_a_ready_card_a_form() {
        let words = Words::new(WORDS);
        let all = [
            Standing::NoService,
            Standing::NoReader,
            Standing::NoCard,
            Standing::InUse,
            Standing::Silent,
            Standing::NotOurs,
            Standing::NotAResidents,
            Standing::NotReady,
            Standing::Blocked,
        ];
        for language in portal_kit::Language::ALL {
            for standing in &all {
                let (key, tries) = standing_words(standing);
                assert!(words.say(language).knows(key), "{key}");
                assert!(words.say(language).knows(title(standing)), "{key}");
                assert_eq!(tries, None);
            }
        }
        let ready = Standing::Ready {
            reader: "R".into(),
            tries: 1,
        };
        assert_eq!(standing_words(&ready), ("bridge-last-try", Some(1)));
    }

    #[test]
    fn a_services_name_is_shown_as_it_is_seen_or_not_at_all() {
        let named = |service: &str| {
            let wanted = Wanted {
                challenge: String::new(),
                r#return: String::new(),
                service: Some(service.to_owned()),
            };
            wanted.named()
        };
        assert_eq!(named("マイページ").as_deref(), Some("マイページ"));
        // Whoever sends a browser here may write anything: nothing that turns the line round, and no page of text.
        assert_eq!(named("市\u{202E}役\u{200B}所\n").as_deref(), Some("市役所"));
        assert_eq!(named("\u{3164} \u{2066}"), None);
        assert_eq!(named(&"あ".repeat(500)).unwrap().chars().count(), LONGEST_NAME);
    }

    #[test]
    fn a_pin_is_read_from_its_field_alone() {
        use secrecy::ExposeSecret;
        let read = |form: &'static str| pin_of(Bytes::from_static(form.as_bytes()));
        assert_eq!(read("a=1&pin=0412").unwrap().expose_secret(), "0412");
        assert!(read("spin=0412").is_none());
        assert!(read("").is_none());
    }
}
