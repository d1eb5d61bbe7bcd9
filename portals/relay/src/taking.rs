//! A message at the door: who sent it, whether it is whole and for us and new; only then what it says.

use axum::http::StatusCode;
use portal_kit::Trouble;
use relay_records::{
    front::{FrontError, Seen, SeenKind},
    refusals::UNKNOWN,
};
use relay_saml::{Delivery, Here, Kind, Once, Peer, Received, Refusal, Verified, message::EntityId};
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
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its sender is nobody we speak with.
    #[error(transparent)]
    Partner(#[from] PartnerFault),
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

impl NotTaken {
    /// Whether somebody was refused; else it is this side that could not.
    pub(crate) const fn is_refusal(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Records(FrontError::Replayed) => true,
            Self::Partner(fault) => !matches!(fault, PartnerFault::Records(_)),
            Self::Records(_) => false,
        }
    }
}

impl From<NotTaken> for Trouble {
    fn from(not_taken: NotTaken) -> Self {
        let code = not_taken.code();
        info!(code, reason = %not_taken, "message not taken");
        match not_taken {
            NotTaken::Refused(Refusal::Replayed) | NotTaken::Records(FrontError::Replayed) => {
                Self::new(StatusCode::BAD_REQUEST, "request-replayed").by_rule("replayed")
            }
            NotTaken::Refused(Refusal::FromTheFuture(_) | Refusal::Stale(_)) => {
                Self::new(StatusCode::BAD_REQUEST, "request-clock").by_rule(code)
            }
            NotTaken::Refused(_) => Self::new(StatusCode::BAD_REQUEST, "request-refused").by_rule(code),
            NotTaken::Partner(PartnerFault::Records(error)) | NotTaken::Records(error) => records(error),
            NotTaken::Partner(PartnerFault::Expired) => {
                Self::new(StatusCode::FORBIDDEN, "partner-expired").by_rule(code)
            }
            NotTaken::Partner(_) => Self::new(StatusCode::FORBIDDEN, "partner-unknown").by_rule(code),
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
        FrontError::Replayed => Trouble::new(StatusCode::BAD_REQUEST, "request-replayed").by_rule("replayed"),
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
    /// Counts a refusal for the auditor: of the partner called `who`, where one of that name is registered. It is written
    /// down soon after ([`Front::write_refusals`]), so that nobody waits for it.
    pub(crate) fn turned_away(&self, who: Option<&str>, not_taken: impl Into<NotTaken>) -> NotTaken {
        let not_taken = not_taken.into();
        if not_taken.is_refusal() {
            // Any name can be written into a message; those that are nobody's are not kept.
            let registered = !matches!(not_taken, NotTaken::Partner(PartnerFault::Unknown));
            let who = who.filter(|_| registered).unwrap_or(UNKNOWN);
            self.refusals.count(who, not_taken.code(), self.now());
        }
        not_taken
    }

    /// Writes down what was refused since the last time.
    ///
    /// # Errors
    /// [`FrontError`]; then it is kept for the next time.
    pub(crate) async fn write_refusals(&self) -> Result<(), FrontError> {
        let records = &self.records;
        self.refusals
            .hand_over(async |rows| records.add_refusals(rows).await)
            .await
    }

    /// The partner called `entity`, which must be on.
    pub(crate) async fn partner(&self, entity: &EntityId) -> Result<Arc<Known>, NotTaken> {
        let found = self.partners.find(&self.records, entity, self.now()).await;
        found.map_err(|fault| self.turned_away(Some(entity.as_str()), fault))
    }

    /// The sender a message claims to be from, which must be a partner that is on.
    pub(crate) async fn sender(&self, received: &Received<'_>) -> Result<Arc<Known>, NotTaken> {
        let claimed = received
            .claimed_issuer()
            .map_err(|refusal| self.turned_away(None, refusal))?;
        self.partner(&claimed).await
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

    /// The same of a sender that is not known yet.
    pub(crate) fn here_for_all<'h>(&'h self, address: &'h str) -> Here<'h> {
        Here {
            entity: self.entity(),
            address,
            now: self.now(),
            skew: Duration::minutes(1),
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
        let first = match self.records.take_once(&seen).await {
            Ok(()) => true,
            Err(FrontError::Replayed) => false,
            Err(error) => return Err(error.into()),
        };
        let taken = verified.first_time(first);
        taken.map_err(|refusal| self.turned_away(Some(&seen.issuer), refusal))
    }

    /// A message of `kind` delivered to `path` of the public listener: its sender, and what `read` makes of it.
    pub(crate) async fn take<T>(
        &self,
        delivery: &Delivery,
        path: &str,
        seen: SeenKind,
        read: impl FnOnce(&Received<'_>, &Peer, &Here<'_>) -> Result<Verified<T>, Refusal>,
    ) -> Result<(Arc<Known>, T), NotTaken> {
        self.take_at(delivery, &self.at(path), seen, read).await
    }

    /// The same delivered to any `address` of ours.
    pub(crate) async fn take_at<T>(
        &self,
        delivery: &Delivery,
        address: &str,
        seen: SeenKind,
        read: impl FnOnce(&Received<'_>, &Peer, &Here<'_>) -> Result<Verified<T>, Refusal>,
    ) -> Result<(Arc<Known>, T), NotTaken> {
        let (sender, verified) = {
            let received = Received::open(delivery).map_err(|refusal| self.turned_away(None, refusal))?;
            let sender = self.sender(&received).await?;
            let verified = read(&received, &sender.peer, &self.here(address, &sender));
            let verified = verified.map_err(|refusal| self.turned_away(Some(&sender.partner.entity_id), refusal))?;
            (sender, verified)
        };
        Ok((sender, self.first_time(seen, verified).await?))
    }

    /// Which kind of message was delivered.
    pub(crate) fn kind(&self, delivery: &Delivery) -> Result<Kind, NotTaken> {
        let opened = Received::open(delivery).map(|received| received.kind());
        opened.map_err(|refusal| self.turned_away(None, refusal))
    }

    /// What came by a redirect or a form.
    pub(crate) fn delivered<T>(&self, read: Result<T, Refusal>) -> Result<T, NotTaken> {
        read.map_err(|refusal| self.turned_away(None, refusal))
    }
}
