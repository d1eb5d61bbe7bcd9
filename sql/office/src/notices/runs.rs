//! Runs: counted, released by two people, made bundle by bundle, printed, posted, given up; letters that come back.

use futures_util::pin_mut;
use issuance::{
    acts::{
        AuditAct, NoticeBundleMade, NoticeBundlePrinted, NoticeLetterReturned, NoticeRunApproved, NoticeRunCounted,
        NoticeRunPosted, NoticeRunReleased, NoticeRunWithdrawn,
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

/// A bundle that is whole on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    pub number: i32,
    pub first: i32,
    pub last: i32,
    pub sha256: [u8; 32],
    pub bytes: i64,
    pub pages: i32,
}

/// A row of the table, locked.
struct Locked {
    number: i64,
    letters: i32,
    released_by: Option<Uuid>,
    approved_by: Option<Uuid>,
    over: bool,
}

const SELECT: &str = "SELECT r.*, f.name AS first_name, s.name AS second_name,\n\
    (SELECT count(*) FROM office.notice_bundle b WHERE b.run = r.id) AS made,\n\
    (SELECT count(*) FROM office.notice_bundle b WHERE b.run = r.id AND b.printed_at IS NOT NULL) AS printed,\n\
    (SELECT count(*) FROM office.notice_letter l WHERE l.run = r.id AND l.returned_at IS NOT NULL) AS returned\n\
    FROM office.notice_run r LEFT JOIN office.staff f ON f.id = r.released_by LEFT JOIN office.staff s ON s.id = r.approved_by";

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

    /// Records a bundle that is whole on the disk. One recorded before stays as it is.
    ///
    /// # Errors
    /// [`NoticeRefusal::NotReleased`], [`NoticeRefusal::Over`], [`OfficeError::NotAllowed`]
    pub async fn notice_bundle_made(&self, act: &Act, id: Uuid, bundle: &Bundle) -> Result<(), OfficeError> {
        let about = About::content(json!([id, bundle]));
        self.act("notice_bundle_made", NoticeBundleMade::ROW, about, act, |tx, doing| async move {
            let run = going(&tx, id).await?;
            let staff = doing.staff()?.uuid();
            let written = tx
                .execute(
                    "-- notice_bundle_made\n\
                     INSERT INTO office.notice_bundle (run, number, first, last, sha256, bytes, pages, made_at, made_by)\n\
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
                    &[
                        &id,
                        &bundle.number,
                        &bundle.first,
                        &bundle.last,
                        &bundle.sha256.as_slice(),
                        &bundle.bytes,
                        &bundle.pages,
                        &doing.at,
                        &staff,
                    ],
                )
                .await?;
            if written == 0 {
                return Ok(());
            }
            let details = NoticeBundleMade {
                number: run.number,
                bundle: bundle.number,
                letters: bundle.last - bundle.first + 1,
                sha256: hex::encode(bundle.sha256),
            };
            self.record(&tx, &doing, json!({}), details).await
        })
        .await
    }

    /// The bundles made of a run, by number, each with whether it is printed.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn notice_bundles(&self, id: Uuid) -> Result<Vec<(Bundle, bool)>, OfficeError> {
        self.read("notice_bundles", |tx| async move {
            let rows = tx
                .query(
                    "-- notice_bundles\n\
                     SELECT number, first, last, sha256, bytes, pages, printed_at IS NOT NULL AS printed\n\
                     FROM office.notice_bundle WHERE run = $1 ORDER BY number",
                    &[&id],
                )
                .await?;
            let bundle = |row: &Row| -> Result<(Bundle, bool), OfficeError> {
                let bundle = Bundle {
                    number: row.get("number"),
                    first: row.get("first"),
                    last: row.get("last"),
                    sha256: digest(row.get("sha256"))?,
                    bytes: row.get("bytes"),
                    pages: row.get("pages"),
                };
                Ok((bundle, row.get("printed")))
            };
            rows.iter().map(bundle).collect()
        })
        .await
    }

    /// Records that the printer printed a bundle, as its job `job`.
    ///
    /// # Errors
    /// [`NoticeRefusal::Over`], [`OfficeError::NotAllowed`]
    pub async fn notice_bundle_printed(&self, act: &Act, id: Uuid, bundle: i32, job: &str) -> Result<(), OfficeError> {
        let about = About::content(json!([id, bundle, job]));
        self.act(
            "notice_bundle_printed",
            NoticeBundlePrinted::ROW,
            about,
            act,
            |tx, doing| async move {
                let run = going(&tx, id).await?;
                let staff = doing.staff()?.uuid();
                let printed = tx
                    .execute(
                        "-- notice_bundle_printed\n\
                     UPDATE office.notice_bundle SET printed_at = $3, printed_by = $4, printer_job = $5\n\
                     WHERE run = $1 AND number = $2 AND printed_at IS NULL",
                        &[&id, &bundle, &doing.at, &staff, &job],
                    )
                    .await?;
                if printed == 0 {
                    return Ok(());
                }
                let details = NoticeBundlePrinted {
                    number: run.number,
                    bundle,
                    job: job.to_owned(),
                };
                self.record(&tx, &doing, json!({}), details).await
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
    /// [`NoticeRefusal::Over`], [`OfficeError::NotAllowed`]
    pub async fn withdraw_notice_run(&self, act: &Act, id: Uuid) -> Result<(), OfficeError> {
        let about = About::content(json!([id]));
        self.act(
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
        .await
    }

    async fn ends(&self, tx: &Tx, doing: &Doing, id: Uuid, how: &str) -> Result<(), OfficeError> {
        let sql = format!("-- end_notice_run\nUPDATE office.notice_run SET {how}_at = $2, {how}_by = $3 WHERE id = $1");
        tx.execute(&sql, &[&id, &doing.at, &doing.staff()?.uuid()]).await?;
        Ok(())
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

async fn locked(tx: &Tx, id: Uuid) -> Result<Locked, OfficeError> {
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
async fn going(tx: &Tx, id: Uuid) -> Result<Locked, OfficeError> {
    let run = locked(tx, id).await?;
    match (run.over, run.approved_by) {
        (true, _) => Err(NoticeRefusal::Over.into()),
        (false, None) => Err(NoticeRefusal::NotReleased.into()),
        (false, Some(_)) => Ok(run),
    }
}

fn digest(bytes: &[u8]) -> Result<[u8; 32], OfficeError> {
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
            returned: row.get("returned"),
            posted_at: row.get("posted_at"),
            withdrawn_at: row.get("withdrawn_at"),
        })
    }
}
