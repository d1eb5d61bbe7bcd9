//! Taking records over from their owner, whole each time: difference, brake and undo; and reading one person's.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{BackOfficeError, BackOfficeRecords};

const SUBJECT: &str = "records.subject";
const ENTRY: &str = "records.entry";
/// As many persons as a difference names.
const NAMED: usize = 20;

/// Who a record is about, as its owner knows them: what a link is found by. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// What a load would change, by persons. Those who are named are named by the owner's numbers, the first twenty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// The load that counts now.
    pub last: Option<Load>,
    /// Whether that load was of the very same file.
    pub same_file: bool,
    pub before: usize,
    pub added: usize,
    pub gone: usize,
    pub stayed: usize,
    /// Numbers under which another name or birthday stands here: another person, or one whose name changed.
    pub changed: usize,
    pub gone_named: Vec<String>,
    pub changed_named: Vec<String>,
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
    /// Whether somebody stands in the load without a link who may be this person.
    pub may_be_unlinked: bool,
    /// Each record's items.
    pub records: Vec<Vec<(String, String)>>,
}

impl BackOfficeRecords {
    pub(crate) fn owner_index(&self, owner: &str) -> Vec<u8> {
        self.sealer.blind_index("owner", owner.as_bytes()).to_vec()
    }

    /// By number, name and birthday together: two people never become one subject because a number was given twice.
    fn identity_index(&self, who: &Identity) -> Vec<u8> {
        let kana = who.kana.split_whitespace().collect::<Vec<_>>().join(" ");
        let whole = format!("{}\0{kana}\0{}", who.owner, who.born);
        self.sealer.blind_index("identity", whole.as_bytes()).to_vec()
    }

    /// What taking `load` over would change.
    ///
    /// # Errors
    /// [`BackOfficeError`]
    pub async fn difference(&self, load: &NewLoad<'_>) -> Result<Difference, BackOfficeError> {
        let coming: BTreeSet<&Identity> = load.records.iter().map(|record| &record.identity).collect();
        let coming: Vec<_> = coming
            .into_iter()
            .map(|who| (self.owner_index(&who.owner), self.identity_index(who), who))
            .collect();
        let coming = &coming;
        self.read("difference", |tx| async move {
            let last = tx
                .query_opt(
                    "-- difference\nSELECT id, as_of, rows, sha256 FROM records.load\n\
                     WHERE kind = $1 AND undone_at IS NULL ORDER BY id DESC LIMIT 1",
                    &[&load.kind],
                )
                .await?;
            let same_file = last
                .as_ref()
                .is_some_and(|row| row.get::<_, &[u8]>(3) == load.sha256.as_slice());
            let last = last.as_ref().map(load_of);
            let rows = tx
                .query(
                    "-- difference\n\
                     SELECT s.id, s.owner_index, s.identity_index, s.identity,\n\
                     EXISTS (SELECT FROM records.entry e WHERE e.subject = s.id AND e.load = $1) FROM records.subject s",
                    &[&last.as_ref().map_or(0, |last| last.id)],
                )
                .await?;
            let numbers: HashSet<&[u8]> = coming.iter().map(|(owner, ..)| owner.as_slice()).collect();
            let (mut before, mut known, mut identities) = (HashSet::new(), HashSet::new(), HashSet::new());
            let (mut gone, mut gone_named) = (HashSet::new(), Vec::new());
            for row in &rows {
                let (id, owner, stands): (Uuid, &[u8], bool) = (row.get(0), row.get(1), row.get(4));
                known.insert(owner);
                identities.insert(row.get::<_, &[u8]>(2));
                if stands {
                    before.insert(owner);
                }
                if stands && !numbers.contains(owner) && gone.insert(owner) && gone_named.len() < NAMED {
                    let who: Identity = self.open(SUBJECT, id, "identity", row.get(3))?;
                    gone_named.push(who.owner);
                }
            }
            let changed: Vec<_> = coming
                .iter()
                .filter(|(owner, identity, _)| {
                    known.contains(owner.as_slice()) && !identities.contains(identity.as_slice())
                })
                .map(|(.., who)| who.owner.clone())
                .collect();
            Ok(Difference {
                same_file,
                last,
                before: before.len(),
                added: numbers.difference(&before).count(),
                gone: gone.len(),
                stayed: numbers.intersection(&before).count(),
                changed: changed.len(),
                gone_named,
                changed_named: changed.into_iter().take(NAMED).collect(),
            })
        })
        .await
    }

    /// Takes `load` over: from now on it is what is answered. Its number. Whoever stands under a known number with another
    /// name or birthday is a subject of their own, not linked yet: nothing of one person ever comes to another's pseudonym.
    ///
    /// # Errors
    /// [`BackOfficeError::Overtaken`] when another load than `last` counts by now, as when two are taken over at once; then, as
    /// after any error, nothing of it is kept.
    pub async fn take_over(
        &self,
        load: &NewLoad<'_>,
        last: Option<i64>,
        now: OffsetDateTime,
    ) -> Result<i64, BackOfficeError> {
        let rows = i32::try_from(load.records.len()).map_err(|_| BackOfficeError::Unreadable("the rows"))?;
        // Sealed before the transaction: it may be tried again, and each try must write the same.
        let mut people: BTreeMap<&Identity, (Vec<u8>, Uuid)> = BTreeMap::new();
        for record in load.records {
            let who = &record.identity;
            people
                .entry(who)
                .or_insert_with(|| (self.identity_index(who), self.fresh()));
        }
        let people = &people;
        self.store
            .run_as(
                "take_over",
                store::Isolation::RepeatableRead,
                std::time::Duration::from_secs(600),
                |tx| async move {
                    // One at a time: the lock comes before the view of the data.
                    tx.execute(
                        "-- take_over\nLOCK TABLE records.entry IN SHARE ROW EXCLUSIVE MODE",
                        &[],
                    )
                    .await?;
                    let counts: Option<i64> = tx
                        .query_one(
                            "-- take_over\nSELECT max(id) FROM records.load WHERE kind = $1 AND undone_at IS NULL",
                            &[&load.kind],
                        )
                        .await?
                        .get(0);
                    if counts != last {
                        return Err(BackOfficeError::Overtaken);
                    }
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
                        .query("-- take_over\nSELECT identity_index, id FROM records.subject", &[])
                        .await?;
                    let mut subjects: HashMap<Vec<u8>, Uuid> =
                        known.iter().map(|row| (row.get(0), row.get(1))).collect();
                    let (mut ids, mut owners, mut indexes, mut identities) =
                        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
                    for (who, (index, fresh)) in people {
                        if !subjects.contains_key(index) {
                            subjects.insert(index.clone(), *fresh);
                            ids.push(*fresh);
                            owners.push(self.owner_index(&who.owner));
                            indexes.push(index.clone());
                            let plain = serde_json::to_vec(who).unwrap_or_default();
                            identities.push(self.seal(SUBJECT, *fresh, "identity", &plain));
                        }
                    }
                    tx.execute(
                        "-- take_over\n\
                         INSERT INTO records.subject (id, owner_index, identity_index, identity)\n\
                         SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[])",
                        &[&ids, &owners, &indexes, &identities],
                    )
                    .await?;
                    for part in load.records.chunks(5_000) {
                        let (mut ids, mut whose, mut contents) = (Vec::new(), Vec::new(), Vec::new());
                        for record in part {
                            let (index, _) = &people[&record.identity];
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
                Ok(load_of(before))
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
            let load = load.as_ref().map(load_of);
            let subjects = tx
                .query("-- of_person\nSELECT id FROM records.subject WHERE person_index = $1", &[person])
                .await?;
            let subjects: Vec<Uuid> = subjects.iter().map(|row| row.get(0)).collect();
            let (mut records, mut may_be_unlinked) = (Vec::new(), false);
            if let Some(load) = &load {
                let rows = tx
                    .query(
                        "-- of_person\nSELECT id, content FROM records.entry WHERE subject = ANY ($1) AND load = $2\n\
                         ORDER BY id",
                        &[&subjects, &load.id],
                    )
                    .await?;
                for row in &rows {
                    records.push(self.open(ENTRY, row.get(0), "content", row.get(1))?);
                }
                if records.is_empty() {
                    may_be_unlinked = tx.query_one(MAY_BE, &[&load.id, person]).await?.get(0);
                }
            }
            Ok(OfPerson {
                load,
                may_be_unlinked,
                records,
            })
        })
        .await
    }
}

/// Whether somebody who stands in load $1 and is not linked may be the person $2: whoever was in no list yet; who was found to
/// be one of several, this person among them; who has the number under which this person stood. Whom the roster's office
/// looked for and did not find among its residents is nobody who could ask with a card.
const MAY_BE: &str = "-- of_person\n\
     SELECT EXISTS (SELECT FROM records.subject s WHERE s.person_index IS NULL AND s.link_result IS NULL\n\
     AND EXISTS (SELECT FROM records.entry e WHERE e.subject = s.id AND e.load = $1))\n\
     OR EXISTS (SELECT FROM records.candidate c JOIN records.subject s ON s.id = c.subject\n\
     WHERE c.person_index = $2 AND s.person_index IS NULL\n\
     AND EXISTS (SELECT FROM records.entry e WHERE e.subject = s.id AND e.load = $1))\n\
     OR EXISTS (SELECT FROM records.subject p JOIN records.subject s ON s.owner_index = p.owner_index\n\
     WHERE p.person_index = $2 AND s.person_index IS NULL\n\
     AND EXISTS (SELECT FROM records.entry e WHERE e.subject = s.id AND e.load = $1))";

fn load_of(row: &store::Row) -> Load {
    Load {
        id: row.get("id"),
        as_of: row.get("as_of"),
        rows: row.get("rows"),
    }
}

impl BackOfficeRecords {
    /// The rows of `view`, a view or table in this database that the records' owner lets this provider read: the names of its
    /// columns, and each row's values as text.
    ///
    /// # Errors
    /// [`BackOfficeError::NotFound`] for a name that is none; else as the database says.
    pub async fn view(&self, view: &str) -> Result<(Vec<String>, Vec<Vec<String>>), BackOfficeError> {
        let plain = |part: &str| {
            let mut letters = part.bytes();
            letters
                .next()
                .is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
                && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_')
        };
        let (schema, name) = view
            .split_once('.')
            .ok_or(BackOfficeError::NotFound("view (schema.name)"))?;
        if !plain(schema) || !plain(name) {
            return Err(BackOfficeError::NotFound("view (schema.name)"));
        }
        let columns = self
            .read("view_columns", |tx| async move {
                let rows = tx
                    .query(
                        "-- view_columns\nSELECT a.attname::text FROM pg_attribute a\n\
                         WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
                        &[&view],
                    )
                    .await?;
                Ok(rows.iter().map(|row| row.get(0)).collect::<Vec<String>>())
            })
            .await?;
        if columns.is_empty() {
            return Err(BackOfficeError::NotFound("view"));
        }
        let listed: Vec<_> = columns
            .iter()
            .map(|name| format!("coalesce(v.\"{}\"::text, '')", name.replace('"', "\"\"")))
            .collect();
        let sql = &format!("-- view\nSELECT ARRAY[{}] FROM {schema}.{name} v", listed.join(", "));
        let rows = self
            .store
            .run_as(
                "view",
                store::Isolation::RepeatableRead,
                std::time::Duration::from_secs(600),
                |tx| async move {
                    let rows = tx.query(sql, &[]).await?;
                    Ok::<_, BackOfficeError>(rows.iter().map(|row| row.get(0)).collect())
                },
            )
            .await?;
        Ok((columns, rows))
    }
}
