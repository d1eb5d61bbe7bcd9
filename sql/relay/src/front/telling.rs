//! What is still to be told of sessions that ended: kept with the participants, so that it outlives whoever was telling.

use relay_core::audit::Outcome;
use serde_json::json;
use store::Tx;
use time::OffsetDateTime;

use super::{AuditAct, Ended, FrontError, FrontRecords, Note, SessionId};

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
