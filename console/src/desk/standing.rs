//! The card after its handover: stopped, let be used again, ended, its link mended, what the relay refused of it settled.
//! Each is one transaction with the message that tells the relay; nothing here waits for the relay.

use issuance::case::CaseId;
use office::{OfficeError, cases::ApprovalId};

use super::work::Desk;
use crate::tui::{
    facts::{GivenCard, RefusedMessage, RelayTold},
    fault::Fault,
    orders::{
        given_card::{
            CloseRefused, ConfirmStop, LoadStanding, RelinkCard, ResumeCard, RevokeCard, SendRefusedAnew,
            StopByTelephone, StoppedUntil, SuspendCard,
        },
        staff::SecondPurpose,
    },
};

/// Between two looks for stops by telephone whose time is up: they end to the minute.
const LOOK_FOR_ENDS: std::time::Duration = std::time::Duration::from_secs(60);

impl Desk {
    /// Whether the card may be used, and what the relay knows of it.
    pub async fn load_standing(self, LoadStanding(case): LoadStanding) -> Result<GivenCard, Fault> {
        self.given_card(case).await
    }

    async fn given_card(&self, case: CaseId) -> Result<GivenCard, Fault> {
        let card = self.office.given_card(case).await.map_err(|error| self.fault(&error))?;
        let card = card.ok_or(Fault::NotNow)?;
        Ok(GivenCard {
            chip: card::ChipSerial::new(card.chip).to_string(),
            standing: card.standing,
            since: card.since,
            by: card.by,
            stop_until: card.stop_until,
            told: RelayTold {
                waiting: card.told.waiting,
                oldest: card.told.oldest,
                applied_at: card.told.applied_at,
                refused: card.told.refused.into_iter().map(refused).collect(),
            },
        })
    }

    /// Stops the card for now.
    pub async fn suspend_card(self, SuspendCard { case, check, words }: SuspendCard) -> Result<GivenCard, Fault> {
        let stopped = self.office.suspend_card(&self.act()?, case, check, &words).await;
        self.restated(case, stopped).await
    }

    /// Stops the card of somebody who calls. What ends by itself is told to the caller.
    pub async fn stop_by_telephone(self, order: StopByTelephone) -> Result<StoppedUntil, Fault> {
        let StopByTelephone { case, check, words } = order;
        let days = self.config.rules.telephone_stop_days;
        let stopped = self
            .office
            .stop_by_telephone(&self.act()?, case, check, days, &words)
            .await;
        stopped.map(StoppedUntil).map_err(|error| self.fault(&error))
    }

    /// The holder came: the stop stays.
    pub async fn confirm_stop(self, ConfirmStop { case, check, words }: ConfirmStop) -> Result<GivenCard, Fault> {
        let confirmed = self.office.confirm_stop(&self.act()?, case, check, &words).await;
        self.restated(case, confirmed).await
    }

    /// Ends the stops that nobody confirmed in time, for as long as the runtime lives. Every desk looks; the records let
    /// each end once.
    pub fn end_telephone_stops(&self) -> impl Future<Output = ()> + Send + 'static {
        let desk = self.clone();
        async move {
            loop {
                match desk.office.end_telephone_stops().await {
                    Ok(0) => {}
                    Ok(ended) => tracing::info!(ended, "stops by telephone ended: nobody confirmed them"),
                    Err(error) => drop(desk.fault(&error)),
                }
                tokio::time::sleep(LOOK_FOR_ENDS).await;
            }
        }
    }

    /// Lets the card be used again.
    pub async fn resume_card(self, ResumeCard { case, check, words }: ResumeCard) -> Result<GivenCard, Fault> {
        let resumed = self.office.resume_card(&self.act()?, case, check, &words).await;
        self.restated(case, resumed).await
    }

    /// Ends the card for good, with the agreement that the second clerk just gave.
    pub async fn revoke_card(self, RevokeCard { case, reason, words }: RevokeCard) -> Result<GivenCard, Fault> {
        let second = self.agreed(case, SecondPurpose::Revocation)?;
        let ended = self
            .office
            .revoke_card(&self.act()?, case, reason, second, &words)
            .await;
        self.keep_unused(case, SecondPurpose::Revocation, second, &ended);
        self.restated(case, ended).await
    }

    /// Mends the card's link, with the agreement that the second clerk just gave.
    pub async fn relink_card(self, RelinkCard { case, words }: RelinkCard) -> Result<GivenCard, Fault> {
        let second = self.agreed(case, SecondPurpose::Relink)?;
        let mended = self.office.relink_card(&self.act()?, case, second, &words).await;
        self.keep_unused(case, SecondPurpose::Relink, second, &mended);
        self.restated(case, mended).await
    }

    /// Tells the relay again what it refused.
    pub async fn send_refused_anew(self, SendRefusedAnew { case, words }: SendRefusedAnew) -> Result<GivenCard, Fault> {
        let sent = self.office.send_refused_anew(&self.act()?, case, &words).await;
        self.restated(case, sent.map(|_| ())).await
    }

    /// Leaves unsaid what the relay refused.
    pub async fn close_refused(self, CloseRefused { case, words }: CloseRefused) -> Result<GivenCard, Fault> {
        let closed = self.office.close_refused(&self.act()?, case, &words).await;
        self.restated(case, closed.map(|_| ())).await
    }

    /// The agreement that the second clerk gave just now.
    pub fn agreed(&self, case: CaseId, purpose: SecondPurpose) -> Result<ApprovalId, Fault> {
        self.approvals.take(case, purpose).ok_or(Fault::AgreementGone)
    }

    /// Nobody saw it used up: the second clerk need not come back for the database.
    pub fn keep_unused<T>(
        &self,
        case: CaseId,
        purpose: SecondPurpose,
        approval: ApprovalId,
        outcome: &Result<T, OfficeError>,
    ) {
        if outcome.as_ref().is_err_and(OfficeError::is_away) {
            self.approvals.keep(case, purpose, approval);
        }
    }

    async fn restated(&self, case: CaseId, outcome: Result<(), OfficeError>) -> Result<GivenCard, Fault> {
        match outcome {
            Ok(()) => self.given_card(case).await,
            Err(error) => Err(self.of_change(case, &error)),
        }
    }
}

fn refused(message: office::RefusedMessage) -> RefusedMessage {
    RefusedMessage {
        told: message.told,
        slot: message.slot,
        rule: message.rule,
        at: message.at,
    }
}
