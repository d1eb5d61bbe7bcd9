//! Taking an application, with the one check for duplicates that every path goes through, and ending a case
//! without a card.

mod refusal;

use issuance::{
    acts::{AuditAct, CaseApplied, CaseCancelled},
    application::{Application, ApplicationEvent, ApplicationState},
    case::{CardId, CaseId, CaseNumber, ResidentId},
    lifecycle::Lifecycle,
    machine::Machine as _,
    records::good_until,
};
use relay_core::clock::JST;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use time::OffsetDateTime;

use super::{COLUMNS, CaseAt, CaseRow, CaseSummary, Phase, TABLE, WITH_CARD, With};
use crate::{Act, Office, OfficeError, SessionId, act::About};

pub use refusal::OpeningRefusal;

/// How long before its end a card may be renewed.
const RENEWED_FROM: time::Duration = time::Duration::days(365);

/// An application that was taken: the case is open and held by the session that took it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub at: CaseAt,
    /// 受付番号
    pub number: CaseNumber,
}

/// What may be the same application, or the same person.
#[derive(Debug, Clone, Default)]
pub struct Duplicates {
    /// The person's open case: nothing can be applied for until it ends.
    pub open: Option<CaseSummary>,
    /// The case of the card the person has: one that may be used, or that is stopped and may be found again. What was
    /// revoked, has run out, or ends within a year stands in nobody's way.
    pub active: Option<CaseSummary>,
    /// The case of a card in its last year: an application renews it. It goes on until the next one is handed over.
    pub renews: Option<CaseSummary>,
    /// A card whose certificates have run out, still recorded as active: an application ends it.
    pub(crate) run_out: Option<(CaseId, CardId, Lifecycle)>,
    /// Other records with the same reading of the name and the same birthday.
    pub similar: Vec<SimilarResident>,
}

/// Another record that may be the same person.
#[derive(Clone, PartialEq, Eq)]
pub struct SimilarResident {
    pub id: ResidentId,
    /// Name as in the roster.
    pub name: String,
    /// Their cases, newest first.
    pub cases: Vec<CaseSummary>,
}

impl std::fmt::Debug for SimilarResident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SimilarResident({})", self.id)
    }
}

impl Office {
    /// What an application for `resident` would meet: shown before the form is filled in.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn duplicates(&self, session: SessionId, resident: ResidentId) -> Result<Duplicates, OfficeError> {
        self.read("duplicates", |tx| async move {
            let doing = self.doing(&tx, &Act::of(session, session.uuid())).await?;
            self.look_for_duplicates(&tx, resident, doing.at).await
        })
        .await
    }

    /// Takes an application: numbers it without gaps, opens its case, holds it for the session.
    /// `despite` says why it is taken although there are similar records.
    ///
    /// # Errors
    /// [`OpeningRefusal::CaseOpen`], [`OpeningRefusal::HasCard`], [`OpeningRefusal::Similar`], [`OfficeError::NotAllowed`],
    /// [`OfficeError::NotFound`] for whom the roster has no more
    pub async fn open_application(
        &self,
        act: &Act,
        resident: ResidentId,
        application: &Application,
        despite: Option<&str>,
    ) -> Result<Opened, OfficeError> {
        let opened = self
            .act(
                "open_application",
                CaseApplied::ROW,
                About::content(json!([resident, application, despite])),
                act,
                |tx, doing| async move {
                    still_in_roster(&tx, resident).await?;
                    let duplicates = self.look_for_duplicates(&tx, resident, doing.at).await?;
                    if let Some(open) = duplicates.open {
                        return Err(OpeningRefusal::CaseOpen {
                            case: open.id,
                            number: open.number,
                        }
                        .into());
                    }
                    if let Some(active) = duplicates.active {
                        return Err(OpeningRefusal::HasCard {
                            case: active.id,
                            number: active.number,
                        }
                        .into());
                    }
                    let similar = duplicates.similar.len();
                    if similar > 0 && despite.is_none() {
                        return Err(OpeningRefusal::Similar(similar).into());
                    }
                    if let Some((former, card, stands)) = duplicates.run_out {
                        self.expire_card(&tx, &doing, former, (card, stands)).await?;
                    }
                    let number = next_number(&tx, doing.at).await?;
                    let case: CaseId = self.fresh();
                    let sealed = self.seal_value(TABLE, case.uuid(), "application", application)?;
                    let despite = despite.map(|reason| self.seal(TABLE, case.uuid(), "despite", reason.as_bytes()));
                    tx.execute(
                        "-- open_application\n\
                     INSERT INTO office.card_case\n\
                     (id, year, serial, resident, state, since, application, despite, opened_at, opened_by, delivery)\n\
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6, $9, $10)",
                        &[
                            &case.uuid(),
                            &number.0,
                            &number.1,
                            &resident.uuid(),
                            &ApplicationState::BEGINS[0].as_str(),
                            &doing.at,
                            &sealed,
                            &despite,
                            &doing.staff()?.uuid(),
                            &application.delivery().as_str(),
                        ],
                    )
                    .await?;
                    self.take_lease(&tx, &doing, case).await?;
                    self.keep_timing(&tx, &doing, case, Phase::Application).await?;
                    let number = CaseNumber {
                        year: number.0.unsigned_abs(),
                        serial: number.1.unsigned_abs(),
                    };
                    let subjects = json!({ "case": case, "resident": resident });
                    let details = CaseApplied {
                        number: number.to_string(),
                        similar,
                        despite: despite.is_some(),
                    };
                    self.record(&tx, &doing, subjects, details).await?;
                    Ok(Opened {
                        at: CaseAt { id: case, version: 1 },
                        number,
                    })
                },
            )
            .await;
        match opened {
            // Another desk was faster by a moment: the schema's own rule refused. Tell which case it is.
            Err(OfficeError::Store(error)) if error.is_constraint("case_open_once") => {
                let found = self
                    .read("duplicates", |tx| async move {
                        let now = self.now(&tx).await?;
                        self.look_for_duplicates(&tx, resident, now).await
                    })
                    .await?;
                match found.open {
                    Some(open) => Err(OpeningRefusal::CaseOpen {
                        case: open.id,
                        number: open.number,
                    }
                    .into()),
                    None => Err(error.into()),
                }
            }
            opened => opened,
        }
    }

    /// Ends a case without a card. `reason` is kept sealed. Gives the case's new version.
    ///
    /// # Errors
    /// [`OfficeError::NotNow`] once a card is being made, [`OfficeError::NotAllowed`], [`OfficeError::NotHeld`]
    pub async fn cancel(&self, act: &Act, at: CaseAt, reason: &str) -> Result<i64, OfficeError> {
        self.act("cancel", CaseCancelled::ROW, at.id, act, |tx, doing| async move {
            let row = self.held_at(&tx, &doing, at).await?;
            let with = With {
                reason: Some(reason.to_owned()),
                ..With::default()
            };
            let version = self
                .advance(&tx, &doing, &row, ApplicationEvent::Cancelled, with)
                .await?;
            self.record(&tx, &doing, json!({ "case": at.id }), CaseCancelled {})
                .await?;
            Ok(version)
        })
        .await
    }

    async fn look_for_duplicates(
        &self,
        tx: &Tx,
        resident: ResidentId,
        now: OffsetDateTime,
    ) -> Result<Duplicates, OfficeError> {
        let rows = tx
            .query(
                &format!(
                    "-- cases_in_the_way\n\
                     SELECT {COLUMNS}, c.closed_at IS NULL AS open, array(SELECT x.der FROM office.certificate x\n\
                     WHERE x.card = k.id AND x.der IS NOT NULL AND x.withdrawn_at IS NULL) AS certificates\n\
                     FROM office.card_case c {WITH_CARD} WHERE c.resident = $1"
                ),
                &[&resident.uuid()],
            )
            .await?;
        let mut duplicates = Duplicates::default();
        for row in &rows {
            let case = CaseRow::read(row)?;
            let summary = self.summary(&case)?;
            if row.get("open") {
                duplicates.open = Some(summary);
                continue;
            }
            let Some(card) = case.bound.filter(|card| card.lifecycle.is_good()) else {
                continue;
            };
            let certificates: Vec<Vec<u8>> = row.get("certificates");
            let ends_before = |moment| {
                !certificates.is_empty()
                    && certificates
                        .iter()
                        .all(|der| good_until(der).is_some_and(|end| end < moment))
            };
            if ends_before(now) {
                duplicates.run_out = Some((summary.id, card.id, card.lifecycle));
            } else if ends_before(now + RENEWED_FROM) {
                duplicates.renews = Some(summary);
            } else {
                duplicates.active = Some(summary);
            }
        }
        let similar = tx
            .query(
                "-- similar_residents\n\
                 SELECT o.id, o.identity FROM office.resident r\n\
                 JOIN office.resident o ON o.likeness_index = r.likeness_index AND o.id <> r.id AND o.gone_at IS NULL\n\
                 WHERE r.id = $1 ORDER BY o.id",
                &[&resident.uuid()],
            )
            .await?;
        for row in &similar {
            let id = ResidentId::from_uuid(row.get("id"));
            duplicates.similar.push(SimilarResident {
                id,
                name: self.resident_name(id, row.get("identity"))?,
                cases: self.cases_of(tx, id).await?,
            });
        }
        Ok(duplicates)
    }
}

/// Refuses whoever moved away or died: a screen may still show them from before the import.
pub(crate) async fn still_in_roster(tx: &Tx, resident: ResidentId) -> Result<(), OfficeError> {
    let row = tx
        .query_opt(
            "-- still_in_roster\nSELECT FROM office.resident WHERE id = $1 AND gone_at IS NULL",
            &[&resident.uuid()],
        )
        .await?;
    row.map(drop).ok_or(OfficeError::NotFound("resident in the roster"))
}

/// The next 受付番号 of the year it is in Japan. The counter's row stays locked until the transaction ends, and a
/// transaction that fails takes its number back: no gaps.
async fn next_number(tx: &Tx, at: OffsetDateTime) -> Result<(i16, i32), OfficeError> {
    let year = i16::try_from(at.to_offset(JST).year()).map_err(|_| OfficeError::Unreadable("the clock"))?;
    let row = tx
        .query_one(
            "-- next_number\n\
             INSERT INTO office.case_number (year, last) VALUES ($1, 1)\n\
             ON CONFLICT (year) DO UPDATE SET last = case_number.last + 1 RETURNING last",
            &[&year],
        )
        .await?;
    Ok((year, row.get(0)))
}
