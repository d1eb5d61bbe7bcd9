//! The layout of every page: landmarks, a way to skip to the text, the languages, one heading, nothing that needs a
//! script. It reads from 320 px to any width and at any size of text (WCAG 2.2, 1.4.4 and 1.4.10); colours and focus
//! are in `assets/style.css`.

use std::fmt;

use askama::{Template, filters::HtmlSafe};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use crate::{
    city::City,
    contact::Contact,
    icon::{self, Icon},
    site::{Site, Visit},
    style,
    words::{Language, Say},
};

/// Markup that may be put on a page as it is: made by [`Say`] or by a template, both of which escape what they are given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Html(String);

impl HtmlSafe for Html {}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Html {
    /// Any text, made harmless.
    pub fn escaped(text: &str) -> Self {
        let mut html = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                '<' => html.push_str("&#60;"),
                '>' => html.push_str("&#62;"),
                '&' => html.push_str("&#38;"),
                '"' => html.push_str("&#34;"),
                '\'' => html.push_str("&#39;"),
                letter => html.push(letter),
            }
        }
        Self(html)
    }

    /// What a template gives. One that fails, which only a failing formatter could make it, gives an empty text and a
    /// line in the log.
    pub fn of(template: &impl Template) -> Self {
        match template.render() {
            Ok(html) => Self(html),
            Err(error) => {
                tracing::error!(%error, "a template did not render");
                Self::default()
            }
        }
    }

    pub(crate) fn trusted(html: String) -> Self {
        Self(html)
    }

    /// The markup.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A link in the page's own navigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads, a path of this portal.
    pub to: &'static str,
    /// The key of its words; those of the key with `-about` say what is to be seen there.
    pub words: &'static str,
    /// What stands beside them.
    pub icon: Icon,
}

/// One page: a title, which is its heading too, and a body.
#[derive(Debug, Clone)]
pub struct Page {
    title: String,
    heading: Html,
    body: Html,
    links: Vec<Link>,
    act: Option<Html>,
    wide: bool,
    languages: bool,
    bare: bool,
    status: StatusCode,
}

impl Page {
    /// A page headed with the words of `title`.
    pub fn new(say: Say<'_>, title: &str, body: &impl Template) -> Self {
        Self {
            title: say.text(title),
            heading: say.html(title),
            body: Html::of(body),
            links: Vec::new(),
            act: None,
            wide: false,
            languages: true,
            bare: false,
            status: StatusCode::OK,
        }
    }

    /// With links to the portal's other pages.
    pub fn links(mut self, links: &[Link]) -> Self {
        self.links = links.to_vec();
        self
    }

    /// With something to do at the head of the page: a form.
    pub fn act(mut self, act: Html) -> Self {
        self.act = Some(act);
        self
    }

    /// Over the whole width: its body has the heading in it.
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// Without the choice of languages: for a page that cannot be asked for a second time.
    pub fn in_this_language(mut self) -> Self {
        self.languages = false;
        self
    }

    /// Without anything to see: a page that goes on by itself.
    pub fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// With another status than 200.
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The whole page for `visit`.
    pub fn answer(self, site: &Site, visit: &Visit) -> Response {
        let status = self.status;
        let say = site.say(visit);
        let city = site.city();
        let layout = Layout {
            say,
            city: city.map(|city| city.name_on_page(visit.language)),
            city_in_title: city.map(|city| city.name(visit.language)),
            emblem: city.and_then(City::emblem),
            home: site.brand_leads_to(),
            languages: Language::ALL.map(|language| Choice {
                language,
                link: visit.link_in(language),
                chosen: language == visit.language,
            }),
            here: visit.path(),
            contact: site.contact(),
            hours: site.contact().map(|contact| contact.hours(say)),
            page: self,
            style: style::path(),
        };
        let mut answer = Response::new(Body::from(Html::of(&layout).into_string()));
        *answer.status_mut() = status;
        answer
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        answer.into_response()
    }
}

struct Choice {
    language: Language,
    link: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'v> {
    say: Say<'v>,
    city: Option<Html>,
    city_in_title: Option<&'v str>,
    emblem: Option<&'v str>,
    home: Option<&'v str>,
    languages: [Choice; 3],
    here: &'v str,
    contact: Option<&'v Contact>,
    hours: Option<Html>,
    page: Page,
    style: &'static str,
}
