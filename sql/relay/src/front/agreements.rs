//! Agreements: which service may be referred to which provider for a person's records.

use serde_json::json;
use store::Row;
use time::{Date, OffsetDateTime};

use super::{AuditAct, FrontError, FrontRecords, Note};

/// What operators agree on: one service, one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The service that asks: an entity id.
    pub asker: String,
    /// What is asked for: a URI.
    pub service_type: String,
    /// Who has it: an entity id.
    pub provider: String,
    /// Where it is asked.
    pub address: String,
    /// What it is, for people.
    pub about: String,
    /// The last day on which it holds.
    pub until: Date,
}

/// An agreement as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    pub terms: Terms,
    pub edition: i32,
    pub proposed_by: String,
    /// None while it waits for another operator.
    pub approved_by: Option<String>,
    /// Why nobody is referred for now.
    pub suspended: Option<String>,
}

const COLUMNS: &str =
    "asker, service_type, edition, provider, address, about, until, proposed_by, approved_by, suspended_because";

impl FrontRecords {
    /// Puts `terms` forward; their edition.
    ///
    /// # Errors
    /// [`FrontError::NotFound`] when asker or provider is no partner.
    pub async fn propose_agreement(
        &self,
        operator: &str,
        terms: &Terms,
        now: OffsetDateTime,
    ) -> Result<i32, FrontError> {
        self.locked("propose_agreement", |tx| async move {
            for entity in [&terms.asker, &terms.provider] {
                let known = tx
                    .query_opt(
                        "-- propose_agreement\nSELECT 1 FROM front.partner WHERE entity_id = $1",
                        &[entity],
                    )
                    .await?;
                known.ok_or(FrontError::NotFound("partner"))?;
            }
            let edition: i32 = tx
                .query_one(
                    "-- propose_agreement\n\
                     INSERT INTO front.agreement\n\
                     (asker, service_type, edition, provider, address, about, until, proposed_by, proposed_at)\n\
                     SELECT $1, $2, 1 + coalesce(max(edition), 0), $3, $4, $5, $6, $7, $8\n\
                     FROM front.agreement WHERE asker = $1 AND service_type = $2 RETURNING edition",
                    &[
                        &terms.asker,
                        &terms.service_type,
                        &terms.provider,
                        &terms.address,
                        &terms.about,
                        &terms.until,
                        &operator,
                        &now,
                    ],
                )
                .await?
                .get(0);
            let note = note(AuditAct::AgreementProposed, terms, edition).by(operator);
            self.write(&tx, &note, now).await?;
            Ok(edition)
        })
        .await
    }

    /// Approves an edition that another operator put forward: it counts from now on. Where the edition before it is suspended,
    /// this one is too: new terms are no word on why nothing is given.
    ///
    /// # Errors
    /// [`FrontError::SamePerson`], [`FrontError::NotFound`]
    pub async fn approve_agreement(
        &self,
        operator: &str,
        (asker, service_type, edition): (&str, &str, i32),
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.locked("approve_agreement", |tx| async move {
            let row = tx
                .query_opt(
                    &format!(
                        "-- approve_agreement\nSELECT {COLUMNS} FROM front.agreement\n\
                         WHERE asker = $1 AND service_type = $2 AND edition = $3 AND approved_by IS NULL FOR UPDATE"
                    ),
                    &[&asker, &service_type, &edition],
                )
                .await?;
            let agreement = agreement(&row.ok_or(FrontError::NotFound("agreement that waits"))?);
            if agreement.proposed_by == operator {
                return Err(FrontError::SamePerson);
            }
            let before = tx
                .query_opt(
                    "-- approve_agreement\nSELECT suspended_by, suspended_because FROM front.agreement\n\
                     WHERE asker = $1 AND service_type = $2 AND approved_by IS NOT NULL ORDER BY edition DESC LIMIT 1",
                    &[&asker, &service_type],
                )
                .await?;
            let suspended = |column| before.as_ref().and_then(|row| row.get::<_, Option<String>>(column));
            let (by, because) = (suspended("suspended_by"), suspended("suspended_because"));
            tx.execute(
                "-- approve_agreement\nUPDATE front.agreement\n\
                 SET approved_by = $4, approved_at = $5, suspended_by = $6, suspended_because = $7\n\
                 WHERE asker = $1 AND service_type = $2 AND edition = $3",
                &[&asker, &service_type, &edition, &operator, &now, &by, &because],
            )
            .await?;
            let mut note = note(AuditAct::AgreementApproved, &agreement.terms, edition).by(operator);
            note.details.insert("suspended".to_owned(), json!(because.is_some()));
            Ok(self.write(&tx, &note, now).await?)
        })
        .await
    }

    /// Suspends the agreement that counts, `because` of something, or resumes it.
    ///
    /// # Errors
    /// [`FrontError::NotFound`]
    pub async fn suspend_agreement(
        &self,
        operator: &str,
        (asker, service_type): (&str, &str),
        because: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.locked("suspend_agreement", |tx| async move {
            let by = because.map(|_| operator);
            let row = tx
                .query_opt(
                    &format!(
                        "-- suspend_agreement\nUPDATE front.agreement SET suspended_by = $3, suspended_because = $4\n\
                         WHERE asker = $1 AND service_type = $2 AND edition = (SELECT max(edition) FROM front.agreement\n\
                         WHERE asker = $1 AND service_type = $2 AND approved_by IS NOT NULL) RETURNING {COLUMNS}"
                    ),
                    &[&asker, &service_type, &by, &because],
                )
                .await?;
            let agreement = agreement(&row.ok_or(FrontError::NotFound("agreement"))?);
            let mut note = note(AuditAct::AgreementSuspended, &agreement.terms, agreement.edition).by(operator);
            note.details.insert("suspended".to_owned(), json!(because.is_some()));
            Ok(self.write(&tx, &note, now).await?)
        })
        .await
    }

    /// The agreements that count for `asker`, whatever their day: its newest approved edition of each service.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn agreements_of(&self, asker: &str) -> Result<Vec<Agreement>, FrontError> {
        self.look("agreements_of", |tx| async move {
            let rows = tx
                .query(
                    &format!(
                        "-- agreements_of\nSELECT DISTINCT ON (service_type) {COLUMNS} FROM front.agreement\n\
                         WHERE asker = $1 AND approved_by IS NOT NULL ORDER BY service_type, edition DESC"
                    ),
                    &[&asker],
                )
                .await?;
            Ok(rows.iter().map(agreement).collect())
        })
        .await
    }

    /// Whether an agreement that counts and holds on `today` names `service` as the provider.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn provides(&self, service: &str, today: Date) -> Result<bool, FrontError> {
        self.look("provides", |tx| async move {
            let row = tx
                .query_one(
                    "-- provides\n\
                     SELECT EXISTS (SELECT 1 FROM (\n\
                     SELECT DISTINCT ON (asker, service_type) provider, until FROM front.agreement\n\
                     WHERE approved_by IS NOT NULL ORDER BY asker, service_type, edition DESC\n\
                     ) AS counting WHERE provider = $1 AND until >= $2)",
                    &[&service, &today],
                )
                .await?;
            Ok(row.get(0))
        })
        .await
    }

    /// Every edition of every agreement, for operators.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn agreements(&self) -> Result<Vec<Agreement>, FrontError> {
        self.look("agreements", |tx| async move {
            let rows = tx
                .query(
                    &format!(
                        "-- agreements\nSELECT {COLUMNS} FROM front.agreement ORDER BY asker, service_type, edition"
                    ),
                    &[],
                )
                .await?;
            Ok(rows.iter().map(agreement).collect())
        })
        .await
    }

    /// Writes several notes in one transaction.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn notes(&self, notes: &[Note], now: OffsetDateTime) -> Result<(), FrontError> {
        self.locked("notes", |tx| async move {
            for note in notes {
                self.write(&tx, note, now).await?;
            }
            Ok(())
        })
        .await
    }
}

fn agreement(row: &Row) -> Agreement {
    Agreement {
        terms: Terms {
            asker: row.get("asker"),
            service_type: row.get("service_type"),
            provider: row.get("provider"),
            address: row.get("address"),
            about: row.get("about"),
            until: row.get("until"),
        },
        edition: row.get("edition"),
        proposed_by: row.get("proposed_by"),
        approved_by: row.get("approved_by"),
        suspended: row.get("suspended_because"),
    }
}

fn note(act: AuditAct, terms: &Terms, edition: i32) -> Note {
    Note::of(
        act,
        json!({ "partner": terms.provider, "service": terms.asker }),
        json!({
            "type": terms.service_type, "edition": edition,
            "address": terms.address, "until": terms.until.to_string(),
        }),
    )
}
