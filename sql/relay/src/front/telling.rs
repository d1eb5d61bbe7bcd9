//! What is still to be told of sessions that ended: kept with the participants, so that it outlives whoever was telling.

use relay_core::audit::Outcome;
use serde_json::json;
use store::Tx;
use time::{Duration, OffsetDateTime};

use super::{AuditAct, Ended, FrontError, FrontRecords, Note, SessionId};

/// Who ends a session tells its services at once. What is not told then is anybody's to take up.
const AT_ONCE: Duration = Duration::seconds(5);

impl FrontRecords {
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
                         WITH due AS (SELECT session, service FROM front.participant WHERE next_try_at <= $1\n\
                             ORDER BY next_try_at LIMIT $2 FOR UPDATE SKIP LOCKED)\n\
                         UPDATE front.participant p SET next_try_at = $3, tries = p.tries + 1\n\
                         FROM due JOIN front.session s ON s.id = due.session\n\
                         WHERE p.session = due.session AND p.service = due.service\n\
                         RETURNING p.session, p.service, p.session_index, p.name_id, p.told_at, p.given_up_at,\n\
                             p.tries, s.ended_at",
                    &[&now, &most, &until],
                )
                .await?;
            rows.iter()
                .map(|row| {
                    let session = SessionId::from_uuid(row.get("session"));
                    Ok(Ended {
                        session,
                        at: row.get::<_, Option<OffsetDateTime>>("ended_at").unwrap_or(now),
                        participants: vec![self.participant(session, row)?],
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
            self.knows(&tx, session, service, now).await?;
            let note = Note::of(
                AuditAct::LogoutTold,
                json!({ "session": self.session_at(session, service), "service": service }),
                json!({ "binding": binding }),
            );
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
            let given_up = next.is_none().then_some(now);
            let row = tx
                .query_opt(
                    "-- not_told\n\
                         UPDATE front.participant SET next_try_at = $3, given_up_at = $4\n\
                         WHERE session = $1 AND service = $2 AND told_at IS NULL RETURNING tries",
                    &[&session.uuid(), &service, &next, &given_up],
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

    pub(super) async fn knows(
        &self,
        tx: &Tx,
        session: SessionId,
        service: &str,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        tx.execute(
            "-- knows\n\
             UPDATE front.participant SET told_at = $3, next_try_at = NULL, given_up_at = NULL\n\
             WHERE session = $1 AND service = $2",
            &[&session.uuid(), &service, &now],
        )
        .await?;
        Ok(())
    }

    /// From now on the services of `session` are to be told.
    pub(super) async fn to_be_told(&self, tx: &Tx, session: SessionId, now: OffsetDateTime) -> Result<(), FrontError> {
        tx.execute(
            "-- to_be_told\nUPDATE front.participant SET next_try_at = $2 WHERE session = $1 AND told_at IS NULL",
            &[&session.uuid(), &(now + AT_ONCE)],
        )
        .await?;
        Ok(())
    }
}
