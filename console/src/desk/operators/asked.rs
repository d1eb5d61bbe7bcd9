//! From an operator's order to the front's administration. What changes a partner brings all partners as they then are.

use std::{cmp::Reverse, sync::Arc};

use relay_core::audit::{AuditEvent, Outcome};
use serde_json::{Map, Value};

use super::of_front;
use crate::{
    desk::relay_front::{Front, FrontTrouble, Refusals, only_entity},
    tui::{
        facts::relay::{FrontOrder, Kind, Partner, Proposed, TrailLine, Untold},
        fault::{Fault, FrontFault},
        orders::relay::{Front as AskFront, Propose},
    },
};

/// Minutes of the trail that are shown.
const TRAIL: u32 = 24 * 60;

pub async fn partners(front: Arc<Front>) -> Result<Vec<Partner>, Fault> {
    front.partners().await.map_err(|trouble| of_front(&trouble))
}

pub async fn trail(front: Arc<Front>) -> Result<Vec<TrailLine>, Fault> {
    let asked = async { Ok((front.audit(TRAIL).await?, front.refusals(TRAIL / 60).await?)) };
    let (events, refusals) = asked.await.map_err(|trouble: FrontTrouble| of_front(&trouble))?;
    let mut lines: Vec<_> = events.into_iter().map(line).collect();
    lines.extend(refusals.into_iter().map(refused));
    // As told: within one moment the trail's own order stays.
    lines.sort_by_key(|line| Reverse(line.at));
    Ok(lines)
}

pub async fn untold(front: Arc<Front>) -> Result<Vec<Untold>, Fault> {
    front.untold().await.map_err(|trouble| of_front(&trouble))
}

/// Changes a partner, or only reads.
pub async fn change(front: Arc<Front>, AskFront(order): AskFront) -> Result<Vec<Partner>, Fault> {
    let changed = match order {
        FrontOrder::Partners => Ok(()),
        FrontOrder::Approve {
            entity,
            edition,
            sha256,
        } => front.approve(&entity, edition, &sha256).await,
        FrontOrder::Tried { entity, shown } => front.sign_in_tried(&entity, shown).await,
        FrontOrder::TrialCard { sha256 } => front.name_trial_card(&sha256).await,
        FrontOrder::WithoutLogout { entity, reason } => front.without_logout(&entity, &reason).await,
        FrontOrder::Trial { entity } => front.trial(&entity).await,
        FrontOrder::On { entity } => front.on(&entity).await,
        FrontOrder::Off { entity, reason } => front.off(&entity, &reason).await,
        FrontOrder::Lifetimes { entity, seconds } => front.lifetimes(&entity, seconds).await,
        FrontOrder::Exceptions { entity, names, reason } => front.exceptions(&entity, &names, &reason).await,
    };
    changed.map_err(|trouble| of_front(&trouble))?;
    partners(front).await
}

pub async fn propose(front: Arc<Front>, Propose { file, entity, kind }: Propose) -> Result<Proposed, Fault> {
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
    let proposed = front
        .propose(&entity, kind == Kind::Provider, metadata)
        .await
        .map_err(|trouble| of_front(&trouble))?;
    Ok(Proposed {
        entity,
        sha256: proposed.sha256,
        partners: partners(front).await?,
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
