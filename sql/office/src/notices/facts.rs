//! Taking a file of facts in: wholly, or not at all.

use std::{collections::HashMap, time::Duration};

use futures_util::pin_mut;
use issuance::{
    acts::{AuditAct, NoticeFactsImported},
    notice::handed_in::{Facts, HandedIn, RejectedLine, WhyRejected},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Isolation, ToSql, Type};
use uuid::Uuid;

use super::FACTS;
use crate::{
    Act, Office, OfficeError,
    act::{About, finish, written},
};

/// A file's facts, each with whose they are.
pub struct FactsToImport {
    kind: String,
    people: Vec<(Uuid, Facts)>,
    lines: usize,
    rejected: Vec<RejectedLine>,
    sha256: [u8; 32],
    /// People of the last file of this kind; 0 before the first.
    before: usize,
    /// The import that took in this very file.
    known_as: Option<i64>,
}

/// A file taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactsImport {
    pub number: i64,
    pub people: usize,
    pub lines: usize,
    pub rejected: usize,
}

impl FactsToImport {
    pub const fn people(&self) -> usize {
        self.people.len()
    }

    pub const fn lines(&self) -> usize {
        self.lines
    }

    pub fn rejected(&self) -> &[RejectedLine] {
        &self.rejected
    }

    /// The import that took in a file of the same bytes.
    pub const fn known_as(&self) -> Option<i64> {
        self.known_as
    }

    /// Whether so few people, or so many rejected lines, should be said yes to first: the wrong file, or one cut short.
    pub const fn is_doubtful(&self) -> bool {
        self.people.len() * 2 < self.before || self.rejected.len() * 10 > self.lines + self.rejected.len()
    }

    /// People of the last file of the kind.
    pub const fn before(&self) -> usize {
        self.before
    }
}

/// The sealed column of an import: a row's place holds one id, so the import's number is part of the column's name.
pub(super) fn column(import: i64) -> String {
    format!("facts.{import}")
}

impl Office {
    /// Finds whom a file's lines are about; nothing is written.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn plan_notice_facts(
        &self,
        kind: &str,
        read: HandedIn,
        sha256: [u8; 32],
    ) -> Result<FactsToImport, OfficeError> {
        let (known, before, known_as) = self
            .store
            .run_as(
                "plan_notice_facts",
                Isolation::RepeatableRead,
                Duration::from_secs(60),
                |tx| async move {
                    let rows = tx
                        .query("-- resident_numbers\nSELECT number_index, id FROM office.resident", &[])
                        .await?;
                    let known: HashMap<Vec<u8>, Uuid> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
                    let last = tx
                        .query_opt(
                            "-- last_notice_import\n\
                             SELECT people FROM office.notice_import WHERE kind = $1 ORDER BY number DESC LIMIT 1",
                            &[&kind],
                        )
                        .await?;
                    let same = tx
                        .query_opt(
                            "-- same_notice_import\n\
                             SELECT max(number) FROM office.notice_import WHERE kind = $1 AND sha256 = $2",
                            &[&kind, &sha256.as_slice()],
                        )
                        .await?;
                    let before = last.map_or(0, |row| row.get::<_, i32>(0));
                    Ok::<_, OfficeError>((known, before, same.and_then(|row| row.get::<_, Option<i64>>(0))))
                },
            )
            .await?;
        let mut plan = FactsToImport {
            kind: kind.to_owned(),
            people: Vec::with_capacity(read.people.len()),
            lines: read.lines,
            rejected: read.rejected,
            sha256,
            before: usize::try_from(before).unwrap_or(0),
            known_as,
        };
        for ((number, facts), line) in read.people.into_iter().zip(read.first_lines) {
            match known.get(self.number_index(&number).as_slice()) {
                Some(id) => plan.people.push((*id, facts)),
                None => {
                    plan.lines -= facts.rows.len().max(1).min(plan.lines);
                    plan.rejected.push(RejectedLine {
                        line,
                        column: "宛名番号".to_owned(),
                        why: WhyRejected::UnknownNumber,
                    });
                }
            }
        }
        Ok(plan)
    }

    /// Takes the facts in, in one transaction. By the process `import` or an administrator.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], or the database.
    pub async fn import_notice_facts(&self, act: &Act, plan: &FactsToImport) -> Result<FactsImport, OfficeError> {
        let about = &About::content(json!([plan.kind, hex::encode(plan.sha256), plan.people.len()]));
        self.store
            .run_as(
                "import_notice_facts",
                Isolation::RepeatableRead,
                Duration::from_secs(120),
                |tx| async move {
                    if let Some(answer) = self.begin(&tx, "import_notice_facts", about, act).await? {
                        return serde_json::from_value(answer).map_err(|_| OfficeError::ActIdUsed);
                    }
                    let doing = self.doing(&tx, act).await?;
                    doing.may_begin(NoticeFactsImported::ROW)?;
                    let count =
                        |count: usize| i32::try_from(count).map_err(|_| OfficeError::Unreadable("the file's size"));
                    let row = tx
                        .query_one(
                            "-- import_notice_facts\n\
                             INSERT INTO office.notice_import (act, kind, at, actor, people, lines, rejected, sha256)\n\
                             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING number",
                            &[
                                &act.id,
                                &plan.kind,
                                &doing.at,
                                &doing.actor(),
                                &count(plan.people.len())?,
                                &count(plan.lines.max(plan.people.len()))?,
                                &count(plan.rejected.len())?,
                                &plan.sha256.as_slice(),
                            ],
                        )
                        .await?;
                    let number: i64 = row.get(0);
                    let writer = tx
                        .copy_in(
                            "COPY office.notice_fact (import, resident, facts) FROM STDIN BINARY",
                            &[Type::INT8, Type::UUID, Type::BYTEA],
                        )
                        .await?;
                    pin_mut!(writer);
                    for (resident, facts) in &plan.people {
                        let sealed = self.seal_value(FACTS, *resident, &column(number), facts)?;
                        let values: [&(dyn ToSql + Sync); 3] = [&number, resident, &sealed];
                        tx.answered(writer.as_mut().write(&values)).await?;
                    }
                    tx.answered(writer.as_mut().finish()).await?;
                    let imported = FactsImport {
                        number,
                        people: plan.people.len(),
                        lines: plan.lines,
                        rejected: plan.rejected.len(),
                    };
                    let details = NoticeFactsImported {
                        number,
                        kind: plan.kind.clone(),
                        people: imported.people,
                        lines: imported.lines,
                        rejected: imported.rejected,
                        sha256: hex::encode(plan.sha256),
                    };
                    self.record(&tx, &doing, json!({}), details).await?;
                    finish(&tx, act, written(&imported)?).await?;
                    Ok(imported)
                },
            )
            .await
    }

    /// The number of the newest file taken in for `kind`.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn last_notice_facts(&self, kind: &str) -> Result<Option<i64>, OfficeError> {
        self.read("last_notice_facts", |tx| async move {
            super::newest_import(&tx, kind).await
        })
        .await
    }
}
