//! Bundles of a run: made, sent to a printer, and how that ended.
//!
//! That a bundle is sent is written down before it is sent, and while nobody knows how it ended it is sent to no printer again:
//! a letter that comes out twice can't be called back.

use issuance::acts::{
    AuditAct, NoticeBundleMade, NoticeBundleNotPrinted, NoticeBundlePrinted, NoticeBundleSent, NoticeBundleSettled,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Row, Tx};
use uuid::Uuid;

use super::{
    NoticeRefusal,
    runs::{digest, going},
};
use crate::{
    Act, Office, OfficeError,
    act::{About, Doing},
};

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

/// A bundle as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleMade {
    pub bundle: Bundle,
    /// The desk at which its file lies.
    pub desk: String,
    pub is_printed: bool,
    /// That it lies at a printer.
    pub sending: Option<Sending>,
}

/// One time that a bundle was sent to a printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// From 1.
    pub attempt: i32,
    /// The printer's address.
    pub printer: String,
    /// The printer's number for it, where it told one.
    pub job: Option<i32>,
    pub desk: String,
}

/// How a sending ended, by the printer's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Printing {
    Printed,
    /// Nothing of it is used; the printer's reasons.
    NotPrinted(String),
}

impl Office {
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
                     INSERT INTO office.notice_bundle (run, number, first, last, sha256, bytes, pages, made_at, made_by, desk)\n\
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
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
                        &doing.desk(),
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

    /// The bundles made of a run, by number.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn notice_bundles(&self, id: Uuid) -> Result<Vec<BundleMade>, OfficeError> {
        self.read("notice_bundles", |tx| async move {
            let rows = tx
                .query(
                    "-- notice_bundles\n\
                     SELECT b.number, b.first, b.last, b.sha256, b.bytes, b.pages, b.desk, p.attempt, p.printer, p.job,\n\
                     p.desk AS sent_from, p.outcome IS NOT NULL AS printed FROM office.notice_bundle b\n\
                     LEFT JOIN office.notice_printing p ON p.run = b.run AND p.bundle = b.number\n\
                     AND p.outcome IS DISTINCT FROM 'not_printed' WHERE b.run = $1 ORDER BY b.number",
                    &[&id],
                )
                .await?;
            rows.iter().map(made).collect()
        })
        .await
    }

    /// Records that a bundle is about to be sent to `printer`; gives which attempt it is.
    ///
    /// # Errors
    /// [`NoticeRefusal::Sent`] where it lies at a printer or is printed; [`NoticeRefusal::Over`], [`OfficeError::NotAllowed`]
    pub async fn notice_bundle_sent(
        &self,
        act: &Act,
        id: Uuid,
        bundle: i32,
        printer: &str,
    ) -> Result<i32, OfficeError> {
        let about = About::content(json!([id, bundle, printer]));
        self.act(
            "notice_bundle_sent",
            NoticeBundleSent::ROW,
            about,
            act,
            |tx, doing| async move {
                let run = going(&tx, id).await?;
                let row = tx
                    .query_one(
                        "-- notice_attempts\n\
                     SELECT count(*) FILTER (WHERE outcome IS DISTINCT FROM 'not_printed') AS kept, count(*) AS all\n\
                     FROM office.notice_printing WHERE run = $1 AND bundle = $2",
                        &[&id, &bundle],
                    )
                    .await?;
                if row.get::<_, i64>("kept") > 0 {
                    return Err(NoticeRefusal::Sent.into());
                }
                let attempt = i32::try_from(row.get::<_, i64>("all") + 1).unwrap_or(i32::MAX);
                tx.execute(
                    "-- notice_bundle_sent\n\
                 INSERT INTO office.notice_printing (run, bundle, attempt, printer, desk, sent_at, sent_by)\n\
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    &[
                        &id,
                        &bundle,
                        &attempt,
                        &printer,
                        &doing.desk(),
                        &doing.at,
                        &doing.staff()?.uuid(),
                    ],
                )
                .await?;
                let details = NoticeBundleSent {
                    number: run.number,
                    bundle,
                    attempt,
                };
                self.record(&tx, &doing, json!({}), details).await?;
                Ok(attempt)
            },
        )
        .await
    }

    /// Notes the printer's number for a sending, so that whoever comes later can ask after it.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn note_notice_job(&self, id: Uuid, bundle: i32, attempt: i32, job: i32) -> Result<(), OfficeError> {
        self.store
            .run("note_notice_job", |tx| async move {
                tx.execute(
                    "-- note_notice_job\n\
                     UPDATE office.notice_printing SET job = $4\n\
                     WHERE run = $1 AND bundle = $2 AND attempt = $3 AND job IS NULL AND ended_at IS NULL",
                    &[&id, &bundle, &attempt, &job],
                )
                .await?;
                Ok(())
            })
            .await
    }

    /// Records how a sending ended, by the printer's word. Told a second time by another desk, it is as it was.
    ///
    /// # Errors
    /// [`NoticeRefusal::Settled`] where it is known to have ended otherwise; [`NoticeRefusal::Over`], [`OfficeError::NotAllowed`]
    pub async fn notice_bundle_ended(
        &self,
        act: &Act,
        id: Uuid,
        (bundle, attempt): (i32, i32),
        how: &Printing,
    ) -> Result<(), OfficeError> {
        let (row, outcome) = match how {
            Printing::Printed => (NoticeBundlePrinted::ROW, "printed"),
            Printing::NotPrinted(_) => (NoticeBundleNotPrinted::ROW, "not_printed"),
        };
        let about = About::content(json!([id, bundle, attempt, how]));
        self.act("notice_bundle_ended", row, about, act, |tx, doing| async move {
            let run = going(&tx, id).await?;
            match ends(&tx, &doing, (id, bundle, attempt), (outcome, false)).await? {
                Ending::Now(job) => match how {
                    Printing::Printed => {
                        let details = NoticeBundlePrinted {
                            number: run.number,
                            bundle,
                            job: job.map_or_else(String::new, |job| job.to_string()),
                        };
                        self.record(&tx, &doing, json!({}), details).await
                    }
                    Printing::NotPrinted(why) => {
                        let details = NoticeBundleNotPrinted {
                            number: run.number,
                            bundle,
                            why: why.clone(),
                        };
                        self.record(&tx, &doing, json!({}), details).await
                    }
                },
                Ending::Known => Ok(()),
                Ending::Otherwise => Err(NoticeRefusal::Settled.into()),
            }
        })
        .await
    }

    /// Records what somebody saw of a bundle of which the printer can't tell: all of it came out, or not.
    ///
    /// # Errors
    /// [`NoticeRefusal::Settled`] where it lies at no printer; [`NoticeRefusal::Over`], [`OfficeError::NotAllowed`]
    pub async fn settle_notice_bundle(
        &self,
        act: &Act,
        id: Uuid,
        bundle: i32,
        is_printed: bool,
    ) -> Result<(), OfficeError> {
        let about = About::content(json!([id, bundle, is_printed]));
        self.act(
            "settle_notice_bundle",
            NoticeBundleSettled::ROW,
            about,
            act,
            |tx, doing| async move {
                let run = going(&tx, id).await?;
                let open = tx
                    .query_opt(
                        "-- open_notice_printing\n\
                     SELECT attempt FROM office.notice_printing WHERE run = $1 AND bundle = $2 AND ended_at IS NULL",
                        &[&id, &bundle],
                    )
                    .await?
                    .ok_or(NoticeRefusal::Settled)?;
                let outcome = if is_printed { "printed" } else { "not_printed" };
                ends(&tx, &doing, (id, bundle, open.get("attempt")), (outcome, true)).await?;
                let details = NoticeBundleSettled {
                    number: run.number,
                    bundle,
                    printed: is_printed,
                };
                self.record(&tx, &doing, json!({}), details).await
            },
        )
        .await
    }
}

/// What became of writing an end down.
enum Ending {
    /// It is written, of the job.
    Now(Option<i32>),
    /// It was written before, the same.
    Known,
    /// It was written before, and is another.
    Otherwise,
}

async fn ends(
    tx: &Tx,
    doing: &Doing,
    (run, bundle, attempt): (Uuid, i32, i32),
    (outcome, by_eye): (&str, bool),
) -> Result<Ending, OfficeError> {
    let ended = tx
        .query_opt(
            "-- notice_printing_ends\n\
             UPDATE office.notice_printing SET ended_at = $4, ended_by = $5, outcome = $6, by_eye = $7\n\
             WHERE run = $1 AND bundle = $2 AND attempt = $3 AND ended_at IS NULL RETURNING job",
            &[
                &run,
                &bundle,
                &attempt,
                &doing.at,
                &doing.staff()?.uuid(),
                &outcome,
                &by_eye,
            ],
        )
        .await?;
    if let Some(row) = ended {
        return Ok(Ending::Now(row.get("job")));
    }
    let known = tx
        .query_opt(
            "-- notice_printing_ended\n\
             SELECT outcome FROM office.notice_printing WHERE run = $1 AND bundle = $2 AND attempt = $3",
            &[&run, &bundle, &attempt],
        )
        .await?
        .ok_or(OfficeError::NotFound("bundle"))?;
    Ok(match known.get::<_, Option<&str>>("outcome") == Some(outcome) {
        true => Ending::Known,
        false => Ending::Otherwise,
    })
}

fn made(row: &Row) -> Result<BundleMade, OfficeError> {
    let is_printed: bool = row.get("printed");
    let sending = row
        .get::<_, Option<i32>>("attempt")
        .filter(|_| !is_printed)
        .map(|attempt| Sending {
            attempt,
            printer: row.get("printer"),
            job: row.get("job"),
            desk: row.get("sent_from"),
        });
    Ok(BundleMade {
        bundle: Bundle {
            number: row.get("number"),
            first: row.get("first"),
            last: row.get("last"),
            sha256: digest(row.get("sha256"))?,
            bytes: row.get("bytes"),
            pages: row.get("pages"),
        },
        desk: row.get("desk"),
        is_printed,
        sending,
    })
}
