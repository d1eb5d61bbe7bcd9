//! What happens to a card after its handover, as far as the relay's front must know: registered, suspended, resumed,
//! ended, and a wrong link mended. Each change and the message that tells of it are one transaction.

mod refusal;

pub use refusal::HolderRefusal;

pub use issuance::standing::{CardStanding, HolderCheck};
use issuance::{
    acts::{
        ActRow, AuditAct, CardExpired, CardGivenBack, CardRelinked, CardReplaced, CardResumed, CardRevoked,
        CardStopLapsed, CardStoppedByTelephone, CardSuspended, CaseHandedOver, SecondPurpose,
    },
    case::{CardId, CaseId},
    custody::{Custody, Evidence, PlaceKind},
    lifecycle::{Lifecycle, LifecycleEvent},
    machine::Machine as _,
    records::KeySlot,
};
use relay_core::audit::Outcome;
pub use relay_core::registration::RevocationReason;
use serde_json::json;
use store::Tx;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Act, Office, OfficeError,
    act::Doing,
    cases::{ApprovalId, CustodyRefusal, card_state, place_of, use_approval},
    outbox::{RefusedMessage, refused_of},
    telephone_stop::{settle_stop, stop_of},
};

/// A card after its handover, as a desk shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenCard {
    pub chip: Vec<u8>,
    /// Whether it may be used.
    pub standing: CardStanding,
    pub since: OffsetDateTime,
    /// By whom it came to stand so, by name.
    pub by: String,
    /// When a stop by telephone ends by itself, while nobody has confirmed it.
    pub stop_until: Option<OffsetDateTime>,
    /// What the relay's front was told of it.
    pub told: Told,
}

/// What the relay's front was told of a card.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// Messages it has not answered yet.
    pub waiting: u64,
    /// When the oldest of them was written.
    pub oldest: Option<OffsetDateTime>,
    /// When it last applied one.
    pub applied_at: Option<OffsetDateTime>,
    /// Those it refused for good and nobody has settled, in the order they were written.
    pub refused: Vec<RefusedMessage>,
}

/// The acts by which a card comes to stand as it does.
const RESTATED_BY: [&ActRow; 9] = [
    CaseHandedOver::ROW,
    CardSuspended::ROW,
    CardStoppedByTelephone::ROW,
    CardStopLapsed::ROW,
    CardResumed::ROW,
    CardRevoked::ROW,
    CardExpired::ROW,
    CardReplaced::ROW,
    CardGivenBack::ROW,
];

impl Office {
    /// Whether the card that was handed over in `case` may be used; `None` while none was.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn card_standing(&self, case: CaseId) -> Result<Option<CardStanding>, OfficeError> {
        self.read("card_standing", |tx| async move { standing_of_given(&tx, case).await })
            .await
            .map(|given| given.map(|(standing, _)| standing))
    }

    /// The card that was handed over in `case`, and what the relay knows of it; `None` while none was.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn given_card(&self, case: CaseId) -> Result<Option<GivenCard>, OfficeError> {
        let found = self
            .read("given_card", |tx| async move {
                let row = tx
                    .query_opt(
                        "-- given_card\n\
                         SELECT k.chip, k.state, k.since, told.waiting, told.oldest, told.applied_at\n\
                         FROM office.card_case c JOIN office.card k ON k.id = c.card,\n\
                         LATERAL (SELECT count(*) FILTER (WHERE o.applied_at IS NULL AND o.refused_at IS NULL) AS waiting,\n\
                             min(o.written_at) FILTER (WHERE o.applied_at IS NULL AND o.refused_at IS NULL) AS oldest,\n\
                             max(o.applied_at) AS applied_at\n\
                             FROM office.outbox o JOIN office.registration r ON r.id = o.registration\n\
                             WHERE r.card = k.id) told\n\
                         WHERE c.id = $1 AND k.activated_at IS NOT NULL",
                        &[&case.uuid()],
                    )
                    .await?;
                let refused = refused_of(&tx, case).await?;
                let stop_until = stop_of(&tx, case).await?;
                row.map(|row| {
                    Ok::<_, OfficeError>(GivenCard {
                        chip: row.get("chip"),
                        standing: card_state(row.get("state"))?
                            .standing()
                            .ok_or(OfficeError::Unreadable("office.card"))?,
                        since: row.get("since"),
                        by: String::new(),
                        stop_until,
                        told: Told {
                            waiting: row.get::<_, i64>("waiting").unsigned_abs(),
                            oldest: row.get("oldest"),
                            applied_at: row.get("applied_at"),
                            refused,
                        },
                    })
                })
                .transpose()
            })
            .await?;
        let Some(mut card) = found else { return Ok(None) };
        // The trail is the one place that says who did it.
        let journal = self.journal(case).await?;
        let last = journal
            .into_iter()
            .rev()
            .find(|line| line.outcome == Outcome::Done && RESTATED_BY.iter().any(|act| act.name == line.act));
        card.by = last.map(|line| line.who).unwrap_or_default();
        Ok(Some(card))
    }

    /// Stops a card for now: its holder says that it is lost. It can be resumed. `check` is how the clerk made sure of
    /// who asks, `words` their own note.
    ///
    /// # Errors
    /// [`OfficeError::CardConflict`] unless it is active, [`OfficeError::NotAllowed`], [`OfficeError::NotFound`]
    pub async fn suspend_card(
        &self,
        act: &Act,
        case: CaseId,
        check: HolderCheck,
        words: &str,
    ) -> Result<(), OfficeError> {
        self.act("suspend_card", CardSuspended::ROW, case, act, |tx, doing| async move {
            let given = self.given(&tx, case).await?;
            let card = given.card;
            given.takes(LifecycleEvent::Suspended, "it is not active")?;
            self.restate(&tx, &doing, &given, LifecycleEvent::Suspended, None)
                .await?;
            // Nobody knows where it is, unless it was brought back to the counter before.
            if given.place == Custody::HOLDER {
                self.transfer(&tx, &doing, card, (Custody::LOST, Evidence::HolderSays), None)
                    .await?;
            }
            let details = CardSuspended {
                checked: check,
                words: self.seal_words(&doing, words),
            };
            self.record(&tx, &doing, json!({ "case": case, "card": card }), details)
                .await
        })
        .await
    }

    /// Lets a suspended card be used again. Its holder stands before the clerk.
    ///
    /// # Errors
    /// [`HolderRefusal::NotInPerson`], [`CustodyRefusal::LiesHere`], [`OfficeError::CardConflict`] unless it is suspended,
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`]
    pub async fn resume_card(
        &self,
        act: &Act,
        case: CaseId,
        check: HolderCheck,
        words: &str,
    ) -> Result<(), OfficeError> {
        self.act("resume_card", CardResumed::ROW, case, act, |tx, doing| async move {
            if !check.is_face_to_face() {
                return Err(HolderRefusal::NotInPerson.into());
            }
            let given = self.given(&tx, case).await?;
            let card = given.card;
            given.takes(LifecycleEvent::Resumed, "it is not suspended")?;
            if given.place.kind() == PlaceKind::Drawer {
                return Err(CustodyRefusal::LiesHere.into());
            }
            settle_stop(&tx, &doing, card, "overtaken").await?;
            self.restate(&tx, &doing, &given, LifecycleEvent::Resumed, None).await?;
            if given.place == Custody::LOST {
                self.transfer(&tx, &doing, card, (Custody::HOLDER, Evidence::HolderSays), None)
                    .await?;
            }
            let details = CardResumed {
                checked: check,
                words: self.seal_words(&doing, words),
            };
            self.record(&tx, &doing, json!({ "case": case, "card": card }), details)
                .await
        })
        .await
    }

    /// Ends a card that was handed over, for good: its certificates are revoked, and its person may have another.
    /// `second` is another clerk's agreement, used up here.
    ///
    /// # Errors
    /// [`ApprovalRefusal::Missing`](crate::cases::ApprovalRefusal::Missing), [`OfficeError::CardConflict`] when it is over already,
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`]
    pub async fn revoke_card(
        &self,
        act: &Act,
        case: CaseId,
        reason: RevocationReason,
        second: ApprovalId,
        words: &str,
    ) -> Result<(), OfficeError> {
        self.act("revoke_card", CardRevoked::ROW, case, act, |tx, doing| async move {
            let given = self.given(&tx, case).await?;
            let card = given.card;
            given.takes(LifecycleEvent::Revoked, "it is over already")?;
            let other = use_approval(&tx, &doing, case, SecondPurpose::Revocation, second).await?;
            settle_stop(&tx, &doing, card, "overtaken").await?;
            let why = reason_name(reason);
            self.restate(&tx, &doing, &given, LifecycleEvent::Revoked, Some(why))
                .await?;
            revoke_certificates(&tx, &doing, card, why).await?;
            let details = CardRevoked {
                reason: issuance::authority::RevocationReason::stored(why)
                    .ok_or(OfficeError::Unreadable("a revocation's reason"))?,
                approved_by: other,
                words: self.seal_words(&doing, words),
            };
            self.record(&tx, &doing, json!({ "case": case, "card": card }), details)
                .await
        })
        .await
    }

    /// Mends a wrong link: the card's registrations stand for the person's next origin, so that everything a service
    /// keeps under the old pseudonyms is no longer theirs. `second` is another clerk's agreement, used up here.
    ///
    /// # Errors
    /// [`ApprovalRefusal::Missing`](crate::cases::ApprovalRefusal::Missing), [`OfficeError::CardConflict`] when the card is over,
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`]
    pub async fn relink_card(
        &self,
        act: &Act,
        case: CaseId,
        second: ApprovalId,
        words: &str,
    ) -> Result<(), OfficeError> {
        self.act("relink_card", CardRelinked::ROW, case, act, |tx, doing| async move {
            let given = self.given(&tx, case).await?;
            let card = given.card;
            given.takes(LifecycleEvent::Revoked, "it is over already")?;
            let other = use_approval(&tx, &doing, case, SecondPurpose::Relink, second).await?;
            let two = vec![doing.staff()?.uuid(), other.uuid()];
            let rows = tx
                .query(
                    "-- relink\n\
                     UPDATE office.registration SET edition = (SELECT max(e.edition) + 1 FROM office.registration e\n\
                     JOIN office.card k ON k.id = e.card WHERE k.resident = (SELECT resident FROM office.card WHERE id = $1))\n\
                     WHERE card = $1 RETURNING id, edition",
                    &[&card.uuid()],
                )
                .await?;
            for row in &rows {
                tx.execute(
                    "-- tell_relink\n\
                     INSERT INTO office.outbox (registration, act, edition, approved_by, written_at)\n\
                     VALUES ($1, 'relink', $2, $3, $4)",
                    &[&row.get::<_, Uuid>(0), &row.get::<_, i32>(1), &two, &doing.at],
                )
                .await?;
            }
            let details = CardRelinked {
                approved_by: other,
                words: self.seal_words(&doing, words),
            };
            self.record(&tx, &doing, json!({ "case": case, "card": card }), details).await
        })
        .await
    }

    /// Registers both certificates of a card that is being handed over. Which comes first is chance, and so are the ids:
    /// nothing in the two says that they are of one card.
    pub(crate) async fn register_card(&self, tx: &Tx, doing: &Doing, card: CardId) -> Result<(), OfficeError> {
        let mut slots = KeySlot::ALL.map(slot_number);
        if self.draw::<1>()[0] & 1 == 1 {
            slots.reverse();
        }
        let ids: Vec<Uuid> = slots.iter().map(|_| self.fresh_uuid()).collect();
        tx.execute(
            "-- register_card\n\
             WITH person AS (\n\
                 SELECT coalesce(max(r.edition), 0) AS edition FROM office.card k\n\
                 JOIN office.card others ON others.resident = k.resident\n\
                 LEFT JOIN office.registration r ON r.card = others.id WHERE k.id = $1),\n\
             registered AS (\n\
                 INSERT INTO office.registration (id, card, slot, edition, state, since)\n\
                 SELECT new.id, $1, new.slot, person.edition, 'active', $4\n\
                 FROM unnest($2::uuid[], $3::smallint[]) AS new (id, slot), person RETURNING id, edition)\n\
             INSERT INTO office.outbox (registration, act, edition, written_at)\n\
             SELECT r.id, told.act, CASE told.act WHEN 'register' THEN r.edition END, $4\n\
             FROM registered r JOIN unnest($2::uuid[]) WITH ORDINALITY AS new (id, place) ON new.id = r.id,\n\
             (VALUES (1, 'register'), (2, 'activate')) AS told (place, act) ORDER BY new.place, told.place",
            &[&card.uuid(), &ids, &slots.to_vec(), &doing.at],
        )
        .await?;
        Ok(())
    }

    /// Ends a card whose certificates ran out. They are on no revocation list, as no expired one is (RFC 5280 §3.3); the
    /// relay's front lets go of its registrations.
    pub(crate) async fn expire_card(
        &self,
        tx: &Tx,
        doing: &Doing,
        case: CaseId,
        (card, lifecycle): (CardId, Lifecycle),
    ) -> Result<(), OfficeError> {
        let place = place_of(tx, card).await?;
        let given = Given { card, lifecycle, place };
        let why = reason_name(RevocationReason::Superseded);
        settle_stop(tx, doing, card, "overtaken").await?;
        self.restate(tx, doing, &given, LifecycleEvent::RanOut, Some(why))
            .await?;
        // An event of its own beside the application that needed to know.
        let subjects = json!({ "case": case, "card": card });
        self.record_beside(tx, doing, subjects, CardExpired {}).await
    }

    /// Ends the card that `next` renews, in the transaction that gives `next` to its holder: from here on one is good, and it
    /// is the new one. The card itself is taken in at the counter, or stays where it is.
    pub(crate) async fn replace_card(&self, tx: &Tx, doing: &Doing, next: CardId) -> Result<(), OfficeError> {
        let before = tx
            .query_opt(
                "-- card_before\n\
                 SELECT k.case_id FROM office.card k JOIN office.card n ON n.resident = k.resident AND n.id <> k.id\n\
                 WHERE n.id = $1 AND k.state IN ('active', 'suspended')",
                &[&next.uuid()],
            )
            .await?;
        let Some(before) = before else { return Ok(()) };
        let case = CaseId::from_uuid(before.get(0));
        let given = self.given(tx, case).await?;
        let why = reason_name(RevocationReason::Superseded);
        settle_stop(tx, doing, given.card, "overtaken").await?;
        self.restate(tx, doing, &given, LifecycleEvent::Revoked, Some(why))
            .await?;
        revoke_certificates(tx, doing, given.card, why).await?;
        let subjects = json!({ "case": case, "card": given.card });
        self.record_beside(tx, doing, subjects, CardReplaced { by: next }).await
    }

    /// The card handed over in `case`, locked.
    pub(crate) async fn given(&self, tx: &Tx, case: CaseId) -> Result<Given, OfficeError> {
        let row = tx
            .query_opt(
                "-- given\n\
                 SELECT k.id, k.state FROM office.card_case c JOIN office.card k ON k.id = c.card\n\
                 WHERE c.id = $1 AND k.activated_at IS NOT NULL FOR UPDATE OF k",
                &[&case.uuid()],
            )
            .await?
            .ok_or(OfficeError::NotFound("card handed over in this case"))?;
        let card = CardId::from_uuid(row.get(0));
        Ok(Given {
            card,
            lifecycle: card_state(row.get(1))?,
            place: place_of(tx, card).await?,
        })
    }

    /// Moves the card on in its life; its registrations follow, and the front is told.
    pub(crate) async fn restate(
        &self,
        tx: &Tx,
        doing: &Doing,
        given: &Given,
        event: LifecycleEvent,
        reason: Option<&str>,
    ) -> Result<(), OfficeError> {
        let to = self
            .live_on(tx, doing, given.card, given.lifecycle, (event, None))
            .await?
            .standing()
            .ok_or(OfficeError::Unreadable("office.card"))?;
        let told = match to {
            CardStanding::Active => "resume",
            CardStanding::Suspended => "suspend",
            CardStanding::Revoked => "revoke",
        };
        tx.execute(
            "-- restate\n\
             WITH changed AS (\n\
                 UPDATE office.registration SET state = $2, since = $3 WHERE card = $1 RETURNING id)\n\
             INSERT INTO office.outbox (registration, act, reason, written_at)\n\
             SELECT id, $4, $5, $3 FROM changed ORDER BY id",
            &[&given.card.uuid(), &to.as_str(), &doing.at, &told, &reason],
        )
        .await?;
        Ok(())
    }
}

/// From here on they are on the authority's list.
async fn revoke_certificates(tx: &Tx, doing: &Doing, card: CardId, why: &str) -> Result<(), OfficeError> {
    tx.execute(
        "-- revoke_certificates\n\
         UPDATE office.certificate SET revoked_at = $2, revocation = $3 WHERE card = $1 AND revoked_at IS NULL",
        &[&card.uuid(), &doing.at, &why],
    )
    .await?;
    Ok(())
}

/// A card that was handed over: where it stands, and where it is.
pub(crate) struct Given {
    pub(crate) card: CardId,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) place: Custody,
}

impl Given {
    /// Refuses what its life does not allow now, in the clerk's terms.
    pub(crate) fn takes(&self, event: LifecycleEvent, otherwise: &str) -> Result<(), OfficeError> {
        match self.lifecycle.after(event) {
            Ok(_) => Ok(()),
            Err(_) => Err(OfficeError::CardConflict(otherwise.to_owned())),
        }
    }
}

/// A key slot as stored.
const fn slot_number(slot: KeySlot) -> i16 {
    match slot {
        KeySlot::Authentication => 1,
        KeySlot::Eligibility => 2,
    }
}

/// A reason as stored and told: the reason's name in RFC 5280 §5.3.1.
const fn reason_name(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::KeyCompromise => "key_compromise",
        RevocationReason::Superseded => "superseded",
        RevocationReason::CessationOfOperation => "cessation_of_operation",
        RevocationReason::PrivilegeWithdrawn => "privilege_withdrawn",
    }
}

/// Whether the card that was handed over in `case` may be used, and whether the relay is still to be told of it; `None`
/// while none was.
pub(crate) async fn standing_of_given(tx: &Tx, case: CaseId) -> Result<Option<(CardStanding, bool)>, OfficeError> {
    let row = tx
        .query_opt(
            "-- card_standing\n\
             SELECT k.state, EXISTS (SELECT FROM office.outbox o JOIN office.registration r ON r.id = o.registration\n\
                 WHERE r.card = k.id AND o.applied_at IS NULL AND o.settled_at IS NULL)\n\
             FROM office.card_case c JOIN office.card k ON k.id = c.card WHERE c.id = $1",
            &[&case.uuid()],
        )
        .await?;
    match row {
        Some(row) => Ok(card_state(row.get(0))?
            .standing()
            .map(|standing| (standing, row.get(1)))),
        None => Ok(None),
    }
}
