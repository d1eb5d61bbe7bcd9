//! 本人限定受取郵便: cards in envelopes. An envelope is closed over one card when its letter and the chip agree and two
//! looked; the post office takes a counted number of them; what the carrier says is recorded as it comes; what is received
//! becomes active in that moment, what comes back is opened and goes on by another way.
//!
//! Whoever follows envelopes holds no case open: a case that another desk has on its screen goes on all the same, and that
//! desk is told that it changed.

mod carrier;
mod refusal;
mod rows;

use issuance::{
    acts::{
        AuditAct as _, CaseDeliveryChanged, ParcelClosed, ParcelFollowed, ParcelOpened, ParcelPosted, ParcelReceived,
        ParcelReturned, ParcelWithdrawn, SecondPurpose,
    },
    application::Delivery,
    case::{CardId, CaseId, CaseState},
    custody::{Custody, Evidence},
    handover::{HandoverRefused, NoticeCode, OnCounter, Recorded, SightRule, compare},
    lifecycle::{Lifecycle, LifecycleEvent},
    machine::{Machine as _, NotNow},
    parcel::{ParcelEvent, ParcelId, ParcelKind, ParcelState, ReturnReason, TrackingNumber, open_kinds},
    staff::StaffId,
};
use relay_core::clock::JST;
use serde_json::json;
use store::{Row, Tx};
use time::{Date, OffsetDateTime};

pub use carrier::{CarrierLine, CarrierTold};
pub use refusal::ParcelRefusal;
pub use rows::ByPost;

use crate::{
    Act, Office, OfficeError,
    act::{About, Doing},
    cases::{
        ApprovalId, ApprovalRefusal, CaseAt, CaseRow, HandoverRefusal, case_row, clear_sights, end_notice, place_of,
        still_in_roster, use_approval,
    },
};

const TABLE: &str = "office.parcel";

/// What is on the desk as an envelope is closed.
#[derive(Debug, Clone)]
pub struct Envelope {
    pub kind: ParcelKind,
    /// 引受番号 on its sticker.
    pub number: TrackingNumber,
    /// The code of the letter that goes into it.
    pub notice: NoticeCode,
    /// The serial read from the chip that goes into it.
    pub chip: Vec<u8>,
}

/// A row of the table, locked with its case.
struct Locked {
    id: ParcelId,
    card: CardId,
    number: TrackingNumber,
    state: ParcelState,
    accepted_on: Option<Date>,
    notified_on: Option<Date>,
    closed_at: OffsetDateTime,
    closed_by: StaffId,
    seen_by: StaffId,
    case: CaseRow,
}

impl Office {
    /// Changes how the card is to reach the resident, of a case whose card is in no envelope. `words` say why and are kept
    /// sealed. Gives the case's new version.
    ///
    /// # Errors
    /// [`ParcelRefusal::SameDelivery`], [`ParcelRefusal::VerifiedForCounter`], [`OfficeError::NotNow`] in an envelope and
    /// when the case is over, [`OfficeError::NotHeld`], [`OfficeError::ChangedMeanwhile`], [`OfficeError::NotAllowed`]
    pub async fn change_delivery(&self, act: &Act, at: CaseAt, to: Delivery, words: &str) -> Result<i64, OfficeError> {
        let row = CaseDeliveryChanged::ROW;
        self.act("change_delivery", row, at.id, act, |tx, doing| async move {
            let case = self.held_at(&tx, &doing, at).await?;
            let state = self.state_of(&case)?;
            if state.is_closed() || matches!(state, CaseState::ByPost { .. }) {
                return Err(not_now(&state, "delivery_changed"));
            }
            let from = self.application_of(&case)?.delivery();
            if from == to {
                return Err(ParcelRefusal::SameDelivery.into());
            }
            if to == Delivery::RestrictedPost
                && let Some(verified) = self.verification_of(&case)?
                && open_kinds(&verified).is_empty()
            {
                return Err(ParcelRefusal::VerifiedForCounter.into());
            }
            let moved = tx
                .query_one(
                    "-- change_delivery\n\
                     UPDATE office.card_case SET delivery = $2, version = version + 1 WHERE id = $1 RETURNING version",
                    &[&at.id.uuid(), &to.as_str()],
                )
                .await?;
            // The letter printed before says what is no longer so: come for it, or do not.
            end_notice(&tx, &doing, at.id).await?;
            let words = self.seal_words(&doing, words);
            self.record(
                &tx,
                &doing,
                json!({ "case": at.id }),
                CaseDeliveryChanged { from, to, words },
            )
            .await?;
            Ok(moved.get(0))
        })
        .await
    }

    /// Closes an envelope over the case's card: the letter's code and the chip must be its own, the PIN set, the addressee
    /// in the roster. The second look is another clerk's agreement (`second`) where the rule asks for two. What does not
    /// agree is recorded as refused.
    ///
    /// # Errors
    /// [`HandoverRefusal::Mismatched`], [`HandoverRefusal::NoNotice`], [`ParcelRefusal`], [`ApprovalRefusal::Missing`],
    /// [`OfficeError::NotNow`], [`OfficeError::NotHeld`], [`OfficeError::ChangedMeanwhile`], [`OfficeError::NotAllowed`]
    pub async fn close_envelope(
        &self,
        act: &Act,
        at: CaseAt,
        envelope: &Envelope,
        rule: SightRule,
        second: Option<ApprovalId>,
    ) -> Result<i64, OfficeError> {
        let closed = self
            .act(
                "close_envelope",
                ParcelClosed::ROW,
                at.id,
                act,
                |tx, doing| async move {
                    let case = self.held_at(&tx, &doing, at).await?;
                    let card = self.agrees(&tx, &case, envelope).await?;
                    let here = place_of(&tx, card).await?;
                    here.after(&Custody::OUTGOING, Evidence::EnvelopeClosed)?;
                    let closer = doing.staff()?;
                    let seen_by = match (second, rule) {
                        (Some(second), _) => use_approval(&tx, &doing, at.id, SecondPurpose::Envelope, second).await?,
                        (None, SightRule::OneClerkTwice) => closer,
                        (None, SightRule::TwoClerks) => return Err(ApprovalRefusal::Missing.into()),
                    };
                    let id: ParcelId = self.fresh();
                    tx.execute(
                        "-- close_envelope\n\
                     INSERT INTO office.parcel\n\
                     (id, case_id, card, kind, number, state, since, closed_at, closed_by, seen_by, two_clerks)\n\
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10)",
                        &[
                            &id.uuid(),
                            &at.id.uuid(),
                            &card.uuid(),
                            &envelope.kind.as_str(),
                            &envelope.number.as_str(),
                            &ParcelState::BEGINS[0].as_str(),
                            &doing.at,
                            &closer.uuid(),
                            &seen_by.uuid(),
                            &(rule == SightRule::TwoClerks),
                        ],
                    )
                    .await?;
                    let box_ = (Custody::OUTGOING, Evidence::EnvelopeClosed);
                    self.transfer(&tx, &doing, card, box_, None).await?;
                    clear_sights(&tx, at.id).await?;
                    let version = self.went_on(&tx, &doing, &case, false).await?;
                    let subjects = json!({ "case": at.id, "card": card, "parcel": id });
                    let details = ParcelClosed {
                        kind: envelope.kind,
                        number: envelope.number.as_str().to_owned(),
                        approved_by: seen_by,
                    };
                    self.record(&tx, &doing, subjects, details).await?;
                    Ok(version)
                },
            )
            .await;
        match closed {
            Err(OfficeError::Store(error)) if error.is_constraint("parcel_number_under_way") => {
                match self.parcel_by_number(&envelope.number).await? {
                    Some(taken) => Err(ParcelRefusal::NumberTaken {
                        number: envelope.number.clone(),
                        case: taken.case_number,
                    }
                    .into()),
                    None => Err(error.into()),
                }
            }
            closed => closed,
        }
    }

    /// Whether letter, chip, PIN, wish and documents let this card go into this envelope; gives the card.
    async fn agrees(&self, tx: &Tx, case: &CaseRow, envelope: &Envelope) -> Result<CardId, OfficeError> {
        let state = self.state_of(case)?;
        let (CaseState::Made { card } | CaseState::Shelved { card, .. }) = state else {
            return Err(not_now(&state, "envelope_closed"));
        };
        if self.application_of(case)?.delivery() != Delivery::RestrictedPost {
            return Err(ParcelRefusal::ForCounter.into());
        }
        still_in_roster(tx, case.resident).await?;
        let kinds = self.verification_of(case)?.map(|verified| open_kinds(&verified));
        match kinds {
            Some(kinds) if kinds.contains(&envelope.kind) => {}
            Some(kinds) if kinds.is_empty() => return Err(ParcelRefusal::VerifiedForCounter.into()),
            _ => return Err(ParcelRefusal::KindNotOpen.into()),
        }
        let known = tx
            .query_one(
                "-- card_to_post\nSELECT chip, pin_set_at IS NOT NULL AS pin_set FROM office.card WHERE id = $1",
                &[&card.uuid()],
            )
            .await?;
        let notice = self.good_notice(tx, case.id).await?.ok_or(HandoverRefusal::NoNotice)?;
        let recorded = Recorded {
            case: case.id,
            number: case.number,
            card,
            chip: known.get("chip"),
            shelf: None,
            token: notice.token,
            pin_set: known.get("pin_set"),
        };
        let counter = OnCounter {
            notice: envelope.notice.clone(),
            shelf: None,
            chip: envelope.chip.clone(),
            pin_set: recorded.pin_set,
        };
        // Nobody stands here to be looked at: who closes it and who looks too are told with the envelope.
        let compared = compare(&recorded, &counter).into_iter();
        let mismatches: Vec<_> = compared.filter_map(|(one, agrees)| (!agrees).then_some(one)).collect();
        match mismatches.is_empty() {
            true => Ok(card),
            false => Err(HandoverRefusal::from(HandoverRefused { mismatches }).into()),
        }
    }

    /// Opens an envelope again that was not posted yet: its card lies in the drawer. Gives the case's new version.
    ///
    /// # Errors
    /// [`OfficeError::NotNow`], [`OfficeError::NotHeld`], [`OfficeError::ChangedMeanwhile`], [`OfficeError::NotAllowed`]
    pub async fn withdraw_parcel(&self, act: &Act, at: CaseAt, words: &str) -> Result<i64, OfficeError> {
        self.act(
            "withdraw_parcel",
            ParcelWithdrawn::ROW,
            at.id,
            act,
            |tx, doing| async move {
                let parcel = self.held_parcel(&tx, &doing, at).await?;
                self.parcel_goes(&tx, &doing, &parcel, ParcelEvent::Withdrawn).await?;
                let drawer = (Custody::drawer(doing.desk()), Evidence::Words);
                self.transfer(&tx, &doing, parcel.card, drawer, None).await?;
                let words = self.seal_words(&doing, words);
                self.record(&tx, &doing, parcel.subjects(), ParcelWithdrawn { words })
                    .await?;
                self.went_on(&tx, &doing, &parcel.case, false).await
            },
        )
        .await
    }

    /// The post office took these envelopes on `on`, and as many as were `counted`: all of them, or none. Gives how many.
    ///
    /// # Errors
    /// [`ParcelRefusal::CountDiffers`], [`ParcelRefusal::AddresseeGone`], [`ParcelRefusal::DayImpossible`],
    /// [`OfficeError::NotNow`] for one that is not ready, [`OfficeError::NotAllowed`]
    pub async fn post_parcels(
        &self,
        act: &Act,
        parcels: &[ParcelId],
        counted: u16,
        on: Date,
    ) -> Result<u16, OfficeError> {
        let about = About::content(json!([parcels, counted, on.to_string()]));
        self.act("post_parcels", ParcelPosted::ROW, about, act, |tx, doing| async move {
            let listed = u16::try_from(parcels.len()).unwrap_or(u16::MAX);
            if listed != counted {
                return Err(ParcelRefusal::CountDiffers { counted, listed }.into());
            }
            // In the order of their ids: two desks that post at once do not wait for one another.
            let mut ids = parcels.to_vec();
            ids.sort_by_key(|id| id.uuid());
            for id in ids {
                let parcel = self.locked_parcel(&tx, id).await?;
                if on > doing.at.to_offset(JST).date() || on < parcel.closed_at.to_offset(JST).date() {
                    return Err(ParcelRefusal::DayImpossible.into());
                }
                if still_in_roster(&tx, parcel.case.resident).await.is_err() {
                    return Err(ParcelRefusal::AddresseeGone(parcel.case.number).into());
                }
                tx.execute(
                    "-- accepted\nUPDATE office.parcel SET accepted_on = $2, state = $3, since = $4 WHERE id = $1",
                    &[
                        &id.uuid(),
                        &on,
                        &parcel.state.after(ParcelEvent::Accepted)?.as_str(),
                        &doing.at,
                    ],
                )
                .await?;
                let post = (Custody::post(&parcel.number, on), Evidence::Accepted);
                self.transfer(&tx, &doing, parcel.card, post, None).await?;
                self.went_on(&tx, &doing, &parcel.case, false).await?;
                self.record_beside(&tx, &doing, parcel.subjects(), ParcelPosted { on, of: listed })
                    .await?;
            }
            Ok(listed)
        })
        .await
    }

    /// Records what the carrier said happened to an envelope on `on`; gives how it stands. A card received becomes active
    /// and its case is done. What was said already changes nothing.
    ///
    /// # Errors
    /// [`ParcelRefusal::DayImpossible`], [`OfficeError::NotNow`] where the machine has no such move,
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`]
    pub async fn follow_parcel(
        &self,
        act: &Act,
        parcel: ParcelId,
        event: ParcelEvent,
        on: Date,
    ) -> Result<ParcelState, OfficeError> {
        let row = match event {
            ParcelEvent::Delivered => ParcelReceived::ROW,
            _ => ParcelFollowed::ROW,
        };
        let about = About::content(json!([parcel, event, on.to_string()]));
        self.act("follow_parcel", row, about, act, |tx, doing| async move {
            let parcel = self.locked_parcel(&tx, parcel).await?;
            self.follow(&tx, &doing, &parcel, event, on).await
        })
        .await
    }

    async fn follow(
        &self,
        tx: &Tx,
        doing: &Doing,
        parcel: &Locked,
        event: ParcelEvent,
        on: Date,
    ) -> Result<ParcelState, OfficeError> {
        if !ParcelEvent::BY_CARRIER.contains(&event) {
            return Err(NotNow {
                state: parcel.state.as_str(),
                event: event.as_str(),
            }
            .into());
        }
        let to = parcel.state.after(event)?;
        if to == parcel.state {
            return Ok(to);
        }
        let earliest = parcel.notified_on.or(parcel.accepted_on);
        if on > doing.at.to_offset(JST).date() || earliest.is_some_and(|day| on < day) {
            return Err(ParcelRefusal::DayImpossible.into());
        }
        self.parcel_goes(tx, doing, parcel, event).await?;
        if event == ParcelEvent::Notified {
            tx.execute(
                "-- notified\nUPDATE office.parcel SET notified_on = $2 WHERE id = $1",
                &[&parcel.id.uuid(), &on],
            )
            .await?;
        }
        if to == ParcelState::Delivered {
            self.receive(tx, doing, parcel, on).await?;
        } else {
            let details = ParcelFollowed {
                event,
                on,
                approved_by: None,
            };
            self.record_beside(tx, doing, parcel.subjects(), details).await?;
            self.went_on(tx, doing, &parcel.case, false).await?;
        }
        Ok(to)
    }

    /// The card is in its holder's hand and may be used: its handover is recorded with the looks of the envelope's closing.
    async fn receive(&self, tx: &Tx, doing: &Doing, parcel: &Locked, on: Date) -> Result<(), OfficeError> {
        let case = parcel.case.id;
        tx.execute(
            "-- received\n\
             INSERT INTO office.handover (case_id, card, at, rule, first_staff, first_at, second_staff, second_at)\n\
             VALUES ($1, $2, $3, 'by_post', $4, $5, $6, $5)",
            &[
                &case.uuid(),
                &parcel.card.uuid(),
                &doing.at,
                &parcel.closed_by.uuid(),
                &parcel.closed_at,
                &parcel.seen_by.uuid(),
            ],
        )
        .await?;
        self.replace_card(tx, doing, parcel.card).await?;
        self.live_on(
            tx,
            doing,
            parcel.card,
            Lifecycle::Made,
            (LifecycleEvent::HandedOver, None),
        )
        .await?;
        self.transfer(tx, doing, parcel.card, (Custody::HOLDER, Evidence::Carrier), None)
            .await?;
        self.register_card(tx, doing, parcel.card).await?;
        self.went_on(tx, doing, &parcel.case, true).await?;
        end_notice(tx, doing, case).await?;
        let details = ParcelReceived {
            on,
            first: parcel.closed_by,
            second: parcel.seen_by,
        };
        self.record_beside(tx, doing, parcel.subjects(), details).await
    }

    /// An envelope lies in the office again, for the reason stamped on it. Gives its case.
    ///
    /// # Errors
    /// [`OfficeError::NotNow`], [`OfficeError::NotAllowed`], [`OfficeError::NotFound`]
    pub async fn take_back(&self, act: &Act, parcel: ParcelId, reason: ReturnReason) -> Result<CaseId, OfficeError> {
        let about = About::content(json!([parcel, reason]));
        self.act("take_back", ParcelReturned::ROW, about, act, |tx, doing| async move {
            let parcel = self.locked_parcel(&tx, parcel).await?;
            tx.execute(
                "-- came_back\nUPDATE office.parcel SET return_reason = $2 WHERE id = $1",
                &[&parcel.id.uuid(), &reason.as_str()],
            )
            .await?;
            self.parcel_goes(&tx, &doing, &parcel, ParcelEvent::CameBack).await?;
            let back = (Custody::RETURNED, Evidence::EnvelopeScanned);
            self.transfer(&tx, &doing, parcel.card, back, None).await?;
            self.went_on(&tx, &doing, &parcel.case, false).await?;
            self.record(&tx, &doing, parcel.subjects(), ParcelReturned { reason })
                .await?;
            Ok(parcel.case.id)
        })
        .await
    }

    /// Opens an envelope that came back: its card lies in the drawer and goes on by another envelope, to the counter, or is
    /// given up. Gives the case's new version.
    ///
    /// # Errors
    /// [`OfficeError::NotNow`], [`OfficeError::NotHeld`], [`OfficeError::ChangedMeanwhile`], [`OfficeError::NotAllowed`]
    pub async fn open_returned(&self, act: &Act, at: CaseAt, words: &str) -> Result<i64, OfficeError> {
        self.act("open_returned", ParcelOpened::ROW, at.id, act, |tx, doing| async move {
            let parcel = self.held_parcel(&tx, &doing, at).await?;
            self.parcel_goes(&tx, &doing, &parcel, ParcelEvent::Opened).await?;
            let drawer = (Custody::drawer(doing.desk()), Evidence::Words);
            self.transfer(&tx, &doing, parcel.card, drawer, None).await?;
            let words = self.seal_words(&doing, words);
            self.record(&tx, &doing, parcel.subjects(), ParcelOpened { words })
                .await?;
            self.went_on(&tx, &doing, &parcel.case, false).await
        })
        .await
    }

    /// An envelope is nowhere to be found, two people say so: its card is recorded as lost, to be given up. Gives the case's
    /// new version.
    ///
    /// # Errors
    /// [`OfficeError::NotNow`], [`ApprovalRefusal::Missing`], [`OfficeError::NotHeld`],
    /// [`OfficeError::ChangedMeanwhile`], [`OfficeError::NotAllowed`]
    pub async fn miss_parcel(&self, act: &Act, at: CaseAt, second: ApprovalId) -> Result<i64, OfficeError> {
        self.act("miss_parcel", ParcelFollowed::ROW, at.id, act, |tx, doing| async move {
            let parcel = self.held_parcel(&tx, &doing, at).await?;
            let second = use_approval(&tx, &doing, at.id, SecondPurpose::Custody, second).await?;
            self.parcel_goes(&tx, &doing, &parcel, ParcelEvent::Missed).await?;
            self.transfer(&tx, &doing, parcel.card, (Custody::LOST, Evidence::Words), Some(second))
                .await?;
            let details = ParcelFollowed {
                event: ParcelEvent::Missed,
                on: doing.at.to_offset(JST).date(),
                approved_by: Some(second),
            };
            self.record(&tx, &doing, parcel.subjects(), details).await?;
            self.went_on(&tx, &doing, &parcel.case, false).await
        })
        .await
    }

    /// The envelope of a case that the session holds, as it was seen.
    async fn held_parcel(&self, tx: &Tx, doing: &Doing, at: CaseAt) -> Result<Locked, OfficeError> {
        let case = self.held_at(tx, doing, at).await?;
        let row = tx
            .query_opt(
                "-- parcel_of_case\n\
                 SELECT * FROM office.parcel WHERE case_id = $1 AND state NOT IN ('delivered', 'withdrawn', 'opened') FOR UPDATE",
                &[&at.id.uuid()],
            )
            .await?
            .ok_or(OfficeError::NotFound("envelope of this case"))?;
        Locked::read(&row, case).ok_or(OfficeError::Unreadable(TABLE))
    }

    async fn locked_parcel(&self, tx: &Tx, id: ParcelId) -> Result<Locked, OfficeError> {
        // The case first: every other verb locks it first too.
        let case = tx
            .query_opt(
                "-- case_of_parcel\nSELECT case_id FROM office.parcel WHERE id = $1",
                &[&id.uuid()],
            )
            .await?
            .ok_or(OfficeError::NotFound("envelope"))?;
        let case = case_row(tx, CaseId::from_uuid(case.get(0)), true).await?;
        let row = tx
            .query_one(
                "-- parcel\nSELECT * FROM office.parcel WHERE id = $1 FOR UPDATE",
                &[&id.uuid()],
            )
            .await?;
        Locked::read(&row, case).ok_or(OfficeError::Unreadable(TABLE))
    }

    async fn parcel_goes(&self, tx: &Tx, doing: &Doing, parcel: &Locked, by: ParcelEvent) -> Result<(), OfficeError> {
        tx.execute(
            "-- parcel_goes\nUPDATE office.parcel SET state = $2, since = $3 WHERE id = $1",
            &[&parcel.id.uuid(), &parcel.state.after(by)?.as_str(), &doing.at],
        )
        .await?;
        Ok(())
    }
}

impl Locked {
    fn read(row: &Row, case: CaseRow) -> Option<Self> {
        Some(Self {
            id: ParcelId::from_uuid(row.get("id")),
            card: CardId::from_uuid(row.get("card")),
            number: TrackingNumber::parse(row.get("number")).ok()?,
            state: ParcelState::read(row.get("state"))?,
            accepted_on: row.get("accepted_on"),
            notified_on: row.get("notified_on"),
            closed_at: row.get("closed_at"),
            closed_by: StaffId::from_uuid(row.get("closed_by")),
            seen_by: StaffId::from_uuid(row.get("seen_by")),
            case,
        })
    }

    fn subjects(&self) -> serde_json::Value {
        json!({ "case": self.case.id, "card": self.card, "parcel": self.id })
    }
}

fn not_now(state: &CaseState, event: &'static str) -> OfficeError {
    let state = state.name();
    NotNow { state, event }.into()
}
