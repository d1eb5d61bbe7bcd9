//! Whom a LogoutRequest is about: its SessionIndex names a session, its name a person, and both must be the same one's.
//! A name encrypted to the blind half is compared there, out of the very message that the service signed; the front hears
//! yes or no.

use relay_core::audit::Outcome;
use relay_records::front::{AuditAct, LogoutTrial, Note, PartnerState, SessionId};
use relay_saml::{
    Delivery,
    message::{Identified, LogoutRequest},
    names::NameIdFormat,
};
use serde_json::json;
use tracing::warn;

use crate::{answer::Named, front::Front, partners::Known, taking::NotTaken};

/// A LogoutRequest and how it came.
pub(super) struct Asked<'a> {
    pub service: &'a Known,
    pub request: &'a LogoutRequest,
    pub delivery: &'a Delivery,
}

/// Whom the name in a LogoutRequest means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meant {
    Its,
    /// Somebody else, or nobody.
    Another,
    /// It can't be told now.
    Unknown,
}

impl Meant {
    const fn its(same: bool) -> Self {
        match same {
            true => Self::Its,
            false => Self::Another,
        }
    }
}

impl Front {
    /// The session a LogoutRequest names by its SessionIndex.
    pub(super) async fn session_named(
        &self,
        service: &Known,
        request: &LogoutRequest,
    ) -> Result<Option<SessionId>, NotTaken> {
        for index in &request.session_indexes {
            let found = self
                .records
                .session_by_index(&service.partner.entity_id, index, self.now())
                .await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// `session`, if its person is the one the request names; what was found goes into the trail.
    pub(super) async fn for_its_person(
        &self,
        session: Option<SessionId>,
        asked: &Asked<'_>,
    ) -> Result<Option<SessionId>, NotTaken> {
        let Some(session) = session else {
            return Ok(None);
        };
        let meant = self.meant(session, asked).await?;
        let binding = format!("{:?}", asked.delivery.binding()).to_ascii_lowercase();
        let service = &asked.service.partner.entity_id;
        let note = Note::of(
            AuditAct::LogoutAsked,
            json!({ "service": service }),
            match meant {
                Meant::Its => json!({ "binding": binding }),
                Meant::Another => json!({ "binding": binding, "rule": "name-of-another" }),
                Meant::Unknown => json!({ "binding": binding, "name": "not compared" }),
            },
        )
        .ended(match meant {
            Meant::Another => Outcome::Refused,
            Meant::Its | Meant::Unknown => Outcome::Done,
        });
        self.records.note(&note, self.now()).await?;
        // Only a name that the blind half could open and that is the person's shows that the service can do it.
        if meant == Meant::Its && matches!(asked.request.name, Identified::Sealed(_)) {
            self.tried(asked.service, LogoutTrial::Sealed).await;
        }
        Ok((meant != Meant::Another).then_some(session))
    }

    async fn meant(&self, session: SessionId, asked: &Asked<'_>) -> Result<Meant, NotTaken> {
        let entity = &asked.service.partner.entity_id;
        let participants = self.records.participants(session).await?;
        let Some(given) = participants.iter().find(|one| one.service == *entity) else {
            return Ok(Meant::Another);
        };
        match (Named::of_kept(&given.name_id), &asked.request.name) {
            (Some(Named::Transient(given)), Identified::Clear(name)) => {
                return Ok(Meant::its(
                    name.format == NameIdFormat::Transient && name.value == given,
                ));
            }
            (Some(Named::Sealed(_)), Identified::Sealed(_)) => {}
            // A lasting name in clear, from a service that operators excepted: there is nothing here to compare it with.
            (Some(Named::Sealed(_)), Identified::Clear(name)) if name.format != NameIdFormat::Transient => {
                return Ok(Meant::Unknown);
            }
            _ => return Ok(Meant::Another),
        }
        let Some(holder) = self.records.holder_of_session(session, self.now()).await? else {
            return Ok(Meant::Another);
        };
        let compared = self
            .second
            .is_name_of(
                &holder.pseudonym,
                self.domain_of(&holder),
                entity,
                asked.delivery,
                &*self.clock,
            )
            .await;
        Ok(match compared {
            Ok(same) => Meant::its(same),
            Err(error) => {
                // The service signed for an index that only it and the front know. Somebody who wants out is let out.
                warn!(%error, service = entity, "whom a logout names can't be compared");
                Meant::Unknown
            }
        })
    }

    /// While a service is on trial: notes that its LogoutRequest named the person in clear. A passing name in clear shows
    /// nothing of how it treats the lasting ones.
    pub(super) async fn watch_trial(&self, service: &Known, request: &LogoutRequest) {
        if matches!(&request.name, Identified::Clear(name) if name.format != NameIdFormat::Transient) {
            self.tried(service, LogoutTrial::InClear).await;
        }
    }

    async fn tried(&self, service: &Known, seen: LogoutTrial) {
        if service.partner.state != PartnerState::Trial {
            return;
        }
        let entity = &service.partner.entity_id;
        if let Err(error) = self.records.tried_logout(entity, seen, self.now()).await {
            warn!(%error, "a trial logout can't be recorded");
        }
    }
}
