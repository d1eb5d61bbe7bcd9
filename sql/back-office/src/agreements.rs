//! Agreements as data (参考D2): what is given to whom, how fresh, and when not.

use time::Date;

use crate::{BackOfficeError, BackOfficeRecords};

/// What both sides agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Who asks: an entity id.
    pub asker: String,
    /// What people call it; empty: nothing else than that.
    pub asker_name: String,
    pub kind: String,
    pub purposes: Vec<String>,
    /// Which items are given; `*` for all.
    pub items: Vec<String>,
    /// How old the records may be before they are overdue.
    pub fresh_hours: i32,
    /// Who answers for their freshness.
    pub responsible: String,
    /// Which version of the relay's policy on personal data was acknowledged.
    pub policy: String,
    /// Until which day the check sheet holds.
    pub checked_until: Date,
}

/// An agreement that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    pub terms: Terms,
    pub edition: i32,
    /// Why nothing is given for now.
    pub suspended: Option<String>,
}

impl Agreement {
    /// Whether `item` is given.
    pub fn gives(&self, item: &str) -> bool {
        self.terms.items.iter().any(|given| given == "*" || given == item)
    }
}

impl BackOfficeRecords {
    /// Puts `terms` forward on behalf of one side; their edition.
    ///
    /// # Errors
    /// [`BackOfficeError`]
    pub async fn propose(&self, side: &str, terms: &Terms) -> Result<i32, BackOfficeError> {
        self.store
            .run("propose", |tx| async move {
                let row = tx
                    .query_one(
                        "-- propose\n\
                         INSERT INTO records.agreement (asker, kind, edition, purposes, items, fresh_hours, responsible,\n\
                         policy, checked_until, proposed_by, asker_name)\n\
                         SELECT $1, $2, 1 + coalesce(max(edition), 0), $3, $4, $5, $6, $7, $8, $9, $10\n\
                         FROM records.agreement WHERE asker = $1 AND kind = $2 RETURNING edition",
                        &[
                            &terms.asker,
                            &terms.kind,
                            &terms.purposes,
                            &terms.items,
                            &terms.fresh_hours,
                            &terms.responsible,
                            &terms.policy,
                            &terms.checked_until,
                            &side,
                            &terms.asker_name,
                        ],
                    )
                    .await?;
                Ok(row.get(0))
            })
            .await
    }

    /// Approves an edition on behalf of the other side: it counts from now on.
    ///
    /// # Errors
    /// [`BackOfficeError::SameSide`], [`BackOfficeError::NotFound`]
    pub async fn approve(&self, side: &str, (asker, kind, edition): (&str, &str, i32)) -> Result<(), BackOfficeError> {
        self.store
            .run("approve", |tx| async move {
                let row = tx
                    .query_opt(
                        "-- approve\nSELECT proposed_by FROM records.agreement\n\
                         WHERE asker = $1 AND kind = $2 AND edition = $3 AND approved_by IS NULL",
                        &[&asker, &kind, &edition],
                    )
                    .await?;
                let proposed_by: String = row.ok_or(BackOfficeError::NotFound("agreement that waits"))?.get(0);
                if proposed_by == side {
                    return Err(BackOfficeError::SameSide);
                }
                tx.execute(
                    "-- approve\nUPDATE records.agreement SET approved_by = $4\n\
                     WHERE asker = $1 AND kind = $2 AND edition = $3",
                    &[&asker, &kind, &edition, &side],
                )
                .await?;
                Ok(())
            })
            .await
    }

    /// Suspends the agreement that counts, with words for callers, or resumes it. One side alone may do that at once.
    ///
    /// # Errors
    /// [`BackOfficeError::NotFound`]
    pub async fn suspend(&self, asker: &str, kind: &str, because: Option<&str>) -> Result<(), BackOfficeError> {
        self.store
            .run("suspend", |tx| async move {
                let changed = tx
                    .execute(
                        "-- suspend\nUPDATE records.agreement SET suspended = $3 WHERE asker = $1 AND kind = $2\n\
                         AND edition = (SELECT max(edition) FROM records.agreement\n\
                         WHERE asker = $1 AND kind = $2 AND approved_by IS NOT NULL)",
                        &[&asker, &kind, &because],
                    )
                    .await?;
                match changed {
                    0 => Err(BackOfficeError::NotFound("agreement")),
                    _ => Ok(()),
                }
            })
            .await
    }

    /// The agreement that counts for `asker` and `kind`, suspended or not.
    ///
    /// # Errors
    /// [`BackOfficeError`]
    pub async fn agreement(&self, asker: &str, kind: &str) -> Result<Option<Agreement>, BackOfficeError> {
        self.read("agreement", |tx| async move {
            let row = tx
                .query_opt(
                    "-- agreement\n\
                     SELECT asker, kind, edition, purposes, items, fresh_hours, responsible, policy, checked_until, suspended,\n\
                     asker_name \
                     FROM records.agreement WHERE asker = $1 AND kind = $2 AND approved_by IS NOT NULL\n\
                     ORDER BY edition DESC LIMIT 1",
                    &[&asker, &kind],
                )
                .await?;
            Ok(row.map(|row| Agreement {
                terms: Terms {
                    asker: row.get("asker"),
                    asker_name: row.get("asker_name"),
                    kind: row.get("kind"),
                    purposes: row.get("purposes"),
                    items: row.get("items"),
                    fresh_hours: row.get("fresh_hours"),
                    responsible: row.get("responsible"),
                    policy: row.get("policy"),
                    checked_until: row.get("checked_until"),
                },
                edition: row.get("edition"),
                suspended: row.get("suspended"),
            }))
        })
        .await
    }

    /// Whether the person called `pseudonym` withdrew consent that `asker` is given records of `kind`.
    ///
    /// # Errors
    /// [`BackOfficeError`]
    pub async fn is_withdrawn(&self, pseudonym: &str, asker: &str, kind: &str) -> Result<bool, BackOfficeError> {
        let person = &self.person(pseudonym);
        self.read("is_withdrawn", |tx| async move {
            let row = tx
                .query_opt(
                    "-- is_withdrawn\nSELECT given FROM records.consent WHERE person_index = $1 AND asker = $2 AND kind = $3",
                    &[person, &asker, &kind],
                )
                .await?;
            Ok(row.is_some_and(|row| !row.get::<_, bool>(0)))
        })
        .await
    }
}
