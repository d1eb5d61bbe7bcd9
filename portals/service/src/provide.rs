//! Being asked for records: the door by which a query comes in, checked whole, once.

use axum::{
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use portal_kit::listener::Peer;
use relay_saml::{
    Refusal,
    wsf::{FaultStatus, RecordSet, RecordsQuery, Strictness, envelope::fault, records::Asked},
};

use crate::Service;

impl Service {
    /// The query in `body`, which came to `path` from `peer`: from a sender whose key the connection shows, with a token of
    /// the relay's for this provider and that key, for the first time.
    ///
    /// # Errors
    /// The status to be answered with; the reason is in the log.
    pub async fn take_query(&self, path: &str, peer: &Peer, body: &[u8]) -> Result<Asked, FaultStatus> {
        let address = self.party.at(path);
        let here = self.party.here(&address, self.now());
        let certificate = peer
            .certificate()
            .map(|certificate| certificate.as_ref())
            .unwrap_or_default();
        let keys = &self.party.decryption;
        let read = || {
            let relay = self.relay();
            RecordsQuery::take(body, &here, &relay.peer, keys, certificate, Strictness::Strict)
        };
        let verified = match read() {
            // It may be signed with a key that the metadata held so far do not name.
            Err(Refusal::SignatureInvalid) if self.refresh_relay().await => read(),
            taken => taken,
        };
        let verified = verified.map_err(|refusal| refused(&refusal))?;
        let once = verified.once().clone();
        let new = self
            .records
            .is_first(once.sender.as_str(), once.id.as_str(), once.until)
            .await
            .map_err(|error| {
                tracing::warn!(%error, "records");
                FaultStatus::Unavailable
            })?;
        verified.first_time(new).map_err(|refusal| refused(&refusal))
    }

    /// `answered` as it goes back for the query `id`.
    pub fn answer_query(&self, id: &str, answered: Result<RecordSet, FaultStatus>) -> Response {
        let written = answered.and_then(|set| {
            let written = set.write(&self.party.entity, id, self.now(), &mut self.chance());
            written.map_err(|_| FaultStatus::Unavailable)
        });
        let kind = [(CONTENT_TYPE, "text/xml; charset=utf-8")];
        match written {
            Ok(envelope) => (kind, envelope).into_response(),
            Err(status) => (StatusCode::INTERNAL_SERVER_ERROR, kind, fault(status)).into_response(),
        }
    }

    /// The person's name here in what the relay's halves sealed to this service outside of a sign-in.
    ///
    /// # Errors
    /// [`Refusal`] when it does not open, or was made for another.
    pub fn open_name(&self, sealed: &str) -> Result<String, Refusal> {
        let name = relay_saml::open_name(sealed, &self.party.decryption, false)?;
        let fits = name.qualifier.as_deref() == Some(self.relay().peer.entity().as_str())
            && name.sp_qualifier.as_deref() == Some(self.party.entity.as_str());
        match fits {
            true => Ok(name.value.clone()),
            false => Err(Refusal::NotDecrypted),
        }
    }

    /// The moment by this service's clock.
    pub fn moment(&self) -> time::OffsetDateTime {
        self.now()
    }
}

fn refused(refusal: &Refusal) -> FaultStatus {
    tracing::warn!(code = refusal.code(), reason = %refusal, "a query is refused");
    FaultStatus::of(refusal)
}
