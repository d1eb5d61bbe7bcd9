//! 突合: 申込 = 交付 + 取消 + 返戻 + 保管 + 輸送中, to the single card. Each application is looked for in all five places by
//! what the ledger of custody and the records say of it, apart from the state of its case; one that is in none of them, or
//! in two, is the difference and is named.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use issuance::{
    case::{CaseId, CaseNumber},
    custody::Custody,
};
use serde::Serialize;
use store::Isolation;
use time::OffsetDateTime;

use crate::{Office, OfficeError, cases::number_of};

/// By what the sums are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TallyBy {
    /// In one sum.
    All,
    /// By the day of the application, in Japan.
    Day,
    /// By how the card is to reach the resident.
    Channel,
    /// By the desk that took the application.
    Desk,
}

/// The sums. `applied` less the other five is the difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// 申込: applications taken.
    pub applied: u64,
    /// 交付: cards that went into their holder's hand.
    pub delivered: u64,
    /// 取消: applications that ended without a card.
    pub cancelled: u64,
    /// 返戻: cards in envelopes that came back.
    pub returned: u64,
    /// 保管: in the office: applications being worked on, and cards in a reader, a drawer, the shelf or the outgoing box.
    pub stored: u64,
    /// 輸送中: cards in the post.
    pub in_transit: u64,
    /// What is in none of these, or in more than one.
    pub difference: i64,
}

/// A reconciliation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    pub total: Tally,
    /// The same by [`TallyBy`]; empty for [`TallyBy::All`].
    pub parts: BTreeMap<String, Tally>,
    /// How many cases are in none of the five places, or in several.
    pub odd: u64,
    /// Those cases, with the places; at most a hundred.
    pub unaccounted: Vec<Unaccounted>,
}

/// A case that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unaccounted {
    #[serde(skip)]
    pub case: CaseId,
    #[serde(serialize_with = "as_text")]
    pub number: CaseNumber,
    /// In which places it is, as [`Tally`] names them; none, or two.
    pub places: Vec<String>,
    /// Where the ledger has its card: a kind of place; `None` without a card.
    pub card_at: Option<String>,
}

fn as_text<S: serde::Serializer>(number: &CaseNumber, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

/// How long a city of any size may take: every application is looked for.
const COUNTING: Duration = Duration::from_secs(120);
/// How many cases that do not fit are named.
const NAMED: i64 = 100;

/// Every case with whether it is in each of the five places.
static PLACED: LazyLock<String> = LazyLock::new(|| {
    "placed AS (\n\
     SELECT c.id, c.year, c.serial, c.opened_at, c.delivery, p.kind AS card_at, p.name AS card_at_name,\n\
     h.case_id IS NOT NULL AND EXISTS (SELECT FROM office.transfer t WHERE t.card = h.card\n\
     AND t.evidence IN ('handover', 'carrier', 'carried_over')) AS delivered,\n\
     c.cancellation IS NOT NULL AND c.card IS NULL AS cancelled,\n\
     h.case_id IS NULL AND coalesce(p.kind = 'returned', false) AS returned,\n\
     c.closed_at IS NULL AND (c.card IS NULL OR coalesce(p.kind IN ('reader', 'drawer', 'shelf', 'outgoing'), false)) AS stored,\n\
     h.case_id IS NULL AND coalesce(p.kind = 'post', false) AS in_transit\n\
     FROM office.card_case c LEFT JOIN office.card_place p ON p.card = c.card\n\
     LEFT JOIN office.handover h ON h.case_id = c.id)"
        .to_owned()
});

const SUMS: &str = "count(*) AS applied, count(*) FILTER (WHERE delivered) AS delivered,\n\
     count(*) FILTER (WHERE cancelled) AS cancelled, count(*) FILTER (WHERE returned) AS returned,\n\
     count(*) FILTER (WHERE stored) AS stored, count(*) FILTER (WHERE in_transit) AS in_transit";

/// In how many of the five places a case is.
const IN: &str = "(delivered::int + cancelled::int + returned::int + stored::int + in_transit::int)";

/// One of the sums, or what is in none or in several of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    Applied,
    Delivered,
    Cancelled,
    Returned,
    Stored,
    InTransit,
    Difference,
}

impl Account {
    fn condition(self) -> String {
        match self {
            Self::Applied => "true".to_owned(),
            Self::Delivered => "delivered".to_owned(),
            Self::Cancelled => "cancelled".to_owned(),
            Self::Returned => "returned".to_owned(),
            Self::Stored => "stored".to_owned(),
            Self::InTransit => "in_transit".to_owned(),
            Self::Difference => format!("{IN} <> 1"),
        }
    }
}

/// An application behind a sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounted {
    pub case: CaseId,
    pub number: CaseNumber,
    pub opened_at: OffsetDateTime,
    /// Where the ledger has its card; `None` without one.
    pub card_at: Option<Custody>,
}

/// What a part is in SQL; `None` for all in one.
const fn part_of(by: TallyBy) -> Option<&'static str> {
    match by {
        TallyBy::All => None,
        TallyBy::Day => Some("to_char(opened_at AT TIME ZONE 'Asia/Tokyo', 'YYYY-MM-DD')"),
        TallyBy::Channel => Some("coalesce(delivery, 'counter')"),
        TallyBy::Desk => Some(
            "coalesce((SELECT e.desk FROM office.audit_event e WHERE e.case_id = placed.id\n\
             AND e.act = 'case.applied' AND e.outcome = 'done' LIMIT 1), '')",
        ),
    }
}

impl Office {
    /// The applications behind a sum, the oldest first: of `part` of [`Reconciled::parts`], or of all. At most `limit`.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn accounted(
        &self,
        (by, part): (TallyBy, Option<&str>),
        account: Account,
        limit: u32,
    ) -> Result<Vec<Accounted>, OfficeError> {
        self.store
            .run_as("accounted", Isolation::RepeatableRead, COUNTING, |tx| async move {
                let (placed, condition) = (PLACED.as_str(), account.condition());
                let of = part_of(by).filter(|_| part.is_some()).unwrap_or("NULL::text");
                let sql = format!(
                    "-- accounted\n\
                 WITH {placed} SELECT id, year, serial, opened_at, card_at, card_at_name FROM placed\n\
                 WHERE {condition} AND {of} IS NOT DISTINCT FROM $1::text ORDER BY year, serial LIMIT $2"
                );
                let rows = tx.query(&sql, &[&part, &i64::from(limit)]).await?;
                rows.iter()
                    .map(|row| {
                        let kind: Option<&str> = row.get("card_at");
                        Ok(Accounted {
                            case: CaseId::from_uuid(row.get("id")),
                            number: number_of(row)?,
                            opened_at: row.get("opened_at"),
                            card_at: kind.and_then(|kind| Custody::read(kind, row.get("card_at_name"))),
                        })
                    })
                    .collect()
            })
            .await
    }

    /// Counts every application and looks for it in each of the five places.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn reconcile(&self, by: TallyBy) -> Result<Reconciled, OfficeError> {
        self.store.run_as("reconcile", Isolation::RepeatableRead, COUNTING, |tx| async move {
            let placed = PLACED.as_str();
            let total = tx
                .query_one(
                    &format!("-- reconcile\nWITH {placed} SELECT {SUMS}, count(*) FILTER (WHERE {IN} <> 1) AS odd FROM placed"),
                    &[],
                )
                .await?;
            let part = part_of(by);
            let mut parts = BTreeMap::new();
            if let Some(part) = part {
                let rows = tx
                    .query(
                        &format!(
                            "-- reconcile_parts\nWITH {placed} SELECT {part} AS part, {SUMS} FROM placed GROUP BY 1"
                        ),
                        &[],
                    )
                    .await?;
                parts = rows.iter().map(|row| (row.get("part"), tally(row))).collect();
            }
            // They are looked for once more only where there are any.
            let odd: i64 = total.get("odd");
            let rows = match odd {
                0 => Vec::new(),
                _ => tx.query(
                    &format!(
                        "-- unaccounted\n\
                         WITH {placed} SELECT id, year, serial, card_at, array_remove(ARRAY[\n\
                         CASE WHEN delivered THEN 'delivered' END, CASE WHEN cancelled THEN 'cancelled' END,\n\
                         CASE WHEN returned THEN 'returned' END, CASE WHEN stored THEN 'stored' END,\n\
                         CASE WHEN in_transit THEN 'in_transit' END], NULL) AS places\n\
                         FROM placed WHERE {IN} <> 1 ORDER BY year, serial LIMIT $1"
                    ),
                    &[&NAMED],
                )
                .await?,
            };
            let unaccounted = rows
                .iter()
                .map(|row| {
                    Ok(Unaccounted {
                        case: CaseId::from_uuid(row.get("id")),
                        number: number_of(row)?,
                        places: row.get("places"),
                        card_at: row.get("card_at"),
                    })
                })
                .collect::<Result<_, OfficeError>>()?;
            Ok(Reconciled {
                total: tally(&total),
                parts,
                odd: u64::try_from(odd).unwrap_or(0),
                unaccounted,
            })
        })
        .await
    }
}

fn tally(row: &store::Row) -> Tally {
    let count = |column: &str| u64::try_from(row.get::<_, i64>(column)).unwrap_or(0);
    let mut tally = Tally {
        applied: count("applied"),
        delivered: count("delivered"),
        cancelled: count("cancelled"),
        returned: count("returned"),
        stored: count("stored"),
        in_transit: count("in_transit"),
        difference: 0,
    };
    let found = [
        tally.delivered,
        tally.cancelled,
        tally.returned,
        tally.stored,
        tally.in_transit,
    ];
    tally.difference = tally.applied.cast_signed() - found.iter().sum::<u64>().cast_signed();
    tally
}
