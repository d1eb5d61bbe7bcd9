//! Undoing one import: exactly what it changed is put back, and only while nothing else was written over it.

use std::time::Duration;

use issuance::acts::{AuditAct, RosterUndone};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Isolation, Row, Tx};
use time::OffsetDateTime;

use super::{IMPORT_LOCK, last_import};
use crate::{
    Act, Office, OfficeError,
    act::{About, finish, written},
    refusal::{Fact, Refusal},
};

/// How long what a run changed is kept, and the run can be undone: longer than the month that passes between two whole
/// files, no longer than that, since it holds addresses people have left.
pub const KEPT_FOR: time::Duration = time::Duration::days(35);

/// An import that was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRun {
    pub number: i64,
    pub at: OffsetDateTime,
    /// Staff id, or the name of a process.
    pub actor: String,
    pub added: u32,
    pub changed: u32,
    /// People marked as gone.
    pub gone: u32,
    /// The run it put back, when it is no import but an undoing.
    pub undoes: Option<i64>,
    /// The run that put it back.
    pub undone_by: Option<i64>,
    /// Whether what it changed is still kept.
    pub is_kept: bool,
}

/// What was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// The undoing's own running number.
    pub number: i64,
    /// The run that was undone.
    pub undoes: i64,
    /// People put back as they were: changed ones, and those who had been marked as gone.
    pub put_back: u32,
    /// People taken out again, whom the run had added.
    pub taken_out: u32,
}

/// Why a run can't be undone. Nothing was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UndoRefused {
    /// No run has this number.
    #[error("there is no import {0}; `madoguchi import runs` lists them")]
    NoSuchRun(i64),
    /// It was undone before.
    #[error("import {run} was undone before, by run {by}")]
    Already { run: i64, by: i64 },
    /// It is an undoing itself.
    #[error("run {0} is itself an undoing; to take the roster in again, import its file again")]
    IsAnUndoing(i64),
    /// What it changed is not kept any more, or was never kept.
    #[error("what import {0} changed is no longer kept: runs can be undone for {days} days", days = KEPT_FOR.whole_days())]
    NotKept(i64),
    /// A later run wrote over rows of it.
    #[error("run {by} wrote over {people} people of import {run}: undo run {by} first, or import a right file")]
    WrittenOver {
        /// The run to be undone.
        run: i64,
        /// The newest later one.
        by: i64,
        people: u32,
    },
    /// People it added have applied for cards meanwhile.
    #[error("{people} people added by import {run} have cases by now: they can't be taken out again")]
    HaveCases {
        /// The run to be undone.
        run: i64,
        people: u32,
    },
}

impl Refusal for UndoRefused {
    fn rule(&self) -> Option<&'static str> {
        None
    }

    fn word_key(&self) -> &'static str {
        match self {
            Self::NoSuchRun(_) => "refused-undo-no-such-run",
            Self::Already { .. } => "refused-undo-already",
            Self::IsAnUndoing(_) => "refused-undo-is-one",
            Self::NotKept(_) => "refused-undo-not-kept",
            Self::WrittenOver { .. } => "refused-undo-written-over",
            Self::HaveCases { .. } => "refused-undo-have-cases",
        }
    }

    fn facts(&self) -> Vec<(&'static str, Fact)> {
        let text = |number: &dyn ToString| Fact::Text(number.to_string());
        match self {
            Self::NoSuchRun(run) | Self::IsAnUndoing(run) | Self::NotKept(run) => vec![("run", text(run))],
            Self::Already { run, by } => vec![("run", text(run)), ("by", text(by))],
            Self::WrittenOver { run, by, people } => {
                vec![("run", text(run)), ("by", text(by)), ("people", text(people))]
            }
            Self::HaveCases { run, people } => vec![("run", text(run)), ("people", text(people))],
        }
    }
}

impl UndoRefused {
    /// One of each.
    pub(crate) fn every() -> Vec<Box<dyn Refusal>> {
        let (run, by, people) = (1, 2, 3);
        vec![
            Box::new(Self::NoSuchRun(run)),
            Box::new(Self::Already { run, by }),
            Box::new(Self::IsAnUndoing(run)),
            Box::new(Self::NotKept(run)),
            Box::new(Self::WrittenOver { run, by, people }),
            Box::new(Self::HaveCases { run, people }),
        ]
    }

    /// The reason as an administrator reads it.
    pub fn in_japanese(self) -> String {
        match self {
            Self::NoSuchRun(run) => {
                format!("取り込み {run} はありません。`madoguchi import runs` で一覧を見てください")
            }
            Self::Already { run, by } => format!("取り込み {run} は、すでに {by} で取り消されています"),
            Self::IsAnUndoing(run) => {
                format!("{run} は取り消しの記録です。もう一度取り込むには、名簿のファイルを取り込み直してください")
            }
            Self::NotKept(run) => format!(
                "取り込み {run} が変えた内容は、もう残っていません(取り消せるのは{}日以内です)",
                KEPT_FOR.whole_days()
            ),
            Self::WrittenOver { run, by, people } => format!(
                "取り込み {run} の {people} 人を、後の {by} が書き換えています。先に {by} を取り消すか、正しい名簿を取り込んでください"
            ),
            Self::HaveCases { run, people } => {
                format!("取り込み {run} で新しく入った人のうち {people} 人に、すでに案件があります。取り消せません")
            }
        }
    }
}

impl Office {
    /// The newest `limit` runs, newest first.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn import_runs(&self, limit: u32) -> Result<Vec<ImportRun>, OfficeError> {
        self.read("import_runs", |tx| async move {
            let rows = tx
                .query(
                    "-- import_runs\n\
                     SELECT i.*, u.number AS undone_by,\n\
                     (i.added + i.changed + i.gone = 0\n\
                     OR EXISTS (SELECT FROM office.roster_change c WHERE c.import = i.number)) AS kept\n\
                     FROM office.roster_import i LEFT JOIN office.roster_import u ON u.undoes = i.number\n\
                     ORDER BY i.number DESC LIMIT $1",
                    &[&i64::from(limit)],
                )
                .await?;
            Ok(rows.iter().map(import_run).collect())
        })
        .await
    }

    /// Puts back what run `run` changed, in one transaction: people changed are as they were, people marked as gone are
    /// there, people added are taken out. By the process `import` or an administrator.
    ///
    /// # Errors
    /// [`UndoRefused`]; nothing was put back then. [`OfficeError::RosterChanged`] while another
    /// import is being written.
    pub async fn undo_import(&self, act: &Act, run: i64) -> Result<Undone, OfficeError> {
        let about = &About::content(json!(run));
        let undone = self
            .store
            .run_as(
                "undo_import",
                Isolation::RepeatableRead,
                Duration::from_secs(120),
                |tx| async move {
                    if let Some(answer) = self.begin(&tx, "undo_import", about, act).await? {
                        return serde_json::from_value(answer).map_err(|_| OfficeError::ActIdUsed);
                    }
                    let undone = self.put_back(&tx, act, run).await?;
                    finish(&tx, act, written(&undone)?).await?;
                    Ok(undone)
                },
            )
            .await;
        match undone {
            // Somebody undid it in the same moment.
            Err(OfficeError::Store(error)) if error.is_constraint("import_undone_once") => {
                Err(OfficeError::RosterChanged)
            }
            undone => undone,
        }
    }

    async fn put_back(&self, tx: &Tx, act: &Act, run: i64) -> Result<Undone, OfficeError> {
        let doing = self.doing(tx, act).await?;
        doing.may_begin(RosterUndone::ROW)?;
        let row = tx
            .query_one("-- one_import\nSELECT pg_try_advisory_xact_lock($1)", &[&IMPORT_LOCK])
            .await?;
        if !row.get::<_, bool>(0) {
            return Err(OfficeError::RosterChanged);
        }
        may_be_undone(tx, run).await?;
        let row = tx
            .query_one(
                "-- undo_import\n\
                 INSERT INTO office.roster_import (act, at, actor, rows, added, changed, unchanged, gone, undoes)\n\
                 SELECT $1, $2, $3, n.back, 0, n.back, 0, n.out, $4 FROM (\n\
                 SELECT (count(*) FILTER (WHERE kind <> 'added'))::int AS back,\n\
                 (count(*) FILTER (WHERE kind = 'added'))::int AS out\n\
                 FROM office.roster_change WHERE import = $4) n RETURNING number, changed",
                &[&act.id, &doing.at, &doing.actor(), &run],
            )
            .await?;
        let number: i64 = row.get("number");
        tx.execute(
            "-- put_back_changed\n\
             UPDATE office.resident r SET household_index = c.household_index, likeness_index = c.likeness_index,\n\
             identity = c.identity, residence = c.residence, row_hash = c.row_hash, gone_at = c.gone_at, changed_by = $2\n\
             FROM office.roster_change c WHERE c.import = $1 AND c.kind = 'changed' AND r.id = c.resident",
            &[&run, &number],
        )
        .await?;
        tx.execute(
            "-- put_back_gone\n\
             UPDATE office.resident r SET gone_at = NULL, changed_by = $2\n\
             FROM office.roster_change c WHERE c.import = $1 AND c.kind = 'gone' AND r.id = c.resident",
            &[&run, &number],
        )
        .await?;
        let taken_out = tx
            .query_one("-- take_out_added\nSELECT office.take_out_added($1)", &[&number])
            .await?;
        let undone = Undone {
            number,
            undoes: run,
            put_back: count(row.get("changed")),
            taken_out: u32::try_from(taken_out.get::<_, i64>(0)).unwrap_or(u32::MAX),
        };
        let details = RosterUndone {
            number,
            undoes: run,
            put_back: undone.put_back,
            taken_out: undone.taken_out,
        };
        self.record(tx, &doing, json!({}), details).await?;
        tx.batch("NOTIFY office_roster").await?;
        Ok(undone)
    }
}

/// Whether `run` can be undone: it is an import, what it changed is kept, and each row is as it left it.
async fn may_be_undone(tx: &Tx, run: i64) -> Result<(), OfficeError> {
    if last_import(tx).await? < run {
        return Err(UndoRefused::NoSuchRun(run).into());
    }
    let row = tx
        .query_opt(
            "-- run_to_undo\n\
             SELECT i.*, u.number AS undone_by,\n\
             (i.added + i.changed + i.gone = 0\n\
                     OR EXISTS (SELECT FROM office.roster_change c WHERE c.import = i.number)) AS kept\n\
             FROM office.roster_import i LEFT JOIN office.roster_import u ON u.undoes = i.number WHERE i.number = $1",
            &[&run],
        )
        .await?;
    let found = row.as_ref().map(import_run).ok_or(UndoRefused::NoSuchRun(run))?;
    if let Some(by) = found.undone_by {
        return Err(UndoRefused::Already { run, by }.into());
    }
    if found.undoes.is_some() {
        return Err(UndoRefused::IsAnUndoing(run).into());
    }
    if !found.is_kept {
        return Err(UndoRefused::NotKept(run).into());
    }
    // What a later run wrote and a still later one put back is as this run left it.
    let over = tx
        .query_one(
            "-- written_over\n\
             SELECT count(*)::int AS people, max(r.changed_by) AS by\n\
             FROM office.roster_change c LEFT JOIN office.resident r ON r.id = c.resident\n\
             WHERE c.import = $1 AND (r.id IS NULL OR r.row_hash <> c.left_hash\n\
             OR (r.gone_at IS NOT NULL) <> (c.kind = 'gone'))",
            &[&run],
        )
        .await?;
    let people = count(over.get("people"));
    if people > 0 {
        let by = over.get::<_, Option<i64>>("by").unwrap_or(run);
        return Err(UndoRefused::WrittenOver { run, by, people }.into());
    }
    let cases = tx
        .query_one(
            "-- cases_of_added\n\
             SELECT count(DISTINCT c.resident)::int FROM office.roster_change c\n\
             JOIN office.card_case k ON k.resident = c.resident WHERE c.import = $1 AND c.kind = 'added'",
            &[&run],
        )
        .await?;
    match count(cases.get(0)) {
        0 => Ok(()),
        people => Err(UndoRefused::HaveCases { run, people }.into()),
    }
}

fn import_run(row: &Row) -> ImportRun {
    ImportRun {
        number: row.get("number"),
        at: row.get("at"),
        actor: row.get("actor"),
        added: count(row.get("added")),
        changed: count(row.get("changed")),
        gone: count(row.get("gone")),
        undoes: row.get("undoes"),
        undone_by: row.get("undone_by"),
        is_kept: row.get("kept"),
    }
}

fn count(rows: i32) -> u32 {
    u32::try_from(rows).unwrap_or(0)
}
