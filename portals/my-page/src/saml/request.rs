//! Sending a browser off to sign in.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};
use portal_kit::Trouble;
use provider_records::NewRequest;
use relay_core::{
    chance::OsChance,
    saml::{
        message::{AnswerTo, AuthnRequest, Comparison, MessageId, NameIdPolicy, RequestedAuthnContext},
        names::{AuthnContext, Binding, NameIdFormat},
    },
};
use serde::Deserialize;

use crate::{
    me::trouble,
    my_page::{ANSWER_WITHIN, ASKED, MyPage},
    pages,
    saml::CONSUMER,
};

#[derive(Deserialize)]
pub(super) struct Wanted {
    /// The page to come back to.
    to: Option<String>,
}

pub(super) async fn sign_in(
    State(my_page): State<Arc<MyPage>>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    // A page of ours by name, so that no link can make a sign-in end elsewhere.
    let target = wanted.to.as_deref().unwrap_or("/");
    let target = pages::PAGES.iter().find(|page| **page == target).unwrap_or(&"/");
    let id = MessageId::fresh(&mut OsChance);
    let asked = my_page
        .records
        .ask(&NewRequest {
            id: id.as_str().to_owned(),
            target: (*target).to_owned(),
            until: my_page.clock.now() + ANSWER_WITHIN,
        })
        .await
        .map_err(trouble)?;
    let sign_on = &my_page.relay().sign_on;
    let request = AuthnRequest {
        head: my_page.head(id, sign_on),
        force: false,
        passive: false,
        answer_to: AnswerTo::Address {
            location: Some(my_page.at(CONSUMER)),
            binding: Some(Binding::Post),
        },
        name_id_policy: Some(NameIdPolicy {
            format: Some(NameIdFormat::Persistent),
            sp_qualifier: None,
            allow_create: true,
        }),
        context: Some(wanted_context()),
        scoping: None,
        subject: None,
        provider_name: Some("マイページ".to_owned()),
    };
    let composed = request.compose().map_err(|error| {
        tracing::error!(%error, "a request could not be written");
        Trouble::ours()
    })?;
    let url = composed.redirect(sign_on, None, &my_page.signing);
    let cookie: HeaderValue = ASKED.set(&hex::encode(asked.browser.as_slice()));
    let mut answer = Redirect::to(&url).into_response();
    *answer.status_mut() = StatusCode::SEE_OTHER;
    answer.headers_mut().append(SET_COOKIE, cookie);
    Ok(answer)
}

/// The card with its PIN: what My Page shows is nobody else's business.
pub(super) fn wanted_context() -> RequestedAuthnContext {
    RequestedAuthnContext {
        classes: vec![AuthnContext::CardPin],
        comparison: Comparison::Exact,
    }
}
