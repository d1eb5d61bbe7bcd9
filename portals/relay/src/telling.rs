//! Telling services that a session is over, from server to server: all at once, each within its time, so that a pulled
//! card has ended everything within two seconds. Who does not answer stays noted as not told.

use std::sync::Arc;

use axum::http::header::CONTENT_TYPE;
use futures_util::future::join_all;
use portal_kit::client::{self, AskError};
use relay_core::{
    chance::OsChance,
    saml::{
        Delivery, Here, Received, Refusal,
        message::{Head, LogoutRequest, MessageId},
        names::Binding,
        send::Unwritable,
    },
};
use relay_records::front::{Ended, Participant, SessionId};
use time::Duration;
use tracing::{info, warn};

use crate::{answer::Named, front::Front, partners::PartnerFault, taking::WINDOW};

/// No LogoutResponse is larger.
const LARGEST: usize = 64 * 1024;
/// How long a LogoutRequest is good.
const LIFE: Duration = Duration::minutes(2);

/// Why a service could not be told.
#[derive(Debug, thiserror::Error)]
pub enum NotTold {
    /// It is no partner any more, or its metadata can't be read.
    #[error(transparent)]
    Partner(#[from] PartnerFault),
    /// It takes no logout from server to server.
    #[error("the service has no address for logout by SOAP")]
    NoAddress,
    /// What was kept of it can't be written.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// It does not answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Its answer is refused.
    #[error("its answer is refused: {0}")]
    Refused(#[from] Refusal),
    /// It says that it failed.
    #[error("it could not end the session")]
    Failed,
}

impl NotTold {
    /// For the trail.
    fn reason(&self) -> String {
        match self {
            Self::Partner(fault) => fault.code().to_owned(),
            Self::NoAddress => "no_address".to_owned(),
            Self::Unwritable(_) => "unwritable".to_owned(),
            Self::Ask(_) => "away".to_owned(),
            Self::Refused(refusal) => format!("answer_refused.{}", refusal.code()),
            Self::Failed => "failed".to_owned(),
        }
    }
}

impl Front {
    /// Tells every service of a session that ended, without making anybody wait for it.
    pub(crate) fn tell_later(self: &Arc<Self>, ended: Ended) {
        let front = Arc::clone(self);
        tokio::spawn(async move {
            front.tell_all(&ended, None).await;
        });
    }

    /// Tells every service of a session that ended, but `asker`, who knows. How many could not be told.
    pub(crate) async fn tell_all(&self, ended: &Ended, asker: Option<&str>) -> usize {
        let others = ended
            .participants
            .iter()
            .filter(|participant| asker != Some(participant.service.as_str()));
        let told = join_all(others.map(|participant| self.tell(ended.session, participant))).await;
        told.iter().filter(|told| !**told).count()
    }

    /// Tells one service, and records what came of it.
    async fn tell(&self, session: SessionId, participant: &Participant) -> bool {
        let told = self.ask_to_end(participant).await;
        let service = &participant.service;
        match &told {
            Ok(()) => info!(service, "told that the session is over"),
            Err(error) => warn!(service, %error, "not told that the session is over"),
        }
        let failed = told.as_ref().err().map(NotTold::reason);
        let recorded = self
            .records
            .told(session, service, "soap", failed.as_deref(), self.now())
            .await;
        if let Err(error) = recorded {
            warn!(%error, "what came of a logout can't be recorded");
        }
        told.is_ok()
    }

    async fn ask_to_end(&self, participant: &Participant) -> Result<(), NotTold> {
        let service = self
            .partners
            .known(&self.records, &participant.service, self.now())
            .await?;
        let address = service
            .logout_at(Binding::Soap)
            .ok_or(NotTold::NoAddress)?
            .location
            .clone();
        let request = self.logout_request(participant, &address);
        let id = request.head.id.clone();
        let envelope = request.compose()?.sign(&self.key).soap();
        let answer = self
            .web
            .post(&address)
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            // SOAP 1.1 wants the header; the binding has no action (saml-bindings section 3.2.3.1).
            .header("SOAPAction", "\"http://www.oasis-open.org/committees/security\"")
            .body(envelope)
            .send()
            .await
            .map_err(AskError::from)?;
        let delivery = Delivery::soap(client::body(answer, LARGEST).await?);
        let received = Received::open(&delivery)?;
        let here = Here {
            entity: self.entity(),
            address: &address,
            now: self.now(),
            skew: Duration::seconds(i64::from(service.partner.lifetimes.skew)),
            window: WINDOW,
        };
        // It answers a request that was made just now: there is no older one to replay.
        let response = received.logout_response(&service.peer, &here, &id)?.first_time(true)?;
        match response.status.is_success() {
            true => Ok(()),
            false => Err(NotTold::Failed),
        }
    }

    /// The request that ends a participant's session.
    pub(crate) fn logout_request(&self, participant: &Participant, address: &str) -> LogoutRequest {
        let now = self.now();
        let named = Named::of_kept(&participant.name_id).unwrap_or(Named::Sealed(String::new()));
        LogoutRequest {
            head: Head {
                id: MessageId::fresh(&mut OsChance),
                issued: now,
                issuer: self.entity().clone(),
                destination: Some(address.to_owned()),
            },
            name: named.identified(self, &participant.service),
            session_indexes: vec![participant.session_index.clone()],
            reason: None,
            not_on_or_after: Some(now + LIFE),
        }
    }
}
