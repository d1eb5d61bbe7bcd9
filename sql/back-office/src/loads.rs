//! Taking records over from their owner, whole each time: difference, brake and undo; and reading one person's.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{BackOfficeError, BackOfficeRecords};

const SUBJECT: &str = "records.subject";
const ENTRY: &str = "records.entry";

/// Who a record is about, as its owner knows them: what a link is found by. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The owner's own number of the person.
    pub owner: String,
    pub kana: String,
    /// `YYYY-MM-DD`.
    pub born: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// One record to be taken over.
#[derive(Clone)]
pub struct NewRecord {
    pub identity: Identity,
    /// Items by name, in the schema's order.
    pub items: Vec<(String, String)>,
}

/// What is taken over.
pub struct NewLoad<'a> {
    pub kind: &'a str,
    pub as_of: OffsetDateTime,
    pub by: &'a str,
    pub sha256: [u8; 32],
    pub records: &'a [NewRecord],
}

/// What a load would change, by persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Difference {
    pub before: usize,
    pub added: usize,
    pub gone: usize,
    pub stayed: usize,
}

/// A load that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    pub id: i64,
    pub as_of: OffsetDateTime,
    pub rows: i32,
}

/// What is known of one person.
#[derive(Debug)]
pub struct OfPerson {
    /// The load that counts; none before the first.
    pub load: Option<Load>,
    /// Whether the person is linked to anybody here.
    pub linked: bool,
    /// Whether there are people here whom no pseudonym is linked to yet.
    pub unlinked: bool,
    /// Each record's items.
    pub records: Vec<Vec<(String, String)>>,
}

impl BackOfficeRecords {
    fn owner_index(&self, owner: &str) -> Vec<u8> {
        self.sealer.blind_index("owner", owner.as_bytes()).to_vec()
    }

    /// What taking `load` over would change.
    ///
    /// # Errors
    /// [`BackOfficeError`]
    pub async fn difference(&self, load: &NewLoad<'_>) -> Result<Difference, BackOfficeError> {
        let coming: BTreeSet<Vec<u8>> = load
            .records
            .iter()
            .map(|record| self.owner_index(&record.identity.owner))
            .collect();
        let coming = &coming;
        self.read("difference", |tx| async move {
            let rows = tx
                .query(
                    "-- difference\n\
                     SELECT DISTINCT s.owner_index FROM records.entry e JOIN records.subject s ON s.id = e.subject\n\
                     WHERE e.load = (SELECT max(id) FROM records.load WHERE kind = $1 AND undone_at IS NULL)",
                    &[&load.kind],
                )
                .await?;
            let before: BTreeSet<Vec<u8>> = rows.iter().map(|row| row.get(0)).collect();
            Ok(Difference {
                before: before.len(),
                added: coming.difference(&before).count(),
                gone: before.difference(coming).count(),
                stayed: coming.intersection(&before).count(),
            })
        })
        .await
    }

    /// Takes `load` over: from now on it is what is answered. Its number.
    ///
    /// # Errors
    /// [`BackOfficeError`]; then nothing of it is kept.
    pub async fn take_over(&self, load: &NewLoad<'_>, now: OffsetDateTime) -> Result<i64, BackOfficeError> {
        let rows = i32::try_from(load.records.len()).map_err(|_| BackOfficeError::Unreadable("the rows"))?;
        // Sealed before the transaction: it may be tried again, and each try must write the same.
        let mut people: BTreeMap<&str, (Vec<u8>, Uuid, &Identity)> = BTreeMap::new();
        for record in load.records {
            let owner = record.identity.owner.as_str();
            people
                .entry(owner)
                .or_insert_with(|| (self.owner_index(owner), self.fresh(), &record.identity));
        }
        let people = &people;
        self.store
            .run_as(
                "take_over",
                store::Isolation::RepeatableRead,
                std::time::Duration::from_secs(600),
                |tx| async move {
                    let id: i64 = tx
                        .query_one(
                            "-- take_over\n\
                             INSERT INTO records.load (kind, as_of, loaded_at, loaded_by, rows, sha256)\n\
                             VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
                            &[&load.kind, &load.as_of, &now, &load.by, &rows, &load.sha256.as_slice()],
                        )
                        .await?
                        .get(0);
                    let known = tx
                        .query("-- take_over\nSELECT owner_index, id FROM records.subject", &[])
                        .await?;
                    let mut subjects: BTreeMap<Vec<u8>, Uuid> =
                        known.iter().map(|row| (row.get(0), row.get(1))).collect();
                    let (mut ids, mut indexes, mut identities) = (Vec::new(), Vec::new(), Vec::new());
                    for (index, fresh, identity) in people.values() {
                        if !subjects.contains_key(index) {
                            subjects.insert(index.clone(), *fresh);
                            ids.push(*fresh);
                            indexes.push(index.clone());
                            let plain = serde_json::to_vec(identity).unwrap_or_default();
                            identities.push(self.seal(SUBJECT, *fresh, "identity", &plain));
                        }
                    }
                    tx.execute(
                        "-- take_over\n\
                         INSERT INTO records.subject (id, owner_index, identity)\n\
                         SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bytea[])",
                        &[&ids, &indexes, &identities],
                    )
                    .await?;
                    for part in load.records.chunks(5_000) {
                        let (mut ids, mut whose, mut contents) = (Vec::new(), Vec::new(), Vec::new());
                        for record in part {
                            let (index, ..) = &people[record.identity.owner.as_str()];
                            let row = self.fresh();
                            let plain = serde_json::to_vec(&record.items).unwrap_or_default();
                            ids.push(row);
                            whose.push(subjects[index]);
                            contents.push(self.seal(ENTRY, row, "content", &plain));
                        }
                        tx.execute(
                            "-- take_over\n\
                             INSERT INTO records.entry (id, load, subject, content)\n\
                             SELECT id, $1, subject, content FROM unnest($2::uuid[], $3::uuid[], $4::bytea[]) AS new (id, subject, content)",
                            &[&id, &ids, &whose, &contents],
                        )
                        .await?;
                    }
                    // What can be gone back to: this load and the two before it.
                    tx.execute(
                        "-- take_over\n\
                         DELETE FROM records.entry WHERE load IN (SELECT id FROM records.load WHERE kind = $1\n\
                         ORDER BY id DESC OFFSET 3)",
                        &[&load.kind],
                    )
                    .await?;
                    Ok::<_, BackOfficeError>(id)
                },
            )
            .await
    }

    /// Undoes the load of `kind` that counts: the one before it counts again.
    ///
    /// # Errors
    /// [`BackOfficeError::NotFound`] when there is none before it.
    pub async fn undo(&self, kind: &str, now: OffsetDateTime) -> Result<Load, BackOfficeError> {
        self.store
            .run("undo", |tx| async move {
                let rows = tx
                    .query(
                        "-- undo\n\
                         SELECT id, as_of, rows FROM records.load l WHERE kind = $1 AND undone_at IS NULL\n\
                         AND (rows = 0 OR EXISTS (SELECT FROM records.entry e WHERE e.load = l.id)) ORDER BY id DESC LIMIT 2",
                        &[&kind],
                    )
                    .await?;
                let [last, before] = &rows[..] else {
                    return Err(BackOfficeError::NotFound("load before the last"));
                };
                tx.execute(
                    "-- undo\nUPDATE records.load SET undone_at = $2 WHERE id = $1",
                    &[&last.get::<_, i64>(0), &now],
                )
                .await?;
                Ok(Load {
                    id: before.get(0),
                    as_of: before.get(1),
                    rows: before.get(2),
                })
            })
            .await
    }

    /// What is known of the person called `pseudonym`.
    ///
    /// # Errors
    /// [`BackOfficeError`]
    pub async fn of_person(&self, pseudonym: &str, kind: &str) -> Result<OfPerson, BackOfficeError> {
        let person = &self.person(pseudonym);
        self.read("of_person", |tx| async move {
            let load = tx
                .query_opt(
                    "-- of_person\n\
                     SELECT id, as_of, rows FROM records.load WHERE kind = $1 AND undone_at IS NULL ORDER BY id DESC LIMIT 1",
                    &[&kind],
                )
                .await?;
            let load = load.map(|row| Load {
                id: row.get(0),
                as_of: row.get(1),
                rows: row.get(2),
            });
            let subject = tx
                .query_opt("-- of_person\nSELECT id FROM records.subject WHERE person_index = $1", &[person])
                .await?;
            let subject: Option<Uuid> = subject.map(|row| row.get(0));
            let unlinked = match subject {
                Some(_) => false,
                None => tx
                    .query_one(
                        "-- of_person\nSELECT EXISTS (SELECT FROM records.subject WHERE person_index IS NULL)",
                        &[],
                    )
                    .await?
                    .get(0),
            };
            let mut records = Vec::new();
            if let (Some(load), Some(subject)) = (&load, subject) {
                let rows = tx
                    .query(
                        "-- of_person\nSELECT id, content FROM records.entry WHERE subject = $1 AND load = $2",
                        &[&subject, &load.id],
                    )
                    .await?;
                for row in &rows {
                    records.push(self.open(ENTRY, row.get(0), "content", row.get(1))?);
                }
            }
            Ok(OfPerson {
                load,
                linked: subject.is_some(),
                unlinked,
                records,
            })
        })
        .await
    }
}
