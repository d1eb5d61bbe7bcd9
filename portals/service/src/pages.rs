//! The pages that every portal has: the way in, the frame round the pages of whoever is signed in with the way out, and
//! what was left.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use portal_kit::{Html, Page, Say, Trouble, Visit, date::Moment, headers::Policy, icon::Icon, words::Sources};
use relay_saml::names::AuthnContext;
use url::form_urlencoded;

use crate::{Portal, Service, SignedIn, saml::logout_form};

/// The words of these pages, which a portal's own win over.
pub const WORDS: Sources = [
    include_str!("../words/ja.ftl"),
    include_str!("../words/easy.ftl"),
    include_str!("../words/en.ftl"),
];

pub(crate) fn routes() -> Router<Arc<Service>> {
    Router::new().route("/left/{how}", get(left))
}

/// How a logout ended. Each has a page of its own address, so that reading it again, or in another language, asks for
/// nothing again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// Nobody was signed in.
    Nobody,
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
    const ALL: [Self; 4] = [Self::Nobody, Self::Here, Self::Everywhere, Self::Partly];

    const fn path(self) -> &'static str {
        match self {
            Self::Nobody => "/left/nobody",
            Self::Here => "/left/here",
            Self::Everywhere => "/left/everywhere",
            Self::Partly => "/left/partly",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Nobody => "left-nobody",
            Self::Here => "left-here",
            Self::Everywhere => "left-everywhere",
            Self::Partly => "left-partly",
        }
    }
}

/// On to the page after a logout.
pub(crate) fn farewell(farewell: Farewell) -> Response {
    Redirect::to(farewell.path()).into_response()
}

async fn left(State(service): State<Arc<Service>>, visit: Visit, headers: HeaderMap) -> Result<Response, Trouble> {
    let farewell = Farewell::ALL
        .into_iter()
        .find(|farewell| farewell.path() == visit.path());
    let farewell = farewell.ok_or_else(Trouble::not_found)?;
    // A link of another page's to here ends nothing: whoever is signed in is shown that.
    if service.signed_in(&headers).await?.is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    let say = service.say(&visit);
    let body = FarewellBody {
        say,
        said: say.html(farewell.words()),
        good: farewell != Farewell::Partly,
    };
    Ok(Page::new(say, "left-title", &body).answer(&service.site, &visit))
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
    by_telephone: bool,
    pages: Vec<(Icon, Html, Html)>,
}

impl<'w> WelcomeBody<'w> {
    fn new(say: Say<'w>, portal: &Portal, to: &'w str, over: bool) -> Self {
        let pages = portal.pages.iter().map(|page| {
            let about = say.html(&format!("{}-about", page.words));
            (page.icon, say.html(page.words), about)
        });
        Self {
            say,
            to,
            over,
            by_telephone: portal.contexts.contains(&AuthnContext::Telephone),
            pages: pages.collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "signed_in.html")]
struct SignedInBody<'w> {
    say: Say<'w>,
    body: Html,
    /// Signed in on a telephone: until when.
    telephone: Option<Moment>,
}

/// The way out, at the head of every page.
#[derive(Template)]
#[template(path = "log_out.html")]
struct LogOut<'w> {
    say: Say<'w>,
    token: String,
}

#[derive(Template)]
#[template(source = "<p>{{ say.html(text) }}</p>", ext = "html")]
struct NoticeBody<'w> {
    say: Say<'w>,
    text: &'w str,
}

impl Service {
    /// The way in, for whoever is not signed in and asked for the page `to`.
    pub fn welcome(&self, visit: &Visit, headers: &HeaderMap, to: &str) -> Response {
        let say = self.say(visit);
        // Whoever was signed in a moment ago is told why this is not the page they had.
        let over = self.cookies.session.read(headers).is_some();
        let body = WelcomeBody::new(say, self.portal, to, over);
        Page::new(say, "welcome-title", &body).wide().answer(&self.site, visit)
    }

    /// A page for anybody, with one paragraph.
    pub fn notice(&self, visit: &Visit, title: &str, text: &str) -> Response {
        let say = self.say(visit);
        Page::new(say, title, &NoticeBody { say, text }).answer(&self.site, visit)
    }

    /// A page for `person`, headed with the words of `title`: with links to the others, and the way out.
    pub fn page(&self, visit: &Visit, person: &SignedIn, title: &str, body: &impl Template) -> Response {
        self.framed(visit, person, title, body, (false, Policy::default()))
    }

    /// The same over the whole width with its heading in the body and no links: a page that is one screen. `policy` is what
    /// it may do beyond the rule.
    pub fn screen(
        &self,
        visit: &Visit,
        person: &SignedIn,
        title: &str,
        body: &impl Template,
        policy: Policy,
    ) -> Response {
        self.framed(visit, person, title, body, (true, policy))
    }

    fn framed(
        &self,
        visit: &Visit,
        person: &SignedIn,
        title: &str,
        body: &impl Template,
        (screen, policy): (bool, Policy),
    ) -> Response {
        let say = self.say(visit);
        let telephone = person.by_telephone().then(|| say.moment(person.session.until));
        let body = SignedInBody {
            say,
            body: Html::of(body),
            telephone,
        };
        let token = self.forms.token(person.secret.as_slice(), logout_form());
        let page = Page::new(say, title, &body).act(Html::of(&LogOut { say, token }));
        let page = match screen {
            true => page.wide(),
            false => page.links(self.portal.pages),
        };
        let mut answer = page.answer(&self.site, visit).into_response();
        // The form of the way out leads by the relay.
        let policy = match self.relay_address() {
            Some(relay) => policy.forms_to(&relay),
            None => policy,
        };
        answer.extensions_mut().insert(policy);
        answer
    }
}

/// How somebody was authenticated, in words.
pub fn how(say: Say<'_>, context: &str) -> Html {
    say.html(match AuthnContext::from(context) {
        AuthnContext::CardPin => "how-card-pin",
        AuthnContext::CardNoPin => "how-card",
        AuthnContext::Telephone => "how-telephone",
        AuthnContext::WorkerCard | AuthnContext::Other(_) => "how-other",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_kit::{Language, Words};

    #[test]
    fn the_three_files_hold_the_same_words() {
        assert_eq!(portal_testing::faults_of_words(WORDS), Vec::<String>::new());
    }

    #[test]
    fn every_page_renders_in_every_language_with_words_for_all_it_says() {
        let own = ["welcome-title = W\nwelcome-lead = L\n"; 3];
        let words = Words::layered(&[WORDS, own]);
        for language in Language::ALL {
            let say = words.say(language);
            let welcome = WelcomeBody {
                say,
                to: "/",
                over: true,
                by_telephone: true,
                pages: Vec::new(),
            };
            let signed_in = SignedInBody {
                say,
                body: Html::escaped("body"),
                telephone: Some(say.moment(time::OffsetDateTime::UNIX_EPOCH)),
            };
            let token = "t".into();
            let log_out = LogOut { say, token }.render();
            let mut pages = vec![welcome.render().unwrap(), signed_in.render().unwrap(), log_out.unwrap()];
            for farewell in Farewell::ALL {
                let said = say.html(farewell.words());
                pages.push(FarewellBody { say, said, good: true }.render().unwrap());
            }
            for page in pages {
                // A key without words shows as itself.
                for key in portal_testing::keys_of_words(WORDS[0]) {
                    assert!(!page.contains(&format!(">{key}<")), "{key}: {page}");
                }
            }
        }
    }
}
