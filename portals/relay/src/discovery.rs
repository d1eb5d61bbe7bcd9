//! Which identity provider a visitor uses (sstc-saml-idp-discovery): a service asks, the browser goes back with the
//! answer, to an address of the service's metadata and nowhere else. With this relay alone there is nothing to choose.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use portal_kit::{Html, Language, Page, Say, Trouble, Visit};
use relay_saml::{
    discovery::{COOKIE, DiscoveryRefusal, DiscoveryRequest, remembered, remembering},
    message::EntityId,
};
use tracing::info;

use crate::front::Front;

const PATH: &str = "/discovery";

pub(crate) fn routes() -> Router<Arc<Front>> {
    Router::new().route(PATH, get(discover))
}

#[derive(Template)]
#[template(path = "discovery.html")]
struct Choices<'v> {
    say: Say<'v>,
    choices: Vec<Choice>,
}

struct Choice {
    link: String,
    name: Html,
}

async fn discover(
    State(front): State<Arc<Front>>,
    visit: Visit,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let query = query.unwrap_or_default();
    let request = DiscoveryRequest::read(&query).map_err(refused)?;
    let known = front.partner(&request.service).await?;
    let service = known.service().ok_or_else(Trouble::request)?;
    let cookie = cookie(&headers);
    let offered = front.offered(visit.language).await;
    let chosen = chosen(&query).filter(|chosen| offered.iter().any(|(entity, _)| entity == chosen));
    let before = || {
        let before = cookie.map(remembered).unwrap_or_default();
        before
            .into_iter()
            .rev()
            .find(|entity| offered.iter().any(|(known, _)| known == entity))
    };
    let answer = match (chosen, offered.as_slice()) {
        (Some(chosen), _) => Some(chosen),
        (None, [(only, _)]) => Some(only.clone()),
        (None, _) => before(),
    };
    if answer.is_none() && !request.passive {
        let say = front.site.say(&visit);
        let choices = offered
            .into_iter()
            .map(|(entity, name)| Choice {
                link: format!("{PATH}?{query}&{CHOSEN}={}", encoded(&entity)),
                name: name.map_or_else(|| say.html("provider-own"), |name| Html::escaped(&name)),
            })
            .collect();
        return Ok(Page::new(say, "provider-title", &Choices { say, choices }).answer(&front.site, &visit));
    }
    let back = request.answer(service, answer.as_ref()).map_err(refused)?;
    let mut answered = Redirect::to(&back).into_response();
    if let Some(value) = answer.and_then(|answer| front.remember(cookie, &answer)) {
        answered.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(answered)
}

const CHOSEN: &str = "chosen";

fn chosen(query: &str) -> Option<EntityId> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(name, _)| name == CHOSEN)
        .and_then(|(_, value)| EntityId::parse(&value))
}

fn encoded(entity: &EntityId) -> String {
    url::form_urlencoded::byte_serialize(entity.as_str().as_bytes()).collect()
}

/// Which providers the browser has used so far.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

fn refused(refusal: DiscoveryRefusal) -> Trouble {
    info!(%refusal, "discovery refused");
    Trouble::new(StatusCode::BAD_REQUEST, "request-refused").by_rule("discovery")
}

impl Front {
    /// The cookie that remembers `chosen` as the last one, for the common domain where there is one (saml-profiles
    /// section 4.3.1). The services of the domain read it themselves, scripts do not.
    pub(crate) fn remember(&self, so_far: Option<&str>, chosen: &EntityId) -> Option<HeaderValue> {
        let domain = match &self.config.relay.common_domain {
            Some(domain) => format!("; Domain=.{domain}"),
            None => String::new(),
        };
        HeaderValue::try_from(format!(
            "{COOKIE}={}{domain}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=31536000",
            remembering(so_far, chosen)
        ))
        .ok()
    }

    /// The identity providers a person can choose from: this relay first (without a name: it is here), then the other
    /// consortiums' that are on.
    pub(crate) async fn offered(&self, language: Language) -> Vec<(EntityId, Option<String>)> {
        let mut offered = vec![(self.entity().clone(), None)];
        for entity in &self.config.relay.other_providers {
            if let Ok(known) = self.partners.find(&self.records, entity, self.now()).await {
                let name = known.shown_as(language).unwrap_or(entity.as_str()).to_owned();
                offered.push((entity.clone(), Some(name)));
            }
        }
        offered
    }
}
