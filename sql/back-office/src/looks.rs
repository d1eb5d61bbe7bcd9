//! Who looked: written before anything is answered, shown to the person.

use time::OffsetDateTime;

use crate::{BackOfficeError, BackOfficeRecords, minute};

/// A look at a person's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look<'a> {
    pub asker: &'a str,
    pub kind: &'a str,
    pub purpose: &'a str,
    /// How the person was authenticated at the relay.
    pub context: &'a str,
    /// Why it was refused; none when it was answered.
    pub refused: Option<&'static str>,
}

/// One that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// To the minute.
    pub at: OffsetDateTime,
    pub asker: String,
    /// What people call it, by the newest agreement with it; none: nothing else is known.
    pub asker_name: Option<String>,
    pub kind: String,
    pub purpose: String,
    pub context: String,
    pub rule: Option<String>,
}

impl BackOfficeRecords {
    /// Records `look` at the records of the person called `pseudonym`.
    ///
    /// # Errors
    /// [`BackOfficeError`]; then nothing may be answered.
    pub async fn record_look(
        &self,
        pseudonym: &str,
        look: &Look<'_>,
        now: OffsetDateTime,
    ) -> Result<(), BackOfficeError> {
        let (id, person) = (self.fresh(), self.person(pseudonym));
        let outcome = if look.refused.is_some() { "refused" } else { "answered" };
        self.store
            .run("record_look", |tx| {
                let person = &person;
                async move {
                    tx.execute(
                        "-- record_look\n\
                         INSERT INTO records.look (id, person_index, at, asker, kind, purpose, context, outcome, rule)\n\
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                        &[
                            &id,
                            person,
                            &minute(now),
                            &look.asker,
                            &look.kind,
                            &look.purpose,
                            &look.context,
                            &outcome,
                            &look.refused,
                        ],
                    )
                    .await?;
                    Ok(())
                }
            })
            .await
    }

    /// The last `most` looks at the records of the person called `pseudonym`, the newest first.
    ///
    /// # Errors
    /// [`BackOfficeError`]
    pub async fn looks(&self, pseudonym: &str, most: i64) -> Result<Vec<Looked>, BackOfficeError> {
        let person = &self.person(pseudonym);
        self.read("looks", |tx| async move {
            let rows = tx
                .query(
                    "-- looks\nSELECT at, asker, kind, purpose, context, rule,\n\
                     (SELECT nullif(a.asker_name, '') FROM records.agreement a\n\
                     WHERE a.asker = l.asker AND a.kind = l.kind AND a.approved_by IS NOT NULL\n\
                     ORDER BY a.edition DESC LIMIT 1) FROM records.look l\n\
                     WHERE person_index = $1 ORDER BY at DESC, id LIMIT $2",
                    &[person, &most],
                )
                .await?;
            Ok(rows
                .iter()
                .map(|row| Looked {
                    at: row.get(0),
                    asker: row.get(1),
                    kind: row.get(2),
                    purpose: row.get(3),
                    context: row.get(4),
                    rule: row.get(5),
                    asker_name: row.get(6),
                })
                .collect())
        })
        .await
    }

    /// Removes looks that are older than `before`: how many. The database keeps the last 90 days whatever is asked.
    ///
    /// # Errors
    /// [`BackOfficeError`]
    pub async fn forget_looks(&self, before: OffsetDateTime) -> Result<i64, BackOfficeError> {
        self.store
            .run("forget_looks", |tx| async move {
                let row = tx
                    .query_one("-- forget_looks\nSELECT records.forget_looks($1)", &[&before])
                    .await?;
                Ok(row.get(0))
            })
            .await
    }
}
