//! Linking records to pseudonyms: a list goes to the office that has the roster, and comes back with sealed names. A link that
//! was wrong is taken back here or by that office, and is not made again by a list until somebody allows it.

use std::collections::{HashMap, HashSet};

use time::OffsetDateTime;
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

/// How a list ended for one line; names are pseudonyms here.
#[derive(Clone, PartialEq, Eq)]
pub enum LinkAnswer {
    Found(String),
    /// The roster has nobody like that.
    Nobody,
    /// The roster has several: these.
    Several(Vec<String>),
    /// Another line of the list was the same resident.
    Doubled(String),
}

/// A whole list as it comes back.
#[derive(Clone, Default)]
pub struct LinkAnswers {
    pub lines: Vec<(Uuid, LinkAnswer)>,
    /// Whose links the roster's office takes back: nobody's records here are theirs.
    pub withdrawn: Vec<String>,
}

/// How a list ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinkReport {
    pub linked: u64,
    /// Linked already, as before.
    pub same: u64,
    /// Somebody to whom another number is linked: a person looks at it.
    pub taken: u64,
    /// Lines of which another was the same resident: a person looks at both.
    pub doubled: u64,
    pub nobody: u64,
    pub several: u64,
    /// Links taken back; and lines whose link was taken back before, which stay in the queue.
    pub withdrawn: u64,
    /// Lines that stand in no list.
    pub unknown: u64,
}

impl LinkReport {
    fn count(&mut self, result: &str) {
        match result {
            "linked" => self.linked += 1,
            "taken" => self.taken += 1,
            "doubled" => self.doubled += 1,
            "nobody" => self.nobody += 1,
            "several" => self.several += 1,
            _ => self.withdrawn += 1,
        }
    }
}

/// Who changes a link, and why.
#[derive(Debug, Clone, Copy)]
pub struct Because<'a> {
    pub by: &'a str,
    pub words: &'a str,
}

/// A subject while a list is taken back.
struct Known {
    owner: Vec<u8>,
    person: Option<Vec<u8>>,
    row: Option<Uuid>,
}

impl BackOfficeRecords {
    /// A new list of everybody who is not linked yet. How the last list ended for them stays until the new one is back.
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
                     UPDATE records.subject s SET link_row = new.number\n\
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

    /// Takes a list back. Nobody gets two numbers' records: two lines that are one resident both stay in the queue.
    ///
    /// # Errors
    /// [`BackOfficeError`]; then nothing of it counts.
    pub async fn end_linking(
        &self,
        answers: &LinkAnswers,
        by: &str,
        now: OffsetDateTime,
    ) -> Result<LinkReport, BackOfficeError> {
        let index = |name: &String| self.person(name);
        let lines: Vec<(Uuid, &LinkAnswer, Vec<Vec<u8>>)> = answers
            .lines
            .iter()
            .map(|(row, answer)| {
                let persons = match answer {
                    LinkAnswer::Found(name) | LinkAnswer::Doubled(name) => vec![index(name)],
                    LinkAnswer::Several(names) => names.iter().map(index).collect(),
                    LinkAnswer::Nobody => Vec::new(),
                };
                (*row, answer, persons)
            })
            .collect();
        let withdrawn: Vec<Vec<u8>> = answers.withdrawn.iter().map(index).collect();
        let (lines, withdrawn) = (&lines, &withdrawn);
        let today = now.to_offset(time::macros::offset!(+9)).date();
        self.store
            .run_as(
                "end_linking",
                store::Isolation::RepeatableRead,
                std::time::Duration::from_secs(120),
                |tx| async move {
                    // One list at a time: the lock comes before the view of the data.
                    tx.execute(
                        "-- end_linking\nLOCK TABLE records.candidate IN SHARE ROW EXCLUSIVE MODE",
                        &[],
                    )
                    .await?;
                    let mut report = LinkReport::default();
                    let why = Because {
                        by,
                        words: "市が取り消した / taken back by the roster's office",
                    };
                    for person in withdrawn {
                        report.withdrawn += unlink(&tx, "person_index", person, why, now).await?;
                    }
                    let rows = tx
                        .query(
                            "-- end_linking\nSELECT id, owner_index, person_index, link_row FROM records.subject",
                            &[],
                        )
                        .await?;
                    let subjects: HashMap<Uuid, Known> = rows
                        .iter()
                        .map(|row| {
                            let known = Known {
                                owner: row.get(1),
                                person: row.get(2),
                                row: row.get(3),
                            };
                            (row.get(0), known)
                        })
                        .collect();
                    let of_row: HashMap<Uuid, Uuid> = subjects
                        .iter()
                        .filter_map(|(id, known)| Some((known.row?, *id)))
                        .collect();
                    let mut numbers: HashMap<&[u8], &[u8]> = subjects
                        .values()
                        .filter_map(|known| Some((known.person.as_deref()?, known.owner.as_slice())))
                        .collect();
                    let taken_back: HashSet<(Uuid, Vec<u8>)> = taken_back(&tx).await?;
                    let mut lines_of: HashMap<&[u8], u32> = HashMap::new();
                    for (_, answer, persons) in lines {
                        if matches!(answer, LinkAnswer::Found(_)) {
                            *lines_of.entry(persons[0].as_slice()).or_default() += 1;
                        }
                    }
                    let (mut ids, mut linked_to, mut results) = (Vec::new(), Vec::new(), Vec::new());
                    let (mut whose, mut candidates) = (Vec::new(), Vec::new());
                    for (row, answer, persons) in lines {
                        let Some((id, known)) = of_row.get(row).and_then(|id| Some((*id, subjects.get(id)?))) else {
                            report.unknown += 1;
                            continue;
                        };
                        let result = match answer {
                            LinkAnswer::Nobody => "nobody",
                            LinkAnswer::Several(_) => "several",
                            LinkAnswer::Doubled(_) => "doubled",
                            LinkAnswer::Found(_) => {
                                let person = persons[0].as_slice();
                                if known.person.as_deref() == Some(person) {
                                    report.same += 1;
                                    continue;
                                }
                                match numbers.get(person) {
                                    _ if taken_back.contains(&(id, persons[0].clone())) => "withdrawn",
                                    _ if lines_of.get(person).is_some_and(|lines| *lines > 1) => "doubled",
                                    Some(number) if *number != known.owner.as_slice() => "taken",
                                    _ => "linked",
                                }
                            }
                        };
                        report.count(result);
                        let person = (result == "linked").then(|| persons[0].clone());
                        if person.is_some() {
                            numbers.insert(persons[0].as_slice(), known.owner.as_slice());
                        } else if result != "withdrawn" {
                            for person in persons {
                                whose.push(id);
                                candidates.push(person.clone());
                            }
                        }
                        ids.push(id);
                        linked_to.push(person);
                        results.push(result);
                    }
                    tx.execute(
                        "-- end_linking\n\
                         UPDATE records.subject s SET person_index = new.person, link_row = NULL, link_result = new.result,\n\
                         linked_on = CASE WHEN new.person IS NOT NULL THEN $4::date END\n\
                         FROM unnest($1::uuid[], $2::bytea[], $3::text[]) AS new (id, person, result) WHERE s.id = new.id",
                        &[&ids, &linked_to, &results, &today],
                    )
                    .await?;
                    tx.execute(
                        "-- end_linking\nDELETE FROM records.candidate WHERE subject = ANY ($1)",
                        &[&ids],
                    )
                    .await?;
                    tx.execute(
                        "-- end_linking\nINSERT INTO records.candidate (subject, person_index)\n\
                         SELECT * FROM unnest($1::uuid[], $2::bytea[]) ON CONFLICT DO NOTHING",
                        &[&whose, &candidates],
                    )
                    .await?;
                    tx.execute(
                        "-- end_linking\nINSERT INTO records.link_act (subject, person_index, act, at, by_whom)\n\
                         SELECT new.id, new.person, 'linked', $3, $4 FROM unnest($1::uuid[], $2::bytea[]) AS new (id, person)\n\
                         WHERE new.person IS NOT NULL ORDER BY new.id",
                        &[&ids, &linked_to, &now, &by],
                    )
                    .await?;
                    Ok::<_, BackOfficeError>(report)
                },
            )
            .await
    }

    /// Takes back the link of the owner's number `owner`, which was wrong. It is not made again by a list until
    /// [`Self::allow_link`].
    ///
    /// # Errors
    /// [`BackOfficeError::NotFound`] when the number stands for nobody who is linked.
    pub async fn withdraw_link(
        &self,
        owner: &str,
        because: Because<'_>,
        now: OffsetDateTime,
    ) -> Result<u64, BackOfficeError> {
        let owner = &self.owner_index(owner);
        self.store
            .run("withdraw_link", |tx| async move {
                match unlink(&tx, "owner_index", owner, because, now).await? {
                    0 => Err(BackOfficeError::NotFound("linked person of that number")),
                    links => Ok(links),
                }
            })
            .await
    }

    /// Lets lists link the owner's number `owner` again to whom its link was taken back from.
    ///
    /// # Errors
    /// [`BackOfficeError::NotFound`] when no link of the number was taken back.
    pub async fn allow_link(
        &self,
        owner: &str,
        because: Because<'_>,
        now: OffsetDateTime,
    ) -> Result<u64, BackOfficeError> {
        let owner = &self.owner_index(owner);
        self.store
            .run("allow_link", |tx| async move {
                let allowed = tx
                    .execute(
                        "-- allow_link\n\
                         INSERT INTO records.link_act (subject, person_index, act, at, by_whom, because)\n\
                         SELECT last.subject, last.person_index, 'allowed', $2, $3, $4 FROM (\n\
                         SELECT DISTINCT ON (a.subject, a.person_index) a.subject, a.person_index, a.act\n\
                         FROM records.link_act a JOIN records.subject s ON s.id = a.subject\n\
                         WHERE s.owner_index = $1 ORDER BY a.subject, a.person_index, a.number DESC) last\n\
                         WHERE last.act = 'withdrawn'",
                        &[owner, &now, &because.by, &because.words],
                    )
                    .await?;
                match allowed {
                    0 => Err(BackOfficeError::NotFound("link of that number that was taken back")),
                    links => Ok(links),
                }
            })
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

/// Unlinks and records every link whose `column` of the subject is `index`.
async fn unlink(
    tx: &store::Tx,
    column: &str,
    index: &[u8],
    because: Because<'_>,
    now: OffsetDateTime,
) -> Result<u64, BackOfficeError> {
    let recorded = tx
        .execute(
            &format!(
                "-- unlink\nINSERT INTO records.link_act (subject, person_index, act, at, by_whom, because)\n\
                 SELECT id, person_index, 'withdrawn', $2, $3, $4 FROM records.subject\n\
                 WHERE {column} = $1 AND person_index IS NOT NULL"
            ),
            &[&index, &now, &because.by, &because.words],
        )
        .await?;
    tx.execute(
        &format!(
            "-- unlink\nUPDATE records.subject SET person_index = NULL, linked_on = NULL, link_result = 'withdrawn'\n\
             WHERE {column} = $1 AND person_index IS NOT NULL"
        ),
        &[&index],
    )
    .await?;
    Ok(recorded)
}

/// Subjects, each with a person whose link to it was taken back and not allowed again.
async fn taken_back(tx: &store::Tx) -> Result<HashSet<(Uuid, Vec<u8>)>, BackOfficeError> {
    let rows = tx
        .query(
            "-- taken_back\nSELECT subject, person_index FROM (\n\
             SELECT DISTINCT ON (subject, person_index) subject, person_index, act FROM records.link_act\n\
             ORDER BY subject, person_index, number DESC) last WHERE act = 'withdrawn'",
            &[],
        )
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
