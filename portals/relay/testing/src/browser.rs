//! A browser without a screen: cookies, the card as its client certificate, forms read from pages. It follows nothing
//! by itself.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use portal_kit::tls::{self, Identity};
use relay_saml::message::{Assertion, AuthnRequest};
use reqwest::{Client, RequestBuilder, header, redirect};

use super::{Relay, TestCard, TestService};

/// A browser.
pub struct Browser {
    client: Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// What it was shown.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// Where it is sent, if it is.
    pub location: Option<String>,
    pub body: String,
    /// The cookies it set, as they were sent.
    pub cookies: Vec<String>,
    /// The headers, by name.
    pub headers: BTreeMap<String, String>,
}

impl Browser {
    /// One without a card.
    pub fn new(relay: &Relay) -> Self {
        Self::with_identity(relay, None)
    }

    /// One that shows `card` where it is asked.
    pub fn with_card(relay: &Relay, card: &TestCard) -> Self {
        Self::with_identity(relay, Some(&card.identity()))
    }

    /// One that shows any certificate.
    pub fn with_identity(relay: &Relay, identity: Option<&Identity>) -> Self {
        Self {
            client: client(relay, identity, None),
            cookies: Mutex::default(),
        }
    }

    /// One without a card whose requests come from `address`, an address of this machine's own network (127.0.0.0/8).
    pub fn at(relay: &Relay, address: IpAddr) -> Self {
        Self {
            client: client(relay, None, Some(address)),
            cookies: Mutex::default(),
        }
    }

    /// The same cookies in a browser that shows `card` from now on.
    pub fn change_card(&self, relay: &Relay, card: &TestCard) -> Self {
        let other = Self::with_card(relay, card);
        other.cookies().clone_from(&self.cookies());
        other
    }

    /// The same browser without one cookie, as another host sees it.
    pub fn without_cookie(self, name: &str) -> Self {
        self.cookies().remove(name);
        self
    }

    /// Goes to `url`.
    pub async fn get(&self, url: &str) -> Answer {
        self.send(self.client.get(url)).await
    }

    /// Posts a form.
    pub async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Answer {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        self.send(request).await
    }

    /// Posts a SOAP envelope.
    pub async fn soap(&self, url: &str, envelope: String) -> Answer {
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "text/xml; charset=utf-8")
            .body(envelope);
        self.send(request).await
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies().get(name).cloned()
    }

    /// Signs in at `service` from its request to the assertion it reads.
    pub async fn sign_in(&self, relay: &Relay, service: &TestService) -> Assertion {
        let request = service.request(relay);
        let answer = self.sign_in_with(relay, service, &request).await;
        let fields = answer.fields();
        service.assertion(&fields["SAMLResponse"], &request.head.id)
    }

    /// The page or redirect that ends a sign-in with `request`.
    pub async fn sign_in_with(&self, relay: &Relay, service: &TestService, request: &AuthnRequest) -> Answer {
        let asked = self.begin(&service.redirect(request, Some("state"))).await;
        match asked.link("/card/", relay) {
            None => asked,
            Some(card) => self.get(&card).await,
        }
    }

    /// Goes to `url` with a service's request; where a card is asked for, on to the page that asks for it.
    pub async fn begin(&self, url: &str) -> Answer {
        let answer = self.get(url).await;
        self.to_page(answer).await
    }

    /// From `answer` on to the page that asks for a card, where it leads there.
    pub async fn to_page(&self, answer: Answer) -> Answer {
        match &answer.location {
            Some(page) if page.contains("/sign-in/") => self.get(page).await,
            _ => answer,
        }
    }

    /// Goes on from `answer` as long as it leads on by itself, from `url`; where that ends, and what is there.
    pub async fn follow(&self, url: &str, mut answer: Answer) -> (String, Answer) {
        let mut here = url::Url::parse(url).expect("a test's address");
        for _ in 0..12 {
            let Some(onward) = answer.location.take().filter(|_| answer.status / 100 == 3) else {
                break;
            };
            here = here.join(&onward).expect("a redirect leads to an address");
            answer = self.get(here.as_str()).await;
        }
        (here.into(), answer)
    }

    /// Presses the button of the page's form, which carries hidden fields only.
    pub async fn press(&self, page: &Answer) -> Answer {
        let action = page.action().expect("the page has a form");
        let fields = page.fields();
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.post(&action, &fields).await
    }

    /// Signs out on the relay's own page; where nobody is signed in, that page says so.
    pub async fn sign_out(&self, relay: &Relay) -> Answer {
        let place = relay.at("/sign-out");
        let page = self.get(&place).await;
        match page.fields().get("token") {
            Some(token) => self.post(&place, &[("token", token)]).await,
            None => page,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        let cookies: Vec<_> = self
            .cookies()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = match cookies.is_empty() {
            true => request,
            false => request.header(header::COOKIE, cookies.join("; ")),
        };
        let answer = request.send().await.expect("the front answers");
        for set in answer.headers().get_all(header::SET_COOKIE) {
            let set = set.to_str().expect("cookies are ASCII");
            let (pair, _) = set.split_once(';').unwrap_or((set, ""));
            if let Some((name, value)) = pair.split_once('=') {
                match set.contains("Max-Age=0") {
                    true => self.cookies().remove(name),
                    false => self.cookies().insert(name.to_owned(), value.to_owned()),
                };
            }
        }
        Answer {
            status: answer.status().as_u16(),
            location: answer
                .headers()
                .get(header::LOCATION)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            cookies: answer
                .headers()
                .get_all(header::SET_COOKIE)
                .iter()
                .filter_map(|value| value.to_str().ok().map(str::to_owned))
                .collect(),
            headers: answer
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
                .collect(),
            body: answer.text().await.expect("an answer is text"),
        }
    }

    fn cookies(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    /// The first link of the card listener that holds `part`.
    pub fn link(&self, part: &str, relay: &Relay) -> Option<String> {
        let begin = relay.card_at(part);
        self.body
            .split('"')
            .find(|piece| piece.starts_with(&begin))
            .map(str::to_owned)
    }

    /// The first address in the page that holds `part`.
    pub fn address(&self, part: &str) -> Option<String> {
        self.body
            .split('"')
            .find(|piece| piece.starts_with("http") && piece.contains(part))
            .map(str::to_owned)
    }

    /// The hidden fields of the page's form.
    pub fn fields(&self) -> BTreeMap<String, String> {
        self.body
            .split("<input type=\"hidden\" name=\"")
            .skip(1)
            .filter_map(|rest| {
                let (name, rest) = rest.split_once("\" value=\"")?;
                let (value, _) = rest.split_once('"')?;
                Some((name.to_owned(), unescaped(value)))
            })
            .collect()
    }

    /// Where the page's form goes.
    pub fn action(&self) -> Option<String> {
        let (_, rest) = self.body.split_once("<form method=\"post\" action=\"")?;
        rest.split_once('"').map(|(action, _)| unescaped(action))
    }
}

/// Plain `http` is for services of other makes on this machine.
fn client(relay: &Relay, identity: Option<&Identity>, address: Option<IpAddr>) -> Client {
    let tls = tls::client(relay.authority.roots(), identity).expect("a test's identity fits");
    Client::builder()
        .use_preconfigured_tls(tls)
        .http1_only()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .local_address(address)
        .timeout(Duration::from_secs(30))
        .build()
        .expect("a client is made")
}

fn unescaped(text: &str) -> String {
    text.replace("&#43;", "+")
        .replace("&#38;", "&")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
}
