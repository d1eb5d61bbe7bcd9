//! A message at the door: who sent it, whether it is whole and for us and new; only then what it says.

use axum::http::StatusCode;
use portal_kit::Trouble;
use relay_core::saml::{Delivery, Here, Kind, Once, Peer, Received, Refusal, Verified};
use relay_records::front::{FrontError, Seen, SeenKind};
use std::sync::Arc;
use time::Duration;
use tracing::{info, warn};

use crate::{
    front::Front,
    partners::{Known, PartnerFault},
};

/// How old a message may be.
pub(crate) const WINDOW: Duration = Duration::minutes(5);

/// Why a message is not acted on. Nothing is sent to anybody then but the page that says so.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// It is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its sender is nobody we speak with.
    #[error(transparent)]
    Partner(#[from] PartnerFault),
    /// The records.
    #[error(transparent)]
    Records(#[from] FrontError),
}

impl NotTaken {
    /// For the log.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Partner(fault) => fault.code(),
            Self::Records(FrontError::Replayed) => "replayed",
            Self::Records(_) => "records",
        }
    }
}

impl From<NotTaken> for Trouble {
    fn from(not_taken: NotTaken) -> Self {
        let code = not_taken.code();
        info!(code, reason = %not_taken, "message not taken");
        match not_taken {
            NotTaken::Refused(Refusal::Replayed) | NotTaken::Records(FrontError::Replayed) => {
                Self::new(StatusCode::BAD_REQUEST, "request-replayed")
            }
            NotTaken::Refused(Refusal::FromTheFuture(_) | Refusal::Stale(_)) => {
                Self::new(StatusCode::BAD_REQUEST, "request-clock")
            }
            NotTaken::Refused(_) => Self::new(StatusCode::BAD_REQUEST, "request-refused").by_rule(code),
            NotTaken::Partner(PartnerFault::Records(error)) | NotTaken::Records(error) => records(error),
            NotTaken::Partner(PartnerFault::Expired) => Self::new(StatusCode::FORBIDDEN, "partner-expired"),
            NotTaken::Partner(_) => Self::new(StatusCode::FORBIDDEN, "partner-unknown"),
        }
    }
}

/// What the records' trouble means on a page.
pub(crate) fn records(error: FrontError) -> Trouble {
    match error {
        FrontError::ProcedureOver | FrontError::NotFound(_) | FrontError::NotSo { .. } => {
            info!(%error, "the procedure is over");
            Trouble::new(StatusCode::CONFLICT, "sign-in-over")
        }
        FrontError::Replayed => Trouble::new(StatusCode::BAD_REQUEST, "request-replayed"),
        FrontError::PartnerNotNow { .. } => {
            info!(%error, "the partner is off");
            Trouble::new(StatusCode::FORBIDDEN, "partner-unknown")
        }
        error if error.is_away() => {
            warn!(%error, "the database is away");
            Trouble::busy()
        }
        error => {
            warn!(%error, "records");
            Trouble::ours()
        }
    }
}

impl Front {
    /// The sender a message claims to be from, which must be a partner that is on.
    pub(crate) async fn sender(&self, received: &Received<'_>) -> Result<Arc<Known>, NotTaken> {
        let claimed = received.claimed_issuer()?;
        Ok(self.partners.find(&self.records, &claimed, self.now()).await?)
    }

    /// The receiver of a message that came to `address` from `sender`.
    pub(crate) fn here<'h>(&'h self, address: &'h str, sender: &Known) -> Here<'h> {
        Here {
            entity: self.entity(),
            address,
            now: self.now(),
            skew: Duration::seconds(i64::from(sender.partner.lifetimes.skew)),
            window: WINDOW,
        }
    }

    /// What `verified` says, if it comes for the first time.
    pub(crate) async fn first_time<T>(&self, kind: SeenKind, verified: Verified<T>) -> Result<T, NotTaken> {
        let Once { sender, id, until } = verified.once().clone();
        let seen = Seen {
            kind,
            issuer: sender.as_str().to_owned(),
            id: id.as_str().to_owned(),
            until,
        };
        match self.records.take_once(&seen).await {
            Ok(()) => Ok(verified.first_time(true)?),
            Err(FrontError::Replayed) => Ok(verified.first_time(false)?),
            Err(error) => Err(error.into()),
        }
    }

    /// A message of `kind` delivered to `path` of the public listener: its sender, and what `read` makes of it.
    pub(crate) async fn take<T>(
        &self,
        delivery: &Delivery,
        path: &str,
        seen: SeenKind,
        read: impl FnOnce(&Received<'_>, &Peer, &Here<'_>) -> Result<Verified<T>, Refusal>,
    ) -> Result<(Arc<Known>, T), NotTaken> {
        let address = self.at(path);
        let (sender, verified) = {
            let received = Received::open(delivery)?;
            let sender = self.sender(&received).await?;
            let verified = read(&received, &sender.peer, &self.here(&address, &sender))?;
            (sender, verified)
        };
        Ok((sender, self.first_time(seen, verified).await?))
    }

    /// Which kind of message was delivered.
    pub(crate) fn kind(delivery: &Delivery) -> Result<Kind, Refusal> {
        Received::open(delivery).map(|received| received.kind())
    }
}
