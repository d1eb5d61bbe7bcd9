//! Runs: counted, released by two people, posted, given up; letters that come back.

use std::collections::HashSet;

use futures_util::pin_mut;
use issuance::{
    acts::{
        AuditAct, NoticeLetterReturned, NoticeRunApproved, NoticeRunCounted, NoticeRunPosted, NoticeRunReleased,
        NoticeRunWithdrawn,
    },
    case::ResidentId,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Row, ToSql, Tx, Type};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::NoticeRefusal;
use crate::{
    Act, Office, OfficeError,
    act::{About, Doing},
    roster,
};

/// A run to be recorded as counted.
#[derive(Debug, Clone)]
pub struct NewRun {
    pub kind: String,
    pub version: u32,
    pub language: &'static str,
    pub large: bool,
    pub dated: Date,
    pub import: Option<i64>,
    /// To whom each letter goes and the hash over what it says, in their order.
    pub letters: Vec<(ResidentId, [u8; 32])>,
    pub people: usize,
    /// How many are left out for each reason.
    pub excluded: Vec<(&'static str, usize)>,
    /// Letters that can't be set: the first whom each is about, and why.
    pub unset: Vec<(ResidentId, Unset)>,
    /// Over the letters' hashes.
    pub digest: [u8; 32],
    pub bundle_size: u32,
}

/// A run as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRun {
    pub id: Uuid,
    pub number: i64,
    pub kind: String,
    pub version: i32,
    pub language: String,
    pub large: bool,
    pub dated: Date,
    pub letters: i32,
    pub people: i32,
    pub excluded: serde_json::Value,
    pub digest: [u8; 32],
    pub bundle_size: i32,
    pub counted_at: OffsetDateTime,
    /// Who released it first.
    pub released_by: Option<String>,
    pub approved_by: Option<String>,
    /// Bundles made, and of them printed.
    pub made: i64,
    pub printed: i64,
    /// The first bundle that was sent to a printer and of which nobody knows how it ended.
    pub sent: Option<Sent>,
    /// Letters that came back.
    pub returned: i64,
    pub posted_at: Option<OffsetDateTime>,
    pub withdrawn_at: Option<OffsetDateTime>,
}

impl NoticeRun {
    /// How many bundles it has.
    pub fn bundles(&self) -> i64 {
        let (letters, size) = (i64::from(self.letters), i64::from(self.bundle_size.max(1)));
        (letters + size - 1) / size
    }
}

/// Why a letter can't be set: whose it would be is said by the row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unset {
    /// What does not fit, in the office's words.
    TooLong(String),
    /// A character no font has: where it stands, itself, its code points, and what could be done.
    NoGlyph {
        field: String,
        character: String,
        code_points: String,
        hint: Option<String>,
    },
}

/// A letter that a run leaves out because it can't be set.
#[derive(Clone, PartialEq, Eq)]
pub struct UnsetLetter {
    /// The first whom it is about.
    pub resident: ResidentId,
    pub name: String,
    /// Their 宛名番号.
    pub number: String,
    pub why: Unset,
}

impl std::fmt::Debug for UnsetLetter {
    /// Personal: shows nothing.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UnsetLetter(…)")
    }
}

/// A letter that was posted: what shows whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct PostedLetter {
    pub kind: String,
    pub dated: Date,
    /// To whom it went: a child's guardian.
    pub name: String,
    pub postal_code: String,
    pub returned_at: Option<OffsetDateTime>,
}

impl std::fmt::Debug for PostedLetter {
    /// Personal: shows nothing.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostedLetter(…)")
    }
}

/// A bundle that lies at a printer, as far as the records know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub bundle: i32,
    pub desk: String,
    pub at: OffsetDateTime,
    /// By whom.
    pub by: String,
}

/// A row of the table, locked.
pub(super) struct Locked {
    pub(super) number: i64,
    letters: i32,
    released_by: Option<Uuid>,
    approved_by: Option<Uuid>,
    over: bool,
}

const SELECT: &str = "SELECT r.*, f.name AS first_name, s.name AS second_name,\n\
    (SELECT count(*) FROM office.notice_bundle b WHERE b.run = r.id) AS made,\n\
    (SELECT count(*) FROM office.notice_printing p WHERE p.run = r.id AND p.outcome = 'printed') AS printed,\n\
    (SELECT count(*) FROM office.notice_letter l WHERE l.run = r.id AND l.returned_at IS NOT NULL) AS returned,\n\
    o.bundle AS sent_bundle, o.desk AS sent_desk, o.sent_at, o.sent_by, u.name AS sender_name\n\
    FROM office.notice_run r LEFT JOIN office.staff f ON f.id = r.released_by LEFT JOIN office.staff s ON s.id = r.approved_by\n\
    LEFT JOIN LATERAL (SELECT p.bundle, p.desk, p.sent_at, p.sent_by FROM office.notice_printing p\n\
    WHERE p.run = r.id AND p.ended_at IS NULL ORDER BY p.bundle LIMIT 1) o ON true LEFT JOIN office.staff u ON u.id = o.sent_by";

/// The sealed reason of a letter that can't be set.
const UNSET: &str = "office.notice_unset";

impl Office {
    /// Records a run as counted, with its letters; gives its id.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`]
    pub async fn count_notice_run(&self, act: &Act, run: &NewRun) -> Result<Uuid, OfficeError> {
        let about = About::content(json!([run.kind, run.dated.to_string(), hex::encode(run.digest)]));
        self.act("count_notice_run", NoticeRunCounted::ROW, about, act, |tx, doing| async move {
            let id = self.fresh_uuid();
            let staff = doing.staff()?.uuid();
            let count = |count: usize| i32::try_from(count).map_err(|_| OfficeError::Unreadable("the run's size"));
            let excluded: serde_json::Map<_, _> =
                run.excluded.iter().map(|(why, count)| ((*why).to_owned(), json!(count))).collect();
            let excluded = serde_json::Value::Object(excluded);
            let row = tx
                .query_one(
                    "-- count_notice_run\n\
                     INSERT INTO office.notice_run (id, kind, version, language, large, dated, import, letters, people,\n\
                     excluded, digest, bundle_size, counted_at, counted_by)\n\
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING number",
                    &[
                        &id,
                        &run.kind,
                        &i32::try_from(run.version).unwrap_or(i32::MAX),
                        &run.language,
                        &run.large,
                        &run.dated,
                        &run.import,
                        &count(run.letters.len())?,
                        &count(run.people)?,
                        &excluded,
                        &run.digest.as_slice(),
                        &i32::try_from(run.bundle_size).unwrap_or(i32::MAX),
                        &doing.at,
                        &staff,
                    ],
                )
                .await?;
            let number: i64 = row.get(0);
            let writer = tx
                .copy_in(
                    "COPY office.notice_letter (run, number, resident, content_hash) FROM STDIN BINARY",
                    &[Type::UUID, Type::INT4, Type::UUID, Type::BYTEA],
                )
                .await?;
            pin_mut!(writer);
            for (place, (resident, hash)) in (1i32..).zip(&run.letters) {
                let (resident, hash) = (resident.uuid(), hash.as_slice());
                let values: [&(dyn ToSql + Sync); 4] = [&id, &place, &resident, &hash];
                tx.answered(writer.as_mut().write(&values)).await?;
            }
            tx.answered(writer.as_mut().finish()).await?;
            for (resident, why) in &run.unset {
                // A row's place holds one id: the run's stands in the column's name.
                let why = self.seal_value(UNSET, resident.uuid(), &format!("why.{id}"), why)?;
                tx.execute(
                    "-- notice_unset\nINSERT INTO office.notice_unset (run, resident, why) VALUES ($1, $2, $3)",
                    &[&id, &resident.uuid(), &why],
                )
                .await?;
            }
            let details = NoticeRunCounted {
                number,
                kind: run.kind.clone(),
                letters: run.letters.len(),
                people: run.people,
                excluded: run.excluded.iter().map(|(_, count)| count).sum(),
            };
            self.record(&tx, &doing, json!({}), details).await?;
            Ok(id)
        })
        .await
    }

    /// The newest runs, newest first.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn notice_runs(&self, limit: u32) -> Result<Vec<NoticeRun>, OfficeError> {
        self.read("notice_runs", |tx| async move {
            let sql = format!("-- notice_runs\n{SELECT} ORDER BY r.number DESC LIMIT $1");
            let rows = tx.query(&sql, &[&i64::from(limit)]).await?;
            rows.iter().map(|row| self.shown(row)).collect()
        })
        .await
    }

    /// One run.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`]
    pub async fn notice_run(&self, id: Uuid) -> Result<NoticeRun, OfficeError> {
        self.read("notice_run", |tx| async move {
            let sql = format!("-- notice_run\n{SELECT} WHERE r.id = $1");
            let row = tx.query_opt(&sql, &[&id]).await?.ok_or(OfficeError::NotFound("run"))?;
            self.shown(&row)
        })
        .await
    }

    /// The letters that a run leaves out because they can't be set.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn notice_unset(&self, id: Uuid) -> Result<Vec<UnsetLetter>, OfficeError> {
        self.read("notice_unset", |tx| async move {
            let rows = tx
                .query(
                    "-- notice_unset_of\n\
                     SELECT u.resident, u.why, p.identity, p.residence FROM office.notice_unset u\n\
                     JOIN office.resident p ON p.id = u.resident WHERE u.run = $1 ORDER BY u.resident",
                    &[&id],
                )
                .await?;
            let unset = |row: &Row| -> Result<UnsetLetter, OfficeError> {
                let resident: Uuid = row.get("resident");
                let person = roster::resident(
                    self.open_identity(resident, row.get("identity"))?,
                    self.open_residence(resident, row.get("residence"))?,
                )?;
                Ok(UnsetLetter {
                    resident: ResidentId::from_uuid(resident),
                    name: person.name,
                    number: person.number,
                    why: self.open_value(UNSET, resident, &format!("why.{id}"), row.get("why"))?,
                })
            };
            rows.iter().map(unset).collect()
        })
        .await
    }

    /// The first whom each letter is about that a run leaves out because it can't be set.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn notice_unset_people(&self, id: Uuid) -> Result<HashSet<ResidentId>, OfficeError> {
        self.read("notice_unset_people", |tx| async move {
            let sql = "-- notice_unset_people\nSELECT resident FROM office.notice_unset WHERE run = $1";
            let rows = tx.query(sql, &[&id]).await?;
            Ok(rows.iter().map(|row| ResidentId::from_uuid(row.get(0))).collect())
        })
        .await
    }

    /// Releases a run: by the first person, then by a second who is another. Whether it is released by both.
    ///
    /// # Errors
    /// [`NoticeRefusal::SamePerson`], [`NoticeRefusal::Over`], [`OfficeError::NotAllowed`]
    pub async fn release_notice_run(&self, act: &Act, id: Uuid) -> Result<bool, OfficeError> {
        let about = About::content(json!([id]));
        self.act(
            "release_notice_run",
            NoticeRunReleased::ROW,
            about,
            act,
            |tx, doing| async move {
                let run = locked(&tx, id).await?;
                let staff = doing.staff()?.uuid();
                if run.over {
                    return Err(NoticeRefusal::Over.into());
                }
                match (run.released_by, run.approved_by) {
                    (None, _) => {
                        tx.execute(
                            "-- release_notice_run\n\
                         UPDATE office.notice_run SET released_at = $2, released_by = $3 WHERE id = $1",
                            &[&id, &doing.at, &staff],
                        )
                        .await?;
                        self.record(&tx, &doing, json!({}), NoticeRunReleased { number: run.number })
                            .await?;
                        Ok(false)
                    }
                    (Some(first), None) if first == staff => Err(NoticeRefusal::SamePerson.into()),
                    (Some(_), None) => {
                        tx.execute(
                            "-- approve_notice_run\n\
                         UPDATE office.notice_run SET approved_at = $2, approved_by = $3 WHERE id = $1",
                            &[&id, &doing.at, &staff],
                        )
                        .await?;
                        self.record(&tx, &doing, json!({}), NoticeRunApproved { number: run.number })
                            .await?;
                        Ok(true)
                    }
                    (Some(_), Some(_)) => Ok(true),
                }
            },
        )
        .await
    }

    /// The run was handed to the post office.
    ///
    /// # Errors
    /// [`NoticeRefusal::NotReleased`], [`NoticeRefusal::NotPrinted`], [`NoticeRefusal::Over`], [`OfficeError::NotAllowed`]
    pub async fn post_notice_run(&self, act: &Act, id: Uuid) -> Result<(), OfficeError> {
        let about = About::content(json!([id]));
        let posted = self
            .act(
                "post_notice_run",
                NoticeRunPosted::ROW,
                about,
                act,
                |tx, doing| async move {
                    let run = going(&tx, id).await?;
                    self.ends(&tx, &doing, id, "posted").await?;
                    let details = NoticeRunPosted {
                        number: run.number,
                        letters: run.letters,
                    };
                    self.record(&tx, &doing, json!({}), details).await
                },
            )
            .await;
        match posted {
            Err(OfficeError::Store(error)) if error.is_constraint("notice_run_posted_whole") => {
                Err(NoticeRefusal::NotPrinted.into())
            }
            posted => posted,
        }
    }

    /// Gives a run up that was not posted.
    ///
    /// # Errors
    /// [`NoticeRefusal::Over`], [`NoticeRefusal::Sent`] while a printer has some of it, [`OfficeError::NotAllowed`]
    pub async fn withdraw_notice_run(&self, act: &Act, id: Uuid) -> Result<(), OfficeError> {
        let about = About::content(json!([id]));
        let withdrawn = self
            .act(
                "withdraw_notice_run",
                NoticeRunWithdrawn::ROW,
                about,
                act,
                |tx, doing| async move {
                    let run = locked(&tx, id).await?;
                    if run.over {
                        return Err(NoticeRefusal::Over.into());
                    }
                    self.ends(&tx, &doing, id, "withdrawn").await?;
                    self.record(&tx, &doing, json!({}), NoticeRunWithdrawn { number: run.number })
                        .await
                },
            )
            .await;
        match withdrawn {
            Err(OfficeError::Store(error)) if error.is_constraint("notice_run_lies_at_no_printer") => {
                Err(NoticeRefusal::Sent.into())
            }
            withdrawn => withdrawn,
        }
    }

    async fn ends(&self, tx: &Tx, doing: &Doing, id: Uuid, how: &str) -> Result<(), OfficeError> {
        let sql = format!("-- end_notice_run\nUPDATE office.notice_run SET {how}_at = $2, {how}_by = $3 WHERE id = $1");
        tx.execute(&sql, &[&id, &doing.at, &doing.staff()?.uuid()]).await?;
        Ok(())
    }

    /// The letter of a posted run, for whoever holds what came back in their hand.
    ///
    /// # Errors
    /// [`NoticeRefusal::NoSuchLetter`]
    pub async fn notice_letter(&self, run: i64, letter: i32) -> Result<PostedLetter, OfficeError> {
        self.read("notice_letter", |tx| async move {
            let row = tx
                .query_opt(
                    "-- posted_notice_letter\n\
                     SELECT r.kind, r.dated, l.returned_at, l.resident, p.identity, p.residence\n\
                     FROM office.notice_letter l JOIN office.notice_run r ON r.id = l.run\n\
                     JOIN office.resident p ON p.id = l.resident\n\
                     WHERE r.number = $1 AND l.number = $2 AND r.posted_at IS NOT NULL",
                    &[&run, &letter],
                )
                .await?
                .ok_or(NoticeRefusal::NoSuchLetter)?;
            let resident: Uuid = row.get("resident");
            let person = roster::resident(
                self.open_identity(resident, row.get("identity"))?,
                self.open_residence(resident, row.get("residence"))?,
            )?;
            Ok(PostedLetter {
                kind: row.get("kind"),
                dated: row.get("dated"),
                name: person.name,
                postal_code: person.postal_code,
                returned_at: row.get("returned_at"),
            })
        })
        .await
    }

    /// A letter came back: by the numbers of run and letter that are printed on it. Whether it was not known before.
    ///
    /// # Errors
    /// [`NoticeRefusal::NoSuchLetter`], [`OfficeError::NotAllowed`]
    pub async fn notice_letter_returned(&self, act: &Act, run: i64, letter: i32) -> Result<bool, OfficeError> {
        let about = About::content(json!([run, letter]));
        self.act(
            "notice_letter_returned",
            NoticeLetterReturned::ROW,
            about,
            act,
            |tx, doing| async move {
                let row = tx
                    .query_opt(
                        "-- letter_to_return\n\
                     SELECT l.run, l.returned_at IS NOT NULL AS known, p.changed_by\n\
                     FROM office.notice_letter l JOIN office.notice_run r ON r.id = l.run\n\
                     LEFT JOIN office.resident p ON p.id = l.resident\n\
                     WHERE r.number = $1 AND l.number = $2 AND r.posted_at IS NOT NULL FOR UPDATE OF l",
                        &[&run, &letter],
                    )
                    .await?
                    .ok_or(NoticeRefusal::NoSuchLetter)?;
                if row.get("known") {
                    return Ok(false);
                }
                let import = row.get::<_, Option<i64>>("changed_by").unwrap_or(0);
                tx.execute(
                    "-- notice_letter_returned\n\
                 UPDATE office.notice_letter SET returned_at = $3, returned_by = $4, returned_import = $5\n\
                 WHERE run = $1 AND number = $2",
                    &[
                        &row.get::<_, Uuid>("run"),
                        &letter,
                        &doing.at,
                        &doing.staff()?.uuid(),
                        &import,
                    ],
                )
                .await?;
                self.record(&tx, &doing, json!({}), NoticeLetterReturned { number: run, letter })
                    .await?;
                Ok(true)
            },
        )
        .await
    }
}

pub(super) async fn locked(tx: &Tx, id: Uuid) -> Result<Locked, OfficeError> {
    let row = tx
        .query_opt(
            "-- locked_notice_run\n\
             SELECT number, letters, released_by, approved_by, posted_at IS NOT NULL OR withdrawn_at IS NOT NULL AS over\n\
             FROM office.notice_run WHERE id = $1 FOR UPDATE",
            &[&id],
        )
        .await?
        .ok_or(OfficeError::NotFound("run"))?;
    Ok(Locked {
        number: row.get("number"),
        letters: row.get("letters"),
        released_by: row.get("released_by"),
        approved_by: row.get("approved_by"),
        over: row.get("over"),
    })
}

/// A run that two people released and that is not over.
pub(super) async fn going(tx: &Tx, id: Uuid) -> Result<Locked, OfficeError> {
    let run = locked(tx, id).await?;
    match (run.over, run.approved_by) {
        (true, _) => Err(NoticeRefusal::Over.into()),
        (false, None) => Err(NoticeRefusal::NotReleased.into()),
        (false, Some(_)) => Ok(run),
    }
}

pub(super) fn digest(bytes: &[u8]) -> Result<[u8; 32], OfficeError> {
    bytes
        .try_into()
        .map_err(|_| OfficeError::Unreadable("office.notice_run"))
}

impl Office {
    fn shown(&self, row: &Row) -> Result<NoticeRun, OfficeError> {
        let named = |id: &str, name: &str| -> Result<Option<String>, OfficeError> {
            match (row.get::<_, Option<Uuid>>(id), row.get::<_, Option<&[u8]>>(name)) {
                (Some(id), Some(name)) => self.open_text("office.staff", id, "name", name).map(Some),
                _ => Ok(None),
            }
        };
        let sent = named("sent_by", "sender_name")?.map(|by| Sent {
            bundle: row.get("sent_bundle"),
            desk: row.get("sent_desk"),
            at: row.get("sent_at"),
            by,
        });
        Ok(NoticeRun {
            id: row.get("id"),
            number: row.get("number"),
            kind: row.get("kind"),
            version: row.get("version"),
            language: row.get("language"),
            large: row.get("large"),
            dated: row.get("dated"),
            letters: row.get("letters"),
            people: row.get("people"),
            excluded: row.get("excluded"),
            digest: digest(row.get("digest"))?,
            bundle_size: row.get("bundle_size"),
            counted_at: row.get("counted_at"),
            released_by: named("released_by", "first_name")?,
            approved_by: named("approved_by", "second_name")?,
            made: row.get("made"),
            printed: row.get("printed"),
            sent,
            returned: row.get("returned"),
            posted_at: row.get("posted_at"),
            withdrawn_at: row.get("withdrawn_at"),
        })
    }
}
