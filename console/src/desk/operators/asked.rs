//! From an operator's order to the front's administration. What changes a partner brings all partners as they then are.

use std::cmp::Reverse;

use relay_core::audit::{AuditEvent, Outcome};
use serde_json::{Map, Value};

use super::{Operators, of_front};
use crate::{
    desk::relay_front::{Front, FrontTrouble, Refusals, only_entity},
    tui::{
        facts::relay::{FrontAnswer, FrontOrder, Kind, TrailLine},
        fault::{Fault, FrontFault},
    },
};

/// Minutes of the trail that are shown.
const TRAIL: u32 = 24 * 60;

impl Operators {
    /// Carries an order out at the front.
    pub(super) async fn ask(&self, order: FrontOrder) -> Result<FrontAnswer, Fault> {
        let front = self.front().ok_or(Fault::NotNow)?;
        Ok(match order {
            FrontOrder::Propose { file, entity, kind } => propose(&front, file, entity, kind).await?,
            FrontOrder::Trail => {
                let asked = async { Ok((front.audit(TRAIL).await?, front.refusals(TRAIL / 60).await?)) };
                let (events, refusals) = asked.await.map_err(|trouble: FrontTrouble| of_front(&trouble))?;
                let mut lines: Vec<_> = events.into_iter().map(line).collect();
                lines.extend(refusals.into_iter().map(refused));
                // As told: within one moment the trail's own order stays.
                lines.sort_by_key(|line| Reverse(line.at));
                FrontAnswer::Trail(lines)
            }
            FrontOrder::Untold => FrontAnswer::Untold(front.untold().await.map_err(|trouble| of_front(&trouble))?),
            order => {
                change(&front, order).await.map_err(|trouble| of_front(&trouble))?;
                let partners = front.partners().await.map_err(|trouble| of_front(&trouble))?;
                FrontAnswer::Partners(partners)
            }
        })
    }
}

async fn change(front: &Front, order: FrontOrder) -> Result<(), FrontTrouble> {
    match order {
        // Only read.
        FrontOrder::Partners | FrontOrder::Trail | FrontOrder::Untold | FrontOrder::Propose { .. } => Ok(()),
        FrontOrder::Approve {
            entity,
            edition,
            sha256,
        } => front.approve(&entity, edition, &sha256).await,
        FrontOrder::Tried { entity, named } => front.sign_in_tried(&entity, named).await,
        FrontOrder::WithoutLogout { entity, reason } => front.without_logout(&entity, &reason).await,
        FrontOrder::Trial { entity } => front.trial(&entity).await,
        FrontOrder::On { entity } => front.on(&entity).await,
        FrontOrder::Off { entity, reason } => front.off(&entity, &reason).await,
        FrontOrder::Lifetimes { entity, seconds } => front.lifetimes(&entity, seconds).await,
        FrontOrder::Exceptions { entity, names, reason } => front.exceptions(&entity, &names, &reason).await,
    }
}

async fn propose(front: &Front, file: String, entity: Option<String>, kind: Kind) -> Result<FrontAnswer, Fault> {
    let metadata = match tokio::fs::read_to_string(&file).await {
        Ok(metadata) => metadata,
        Err(error) => {
            tracing::info!(%error, "metadata");
            return Err(Fault::Front(FrontFault::NoFile { file }));
        }
    };
    let entity = entity
        .or_else(|| only_entity(&metadata))
        .ok_or(Fault::Front(FrontFault::ManyEntities))?;
    let asked = async {
        let proposed = front.propose(&entity, kind == Kind::Provider, metadata).await?;
        Ok((proposed, front.partners().await?))
    };
    let (proposed, partners) = asked.await.map_err(|trouble: FrontTrouble| of_front(&trouble))?;
    Ok(FrontAnswer::Proposed {
        entity,
        sha256: proposed.sha256,
        partners,
    })
}

/// A line of the trail: what it is about as the auditor reads it.
fn line(event: AuditEvent) -> TrailLine {
    let words = |things: &Map<String, Value>| -> Vec<String> {
        things
            .iter()
            .map(|(name, value)| match value.as_str() {
                Some(text) => format!("{name}={text}"),
                None => format!("{name}={value}"),
            })
            .collect()
    };
    let about = [words(&event.subjects), words(&event.details)].concat().join("  ");
    TrailLine {
        at: event.at,
        actor: event.actor,
        act: event.act,
        outcome: event.outcome,
        about,
    }
}

/// Refused messages of an hour among the trail's lines: they are counted, and no events of their own.
fn refused(refusals: Refusals) -> TrailLine {
    TrailLine {
        at: refusals.hour,
        actor: String::new(),
        act: "message.refused".to_owned(),
        outcome: Outcome::Refused,
        about: format!(
            "count={}  rule={}  partner={}",
            refusals.count, refusals.rule, refusals.partner
        ),
    }
}
