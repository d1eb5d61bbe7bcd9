//! Taking over a roster: what differs is told first, what is doubtful is asked, then it is taken over whole or not at
//! all; a run taken over can be undone.

mod columns;
mod question;
mod undo;
mod write;

use std::{collections::HashMap, time::Duration};

use issuance::{case::ResidentId, person::Resident, roster::SeenRow};
use serde::{Deserialize, Serialize};
use store::{Isolation, StoreError, Tx};

pub(crate) use columns::{Identity, Residence, TABLE, resident};
#[cfg(test)]
pub(crate) use columns::{identity_of, residence_of};

pub use question::{Alike, AlikeBy, Answers, PersonNamed, Question};
pub use undo::{ImportRun, KEPT_FOR, UndoRefused, Undone};

use crate::{Office, OfficeError};

/// What an import would change. Holds the residents themselves; quiet in logs.
pub struct ImportPlan {
    base: i64,
    added: Vec<Resident>,
    changed: Vec<(ResidentId, Resident)>,
    unchanged: usize,
    missing: Vec<ResidentId>,
    /// Residents of the records who were not gone before.
    present: usize,
    /// Rows that stand in the file, could not be taken, and may be anybody.
    unidentified: usize,
    alike: Vec<Alike>,
}

impl std::fmt::Debug for ImportPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImportPlan({:?})", self.counts())
    }
}

/// How many rows fall where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportCounts {
    pub rows: usize,
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
    /// Mark them as gone: the file is the whole roster. They are found with that mark, their records stay.
    MarkGone,
}

/// An import taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    pub number: i64,
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
    likeness: [u8; 32],
    gone: bool,
    seen: Option<Seen>,
}

/// How a known resident stands in the file.
#[derive(Clone, Copy)]
enum Seen {
    /// On a line that was taken.
    Taken(u64),
    /// On a line that was not.
    Rejected,
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
        self.plan_import_beside(rows, &[], progress).await
    }

    /// As [`Office::plan_import`], of a file in which the rows `rejected` stand too. Whoever they name is in the file,
    /// however little of the row could be read: nobody is taken for missing on account of a mistake in their row.
    ///
    /// # Errors
    /// As [`Office::plan_import`].
    pub async fn plan_import_beside(
        &self,
        rows: impl IntoIterator<Item = (u64, Resident)>,
        rejected: &[SeenRow],
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
            present: known.values().filter(|known| !known.gone).count(),
            unidentified: 0,
            alike: Vec::new(),
        };
        let mut added_at = Vec::new();
        let rows = rows.into_iter();
        let about = rows.size_hint().0;
        for (done, (line, resident)) in rows.enumerate() {
            let number = self.number_index(&resident.number);
            match known.get_mut(&number) {
                Some(known) => {
                    if let Some(Seen::Taken(first)) = known.seen.replace(Seen::Taken(line)) {
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
                    added_at.push(line);
                }
            }
            if done % STRIDE == 0 {
                progress(done, about.max(done));
                tokio::task::yield_now().await;
            }
        }
        plan.unidentified = self.see_rejected(&mut known, rejected);
        plan.missing = known
            .values()
            .filter(|known| known.seen.is_none() && !known.gone)
            .map(|known| known.id)
            .collect();
        plan.alike = self.alike(&known, &plan.added, &added_at).await;
        let rows = plan.counts().rows;
        progress(rows, rows);
        Ok(plan)
    }

    /// Marks whom the rejected rows name as seen; how many of the rows may be anybody.
    fn see_rejected(&self, known: &mut HashMap<[u8; 32], Known>, rejected: &[SeenRow]) -> usize {
        let mut unidentified = 0;
        for row in rejected {
            let mut anyone = row.certain;
            for number in row.numbers.iter().flat_map(|number| question::but_for_zeros(number)) {
                if let Some(known) = known.get_mut(&self.number_index(&number)) {
                    known.seen.get_or_insert(Seen::Rejected);
                    anyone = true;
                }
            }
            unidentified += usize::from(!anyone);
        }
        unidentified
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
                        "-- known_rows\nSELECT id, number_index, row_hash, gone_at IS NOT NULL, likeness_index FROM office.resident",
                        &[],
                    )
                    .await?;
                    let known = rows
                        .iter()
                        .map(|row| {
                            let known = Known {
                                id: ResidentId::from_uuid(row.get(0)),
                                hash: hash_of(row.get(2))?,
                                likeness: hash_of(row.get(4))?,
                                gone: row.get(3),
                                seen: None,
                            };
                            Ok((hash_of(row.get(1))?, known))
                        })
                        .collect::<Result<_, OfficeError>>()?;
                    Ok((base, known))
                },
            )
            .await
    }
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
