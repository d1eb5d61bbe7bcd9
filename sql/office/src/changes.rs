//! What other desks do, as it happens: a console listens instead of asking again and again.

use issuance::case::CaseId;
use store::{Door, Ear};

use crate::{Office, OfficeError};

/// Something another desk, an import or this desk itself did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Something happened to this case: queues and counts may differ, a hold may be lost.
    Case(CaseId),
    /// The roster was changed: [`Office::refresh_index`].
    Roster,
    /// Something was written to the outbox: it can be sent now.
    Written,
    /// The front has answered, or cannot be reached: [`Office::outbox_state`].
    Outbox,
}

/// An open ear for changes; closed when dropped.
#[derive(Debug)]
pub struct Changes(Ear);

impl Changes {
    /// Listens behind `door` (the same that [`Office::connect`] took).
    ///
    /// # Errors
    /// [`OfficeError`] when the database cannot be reached.
    pub async fn listen(door: &Door) -> Result<Self, OfficeError> {
        Ok(Self(
            Ear::open(door, &["office_case", "office_roster", "office_outbox"]).await?,
        ))
    }

    /// The next change; `None` when the connection ended: listen anew, and look what changed meanwhile. When very much
    /// happens at once some of it may be left out; something is always told.
    pub async fn next(&mut self) -> Option<Change> {
        loop {
            let heard = self.0.next().await?;
            if heard.channel == "office_outbox" {
                return Some(match heard.payload.as_str() {
                    "written" => Change::Written,
                    _ => Change::Outbox,
                });
            }
            match (heard.channel.as_str(), heard.payload.parse()) {
                ("office_case", Ok(case)) => return Some(Change::Case(CaseId::from_uuid(case))),
                ("office_roster", _) => return Some(Change::Roster),
                _ => {}
            }
        }
    }
}

impl Office {
    /// Listens for certificates that were issued or revoked, whoever did; each is told at commit.
    ///
    /// # Errors
    /// [`OfficeError`] when the database cannot be reached.
    pub async fn certificate_changes(&self) -> Result<Ear, OfficeError> {
        Ok(Ear::open(&self.shared.door, &["office_certificates"]).await?)
    }

    /// Listens for changes over a connection of its own.
    ///
    /// # Errors
    /// [`OfficeError`] when the database cannot be reached.
    pub async fn changes(&self) -> Result<Changes, OfficeError> {
        Changes::listen(&self.shared.door).await
    }
}
