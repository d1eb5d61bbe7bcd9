//! A query: judged by the agreement, answered from the records, on record before it is answered.

use std::sync::Arc;

use axum::{Router, body::Bytes, extract::State, response::Response, routing::post};
use back_office_records::Look;
use portal_kit::listener::Peer;
use relay_saml::wsf::{FaultStatus, Record, RecordSet, Standing, records::Asked};
use time::{Duration, OffsetDateTime};
use tracing::{info, warn};

use crate::Office;

/// Where queries come.
pub const PATH: &str = "/wsf/records";
/// The kind under which every provider tells who looked.
const LOOKS: &str = "looks";
/// What a person asks for themselves.
const OWN_VIEW: &str = "own-view";
/// As many looks as are told; of more it is said that there are.
const MOST_LOOKS: usize = 500;

pub(crate) fn routes() -> Router<Arc<Office>> {
    Router::new().route(PATH, post(ask))
}

async fn ask(State(office): State<Arc<Office>>, peer: Peer, body: Bytes) -> Response {
    let service = &office.service;
    let asked = match service.take_query(PATH, &peer, &body).await {
        Ok(asked) => asked,
        // Whom it is about is not believed, so nobody can be shown it; the log has it.
        Err(status) => return service.answer_query("", Err(status)),
    };
    let now = service.moment();
    let outcome = office.answer(&asked, now).await;
    let refused = outcome.as_ref().err().map(|status| status.code());
    let look = Look {
        asker: asked.query.sender.as_str(),
        kind: &asked.query.kind,
        purpose: &asked.query.purpose,
        context: asked.token.authentication.context.uri(),
        refused,
    };
    // Whoever reads who looked is the person; that is no look at the records.
    let counts = asked.query.kind != LOOKS || refused.is_some();
    let recorded = match counts {
        true => office.records.record_look(&asked.token.name.value, &look, now).await,
        false => Ok(()),
    };
    info!(asker = look.asker, kind = look.kind, refused, "asked");
    let outcome = match recorded {
        Ok(()) => outcome,
        Err(error) => {
            warn!(%error, "a look can't be recorded: nothing is answered");
            Err(FaultStatus::Unavailable)
        }
    };
    service.answer_query(&asked.query.id, outcome)
}

impl Office {
    async fn answer(&self, asked: &Asked, now: OffsetDateTime) -> Result<RecordSet, FaultStatus> {
        let unavailable = |error: back_office_records::BackOfficeError| {
            warn!(%error, "records");
            FaultStatus::Unavailable
        };
        let (query, pseudonym) = (&asked.query, asked.token.name.value.as_str());
        let sender = query.sender.as_str();
        let wanted = self.schema.kind.as_str();
        if query.kind != wanted && query.kind != LOOKS {
            return Err(FaultStatus::NoResults);
        }
        let agreement = self.records.agreement(sender, wanted).await.map_err(unavailable)?;
        let agreement = agreement.ok_or(FaultStatus::NotAgreed)?;
        if !self.signers.stand_for(&agreement) {
            warn!(
                asker = sender,
                edition = agreement.edition,
                "an agreement lacks the signatures of both sides"
            );
            return Err(FaultStatus::NotAgreed);
        }
        let today = now.to_offset(time::macros::offset!(+9)).date();
        if today > agreement.terms.checked_until || !agreement.terms.purposes.contains(&query.purpose) {
            return Err(FaultStatus::NotAgreed);
        }
        if query.kind == LOOKS {
            // A person's own business: not even a suspension keeps it from them.
            return match query.purpose == OWN_VIEW {
                true => self.looks(pseudonym, now).await.map_err(unavailable),
                false => Err(FaultStatus::NotAgreed),
            };
        }
        if agreement.suspended.is_some() {
            return Err(FaultStatus::Suspended);
        }
        if self
            .records
            .is_withdrawn(pseudonym, sender, wanted)
            .await
            .map_err(unavailable)?
        {
            return Err(FaultStatus::NoConsent);
        }
        let known = self.records.of_person(pseudonym, wanted).await.map_err(unavailable)?;
        let standing = match &known.load {
            // Nothing was ever taken over: nothing can be said.
            None => Standing::Unknown,
            // Whoever has records here and is not linked may be this person.
            Some(_) if known.may_be_unlinked => Standing::Unknown,
            _ => self.schema.standing(&known.records, today),
        };
        let as_of = known.load.map(|load| load.as_of);
        let fresh = Duration::hours(i64::from(agreement.terms.fresh_hours));
        let records = known.records.into_iter().map(|items| {
            let given = items.into_iter().filter(|(name, _)| agreement.gives(name));
            Record(given.collect())
        });
        Ok(RecordSet {
            kind: query.kind.clone(),
            standing,
            as_of,
            overdue: as_of.is_some_and(|as_of| now - as_of > fresh),
            dummy: self.schema.dummy,
            source: self.source.clone(),
            records: records.collect(),
        })
    }

    async fn looks(
        &self,
        pseudonym: &str,
        now: OffsetDateTime,
    ) -> Result<RecordSet, back_office_records::BackOfficeError> {
        let most = i64::try_from(MOST_LOOKS + 1).unwrap_or(i64::MAX);
        let mut looks = self.records.looks(pseudonym, most).await?;
        let more = looks.len() > MOST_LOOKS;
        looks.truncate(MOST_LOOKS);
        let records = looks.into_iter().map(|look| {
            let item = |name: &str, value: String| (name.to_owned(), value);
            Record(vec![
                item("at", look.at.unix_timestamp().to_string()),
                item("asker", look.asker),
                item("asker-name", look.asker_name.unwrap_or_default()),
                item("kind", look.kind),
                item("purpose", look.purpose),
                item("context", look.context),
                item("rule", look.rule.unwrap_or_default()),
            ])
        });
        let mut records: Vec<_> = records.collect();
        if more {
            records.push(Record(vec![("more".to_owned(), "true".to_owned())]));
        }
        Ok(RecordSet {
            kind: LOOKS.to_owned(),
            standing: if records.is_empty() {
                Standing::Absent
            } else {
                Standing::Valid
            },
            as_of: Some(now),
            overdue: false,
            dummy: self.schema.dummy,
            source: self.source.clone(),
            records,
        })
    }
}
