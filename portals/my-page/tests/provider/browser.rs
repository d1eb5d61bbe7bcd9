//! A browser of the simplest kind: cookies by host, no redirects followed, no script.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use portal_kit::tls;
use reqwest::{Client, RequestBuilder, redirect};

use crate::rig::{MY_PAGE, RELAY, Rig};

pub struct Browser {
    client: Client,
    jar: BTreeMap<String, String>,
}

pub struct Seen {
    pub status: u16,
    pub location: String,
    pub policy: String,
    /// Each as it was sent, but for the time of sending.
    pub headers: Vec<String>,
    pub text: String,
}

impl Seen {
    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.text.split_once(&start).unwrap_or_else(|| panic!("{}", self.text));
        rest.split('"').next().unwrap().to_owned()
    }
}

impl Browser {
    pub fn new(rig: &Rig) -> Self {
        let here = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let client = Client::builder()
            .use_preconfigured_tls(tls::client(rig.authority.roots(), None).unwrap())
            .redirect(redirect::Policy::none())
            .no_proxy()
            .resolve(MY_PAGE, here)
            .resolve(RELAY, here)
            .build()
            .unwrap();
        Self {
            client,
            jar: BTreeMap::new(),
        }
    }

    pub fn cookies(&self) -> String {
        format!("{:?}", self.jar)
    }

    /// What the cookies hold.
    pub fn values(&self) -> Vec<String> {
        self.jar.values().cloned().collect()
    }

    pub async fn get(&mut self, url: &str) -> Seen {
        let request = self.client.get(url);
        self.send(request, "none").await
    }

    /// A form of the portal's own page.
    pub async fn post(&mut self, url: &str, fields: &[(&str, String)]) -> Seen {
        let request = self.form(url, fields);
        self.send(request, "same-origin").await
    }

    /// A form of another site's page, as the relay's.
    pub async fn post_from_elsewhere(&mut self, url: &str, fields: &[(&'static str, String)]) -> Seen {
        let request = self.form(url, fields);
        self.send(request, "cross-site").await
    }

    pub async fn post_text(&mut self, url: &str, body: &str) -> Seen {
        let request = self
            .client
            .post(url)
            .header("content-type", "text/xml")
            .body(body.to_owned());
        // A server, not a browser: without cookies.
        Self::seen(request.send().await.unwrap(), None).await
    }

    fn form(&self, url: &str, fields: &[(&str, String)]) -> RequestBuilder {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.client
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    async fn send(&mut self, request: RequestBuilder, site: &str) -> Seen {
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header("cookie", cookies.join("; "))
            .header("sec-fetch-site", site)
            .header("accept-language", "ja");
        Self::seen(request.send().await.unwrap(), Some(&mut self.jar)).await
    }

    async fn seen(answer: reqwest::Response, jar: Option<&mut BTreeMap<String, String>>) -> Seen {
        if let Some(jar) = jar {
            for cookie in answer.headers().get_all("set-cookie") {
                let cookie = cookie.to_str().unwrap();
                assert!(cookie.starts_with("__Host-") && cookie.contains("; Secure; HttpOnly; SameSite="));
                let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
                match cookie.contains("Max-Age=0") {
                    true => jar.remove(name),
                    false => jar.insert(name.to_owned(), value.to_owned()),
                };
            }
        }
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value
                .map(|value| value.to_str().unwrap().to_owned())
                .unwrap_or_default()
        };
        Seen {
            status: answer.status().as_u16(),
            location: header("location"),
            policy: header("content-security-policy"),
            headers: {
                let sent = answer.headers().iter().filter(|(name, _)| *name != "date");
                let mut lines: Vec<_> = sent
                    .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
                    .collect();
                lines.sort();
                lines
            },
            text: answer.text().await.unwrap(),
        }
    }
}

/// A message with one letter changed where its signature covers it.
pub fn bent(message: &str) -> String {
    let xml = String::from_utf8(STANDARD.decode(message).unwrap()).unwrap();
    let changed = xml.replacen("SessionIndex=\"s-1\"", "SessionIndex=\"s-2\"", 1);
    assert_ne!(changed, xml);
    STANDARD.encode(changed)
}
