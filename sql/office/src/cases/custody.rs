//! The ledger of custody: a card moves from where it is, on a way there is, by whoever may; the line is written with the
//! change it belongs to.

mod given_back;
mod refusal;

pub use refusal::CustodyRefusal;

use issuance::{
    acts::{AuditAct as _, CardMoved, SecondPurpose},
    case::{CardId, CaseId, CaseNumber, ShelfPlace},
    custody::{Custody, Evidence, PlaceKind},
    lifecycle::Lifecycle,
    staff::StaffId,
    whereabouts::{Stays, by_words},
};
use serde_json::json;
use store::Tx;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{ApprovalId, ApprovalRefusal, CaseAt, card_state, number_of, use_approval};
use crate::{Act, Office, OfficeError, act::Doing, telephone_stop::settle_stop};

const TABLE: &str = "office.transfer";

/// A place of the shelf that holds a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupied {
    pub place: ShelfPlace,
    /// The case whose card lies there.
    pub case: CaseId,
    pub number: CaseNumber,
}

/// A card of a case, and its way through the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardTrail {
    pub card: CardId,
    pub chip: Vec<u8>,
    pub lifecycle: Lifecycle,
    /// Whether it is the card that the case stands for now; the others were given up.
    pub is_bound: bool,
    /// Where it is.
    pub place: Custody,
    /// How it came there, oldest first; who moved it and who saw it, by name.
    pub lines: Vec<(Transferred, Option<String>, Option<String>)>,
}

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transferred {
    /// Where the card was.
    pub from: Custody,
    /// Where it came to.
    pub to: Custody,
    /// What shows it; `None` for what was recorded before there was a ledger.
    pub evidence: Option<Evidence>,
    pub at: OffsetDateTime,
    /// By whom; `None` for what was recorded before there was a ledger.
    pub by: Option<StaffId>,
    /// Who saw it too.
    pub second: Option<StaffId>,
}

impl Office {
    /// Moves a card within the act being done, from wherever it is. To where it is already, nothing is written.
    pub(crate) async fn transfer(
        &self,
        tx: &Tx,
        doing: &Doing,
        card: CardId,
        (to, evidence): (Custody, Evidence),
        second: Option<StaffId>,
    ) -> Result<(), OfficeError> {
        let from = place_of(tx, card).await?;
        if from == to {
            return Ok(());
        }
        let (to, way) = from.after(&to, evidence)?;
        if !way.roles.iter().any(|role| doing.roles.contains(role)) {
            return Err(OfficeError::NotAllowed(way.roles[0]));
        }
        if way.two_people && second.is_none() {
            return Err(ApprovalRefusal::Missing.into());
        }
        tx.execute(
            "-- transfer\n\
             INSERT INTO office.transfer\n\
             (card, from_kind, from_name, to_kind, to_name, evidence, at, act, moved_by, seen_by)\n\
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            &[
                &card.uuid(),
                &from.kind().as_str(),
                &from.name(),
                &to.kind().as_str(),
                &to.name(),
                &evidence.as_str(),
                &doing.at,
                &doing.act,
                &doing.staff()?.uuid(),
                &second.map(|staff| staff.uuid()),
            ],
        )
        .await?;
        Ok(())
    }

    /// Moves the card of a case outside the case's own course, on a clerk's words: brought back by its holder, found,
    /// missing at a stock-taking, destroyed. `second` is another clerk's agreement where the way takes two; `words` are
    /// kept sealed. Gives the case's new version.
    ///
    /// # Errors
    /// [`OfficeError::NotNow`] where no way leads there, [`ApprovalRefusal::Missing`], [`OfficeError::NotAllowed`],
    /// [`CustodyRefusal`] for a card that may be used, and for the destruction of one that is not over,
    /// [`OfficeError::NotHeld`], [`OfficeError::ChangedMeanwhile`]
    pub async fn move_card(
        &self,
        act: &Act,
        at: CaseAt,
        card: CardId,
        to: &Custody,
        second: Option<ApprovalId>,
        words: &str,
    ) -> Result<i64, OfficeError> {
        self.act("move_card", CardMoved::ROW, at.id, act, |tx, doing| async move {
            let row = self.held_at(&tx, &doing, at).await?;
            let stands = tx
                .query_opt(
                    "-- card_of_case\n\
                     SELECT state, EXISTS (SELECT FROM office.parcel p WHERE p.card = $1\n\
                     AND p.state NOT IN ('delivered', 'withdrawn', 'opened')) FROM office.card WHERE id = $1 AND case_id = $2",
                    &[&card.uuid(), &at.id.uuid()],
                )
                .await?
                .ok_or(OfficeError::NotFound("card of this case"))?;
            let (stands, in_envelope) = (card_state(stands.get(0))?, stands.get(1));
            if in_envelope {
                return Err(CustodyRefusal::InEnvelope.into());
            }
            let from = place_of(&tx, card).await?;
            by_words(&from, stands, to.kind()).map_err(|stays| match stays {
                Stays::StillActive => CustodyRefusal::StillActive.into(),
                Stays::NotOver => CustodyRefusal::NotOver.into(),
                Stays::NoWay(no) => OfficeError::from(no),
            })?;
            if to.kind() == PlaceKind::Drawer {
                // What a caller said would end by itself; the card lies here now, until its holder comes for it.
                settle_stop(&tx, &doing, card, "overtaken").await?;
            }
            let second = match second {
                Some(approval) => Some(use_approval(&tx, &doing, at.id, SecondPurpose::Custody, approval).await?),
                None => None,
            };
            self.transfer(&tx, &doing, card, (to.clone(), Evidence::Words), second)
                .await?;
            let details = CardMoved {
                from: from.kind(),
                to: to.kind(),
                approved_by: second,
                words: self.seal_words(&doing, words),
            };
            let subjects = json!({ "case": at.id, "card": card });
            self.record(&tx, &doing, subjects, details).await?;
            Ok(self.touch(&tx, &row).await?)
        })
        .await
    }

    /// Every card of a case, the one it stands for now first, with its way through the ledger.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn cards_of_case(&self, case: CaseId) -> Result<Vec<CardTrail>, OfficeError> {
        let cards = self
            .read("cards_of_case", |tx| async move {
                tx.query(
                    "-- cards_of_case\n\
                     SELECT k.id, k.chip, k.state, k.id IS NOT DISTINCT FROM c.card AS bound, p.kind, p.name\n\
                     FROM office.card k JOIN office.card_case c ON c.id = k.case_id\n\
                     LEFT JOIN office.card_place p ON p.card = k.id\n\
                     WHERE c.id = $1 ORDER BY 4 DESC, k.bound_at DESC, k.id",
                    &[&case.uuid()],
                )
                .await
                .map_err(OfficeError::from)
            })
            .await?;
        let mut trails = Vec::with_capacity(cards.len());
        for row in &cards {
            let kind: Option<&str> = row.get("kind");
            let card = CardId::from_uuid(row.get("id"));
            let mut lines = Vec::new();
            for line in self.transfers(card).await? {
                let by = self.named(line.by).await?;
                let second = self.named(line.second).await?;
                lines.push((line, by, second));
            }
            trails.push(CardTrail {
                card,
                chip: row.get("chip"),
                lifecycle: card_state(row.get("state"))?,
                is_bound: row.get("bound"),
                place: match kind {
                    Some(kind) => Custody::read(kind, row.get("name")).ok_or(OfficeError::Unreadable(TABLE))?,
                    None => Custody::STOCK,
                },
                lines,
            });
        }
        Ok(trails)
    }

    async fn named(&self, staff: Option<StaffId>) -> Result<Option<String>, OfficeError> {
        match staff {
            Some(staff) => self.name_of_staff(staff).await.map(Some),
            None => Ok(None),
        }
    }

    /// The ledger's lines about a card, in the order they were written.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn transfers(&self, card: CardId) -> Result<Vec<Transferred>, OfficeError> {
        self.read("transfers", |tx| async move {
            let rows = tx
                .query(
                    "-- transfers\n\
                     SELECT from_kind, from_name, to_kind, to_name, evidence, at, moved_by, seen_by\n\
                     FROM office.transfer WHERE card = $1 ORDER BY id",
                    &[&card.uuid()],
                )
                .await?;
            let place = |kind: &str, name| Custody::read(kind, name).ok_or(OfficeError::Unreadable(TABLE));
            rows.iter()
                .map(|row| {
                    let evidence: &str = row.get("evidence");
                    let staff = |column: &str| row.get::<_, Option<Uuid>>(column).map(StaffId::from_uuid);
                    Ok(Transferred {
                        from: place(row.get("from_kind"), row.get("from_name"))?,
                        to: place(row.get("to_kind"), row.get("to_name"))?,
                        evidence: Evidence::ALL.into_iter().find(|known| known.as_str() == evidence),
                        at: row.get("at"),
                        by: staff("moved_by"),
                        second: staff("seen_by"),
                    })
                })
                .collect()
        })
        .await
    }

    /// Every place of the shelf that holds a card, in order of the places.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn shelf(&self) -> Result<Vec<Occupied>, OfficeError> {
        self.read("shelf", |tx| async move {
            let rows = tx
                .query(
                    "-- shelf\n\
                     SELECT c.id, c.year, c.serial, p.name FROM office.card_place p\n\
                     JOIN office.card k ON k.id = p.card JOIN office.card_case c ON c.id = k.case_id\n\
                     WHERE p.kind = $1 ORDER BY p.name",
                    &[&PlaceKind::Shelf.as_str()],
                )
                .await?;
            rows.iter()
                .map(|row| {
                    Ok(Occupied {
                        place: ShelfPlace::parse(row.get("name")).ok_or(OfficeError::Unreadable(TABLE))?,
                        case: CaseId::from_uuid(row.get("id")),
                        number: number_of(row)?,
                    })
                })
                .collect()
        })
        .await
    }
}

/// Where a card is; one that no line of the ledger is about yet comes from the stock.
pub(crate) async fn place_of(tx: &Tx, card: CardId) -> Result<Custody, OfficeError> {
    let row = tx
        .query_opt(
            "-- place_of\nSELECT kind, name FROM office.card_place WHERE card = $1",
            &[&card.uuid()],
        )
        .await?;
    match row {
        Some(row) => Custody::read(row.get(0), row.get(1)).ok_or(OfficeError::Unreadable(TABLE)),
        None => Ok(Custody::STOCK),
    }
}

/// The case whose card lies at a place of the shelf.
pub(super) async fn occupant(tx: &Tx, place: &ShelfPlace) -> Result<Option<(CaseId, CaseNumber)>, OfficeError> {
    let row = tx
        .query_opt(
            "-- occupant\n\
             SELECT c.id, c.year, c.serial FROM office.card_place p\n\
             JOIN office.card k ON k.id = p.card JOIN office.card_case c ON c.id = k.case_id\n\
             WHERE p.kind = $1 AND p.name = $2",
            &[&PlaceKind::Shelf.as_str(), &place.as_str()],
        )
        .await?;
    row.map(|row| Ok((CaseId::from_uuid(row.get("id")), number_of(&row)?)))
        .transpose()
}
