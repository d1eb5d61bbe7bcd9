//! Agreements as data (参考D2): what is given to whom, how fresh, and when not.

use serde::Serialize;
use time::{Date, OffsetDateTime};

use crate::{BackOfficeError, BackOfficeRecords};

/// What both sides agree on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// Who asks: an entity id.
    pub asker: String,
    /// What people call it: told to a person whose records it looked at. Empty: nothing else than that.
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
    #[serde(serialize_with = "written")]
    pub checked_until: Date,
}

fn written<S: serde::Serializer>(day: &Date, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(day)
}

impl Terms {
    /// What both sides' operators sign: `edition` with these terms.
    pub fn words(&self, edition: i32) -> String {
        serde_json::json!({ "edition": edition, "terms": self }).to_string()
    }
}

/// An operator's word for an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    pub by: String,
    /// Under [`Terms::words`].
    pub signature: String,
}

/// An agreement that counts, as far as the database knows: whose the signatures are is for the caller to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    pub terms: Terms,
    pub edition: i32,
    pub proposed: Signed,
    pub approved: Signed,
    /// Why nothing is given for now.
    pub suspended: Option<String>,
}

/// What a person says about giving a kind of records to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consent<'a> {
    /// An entity id.
    pub asker: &'a str,
    pub kind: &'a str,
    /// Given, or withdrawn.
    pub given: bool,
    /// Of the text that was shown.
    pub text_sha256: [u8; 32],
}

impl Agreement {
    /// Whether `item` is given.
    pub fn gives(&self, item: &str) -> bool {
        self.terms.items.iter().any(|given| given == "*" || given == item)
    }
}

impl BackOfficeRecords {
    /// The edition that the next proposal for `asker` is.
    ///
    /// # Errors
    /// [`BackOfficeError`]
    pub async fn next_edition(&self, asker: &str, kind: &str) -> Result<i32, BackOfficeError> {
        self.read("next_edition", |tx| async move {
            let row = tx
                .query_one(
                    "-- next_edition\nSELECT 1 + coalesce(max(edition), 0) FROM records.agreement\n\
                     WHERE asker = $1 AND kind = $2",
                    &[&asker, &kind],
                )
                .await?;
            Ok(row.get(0))
        })
        .await
    }

    /// Puts `terms` forward as `edition` on behalf of one side.
    ///
    /// # Errors
    /// [`BackOfficeError::Overtaken`] when somebody else put that edition forward.
    pub async fn propose(&self, edition: i32, terms: &Terms, signed: &Signed) -> Result<(), BackOfficeError> {
        self.store
            .run("propose", |tx| async move {
                let put = tx
                    .execute(
                        "-- propose\n\
                         INSERT INTO records.agreement (asker, kind, edition, purposes, items, fresh_hours, responsible,\n\
                         policy, checked_until, proposed_by, proposed_signature, asker_name)\n\
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
                        &[
                            &terms.asker,
                            &terms.kind,
                            &edition,
                            &terms.purposes,
                            &terms.items,
                            &terms.fresh_hours,
                            &terms.responsible,
                            &terms.policy,
                            &terms.checked_until,
                            &signed.by,
                            &signed.signature,
                            &terms.asker_name,
                        ],
                    )
                    .await?;
                match put {
                    0 => Err(BackOfficeError::Overtaken),
                    _ => Ok(()),
                }
            })
            .await
    }

    /// The terms of an edition that waits for the other side's approval, and who put them forward.
    ///
    /// # Errors
    /// [`BackOfficeError::NotFound`]
    pub async fn waiting(&self, (asker, kind, edition): (&str, &str, i32)) -> Result<(Terms, Signed), BackOfficeError> {
        self.read("waiting", |tx| async move {
            let row = tx
                .query_opt(
                    "-- waiting\n\
                     SELECT asker, asker_name, kind, purposes, items, fresh_hours, responsible, policy, checked_until, proposed_by,\n\
                     proposed_signature FROM records.agreement\n\
                     WHERE asker = $1 AND kind = $2 AND edition = $3 AND approved_by IS NULL",
                    &[&asker, &kind, &edition],
                )
                .await?;
            let row = row.ok_or(BackOfficeError::NotFound("agreement that waits"))?;
            Ok((terms(&row), signed(&row, "proposed_by", "proposed_signature")))
        })
        .await
    }

    /// Approves an edition on behalf of the other side: it counts from now on.
    ///
    /// # Errors
    /// [`BackOfficeError::SamePerson`], [`BackOfficeError::NotFound`]
    pub async fn approve(
        &self,
        (asker, kind, edition): (&str, &str, i32),
        approval: &Signed,
    ) -> Result<(), BackOfficeError> {
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
                if proposed_by == approval.by {
                    return Err(BackOfficeError::SamePerson);
                }
                tx.execute(
                    "-- approve\nUPDATE records.agreement SET approved_by = $4, approved_signature = $5\n\
                     WHERE asker = $1 AND kind = $2 AND edition = $3",
                    &[&asker, &kind, &edition, &approval.by, &approval.signature],
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
                     SELECT asker, asker_name, kind, edition, purposes, items, fresh_hours, responsible, policy, checked_until, suspended,\n\
                     proposed_by, proposed_signature, approved_by, approved_signature\n\
                     FROM records.agreement WHERE asker = $1 AND kind = $2 AND approved_by IS NOT NULL\n\
                     ORDER BY edition DESC LIMIT 1",
                    &[&asker, &kind],
                )
                .await?;
            Ok(row.map(|row| Agreement {
                terms: terms(&row),
                edition: row.get("edition"),
                proposed: signed(&row, "proposed_by", "proposed_signature"),
                approved: signed(&row, "approved_by", "approved_signature"),
                suspended: row.get("suspended"),
            }))
        })
        .await
    }

    /// Writes down what the person of the owner's number `owner` said about giving records of `kind` to `asker`, by the text
    /// that was shown to them. It counts from the next query on.
    ///
    /// # Errors
    /// [`BackOfficeError::NotFound`] when the number stands for nobody who is linked: there is nobody to ask for yet.
    pub async fn record_consent(
        &self,
        owner: &str,
        said: &Consent<'_>,
        now: OffsetDateTime,
    ) -> Result<(), BackOfficeError> {
        let owner = &self.owner_index(owner);
        self.store
            .run("record_consent", |tx| async move {
                let written = tx
                    .execute(
                        "-- record_consent\n\
                         INSERT INTO records.consent (person_index, asker, kind, given, since, text_sha256)\n\
                         SELECT DISTINCT person_index, $2, $3, $4::boolean, $5::timestamptz, $6::bytea FROM records.subject\n\
                         WHERE owner_index = $1 AND person_index IS NOT NULL\n\
                         ON CONFLICT (person_index, asker, kind) DO UPDATE SET given = excluded.given,\n\
                         since = excluded.since, text_sha256 = excluded.text_sha256",
                        &[
                            owner,
                            &said.asker,
                            &said.kind,
                            &said.given,
                            &now,
                            &said.text_sha256.as_slice(),
                        ],
                    )
                    .await?;
                match written {
                    0 => Err(BackOfficeError::NotFound("linked person of that number")),
                    _ => Ok(()),
                }
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

fn terms(row: &store::Row) -> Terms {
    Terms {
        asker: row.get("asker"),
        asker_name: row.get("asker_name"),
        kind: row.get("kind"),
        purposes: row.get("purposes"),
        items: row.get("items"),
        fresh_hours: row.get("fresh_hours"),
        responsible: row.get("responsible"),
        policy: row.get("policy"),
        checked_until: row.get("checked_until"),
    }
}

fn signed(row: &store::Row, by: &str, signature: &str) -> Signed {
    Signed {
        by: row.get(by),
        signature: row.get(signature),
    }
}
