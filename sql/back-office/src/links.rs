//! Linking records to pseudonyms: a list goes to the office that has the roster, and comes back with sealed names.

use time::Date;
use uuid::Uuid;

use crate::{BackOfficeError, BackOfficeRecords, Identity};

const SUBJECT: &str = "records.subject";

/// One line of a list for linking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// A random number, another one in each list.
    pub row: Uuid,
    pub identity: Identity,
}

/// How a list ended for one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// The roster has nobody like that.
    Nobody,
    /// The roster has several.
    Several,
}

/// How a list ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinkReport {
    pub linked: u64,
    /// Linked already, as before.
    pub same: u64,
    /// Somebody to whom another line is linked: a person looks at it.
    pub taken: u64,
    pub nobody: u64,
    pub several: u64,
    /// Lines that stand in no list.
    pub unknown: u64,
}

impl BackOfficeRecords {
    /// A new list of everybody who is not linked yet.
    ///
    /// # Errors
    /// [`BackOfficeError`]
    pub async fn begin_linking(&self) -> Result<Vec<LinkRow>, BackOfficeError> {
        self.store
            .run("begin_linking", |tx| async move {
                let rows = tx
                    .query(
                        "-- begin_linking\nSELECT id, identity FROM records.subject WHERE person_index IS NULL",
                        &[],
                    )
                    .await?;
                let mut list = Vec::with_capacity(rows.len());
                let (mut ids, mut numbers) = (Vec::new(), Vec::new());
                for row in &rows {
                    let id: Uuid = row.get(0);
                    let number = self.fresh();
                    ids.push(id);
                    numbers.push(number);
                    list.push(LinkRow {
                        row: number,
                        identity: self.open(SUBJECT, id, "identity", row.get(1))?,
                    });
                }
                tx.execute(
                    "-- begin_linking\n\
                     UPDATE records.subject s SET link_row = new.number, link_result = NULL\n\
                     FROM unnest($1::uuid[], $2::uuid[]) AS new (id, number) WHERE s.id = new.id",
                    &[&ids, &numbers],
                )
                .await?;
                // By the random numbers: the order says nothing of when or how they came here.
                list.sort_by_key(|line| line.row);
                Ok::<_, BackOfficeError>(list)
            })
            .await
    }

    /// Takes a list back: each line with a pseudonym or with the reason why there is none.
    ///
    /// # Errors
    /// [`BackOfficeError`]
    pub async fn end_linking(
        &self,
        lines: &[(Uuid, Result<String, LinkState>)],
        today: Date,
    ) -> Result<LinkReport, BackOfficeError> {
        let lines: Vec<_> = lines
            .iter()
            .map(|(row, name)| {
                (
                    *row,
                    name.as_ref().map(|name| self.person(name)).map_err(|state| *state),
                )
            })
            .collect();
        let lines = &lines;
        self.store
            .run_as(
                "end_linking",
                store::Isolation::RepeatableRead,
                std::time::Duration::from_secs(120),
                |tx| async move {
                    let mut report = LinkReport::default();
                    for (row, name) in lines {
                        let found = tx
                            .query_opt(
                                "-- end_linking\nSELECT id, person_index FROM records.subject WHERE link_row = $1",
                                &[row],
                            )
                            .await?;
                        let Some(found) = found else {
                            report.unknown += 1;
                            continue;
                        };
                        let id: Uuid = found.get(0);
                        let (person, result) = match name {
                            Err(LinkState::Nobody) => (None, "nobody"),
                            Err(LinkState::Several) => (None, "several"),
                            Ok(person) => {
                                let other = tx
                                    .query_opt(
                                        "-- end_linking\nSELECT id FROM records.subject WHERE person_index = $1",
                                        &[person],
                                    )
                                    .await?;
                                match other.map(|row| row.get::<_, Uuid>(0)) {
                                    Some(other) if other == id => {
                                        report.same += 1;
                                        continue;
                                    }
                                    Some(_) => (None, "taken"),
                                    None => (Some(person), "linked"),
                                }
                            }
                        };
                        match result {
                            "linked" => report.linked += 1,
                            "taken" => report.taken += 1,
                            "nobody" => report.nobody += 1,
                            _ => report.several += 1,
                        }
                        let on = person.map(|_| today);
                        tx.execute(
                            "-- end_linking\n\
                             UPDATE records.subject SET person_index = $2, linked_on = $3, link_row = NULL, link_result = $4\n\
                             WHERE id = $1",
                            &[&id, &person, &on, &result],
                        )
                        .await?;
                    }
                    Ok::<_, BackOfficeError>(report)
                },
            )
            .await
    }

    /// Who waits for a link, and why: the queue that a person works through.
    ///
    /// # Errors
    /// [`BackOfficeError`]
    pub async fn unlinked(&self) -> Result<Vec<(Identity, Option<String>)>, BackOfficeError> {
        self.read("unlinked", |tx| async move {
            let rows = tx
                .query(
                    "-- unlinked\nSELECT id, identity, link_result FROM records.subject WHERE person_index IS NULL",
                    &[],
                )
                .await?;
            rows.iter()
                .map(|row| Ok((self.open(SUBJECT, row.get(0), "identity", row.get(1))?, row.get(2))))
                .collect()
        })
        .await
    }
}
