//! The trail read through, in the order of the tree: compared with the heads that were kept, proved, exported.

use relay_core::audit::AuditEvent;
use store::{
    Row,
    trail::{
        Recorded,
        check::{Check, Placed, Report, Written},
        head::TreeHead,
        tree::{Hash, Tree},
    },
};
use time::{Duration, OffsetDateTime};

use super::sealing::hash_of;
use crate::{Office, OfficeError};

/// An event without a place for longer than this was left out, or nobody seals.
const LATE: Duration = Duration::minutes(1);
const PAGE: i64 = 5_000;
const TABLE: &str = "office.audit_leaf";

/// What stands in the trail, as it is read through.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// Placed in the tree.
    Placed(Placed),
    /// Not placed; `late` when it should have been.
    Unplaced {
        seq: i64,
        written: Written,
        /// Whether it should have been placed long ago.
        late: bool,
    },
}

impl Office {
    /// Compares the whole trail with its tree and with `heads`, whose signatures the caller has checked.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn check_trail(&self, heads: Vec<TreeHead>) -> Result<Report, OfficeError> {
        let mut check = Check::new(heads);
        self.read_trail(|line| {
            match line {
                Line::Placed(placed) => check.take(&placed).map_err(|_| OfficeError::Unreadable(TABLE))?,
                Line::Unplaced { seq, written, late } => check.take_unplaced(seq, &written, late),
            }
            Ok(())
        })
        .await?;
        Ok(check.finish())
    }

    /// The tree as it stands, for proofs, and the place of event `seq` where one is asked for.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`] when the event has no place.
    pub async fn tree(&self, seq: Option<i64>) -> Result<(Tree, Option<Placed>), OfficeError> {
        let (mut tree, mut asked) = (Tree::default(), None);
        self.read_trail(|line| {
            if let Line::Placed(placed) = line {
                tree.push(&placed.leaf).map_err(|_| OfficeError::Unreadable(TABLE))?;
                if seq == Some(placed.seq) {
                    asked = Some(placed);
                }
            }
            Ok(())
        })
        .await?;
        match (seq, &asked) {
            (Some(_), None) => Err(OfficeError::NotFound("event in the sealed trail")),
            _ => Ok((tree, asked)),
        }
    }

    /// Adds to `tree` what was placed since it was read.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn grow_tree(&self, tree: &mut Tree) -> Result<(), OfficeError> {
        let unreadable = || OfficeError::Unreadable(TABLE);
        loop {
            let from = i64::try_from(tree.size()).map_err(|_| unreadable())?;
            let leaves = self
                .read("grow_tree", |tx| async move {
                    let sql = "-- grow_tree\nSELECT place, leaf FROM office.audit_leaf WHERE place >= $1 ORDER BY place LIMIT $2";
                    let rows = tx.query(sql, &[&from, &PAGE]).await?;
                    rows.iter().map(|row| Ok((row.get(0), hash_of(row.get(1))?))).collect()
                })
                .await?;
            let leaves: Vec<(i64, Hash)> = leaves;
            if leaves.is_empty() {
                return Ok(());
            }
            for (place, leaf) in leaves {
                if u64::try_from(place) != Ok(tree.size()) {
                    return Err(unreadable());
                }
                tree.push(&leaf).map_err(|_| unreadable())?;
            }
        }
    }

    /// Gives `take` every line of the trail: the placed events in the order of their places, then those without one.
    ///
    /// # Errors
    /// [`OfficeError`], and what `take` gives.
    pub async fn read_trail(&self, mut take: impl FnMut(Line) -> Result<(), OfficeError>) -> Result<(), OfficeError> {
        let mut after = -1_i64;
        loop {
            let page = self
                .read("read_placed", |tx| async move {
                    let rows = tx
                        .query(
                            "-- read_placed\n\
                             SELECT l.place, l.seq AS placed_seq, l.leaf, e.seq, e.id, e.at, e.actor, e.desk, e.act, e.subjects,\n\
                             e.outcome, e.details, e.salt, e.hash FROM office.audit_leaf l\n\
                             LEFT JOIN office.audit_event e ON e.seq = l.seq WHERE l.place > $1 ORDER BY l.place LIMIT $2",
                            &[&after, &PAGE],
                        )
                        .await?;
                    rows.iter().map(placed).collect::<Result<Vec<_>, _>>()
                })
                .await?;
            let Some(last) = page.last() else { break };
            after = i64::try_from(last.place).map_err(|_| OfficeError::Unreadable(TABLE))?;
            for placed in page {
                take(Line::Placed(placed))?;
            }
        }
        let mut after = i64::MIN;
        loop {
            let page = self
                .read("read_unplaced", |tx| async move {
                    let now = self.now(&tx).await?;
                    let rows = tx
                        .query(
                            "-- read_unplaced\n\
                             SELECT seq, id, at, actor, desk, act, subjects, outcome, details, salt, hash\n\
                             FROM office.audit_event e WHERE seq > $1\n\
                             AND NOT EXISTS (SELECT FROM office.audit_leaf l WHERE l.seq = e.seq) ORDER BY seq LIMIT $2",
                            &[&after, &PAGE],
                        )
                        .await?;
                    rows.iter().map(|row| unplaced(row, now)).collect::<Result<Vec<_>, _>>()
                })
                .await?;
            let Some(Line::Unplaced { seq, .. }) = page.last() else {
                break;
            };
            after = *seq;
            for line in page {
                take(line)?;
            }
        }
        Ok(())
    }
}

fn placed(row: &Row) -> Result<Placed, OfficeError> {
    let event = match row.get::<_, Option<i64>>("seq") {
        Some(_) => Some(written(row)?),
        None => None,
    };
    Ok(Placed {
        place: u64::try_from(row.get::<_, i64>("place")).map_err(|_| OfficeError::Unreadable(TABLE))?,
        seq: row.get("placed_seq"),
        leaf: hash_of(row.get("leaf"))?,
        event,
    })
}

fn unplaced(row: &Row, now: OffsetDateTime) -> Result<Line, OfficeError> {
    let written = written(row)?;
    Ok(Line::Unplaced {
        seq: row.get("seq"),
        late: written.event.at + LATE < now,
        written,
    })
}

fn written(row: &Row) -> Result<Written, OfficeError> {
    let unreadable = || OfficeError::Unreadable("office.audit_event");
    let event: AuditEvent = Recorded::read(row).ok_or_else(unreadable)?.event;
    let salt: &[u8] = row.get("salt");
    Ok(Written {
        event,
        salt: salt.try_into().map_err(|_| unreadable())?,
        hash: hash_of(row.get("hash"))?,
    })
}
