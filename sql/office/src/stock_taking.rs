//! 棚卸し: the cards at a place are counted one by one, by chip or by envelope, and compared with the ledger. What is missing
//! and what is too much is named at every moment; what the count came to is confirmed by another person.
//!
//! A count lives in the records from its first card on: a console that dies goes on where it stood.

mod refusal;

use std::sync::LazyLock;

use issuance::{
    acts::{AuditAct as _, StockConfirmed, StockCounted},
    case::{CaseId, CaseNumber},
    custody::{Custody, PlaceKind},
    parcel::TrackingNumber,
    staff::StaffId,
};
pub use refusal::StockRefusal;
use relay_core::{clock::JST, id::Id};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Row, Tx};
use time::OffsetDateTime;

use crate::{
    Act, Office, OfficeError,
    act::{About, Doing},
    cases::number_of,
};

const TABLE: &str = "office.stock_taking";

/// Kind of [`StockTakingId`].
pub enum StockTakingKind {}
/// A count.
pub type StockTakingId = Id<StockTakingKind>;

/// What is counted in one go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CountedPlace {
    /// Every place of the shelf.
    Shelf,
    /// The drawer of a desk.
    Drawer(String),
    /// The box of envelopes that wait for the post office.
    Outgoing,
    /// The box of envelopes that came back.
    Returned,
}

impl CountedPlace {
    /// Its kind of place.
    pub const fn kind(&self) -> PlaceKind {
        match self {
            Self::Shelf => PlaceKind::Shelf,
            Self::Drawer(_) => PlaceKind::Drawer,
            Self::Outgoing => PlaceKind::Outgoing,
            Self::Returned => PlaceKind::Returned,
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Drawer(desk) => Some(desk),
            _ => None,
        }
    }

    fn read(kind: &str, name: Option<String>) -> Option<Self> {
        Some(match (PlaceKind::read(kind)?, name) {
            (PlaceKind::Shelf, None) => Self::Shelf,
            (PlaceKind::Drawer, Some(desk)) => Self::Drawer(desk),
            (PlaceKind::Outgoing, None) => Self::Outgoing,
            (PlaceKind::Returned, None) => Self::Returned,
            _ => return None,
        })
    }
}

/// How far a count is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CountState {
    /// Cards are being counted.
    Open,
    /// Counted; another person is to confirm it.
    Counted,
    Confirmed,
}

/// A count, with what it came to or comes to so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockTaking {
    pub id: StockTakingId,
    pub place: CountedPlace,
    pub state: CountState,
    pub begun_at: OffsetDateTime,
    /// Who began it, or counted it, by name.
    pub by: String,
    pub counted_by: Option<StaffId>,
    /// Who confirmed it, by name.
    pub confirmed_by: Option<String>,
    /// Cards that the ledger has, or had, there.
    pub expected: u32,
    pub missing: u32,
    /// Found, and in the ledger elsewhere or in no record.
    pub surplus: u32,
}

/// A card that a count is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedCard {
    pub chip: Vec<u8>,
    /// The case it belongs to; `None` for a chip in no record.
    pub case: Option<(CaseId, CaseNumber)>,
    /// Where the ledger has it now.
    pub place: Option<Custody>,
    pub found: Finding,
}

/// What a count says of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// In the ledger there, and not found (yet).
    Missing,
    /// Found, and in the ledger elsewhere.
    Surplus,
    /// Found, and in no record.
    Unknown,
    /// Found where the ledger has it.
    There,
}

/// What is counted: a card in the reader, or an envelope by its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mark {
    Chip(Vec<u8>),
    Envelope(TrackingNumber),
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub found: Finding,
    /// It had been counted before.
    pub again: bool,
    pub number: Option<CaseNumber>,
}

/// The cards that the ledger has at the place of the count `t`, and had there as it began: what is put there meanwhile is in
/// somebody's hand, not missing.
const AT_PLACE: &str = "FROM office.card_place p WHERE p.kind = t.kind AND (t.name IS NULL OR p.name = t.name)\n\
    AND p.since <= t.begun_at AND NOT EXISTS (\n\
    SELECT FROM office.stock_counted c WHERE c.stock_taking = t.id AND c.card = p.card)";

/// A count, and what it comes to so far, or came to.
static SELECT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT t.*, CASE WHEN t.counted_at IS NULL THEN (SELECT count(*) {AT_PLACE})\n\
         ELSE (SELECT count(*) FROM office.stock_finding f WHERE f.stock_taking = t.id AND f.finding = 'missing') END AS missing,\n\
         CASE WHEN t.counted_at IS NULL THEN (SELECT count(*) FROM office.stock_counted c WHERE c.stock_taking = t.id AND NOT c.here)\n\
         ELSE (SELECT count(*) FROM office.stock_finding f WHERE f.stock_taking = t.id AND f.finding <> 'missing') END AS surplus,\n\
         (SELECT count(*) FROM office.stock_counted c WHERE c.stock_taking = t.id AND c.here) AS found\n\
         FROM office.stock_taking t"
    )
});

/// Every card of a count: those that nobody has seen yet, those that were counted. What ended stays as it came out.
static CARDS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT k.chip, k.id AS card, c.id AS case_id, c.year, c.serial, p.kind, p.name, a.found FROM (\n\
         SELECT p.card, 'missing' AS found FROM office.stock_taking t, LATERAL (SELECT p.card {AT_PLACE}) p\n\
         WHERE t.id = $1 AND t.counted_at IS NULL\n\
         UNION ALL SELECT f.card, f.finding FROM office.stock_finding f WHERE f.stock_taking = $1 AND f.finding = 'missing'\n\
         UNION ALL SELECT n.card, CASE WHEN n.here THEN 'there' ELSE 'surplus' END FROM office.stock_counted n\n\
         WHERE n.stock_taking = $1 AND n.card IS NOT NULL) a\n\
         JOIN office.card k ON k.id = a.card JOIN office.card_case c ON c.id = k.case_id\n\
         LEFT JOIN office.card_place p ON p.card = k.id\n\
         UNION ALL SELECT n.chip, NULL, NULL, NULL, NULL, NULL, NULL, 'unknown'\n\
         FROM office.stock_counted n WHERE n.stock_taking = $1 AND n.card IS NULL"
    )
});

impl Office {
    /// Begins the count of a place, or gives the one that somebody began there today: it goes on where it stands.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`]
    pub async fn begin_stock_taking(&self, act: &Act, place: &CountedPlace) -> Result<StockTakingId, OfficeError> {
        let about = About::content(json!([place, "begin"]));
        self.act(
            "begin_stock_taking",
            StockCounted::ROW,
            about,
            act,
            |tx, doing| async move {
                let (kind, name) = (place.kind().as_str(), place.name());
                let open = tx
                    .query_opt(
                        "-- open_stock_taking\n\
                     SELECT id, begun_at FROM office.stock_taking WHERE kind = $1 AND name IS NOT DISTINCT FROM $2\n\
                     AND counted_at IS NULL AND abandoned_at IS NULL FOR UPDATE",
                        &[&kind, &name],
                    )
                    .await?;
                if let Some(open) = open {
                    let begun: OffsetDateTime = open.get("begun_at");
                    if begun.to_offset(JST).date() == doing.at.to_offset(JST).date() {
                        return Ok(StockTakingId::from_uuid(open.get("id")));
                    }
                    // Cards have moved since: what was in a hand yesterday says nothing of today.
                    let left: uuid::Uuid = open.get("id");
                    tx.execute(
                        "-- abandon_stock_taking\nUPDATE office.stock_taking SET abandoned_at = $2 WHERE id = $1",
                        &[&left, &doing.at],
                    )
                    .await?;
                }
                let id: StockTakingId = self.fresh();
                tx.execute(
                    "-- begin_stock_taking\n\
                 INSERT INTO office.stock_taking (id, kind, name, begun_at, begun_by) VALUES ($1, $2, $3, $4, $5)",
                    &[&id.uuid(), &kind, &name, &doing.at, &doing.staff()?.uuid()],
                )
                .await?;
                Ok(id)
            },
        )
        .await
    }

    /// Counts a card: kept at once, so that nothing is lost with the console.
    ///
    /// # Errors
    /// [`StockRefusal::Over`], [`StockRefusal::NoSuchEnvelope`], [`OfficeError::NotAllowed`]
    pub async fn count_card(&self, act: &Act, id: StockTakingId, mark: &Mark) -> Result<Counted, OfficeError> {
        let about = About::content(json!([id, mark]));
        self.act("count_card", StockCounted::ROW, about, act, |tx, doing| async move {
            open_count(&tx, id).await?;
            let (chip, known) = match mark {
                Mark::Chip(chip) => {
                    let sql = "-- chip_counted\n\
                               SELECT k.id, k.chip, c.year, c.serial FROM office.card k\n\
                               JOIN office.card_case c ON c.id = k.case_id WHERE k.chip = $1";
                    (chip.clone(), tx.query_opt(sql, &[chip]).await?)
                }
                Mark::Envelope(number) => {
                    let sql = "-- envelope_counted\n\
                               SELECT k.id, k.chip, c.year, c.serial FROM office.parcel p\n\
                               JOIN office.card k ON k.id = p.card JOIN office.card_case c ON c.id = p.case_id\n\
                               WHERE p.number = $1 AND p.state NOT IN ('delivered', 'withdrawn', 'opened')";
                    let row = tx.query_opt(sql, &[&number.as_str()]).await?;
                    let row = row.ok_or(StockRefusal::NoSuchEnvelope)?;
                    (row.get("chip"), Some(row))
                }
            };
            let card: Option<uuid::Uuid> = known.as_ref().map(|row| row.get("id"));
            let here = tx
                .query_one(
                    "-- is_here\n\
                     SELECT EXISTS (SELECT FROM office.card_place p JOIN office.stock_taking t ON p.kind = t.kind\n\
                     AND (t.name IS NULL OR p.name = t.name) WHERE t.id = $1 AND p.card = $2)",
                    &[&id.uuid(), &card],
                )
                .await?;
            let here: bool = here.get(0);
            let written = tx
                .execute(
                    "-- count_card\n\
                     INSERT INTO office.stock_counted (stock_taking, chip, card, here, at, counted_by)\n\
                     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                    &[&id.uuid(), &chip, &card, &here, &doing.at, &doing.staff()?.uuid()],
                )
                .await?;
            Ok(Counted {
                found: match (card, here) {
                    (None, _) => Finding::Unknown,
                    (Some(_), true) => Finding::There,
                    (Some(_), false) => Finding::Surplus,
                },
                again: written == 0,
                number: known.as_ref().map(number_of).transpose()?,
            })
        })
        .await
    }

    /// Everything at the place was counted: what is missing and what is too much is written down and waits for another
    /// person.
    ///
    /// # Errors
    /// [`StockRefusal::Over`], [`OfficeError::NotAllowed`]
    pub async fn finish_count(&self, act: &Act, id: StockTakingId) -> Result<(), OfficeError> {
        let about = About::content(json!([id, "finish"]));
        self.act("finish_count", StockCounted::ROW, about, act, |tx, doing| async move {
            let place = open_count(&tx, id).await?;
            // One statement: what moves meanwhile moved after the count.
            let cards = tx.query(CARDS.as_str(), &[&id.uuid()]).await?;
            let (mut expected, mut missing, mut surplus) = (0_i32, 0_usize, 0_usize);
            for row in &cards {
                let found: &str = row.get("found");
                match found {
                    "missing" => missing += 1,
                    "surplus" | "unknown" => surplus += 1,
                    _ => {}
                }
                expected += i32::from(matches!(found, "missing" | "there"));
                if found != "there" {
                    tx.execute(
                        "-- stock_finding\n\
                         INSERT INTO office.stock_finding (stock_taking, chip, card, finding) VALUES ($1, $2, $3, $4)",
                        &[
                            &id.uuid(),
                            &row.get::<_, &[u8]>("chip"),
                            &row.get::<_, Option<uuid::Uuid>>("card"),
                            &found,
                        ],
                    )
                    .await?;
                }
            }
            tx.execute(
                "-- finish_count\n\
                 UPDATE office.stock_taking SET counted_at = $2, counted_by = $3, expected = $4 WHERE id = $1",
                &[&id.uuid(), &doing.at, &doing.staff()?.uuid(), &expected],
            )
            .await?;
            let details = StockCounted {
                place: place.kind(),
                expected: expected.unsigned_abs() as usize,
                missing,
                surplus,
            };
            self.record(&tx, &doing, json!({ "stock_taking": id }), details).await
        })
        .await
    }

    /// Another person has looked at what a count came to.
    ///
    /// # Errors
    /// [`StockRefusal::SamePerson`], [`StockRefusal::NotCounted`], [`StockRefusal::Over`], [`OfficeError::NotAllowed`]
    pub async fn confirm_count(&self, act: &Act, id: StockTakingId) -> Result<(), OfficeError> {
        let about = About::content(json!([id, "confirm"]));
        self.act(
            "confirm_count",
            StockConfirmed::ROW,
            about,
            act,
            |tx, doing| async move {
                let row = locked(&tx, id).await?;
                let counted_by: Option<uuid::Uuid> = row.get("counted_by");
                let counted_by = counted_by.map(StaffId::from_uuid).ok_or(StockRefusal::NotCounted)?;
                if row.get::<_, Option<OffsetDateTime>>("confirmed_at").is_some() {
                    return Err(StockRefusal::Over.into());
                }
                if counted_by == doing.staff()? {
                    return Err(StockRefusal::SamePerson.into());
                }
                self.confirmed(&tx, &doing, id).await?;
                self.record(
                    &tx,
                    &doing,
                    json!({ "stock_taking": id }),
                    StockConfirmed { counted_by },
                )
                .await
            },
        )
        .await
    }

    async fn confirmed(&self, tx: &Tx, doing: &Doing, id: StockTakingId) -> Result<(), OfficeError> {
        tx.execute(
            "-- confirm_count\nUPDATE office.stock_taking SET confirmed_at = $2, confirmed_by = $3 WHERE id = $1",
            &[&id.uuid(), &doing.at, &doing.staff()?.uuid()],
        )
        .await?;
        Ok(())
    }

    /// The counts, the newest first; those that gave way to another are not among them.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn stock_takings(&self, limit: u32) -> Result<Vec<StockTaking>, OfficeError> {
        self.read("stock_takings", |tx| async move {
            let sql = format!(
                "-- stock_takings\n{} WHERE t.abandoned_at IS NULL ORDER BY t.begun_at DESC, t.id LIMIT $1",
                *SELECT
            );
            let rows = tx.query(&sql, &[&i64::from(limit)]).await?;
            let mut takings = Vec::with_capacity(rows.len());
            for row in &rows {
                takings.push(self.taking(&tx, row).await?);
            }
            Ok(takings)
        })
        .await
    }

    async fn taking(&self, tx: &Tx, row: &Row) -> Result<StockTaking, OfficeError> {
        let staff = |column: &str| row.get::<_, Option<uuid::Uuid>>(column).map(StaffId::from_uuid);
        let count = |column: &str| u32::try_from(row.get::<_, i64>(column)).unwrap_or(u32::MAX);
        let (counted_by, confirmed_by) = (staff("counted_by"), staff("confirmed_by"));
        let by = counted_by.or(staff("begun_by")).ok_or(OfficeError::Unreadable(TABLE))?;
        Ok(StockTaking {
            id: StockTakingId::from_uuid(row.get("id")),
            place: CountedPlace::read(row.get("kind"), row.get("name")).ok_or(OfficeError::Unreadable(TABLE))?,
            state: match (counted_by, confirmed_by) {
                (None, _) => CountState::Open,
                (Some(_), None) => CountState::Counted,
                (Some(_), Some(_)) => CountState::Confirmed,
            },
            begun_at: row.get("begun_at"),
            by: self.staff_name(tx, by).await?,
            counted_by,
            confirmed_by: match confirmed_by {
                Some(staff) => Some(self.staff_name(tx, staff).await?),
                None => None,
            },
            // What was expected as it ended stays so; before that it is what was found and what was not yet.
            expected: match row.get::<_, Option<i32>>("expected") {
                Some(expected) => u32::try_from(expected).unwrap_or(0),
                None => count("missing") + count("found"),
            },
            missing: count("missing"),
            surplus: count("surplus"),
        })
    }

    /// A count with every card of it: what is missing first, then what is too much, then what was found.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`]
    pub async fn stock_taking(&self, id: StockTakingId) -> Result<(StockTaking, Vec<CountedCard>), OfficeError> {
        self.read("stock_taking", |tx| async move {
            let sql = format!("-- stock_taking\n{} WHERE t.id = $1", *SELECT);
            let row = tx.query_opt(&sql, &[&id.uuid()]).await?;
            let row = row.ok_or(OfficeError::NotFound("stock-taking"))?;
            let of = self.taking(&tx, &row).await?;
            let rows = tx.query(CARDS.as_str(), &[&id.uuid()]).await?;
            let mut cards = rows.iter().map(counted_card).collect::<Result<Vec<_>, OfficeError>>()?;
            cards.sort_by_key(|card| (card.found, card.case.map(|(_, number)| number)));
            Ok((of, cards))
        })
        .await
    }
}

async fn locked(tx: &Tx, id: StockTakingId) -> Result<Row, OfficeError> {
    let row = tx
        .query_opt(
            "-- locked_stock_taking\nSELECT * FROM office.stock_taking WHERE id = $1 FOR UPDATE",
            &[&id.uuid()],
        )
        .await?;
    row.ok_or(OfficeError::NotFound("stock-taking"))
}

/// The place of a count that goes on.
async fn open_count(tx: &Tx, id: StockTakingId) -> Result<CountedPlace, OfficeError> {
    let row = locked(tx, id).await?;
    let over = |column: &str| row.get::<_, Option<OffsetDateTime>>(column).is_some();
    if over("counted_at") || over("abandoned_at") {
        return Err(StockRefusal::Over.into());
    }
    CountedPlace::read(row.get("kind"), row.get("name")).ok_or(OfficeError::Unreadable(TABLE))
}

fn counted_card(row: &Row) -> Result<CountedCard, OfficeError> {
    let case: Option<uuid::Uuid> = row.get("case_id");
    let kind: Option<&str> = row.get("kind");
    Ok(CountedCard {
        chip: row.get("chip"),
        case: match case {
            Some(case) => Some((CaseId::from_uuid(case), number_of(row)?)),
            None => None,
        },
        place: kind.and_then(|kind| Custody::read(kind, row.get("name"))),
        found: match row.get("found") {
            "missing" => Finding::Missing,
            "surplus" => Finding::Surplus,
            "unknown" => Finding::Unknown,
            _ => Finding::There,
        },
    })
}
