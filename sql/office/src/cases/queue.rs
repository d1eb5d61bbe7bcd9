//! 本日の業務: what waits at the counter, and the day's figures.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use issuance::{
    case::{CaseId, ResidentId},
    staff::StaffId,
};
use relay_core::clock::JST;
use store::{StoreError, Tx};
use time::{OffsetDateTime, Time};
use uuid::Uuid;

use super::{COLUMNS, CaseRow, CaseSummary, Holder, IncidentKind, Phase, WITH_CARD, duration};
use crate::{Office, OfficeError, SessionId};

/// A queue of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    /// 本人確認を待つ
    ToVerify,
    /// カードを作る: verified, or being made at a desk now.
    ToMake,
    /// 棚に入れる: made, not yet in the shelf.
    ToShelve,
    /// 交付を待つ
    ToHandOver,
    /// 問題あり: an open incident, a making that stopped half-way, a card that was damaged, a card handed over of which the
    /// relay refused something, a case or a card of someone whom the roster has no more. Such a case stands here only.
    Problems,
    /// 郵送: made and to be put into an envelope, ready for the post office, in the post, or back from it.
    ByPost,
}

impl Queue {
    /// Every queue, in the order shown.
    pub const ALL: [Self; 6] = [
        Self::ToVerify,
        Self::ToMake,
        Self::ToShelve,
        Self::ToHandOver,
        Self::Problems,
        Self::ByPost,
    ];

    const fn code(self) -> &'static str {
        match self {
            Self::ToVerify => "to_verify",
            Self::ToMake => "to_make",
            Self::ToShelve => "to_shelve",
            Self::ToHandOver => "to_hand_over",
            Self::Problems => "problems",
            Self::ByPost => "by_post",
        }
    }
}

/// What stands in a case's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Problem {
    /// The making stopped half-way and nobody is at it: go on with the same card.
    MakingStopped,
    /// The card was damaged: make one from a new blank.
    CardDamaged,
    /// Notice, shelf and chip did not agree.
    HandoverMismatch,
    /// The PIN is blocked.
    PinBlocked,
    Incident,
    /// The relay's front refused for good what it was told of the card.
    RelayRefused,
    /// The holder moved away or died, and the card can still be used.
    HolderGone,
    /// The applicant moved away or died before the handover; a card may be made and lie in the shelf.
    ApplicantGone,
    /// The card is nowhere to be found before it was handed over: give it up and make another.
    CardMissing,
}

impl Problem {
    /// The next step's name, for the row: `resume_making`, `new_blank`, `two_look`, `reset_pin`, `settle`, `settle_refused`,
    /// `stop_card`, `recall_card`, `give_up_card`.
    pub const fn next_step(self) -> &'static str {
        match self {
            Self::MakingStopped => "resume_making",
            Self::CardDamaged => "new_blank",
            Self::HandoverMismatch => "two_look",
            Self::PinBlocked => "reset_pin",
            Self::Incident => "settle",
            Self::RelayRefused => "settle_refused",
            Self::HolderGone => "stop_card",
            Self::ApplicantGone => "recall_card",
            Self::CardMissing => "give_up_card",
        }
    }

    fn read(text: &str) -> Option<Self> {
        match text {
            "making_stopped" => Some(Self::MakingStopped),
            "card_damaged" => Some(Self::CardDamaged),
            "relay_refused" => Some(Self::RelayRefused),
            "holder_gone" => Some(Self::HolderGone),
            "applicant_gone" => Some(Self::ApplicantGone),
            "card_missing" => Some(Self::CardMissing),
            other => IncidentKind::read(other).map(|kind| match kind {
                IncidentKind::HandoverMismatch => Self::HandoverMismatch,
                IncidentKind::PinBlocked => Self::PinBlocked,
                IncidentKind::CardFault | IncidentKind::Other => Self::Incident,
            }),
        }
    }
}

/// A row of a queue.
#[derive(Clone)]
pub struct QueueRow {
    pub case: CaseSummary,
    /// The resident's name as in the roster.
    pub name: String,
    /// What stands in its way.
    pub problem: Option<Problem>,
    /// Who has it open.
    pub held_by: Option<Holder>,
}

impl std::fmt::Debug for QueueRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QueueRow({})", self.case.number)
    }
}

/// Counts of the queues and figures of the day (Japan's).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Today {
    /// How many wait in each queue; every queue is there.
    pub waiting: BTreeMap<Queue, u32>,
    pub applied: u32,
    pub made: u32,
    /// Cards handed over today.
    pub handed_over: u32,
    /// Mean time of each phase measured today.
    pub mean: BTreeMap<Phase, Duration>,
}

/// Every open case with what stands in its way and the queue it waits in, and those closed of whose card the relay refused
/// something or whose holder is gone while it can be used; `$1` is now.
static WAITING: LazyLock<String> = LazyLock::new(|| {
    format!(
        "waiting AS (\n\
         SELECT c.*, p.problem, CASE WHEN p.problem IS NOT NULL THEN 'problems'\n\
         WHEN c.state = 'applied' THEN 'to_verify' WHEN c.state IN ('verified', 'making') THEN 'to_make'\n\
         WHEN c.place_kind IN ('outgoing', 'post', 'returned') OR c.delivery = 'restricted_post' THEN 'by_post'\n\
         WHEN c.place_kind <> 'shelf' THEN 'to_shelve' ELSE 'to_hand_over' END AS queue\n\
         FROM (SELECT {COLUMNS}, c.closed_at FROM office.card_case c {WITH_CARD} WHERE c.closed_at IS NULL\n\
         UNION ALL SELECT {COLUMNS}, c.closed_at FROM office.card_case c {WITH_CARD}\n\
         WHERE c.closed_at IS NOT NULL AND c.card IN (\n\
         SELECT r.card FROM office.outbox o JOIN office.registration r ON r.id = o.registration\n\
         WHERE o.refused_at IS NOT NULL AND o.settled_at IS NULL\n\
         UNION SELECT g.id FROM office.resident n JOIN office.card g ON g.resident = n.id\n\
         AND g.state IN ('active', 'suspended') WHERE n.gone_at IS NOT NULL)) c\n\
         CROSS JOIN LATERAL (SELECT coalesce(CASE WHEN c.closed_at IS NOT NULL THEN CASE WHEN EXISTS (\n\
         SELECT FROM office.outbox o JOIN office.registration r ON r.id = o.registration WHERE r.card = c.card\n\
         AND o.refused_at IS NOT NULL AND o.settled_at IS NULL) THEN 'relay_refused' ELSE 'holder_gone' END END,\n\
         (SELECT i.kind FROM office.incident i WHERE i.case_id = c.id AND i.closed_at IS NULL ORDER BY i.opened_at LIMIT 1),\n\
         CASE WHEN EXISTS (\n\
         SELECT FROM office.resident n WHERE n.id = c.resident AND n.gone_at IS NOT NULL) THEN 'applicant_gone'\n\
         WHEN c.place_kind = 'lost' AND c.closed_at IS NULL THEN 'card_missing'\n\
         WHEN c.state = 'making' AND NOT EXISTS (\n\
         SELECT FROM office.case_lease l WHERE l.case_id = c.id AND l.until > $1) THEN 'making_stopped'\n\
         WHEN c.state = 'verified' AND EXISTS (\n\
         SELECT FROM office.card k WHERE k.case_id = c.id AND k.damaged_at IS NOT NULL) THEN 'card_damaged' END) AS problem) p)"
    )
});

impl Office {
    /// Counts and figures for the first screen.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn today(&self) -> Result<Today, OfficeError> {
        self.read("today", |tx| async move {
            let now = self.now(&tx).await?;
            let midnight = now.to_offset(JST).replace_time(Time::MIDNIGHT);
            let mut today = Today {
                waiting: Queue::ALL.into_iter().map(|queue| (queue, 0)).collect(),
                ..Today::default()
            };
            let rows = tx
                .query(
                    &format!(
                        "-- today_waiting\nWITH {} SELECT queue, count(*) FROM waiting GROUP BY queue",
                        *WAITING
                    ),
                    &[&now],
                )
                .await?;
            for row in &rows {
                let queue: &str = row.get(0);
                if let Some(queue) = Queue::ALL.into_iter().find(|known| known.code() == queue) {
                    today.waiting.insert(queue, count(row.get(1)));
                }
            }
            let row = tx
                .query_one(
                    "-- today_figures\n\
                     SELECT (SELECT count(*) FROM office.card_case WHERE opened_at >= $1),\n\
                     (SELECT count(*) FROM office.card WHERE made_at >= $1),\n\
                     (SELECT count(*) FROM office.handover WHERE at >= $1)",
                    &[&midnight],
                )
                .await?;
            (today.applied, today.made, today.handed_over) = (count(row.get(0)), count(row.get(1)), count(row.get(2)));
            let rows = tx
                .query(
                    "-- today_means\n\
                     SELECT phase, avg(took_us)::bigint FROM office.case_timing WHERE at >= $1 GROUP BY phase",
                    &[&midnight],
                )
                .await?;
            for row in &rows {
                let phase: &str = row.get(0);
                if let Some(phase) = Phase::ALL.into_iter().find(|known| known.as_str() == phase) {
                    today.mean.insert(phase, duration(row.get(1)));
                }
            }
            Ok(today)
        })
        .await
    }

    /// The rows of `queue`, those that wait longest first, at most `limit`.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn queue(&self, queue: Queue, limit: u32) -> Result<Vec<QueueRow>, OfficeError> {
        self.read(
            "queue",
            |tx| async move { self.waiting_rows(&tx, queue, &[], limit).await },
        )
        .await
    }

    /// Cases of people whom the roster has no more: a card of theirs can still be used, or lies here to be handed over.
    /// Those that wait longest first, at most `limit`.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn cards_of_the_gone(&self, limit: u32) -> Result<Vec<QueueRow>, OfficeError> {
        let problems = ["holder_gone", "applicant_gone"];
        self.read("cards_of_the_gone", |tx| async move {
            self.waiting_rows(&tx, Queue::Problems, &problems, limit).await
        })
        .await
    }

    /// Rows of `queue`, of these problems only where any are named.
    async fn waiting_rows(
        &self,
        tx: &Tx,
        queue: Queue,
        problems: &[&str],
        limit: u32,
    ) -> Result<Vec<QueueRow>, OfficeError> {
        let now = self.now(tx).await?;
        let rows = tx
                .query(
                    &format!(
                        "-- queue\nWITH {} SELECT w.*, r.identity,\n\
                         l.session AS lease_session, l.staff AS lease_staff, l.desk AS lease_desk, l.until AS lease_until\n\
                         FROM waiting w JOIN office.resident r ON r.id = w.resident\n\
                         LEFT JOIN office.case_lease l ON l.case_id = w.id AND l.until > $1\n\
                         WHERE w.queue = $2 AND (cardinality($4::text[]) = 0 OR w.problem = ANY ($4))\n\
                         ORDER BY w.since, w.year, w.serial LIMIT $3",
                        *WAITING
                    ),
                    &[&now, &queue.code(), &i64::from(limit), &problems],
                )
                .await?;
        let mut waiting = Vec::with_capacity(rows.len());
        for row in &rows {
            let case = CaseRow::read(row)?;
            let held_by = match row.get::<_, Option<Uuid>>("lease_staff") {
                Some(staff) => Some(Holder {
                    session: SessionId::from_uuid(row.get("lease_session")),
                    staff: self.staff_name(tx, StaffId::from_uuid(staff)).await?,
                    desk: row.get("lease_desk"),
                    until: row.get::<_, OffsetDateTime>("lease_until"),
                }),
                None => None,
            };
            waiting.push(QueueRow {
                name: self.resident_name(ResidentId::from_uuid(row.get("resident")), row.get("identity"))?,
                case: self.summary(&case)?,
                problem: row.get::<_, Option<&str>>("problem").and_then(Problem::read),
                held_by,
            });
        }
        Ok(waiting)
    }
}

pub(super) async fn problem_of(tx: &Tx, case: CaseId, now: OffsetDateTime) -> Result<Option<Problem>, StoreError> {
    let row = tx
        .query_opt(
            &format!(
                "-- problem_of\nWITH {} SELECT problem FROM waiting WHERE id = $2",
                *WAITING
            ),
            &[&now, &case.uuid()],
        )
        .await?;
    Ok(row.and_then(|row| row.get::<_, Option<&str>>(0).and_then(Problem::read)))
}

fn count(rows: i64) -> u32 {
    rows.try_into().unwrap_or(u32::MAX)
}
