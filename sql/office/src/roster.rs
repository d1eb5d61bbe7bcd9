//! Taking over a roster: what differs is told first, then taken over whole or not at all.

mod columns;

use std::{collections::HashMap, time::Duration};

use futures_util::pin_mut;
use issuance::{
    acts::{AuditAct, RosterImported},
    case::ResidentId,
    person::Resident,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Isolation, StoreError, ToSql, Tx, Type};
use uuid::Uuid;

pub(crate) use columns::{Identity, Residence, TABLE, resident};
#[cfg(test)]
pub(crate) use columns::{identity_of, residence_of};

use crate::{
    Act, Office, OfficeError,
    act::{About, finish, written},
};

/// What an import would change. Holds the residents themselves; quiet in logs.
pub struct ImportPlan {
    base: i64,
    added: Vec<Resident>,
    changed: Vec<(ResidentId, Resident)>,
    unchanged: usize,
    missing: Vec<ResidentId>,
}

impl std::fmt::Debug for ImportPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImportPlan({:?})", self.counts())
    }
}

/// How many rows fall where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportCounts {
    /// In the file.
    pub rows: usize,
    /// Of them new.
    pub added: usize,
    /// Of them different from before.
    pub changed: usize,
    /// Of them as before.
    pub unchanged: usize,
    /// In the records, not in the file.
    pub missing: usize,
}

impl ImportPlan {
    /// How many rows fall where.
    pub fn counts(&self) -> ImportCounts {
        ImportCounts {
            rows: self.added.len() + self.changed.len() + self.unchanged,
            added: self.added.len(),
            changed: self.changed.len(),
            unchanged: self.unchanged,
            missing: self.missing.len(),
        }
    }
}

/// What to do with residents whom the file has no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Leave them: the file is a part of the roster.
    Keep,
    /// Mark them as gone: the file is the whole roster. They are found no more, their records stay.
    MarkGone,
}

/// An import taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Its running number.
    pub number: i64,
    /// What it changed.
    pub counts: ImportCounts,
}

/// A progress report: rows done, rows in all.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// One import at a time: held while rows are written.
const IMPORT_LOCK: i64 = 0x726f_7374_6572;
/// Rows between two reports of progress.
const STRIDE: usize = 1_000;

struct Known {
    id: ResidentId,
    hash: [u8; 32],
    gone: bool,
    seen_at_line: Option<u64>,
}

impl Office {
    /// Compares `rows` (line in the file, resident) with the records: nothing is written.
    ///
    /// # Errors
    /// [`OfficeError::DuplicateRow`] when two rows have one number, or why the records cannot be read.
    pub async fn plan_import(
        &self,
        rows: impl IntoIterator<Item = (u64, Resident)>,
        progress: Progress<'_>,
    ) -> Result<ImportPlan, OfficeError> {
        let (base, mut known) = self.known_rows().await?;
        let mut lines: HashMap<[u8; 32], u64> = HashMap::new();
        let mut plan = ImportPlan {
            base,
            added: Vec::new(),
            changed: Vec::new(),
            unchanged: 0,
            missing: Vec::new(),
        };
        let rows = rows.into_iter();
        let about = rows.size_hint().0;
        for (done, (line, resident)) in rows.enumerate() {
            let number = self.number_index(&resident.number);
            match known.get_mut(&number) {
                Some(known) => {
                    if let Some(first) = known.seen_at_line.replace(line) {
                        return Err(OfficeError::DuplicateRow { first, second: line });
                    }
                    if known.gone || known.hash != self.row_hash(&resident)? {
                        plan.changed.push((known.id, resident));
                    } else {
                        plan.unchanged += 1;
                    }
                }
                None => {
                    if let Some(first) = lines.insert(number, line) {
                        return Err(OfficeError::DuplicateRow { first, second: line });
                    }
                    plan.added.push(resident);
                }
            }
            if done % STRIDE == 0 {
                progress(done, about.max(done));
                tokio::task::yield_now().await;
            }
        }
        plan.missing = known
            .values()
            .filter(|known| known.seen_at_line.is_none() && !known.gone)
            .map(|known| known.id)
            .collect();
        let rows = plan.counts().rows;
        progress(rows, rows);
        Ok(plan)
    }

    /// Takes `plan` over in one transaction: wholly, or not at all. By the process `import` or an administrator.
    ///
    /// # Errors
    /// [`OfficeError::RosterChanged`] when another import came between, [`OfficeError::NotAllowed`], or the database.
    pub async fn apply_import(
        &self,
        act: &Act,
        plan: &ImportPlan,
        missing: Missing,
        progress: Progress<'_>,
    ) -> Result<Imported, OfficeError> {
        // Everything is computed before the transaction: it holds no lock while it thinks.
        let total = plan.added.len() + plan.changed.len();
        let mut sealed = Vec::with_capacity(total);
        let added = plan.added.iter().map(|resident| (self.fresh(), resident));
        let changed = plan.changed.iter().map(|(id, resident)| (*id, resident));
        for (done, (id, resident)) in added.chain(changed).enumerate() {
            sealed.push(self.seal_row(id, resident)?);
            if done % STRIDE == 0 {
                progress(done / 2, total);
                tokio::task::yield_now().await;
            }
        }
        let (added, changed) = sealed.split_at(plan.added.len());
        let load = Load {
            plan,
            added,
            changed,
            missing,
            total,
            progress,
        };
        let load = &load;
        let counts = [plan.added.len(), plan.changed.len(), plan.unchanged, plan.missing.len()];
        let about = &About::content(json!([plan.base, counts]));
        let written = self
            .store
            .run_as(
                "apply_import",
                Isolation::RepeatableRead,
                Duration::from_secs(120),
                |tx| async move {
                    if let Some(answer) = self.begin(&tx, "apply_import", about, act).await? {
                        return serde_json::from_value(answer).map_err(|_| OfficeError::ActIdUsed);
                    }
                    let imported = self.write_import(&tx, act, load).await?;
                    finish(&tx, act, written(&imported)?).await?;
                    Ok(imported)
                },
            )
            .await;
        match written {
            Err(OfficeError::Store(error)) if error.is_constraint("resident_number_once") => {
                Err(OfficeError::RosterChanged)
            }
            written => written,
        }
    }

    /// The number of the last import taken over; 0 before the first.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn last_import(&self) -> Result<i64, OfficeError> {
        self.read("last_import", |tx| async move { Ok(last_import(&tx).await?) })
            .await
    }

    async fn known_rows(&self) -> Result<(i64, HashMap<[u8; 32], Known>), OfficeError> {
        self.store
            .run_as(
                "known_rows",
                Isolation::RepeatableRead,
                Duration::from_secs(60),
                |tx| async move {
                    let base = last_import(&tx).await?;
                    let rows = tx
                    .query(
                        "-- known_rows\nSELECT id, number_index, row_hash, gone_at IS NOT NULL FROM office.resident",
                        &[],
                    )
                    .await?;
                    let known = rows
                        .iter()
                        .map(|row| {
                            let known = Known {
                                id: ResidentId::from_uuid(row.get(0)),
                                hash: hash_of(row.get(2))?,
                                gone: row.get(3),
                                seen_at_line: None,
                            };
                            Ok((hash_of(row.get(1))?, known))
                        })
                        .collect::<Result<_, OfficeError>>()?;
                    Ok((base, known))
                },
            )
            .await
    }

    async fn write_import(&self, tx: &Tx, act: &Act, load: &Load<'_>) -> Result<Imported, OfficeError> {
        let doing = self.doing(tx, act).await?;
        doing.may_begin(RosterImported::ROW)?;
        let row = tx
            .query_one("-- one_import\nSELECT pg_try_advisory_xact_lock($1)", &[&IMPORT_LOCK])
            .await?;
        if !row.get::<_, bool>(0) || last_import(tx).await? != load.plan.base {
            return Err(OfficeError::RosterChanged);
        }
        let gone: Vec<Uuid> = match load.missing {
            Missing::Keep => Vec::new(),
            Missing::MarkGone => load.plan.missing.iter().map(|id| id.uuid()).collect(),
        };
        let counts = load.plan.counts();
        let count = |count: usize| i32::try_from(count).map_err(|_| OfficeError::Unreadable("the roster's size"));
        let row = tx
            .query_one(
                "-- write_import\n\
                 INSERT INTO office.roster_import (act, at, actor, rows, added, changed, unchanged, gone)\n\
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING number",
                &[
                    &act.id,
                    &doing.at,
                    &doing.actor(),
                    &count(counts.rows)?,
                    &count(counts.added)?,
                    &count(counts.changed)?,
                    &count(counts.unchanged)?,
                    &count(gone.len())?,
                ],
            )
            .await?;
        let number: i64 = row.get(0);
        copy_rows(tx, "office.resident", load.added, number, load, 0).await?;
        if !load.changed.is_empty() {
            tx.batch(
                "CREATE TEMPORARY TABLE changed_resident (id uuid, number_index bytea, household_index bytea,\n\
                 likeness_index bytea, identity bytea, residence bytea, row_hash bytea, changed_by bigint) ON COMMIT DROP",
            )
            .await?;
            copy_rows(tx, "changed_resident", load.changed, number, load, load.added.len()).await?;
            tx.execute(
                "-- change_residents\n\
                 UPDATE office.resident r SET household_index = c.household_index, likeness_index = c.likeness_index,\n\
                 identity = c.identity, residence = c.residence, row_hash = c.row_hash, changed_by = c.changed_by,\n\
                 gone_at = NULL FROM changed_resident c WHERE r.id = c.id",
                &[],
            )
            .await?;
        }
        if !gone.is_empty() {
            tx.execute(
                "-- mark_gone\nUPDATE office.resident SET gone_at = $2, changed_by = $3 WHERE id = ANY ($1)",
                &[&gone, &doing.at, &number],
            )
            .await?;
        }
        let details = RosterImported {
            number,
            rows: counts.rows,
            added: counts.added,
            changed: counts.changed,
            unchanged: counts.unchanged,
            gone: gone.len(),
        };
        self.record(tx, &doing, json!({}), details).await?;
        // Consoles that listen refresh their index; the others ask for the last import's number.
        tx.batch("NOTIFY office_roster").await?;
        Ok(Imported { number, counts })
    }
}

struct Load<'a> {
    plan: &'a ImportPlan,
    added: &'a [columns::SealedRow],
    changed: &'a [columns::SealedRow],
    missing: Missing,
    total: usize,
    progress: Progress<'a>,
}

async fn copy_rows(
    tx: &Tx,
    table: &'static str,
    rows: &[columns::SealedRow],
    number: i64,
    load: &Load<'_>,
    before: usize,
) -> Result<(), StoreError> {
    const TYPES: [Type; 8] = [
        Type::UUID,
        Type::BYTEA,
        Type::BYTEA,
        Type::BYTEA,
        Type::BYTEA,
        Type::BYTEA,
        Type::BYTEA,
        Type::INT8,
    ];
    if rows.is_empty() {
        return Ok(());
    }
    let columns = "id, number_index, household_index, likeness_index, identity, residence, row_hash, changed_by";
    let writer = tx
        .copy_in(&format!("COPY {table} ({columns}) FROM STDIN BINARY"), &TYPES)
        .await?;
    pin_mut!(writer);
    for (done, row) in rows.iter().enumerate() {
        let values: [&(dyn ToSql + Sync); 8] = [
            &row.id,
            &row.number_index.as_slice(),
            &row.household_index.as_slice(),
            &row.likeness_index.as_slice(),
            &row.identity,
            &row.residence,
            &row.row_hash.as_slice(),
            &number,
        ];
        tx.answered(writer.as_mut().write(&values)).await?;
        if done % STRIDE == 0 {
            (load.progress)((load.total + before + done) / 2, load.total);
        }
    }
    tx.answered(writer.as_mut().finish()).await?;
    Ok(())
}

async fn last_import(tx: &Tx) -> Result<i64, StoreError> {
    let row = tx
        .query_one(
            "-- last_import\nSELECT coalesce(max(number), 0) FROM office.roster_import",
            &[],
        )
        .await?;
    Ok(row.get(0))
}

fn hash_of(bytes: &[u8]) -> Result<[u8; 32], OfficeError> {
    bytes.try_into().map_err(|_| OfficeError::Unreadable("resident"))
}
