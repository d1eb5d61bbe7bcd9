//! What is still to be told of sessions that ended: kept with the participants, so that it outlives whoever was telling.

use store::Tx;
use time::{Duration, OffsetDateTime};

use super::{Ended, FrontError, FrontRecords, SessionId, sessions::hour_of};

/// How far one service is behind with the sessions that ended, for whoever runs the relay. It says nothing of whose
/// they were; its times are coarse, so that two services' are not matched by them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
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

/// How telling a service came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TellingResult {
    /// It answered that it knows.
    Told,
    /// A try in vain.
    Failed,
    /// It stays not told of a session.
    GivenUp,
}

impl TellingResult {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
        }
    }

    fn parse(text: &str) -> Result<Self, FrontError> {
        [Self::Told, Self::Failed, Self::GivenUp]
            .into_iter()
            .find(|result| result.as_str() == text)
            .ok_or(FrontError::Unreadable("telling.result"))
    }
}

/// How often telling one service came out in one way, within an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    pub hour: OffsetDateTime,
    pub service: String,
    /// How it came out.
    pub result: TellingResult,
    /// `soap` or `browser`.
    pub binding: String,
    /// Why it was in vain.
    pub reason: String,
    pub count: u64,
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

    /// Takes up to `most` tellings that are due, one participant each; nobody else takes them before `until`. (Nor at that
    /// very moment: two rows that were taken together would be seen to be.)
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
                     UPDATE front.participant p SET tries = p.tries + 1,\n\
                         next_try_at = $3::timestamptz + random() * interval '5 seconds'\n\
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

    /// Records that `service` has answered that its session is over. It is counted only: whoever reads the trail must not
    /// see which services were told together.
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
            let told = Telling {
                hour: hour_of(now),
                service: service.to_owned(),
                result: TellingResult::Told,
                binding: binding.to_owned(),
                reason: String::new(),
                count: 1,
            };
            count(&tx, &told).await
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
                .execute(
                    "-- not_told\nUPDATE front.participant SET next_try_at = $2, given_up = $3 WHERE id = $1",
                    &[&self.participant_of(session, service), &next, &next.is_none()],
                )
                .await?;
            let failed = Telling {
                hour: hour_of(now),
                service: service.to_owned(),
                result: TellingResult::Failed,
                binding: binding.to_owned(),
                reason: reason.to_owned(),
                count: 1,
            };
            count(&tx, &failed).await?;
            if row > 0 && next.is_none() {
                let result = TellingResult::GivenUp;
                count(&tx, &Telling { result, ..failed }).await?;
            }
            Ok(())
        })
        .await
    }

    /// How services were told in the hours that began at `from` or later, newest first: for an auditor.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn tellings(&self, from: OffsetDateTime) -> Result<Vec<Telling>, FrontError> {
        self.read("tellings", |tx| async move {
            let rows = tx
                .query(
                    "-- tellings\n\
                     SELECT hour, service, result, binding, reason, count FROM front.telling WHERE hour >= $1\n\
                     ORDER BY hour DESC, service, result, binding, reason",
                    &[&from],
                )
                .await?;
            rows.iter()
                .map(|row| {
                    Ok(Telling {
                        hour: row.get("hour"),
                        service: row.get("service"),
                        result: TellingResult::parse(row.get("result"))?,
                        binding: row.get("binding"),
                        reason: row.get("reason"),
                        count: row.get::<_, i64>("count").unsigned_abs(),
                    })
                })
                .collect()
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

/// Adds one to the hour's count: in the transaction in which the service's row goes or waits again, so that no telling is
/// lost or counted twice.
async fn count(tx: &Tx, telling: &Telling) -> Result<(), FrontError> {
    tx.execute(
        "-- count\n\
         INSERT INTO front.telling (hour, service, result, binding, reason, count) VALUES ($1, $2, $3, $4, $5, 1)\n\
         ON CONFLICT (hour, service, result, binding, reason) DO UPDATE SET count = telling.count + 1",
        &[
            &telling.hour,
            &telling.service,
            &telling.result.as_str(),
            &telling.binding,
            &telling.reason,
        ],
    )
    .await?;
    Ok(())
}

/// `at` without what is beyond the last whole `grain` of seconds.
fn whole(at: OffsetDateTime, grain: i64) -> OffsetDateTime {
    let past = at.unix_timestamp().rem_euclid(grain);
    at - Duration::seconds(past) - Duration::nanoseconds(i64::from(at.nanosecond()))
}
