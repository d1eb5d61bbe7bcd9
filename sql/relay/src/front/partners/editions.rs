//! Editions of a partner's metadata: put forward by one operator, approved by another.

use serde_json::json;
use time::OffsetDateTime;

use super::{Lifetimes, PartnerKind, Proposal};
use crate::front::{AuditAct, FrontError, FrontRecords, Note};

impl FrontRecords {
    /// Puts a partner's metadata forward, new or in a new edition. The edition's number.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn propose(
        &self,
        operator: &str,
        proposal: &Proposal<'_>,
        now: OffsetDateTime,
    ) -> Result<i32, FrontError> {
        self.store
            .run("propose", |tx| async move {
                let defaults = Lifetimes::default();
                tx.execute(
                    "-- propose\n\
                     INSERT INTO front.partner (entity_id, kind, state, state_since, logout, sign_in,\n\
                       assertion_seconds, session_seconds, skew_seconds, exceptions, version)\n\
                     VALUES ($1, $2, 'proposed', $3, 'untried', 'untried', $4, $5, $6, '', 1) ON CONFLICT DO NOTHING",
                    &[
                        &proposal.entity_id,
                        &proposal.kind.as_str(),
                        &now,
                        &defaults.assertion,
                        &defaults.session,
                        &defaults.skew,
                    ],
                )
                .await?;
                let row = tx
                    .query_one(
                        "-- propose\n\
                         SELECT kind, coalesce((SELECT max(edition) FROM front.partner_metadata m\n\
                           WHERE m.entity_id = p.entity_id), 0) + 1 FROM front.partner p WHERE entity_id = $1 FOR UPDATE",
                        &[&proposal.entity_id],
                    )
                    .await?;
                if PartnerKind::parse(row.get(0))? != proposal.kind {
                    return Err(FrontError::PartnerNotNow {
                        state: "registered",
                        rule: "it is registered as another kind of partner",
                    });
                }
                let edition: i32 = row.get(1);
                tx.execute(
                    "-- propose\n\
                     INSERT INTO front.partner_metadata\n\
                       (entity_id, edition, metadata, sha256, valid_until, proposed_by, proposed_at)\n\
                     VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    &[
                        &proposal.entity_id,
                        &edition,
                        &proposal.metadata,
                        &proposal.sha256.as_slice(),
                        &proposal.valid_until,
                        &operator,
                        &now,
                    ],
                )
                .await?;
                let note = Note::of(
                    AuditAct::PartnerProposed,
                    json!({ "partner": proposal.entity_id }),
                    json!({
                        "edition": edition,
                        "kind": proposal.kind.as_str(),
                        "sha256": hex::encode(proposal.sha256),
                    }),
                );
                self.write(&tx, &note.by(operator), now).await?;
                Ok(edition)
            })
            .await
    }

    /// Approves an edition later than the one that counts, as another operator than the one who put it forward, having
    /// compared its hash. A first edition puts the partner on trial; a later one counts at once. `tried_alike` says of
    /// the document that counts and the new one whether what a trial showed of the one holds of the other: where it
    /// does not, what was tried is forgotten, and a service that is on goes on trial.
    ///
    /// # Errors
    /// [`FrontError::SamePerson`], [`FrontError::NotFound`]
    pub async fn approve(
        &self,
        operator: &str,
        entity_id: &str,
        (edition, sha256): (i32, &[u8; 32]),
        tried_alike: &(dyn Fn(&str, &str) -> bool + Send + Sync),
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.store
            .run("approve", |tx| async move {
                let row = tx
                    .query_opt(
                        "-- approve\n\
                         SELECT m.proposed_by, m.metadata, (SELECT c.metadata FROM front.partner_metadata c\n\
                           WHERE c.entity_id = p.entity_id AND c.edition = p.edition) AS current\n\
                         FROM front.partner_metadata m JOIN front.partner p USING (entity_id)\n\
                         WHERE m.entity_id = $1 AND m.edition = $2 AND m.sha256 = $3 AND m.approved_by IS NULL\n\
                           AND m.edition > coalesce(p.edition, 0) FOR UPDATE OF m, p",
                        &[&entity_id, &edition, &sha256.as_slice()],
                    )
                    .await?
                    .ok_or(FrontError::NotFound("edition waiting for approval"))?;
                let proposed_by: String = row.get("proposed_by");
                if proposed_by == operator {
                    return Err(FrontError::SamePerson);
                }
                let (next, current): (String, Option<String>) = (row.get("metadata"), row.get("current"));
                let anew = current.is_some_and(|current| !tried_alike(&current, &next));
                tx.execute(
                    "-- approve\n\
                     UPDATE front.partner_metadata SET approved_by = $3, approved_at = $4\n\
                     WHERE entity_id = $1 AND edition = $2",
                    &[&entity_id, &edition, &operator, &now],
                )
                .await?;
                tx.execute(
                    "-- approve\n\
                     WITH tried AS (SELECT entity_id, kind = 'service' AND $4 AS anew FROM front.partner)\n\
                     UPDATE front.partner p SET edition = $2, version = version + 1,\n\
                       sign_in = CASE WHEN anew THEN 'untried' ELSE sign_in END,\n\
                       logout = CASE WHEN anew AND logout <> 'without' THEN 'untried' ELSE logout END,\n\
                       state_since = CASE WHEN state = 'proposed' OR (state = 'on' AND anew) THEN $3 ELSE state_since END,\n\
                       state = CASE WHEN state = 'proposed' OR (state = 'on' AND anew) THEN 'trial' ELSE state END\n\
                     FROM tried WHERE p.entity_id = $1 AND tried.entity_id = $1",
                    &[&entity_id, &edition, &now, &anew],
                )
                .await?;
                let note = Note::of(
                    AuditAct::PartnerApproved,
                    json!({ "partner": entity_id }),
                    json!({
                        "edition": edition,
                        "sha256": hex::encode(sha256),
                        "proposed_by": proposed_by,
                        "to_be_tried": anew,
                    }),
                );
                Ok(self.write(&tx, &note.by(operator), now).await?)
            })
            .await
    }
}
