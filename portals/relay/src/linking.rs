//! The first link of a provider's records to persons (参考C3), blind: an office that matched a provider's list with its
//! roster hands over, for each match, a number of the list's and the person encrypted afresh. Both halves make the person's
//! name at that provider, sealed to the provider; the office carries it back to the provider beside the number. The front
//! sees numbers and ciphertexts that nobody can match, the office a name that it can't read, the provider its own names.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use futures_util::{StreamExt as _, stream};
use portal_kit::Visit;
use relay_core::{
    audit::Outcome,
    envelope::{
        Kind, Opened,
        orders::{Link, Linked},
    },
};
use relay_records::front::{AuditAct, FrontError, Note};
use relay_saml::message::EntityId;
use serde_json::json;
use tracing::{info, warn};

use crate::{front::Front, intake::problem, partners::PartnerFault};

/// Names of one order that are made at once.
const AT_ONCE: usize = 16;
/// So much of a name that is refused goes into the trail.
const LONGEST_NAME: usize = 256;

/// Answers `POST /registry/links`.
pub(crate) async fn take(State(front): State<Arc<Front>>, visit: Visit, envelope: String) -> Response {
    let opened: Result<Opened<Link>, _> =
        front
            .offices
            .open(&envelope, Kind::Link, &front.config.half.party, &*front.clock);
    let opened = match opened {
        Ok(opened) => opened,
        Err(refusal) => {
            info!(code = refusal.code(), "an office's order is refused");
            front
                .refusals
                .count(relay_records::refusals::UNKNOWN, refusal.code(), front.now());
            return problem(&visit, StatusCode::FORBIDDEN, refusal.code(), &refusal.to_string());
        }
    };
    let (order, sender) = (&opened.body, opened.from.as_str());
    if order.persons.len() > Link::LARGEST {
        let words = format!("an order of more than {} persons", Link::LARGEST);
        return problem(&visit, StatusCode::PAYLOAD_TOO_LARGE, "link.large", &words);
    }
    match front.unfit_for_linking(&order.service).await {
        Ok(None) => {}
        Ok(Some((rule, words))) => {
            info!(sender, rule, "linking is refused");
            let note = Note::of(
                AuditAct::RecordsLinked,
                json!({ "sender": sender }),
                json!({ "rule": rule, "named": order.service.chars().take(LONGEST_NAME).collect::<String>() }),
            );
            if let Err(error) = front.records.note(&note.ended(Outcome::Refused), front.now()).await {
                return away(&visit, &error);
            }
            return problem(&visit, StatusCode::UNPROCESSABLE_ENTITY, rule, &words);
        }
        Err(error) => return away(&visit, &error),
    }
    let domain = front
        .config
        .offices
        .domains
        .get(sender)
        .unwrap_or(&front.config.relay.domain);
    let persons = order.persons.clone();
    let made = stream::iter(persons).map(|person| {
        let front = &front;
        async move {
            let request = front
                .records
                .request_between_halves(&order.service, &person.row.to_string());
            let named = front
                .second
                .name(&person.pseudonym, domain, &order.service, &request, &*front.clock)
                .await;
            (person.row, named)
        }
    });
    let made: Vec<_> = made.buffered(AT_ONCE).collect().await;
    let mut linked = Linked { names: Vec::new() };
    let mut notes = Vec::new();
    for (row, named) in made {
        match named {
            Ok(named) => {
                notes.push(Note::of(
                    AuditAct::RecordsLinked,
                    json!({ "sender": sender, "service": order.service, "blob": named.blob_sha256 }),
                    json!({}),
                ));
                linked.names.push((row, named.encrypted_id));
            }
            Err(error) => {
                warn!(%error, service = order.service, "no name for linking");
                return problem(&visit, StatusCode::SERVICE_UNAVAILABLE, &error.reason(), "try again");
            }
        }
    }
    if let Err(error) = front.records.notes(&notes, front.now()).await {
        return away(&visit, &error);
    }
    info!(sender, service = order.service, names = linked.names.len(), "linked");
    Json(linked).into_response()
}

fn away(visit: &Visit, error: &FrontError) -> Response {
    warn!(%error, "linking can't be noted");
    let words = "the records are away";
    problem(visit, StatusCode::SERVICE_UNAVAILABLE, "link.records", words)
}

impl Front {
    /// Why no names are made for linking the records of `service`, in a code and in words. Names there are made for whoever
    /// an office chooses, so only where two operators stand for an agreement that the service provides records.
    async fn unfit_for_linking(&self, service: &str) -> Result<Option<(&'static str, String)>, FrontError> {
        let partner = match EntityId::parse(service) {
            Some(entity) => self.partners.find(&self.records, &entity, self.now()).await.map(drop),
            None => Err(PartnerFault::Unknown),
        };
        match partner {
            Err(PartnerFault::Records(error)) => return Err(error),
            Err(fault) => return Ok(Some(("link.no_partner", fault.to_string()))),
            Ok(()) => {}
        }
        Ok(match self.records.provides(service, self.today()).await? {
            true => None,
            false => {
                let words = "no approved agreement that still holds names this service as a provider of records";
                Some(("link.no_agreement", words.to_owned()))
            }
        })
    }
}
