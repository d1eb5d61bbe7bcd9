//! Taking a plan over: everything is sealed first, then written in one transaction. What it was before is kept beside it by
//! the database itself (`office.roster_change`).

use std::time::Duration;

use futures_util::pin_mut;
use issuance::acts::{AuditAct, RosterImported};
use serde_json::json;
use store::{Isolation, StoreError, ToSql, Tx, Type};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{IMPORT_LOCK, ImportPlan, Imported, Missing, Progress, STRIDE, columns, last_import, undo::KEPT_FOR};
use crate::{
    Act, Office, OfficeError,
    act::{About, Doing, finish, written},
};

impl Office {
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
        self.forget_old_changes(tx, &doing).await?;
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

    /// What runs changed that are too old to be undone is removed: it holds addresses people have left.
    async fn forget_old_changes(&self, tx: &Tx, doing: &Doing) -> Result<(), StoreError> {
        let before: OffsetDateTime = doing.at - KEPT_FOR;
        tx.query_one(
            "-- forget_old_changes\nSELECT office.forget_roster_changes($1)",
            &[&before],
        )
        .await?;
        Ok(())
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
