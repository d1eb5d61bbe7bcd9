//! Word of pulled cards: the session that the card began ends at every service.
//!
//! Of a sign-in through the bridge a token tells which session it was. Of one by mutual TLS nothing was agreed with
//! anybody: a bridge that watches the same desk's readers tells the card's certificate ([decision 13]). What anybody may
//! send here ends sessions and does nothing else; its answer is the same whether there was one, for which card it was
//! sent and from where.
//!
//! [decision 13]: ../../../manuals/decisions/0013-a-pulled-card-is-told-by-its-certificate.md

use std::{sync::Arc, time::Duration as Wait};

use axum::{Form, Router, extract::State, http::StatusCode, routing::post};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portal_kit::{Trouble, limit::Pace, listener::Peer};
use relay_records::front::{FrontError, Pulled, Whence};
use relay_saml::fingerprint;
use serde::Deserialize;
use time::Duration;
use tracing::info;

use crate::{card::CardFault, front::Front, taking::records, telling::Browser};

/// Every word of a certificate is answered after this time at the earliest: how long it takes to end a session, or to
/// find none, is not to be seen.
const ANSWERED_AFTER: Wait = Wait::from_millis(250);
/// No card's certificate is longer, in base64.
const LARGEST: usize = 16 * 1024;
/// Words of pulled cards from one address: a city hall's desks share one, each pull is told a few times for each key of
/// the card, and a desk whose front was away tells what has gathered.
pub(crate) const WORDS_OF_CARDS: Pace = Pace {
    burst: 600,
    each: Wait::from_millis(50),
};

pub(crate) fn routes() -> Router<Arc<Front>> {
    Router::new().route("/card/gone", post(card_gone))
}

/// What bridges tell of cards that signed nothing through them, at a pace of its own.
pub(crate) fn watched_routes() -> Router<Arc<Front>> {
    Router::new().route("/card/pulled", post(card_pulled))
}

/// What the card bridge says when a card that signed through it is pulled.
#[derive(Deserialize)]
struct Gone {
    /// The token it gave with the card's answer.
    gone: String,
}

/// 204 once every service has been told or given up; 404 for a token that names no session that goes on.
async fn card_gone(State(front): State<Arc<Front>>, Form(gone): Form<Gone>) -> Result<StatusCode, Trouble> {
    let ended = front.records.card_gone(gone.gone.as_bytes(), front.now()).await;
    match ended.map_err(records)? {
        None => Err(Trouble::not_found()),
        Some(ended) => {
            info!("the card was pulled");
            front.tell_all(&ended, Browser::NotHere).await;
            Ok(StatusCode::NO_CONTENT)
        }
    }
}

/// What a bridge says when any card is pulled.
#[derive(Deserialize)]
struct OfCard {
    /// One of the card's certificates, base64 of DER.
    certificate: String,
    /// How long ago it was pulled, in milliseconds by the bridge's own count: clocks need not agree.
    ago: u32,
}

/// 204 whatever the card is, once its sessions are over where there were any. Their services are told meanwhile.
async fn card_pulled(
    State(front): State<Arc<Front>>,
    peer: Peer,
    Form(word): Form<OfCard>,
) -> Result<StatusCode, Trouble> {
    if word.certificate.len() > LARGEST {
        return Err(Trouble::request());
    }
    let certificate = STANDARD.decode(&word.certificate).map_err(|_| Trouble::request())?;
    let (ended, ()) = tokio::join!(
        front.end_by_card(&certificate, Duration::milliseconds(i64::from(word.ago)), &peer),
        tokio::time::sleep(ANSWERED_AFTER)
    );
    ended.map_err(records)?;
    Ok(StatusCode::NO_CONTENT)
}

impl Front {
    async fn end_by_card(self: &Arc<Self>, certificate: &[u8], ago: Duration, peer: &Peer) -> Result<(), FrontError> {
        let now = self.now();
        match self.cards.judge(certificate, now) {
            // A card's last day ends no session that began on it, so it must not keep one either.
            Ok(_) | Err(CardFault::Expired) => {}
            Err(fault) => {
                info!(code = fault.code(), "word of a pulled card that is none of ours");
                return Ok(());
            }
        }
        let pulled = Pulled {
            certificate_sha256: &fingerprint(certificate),
            at: now - ago,
            whence: (!self.config.cards.pulled_from_anywhere).then(|| Whence::from(peer.address.ip())),
        };
        for ended in self.records.card_pulled(&pulled, now).await? {
            info!("a card was pulled");
            self.tell_later(ended);
        }
        Ok(())
    }
}
