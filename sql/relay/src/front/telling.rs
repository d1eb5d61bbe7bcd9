//! What is still to be told of sessions that ended: kept with the participants, so that it outlives whoever was telling.

use relay_core::audit::Outcome;
use serde_json::json;
use store::Tx;
use time::{Duration, OffsetDateTime};

use super::{AuditAct, Ended, FrontError, FrontRecords, Note, SessionId};

/// How far one service is behind with the sessions that ended, for whoever runs the relay. It says nothing of whose
/// they were; its times are coarse, so that two services' are not matched by them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// The service.
    pub service: String,
    /// Sessions it is still to be told of.
    pub waiting: i64,
    /// Sessions it was told of in vain until that was given up, and that are kept noted.
    pub given_up: i64,
    /// The hour in which the one ended that it was told of most often.
    pub since: Option<OffsetDateTime>,
    /// How often that was.
    pub tries: i32,
    /// The minute by which it is told again.
    pub next: Option<OffsetDateTime>,
}

impl FrontRecords {
    /// Services that do not know yet that sessions are over, each once, those that wait longest first.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn untold(&self) -> Result<Vec<Untold>, FrontError> {
        let rows = self
            .look("untold", |tx| async move {
                Ok(tx
                    .query(
                        "-- untold\n\
                         SELECT DISTINCT ON (p.service) p.service, p.id, p.session, p.tries,\n\
                             c.waiting, c.given_up, c.next_try_at\n\
                         FROM front.participant p JOIN (\n\
                             SELECT service, count(next_try_at) AS waiting, count(*) FILTER (WHERE given_up) AS given_up,\n\
                                 min(next_try_at) AS next_try_at\n\
                             FROM front.participant WHERE next_try_at IS NOT NULL OR given_up GROUP BY service\n\
                         ) c ON c.service = p.service\n\
                         WHERE p.next_try_at IS NOT NULL OR p.given_up\n\
                         ORDER BY p.service, (p.next_try_at IS NOT NULL) DESC, p.tries DESC",
                        &[],
                    )
                    .await?)
            })
            .await?;
        let mut untold: Vec<_> = rows
            .iter()
            .map(|row| {
                let next: Option<OffsetDateTime> = row.get("next_try_at");
                Ok(Untold {
                    service: row.get("service"),
                    waiting: row.get("waiting"),
                    given_up: row.get("given_up"),
                    since: self.ended_at(row)?.map(|at| whole(at, 3_600)),
                    tries: row.get("tries"),
                    next: next.map(|at| whole(at + Duration::seconds(59), 60)),
                })
            })
            .collect::<Result<_, FrontError>>()?;
        untold.sort_by_key(|one| (one.waiting == 0, one.since));
        Ok(untold)
    }

    /// Takes up to `most` tellings that are due, one participant each; nobody else takes them before `until`.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn due_tellings(
        &self,
        most: i64,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Vec<Ended>, FrontError> {
        self.locked("due_tellings", |tx| async move {
            let rows = tx
                .query(
                    "-- due_tellings\n\
                     WITH due AS (SELECT id FROM front.participant WHERE next_try_at <= $1\n\
                         ORDER BY next_try_at LIMIT $2 FOR UPDATE SKIP LOCKED)\n\
                     UPDATE front.participant p SET next_try_at = $3, tries = p.tries + 1\n\
                     FROM due WHERE p.id = due.id\n\
                     RETURNING p.id, p.service, p.session, p.name_id, p.given_up, p.tries",
                    &[&now, &most, &until],
                )
                .await?;
            rows.iter()
                .map(|row| {
                    let (session, participant) = self.participant(row)?;
                    Ok(Ended {
                        session,
                        at: participant.ended_at.unwrap_or(now),
                        participants: vec![participant],
                    })
                })
                .collect()
        })
        .await
    }

    /// Records that `service` has answered that its session is over.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn told(
        &self,
        session: SessionId,
        service: &str,
        binding: &str,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.locked("told", |tx| async move {
            self.knows(&tx, session, service).await?;
            let about = json!({ "session": self.session_at(session, service), "service": service });
            let note = Note::of(AuditAct::LogoutTold, about, json!({ "binding": binding }));
            Ok(self.write(&tx, &note.ended(Outcome::Done), now).await?)
        })
        .await
    }

    /// Records that `service` was told in vain, and why. It is told again at `next`; `None`: it is given up.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn not_told(
        &self,
        session: SessionId,
        service: &str,
        binding: &str,
        reason: &str,
        next: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.locked("not_told", |tx| async move {
            let row = tx
                .query_opt(
                    "-- not_told\n\
                     UPDATE front.participant SET next_try_at = $2, given_up = $3 WHERE id = $1 RETURNING tries",
                    &[&self.participant_of(session, service), &next, &next.is_none()],
                )
                .await?;
            let about = json!({ "session": self.session_at(session, service), "service": service });
            let facts = json!({ "binding": binding, "reason": reason });
            let note = Note::of(AuditAct::LogoutTold, about.clone(), facts);
            self.write(&tx, &note.ended(Outcome::Failed), now).await?;
            if let (Some(row), None) = (row, next) {
                let tries: i32 = row.get("tries");
                let facts = json!({ "tries": tries + 1, "reason": reason });
                let note = Note::of(AuditAct::LogoutGivenUp, about, facts);
                self.write(&tx, &note.ended(Outcome::Failed), now).await?;
            }
            Ok(())
        })
        .await
    }

    /// A service that knows leaves nothing behind: rows that changed together would be seen to be of one session.
    pub(super) async fn knows(&self, tx: &Tx, session: SessionId, service: &str) -> Result<(), FrontError> {
        tx.execute(
            "-- knows\nDELETE FROM front.participant WHERE id = $1",
            &[&self.participant_of(session, service)],
        )
        .await?;
        Ok(())
    }
}

/// `at` without what is beyond the last whole `grain` of seconds.
fn whole(at: OffsetDateTime, grain: i64) -> OffsetDateTime {
    let past = at.unix_timestamp().rem_euclid(grain);
    at - Duration::seconds(past) - Duration::nanoseconds(i64::from(at.nanosecond()))
}
