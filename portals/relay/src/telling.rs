//! Telling services that a session is over, from server to server: all at once, each within its time, so that a pulled
//! card has ended everything within two seconds. Who does not answer is told again, ever more rarely, by whichever front
//! is running; after half a day it is given up and stays noted as not told.
//!
//! Nothing that is kept of it says which services were told of one session: neither a line of the log nor a row is
//! written at the moment of telling, and who was away is told again at moments drawn anew for each. What two services
//! can see themselves, that both were told at once, remains ([decision 10]).
//!
//! [decision 10]: ../../../manuals/decisions/0010-a-pseudonym-is-made-in-two-halves.md

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration as Wait,
};

use axum::http::header::CONTENT_TYPE;
use futures_util::future::join_all;
use portal_kit::{
    client::{self, AskError},
    listener::Stop,
};
use relay_core::chance::draw;
use relay_records::front::{Ended, Participant, SessionId, Told};
use relay_saml::{
    Delivery, Here, Received, Refusal,
    message::{Head, LogoutRequest, MessageId},
    names::Binding,
    send::Unwritable,
};
use time::{Duration, OffsetDateTime};
use tracing::{Instrument as _, info_span, warn};

use crate::{
    answer::Named,
    front::Front,
    partners::{Hears, PartnerFault},
    taking::WINDOW,
};

/// No LogoutResponse is larger.
const LARGEST: usize = 64 * 1024;
/// How long a LogoutRequest is good.
const LIFE: Duration = Duration::minutes(2);
/// How often it is looked whether somebody is to be told again.
const LOOK: Wait = Wait::from_secs(2);
/// Longer than a partner may take to answer: within it nobody else takes up the same telling.
const TAKEN: Duration = Duration::seconds(10);
/// How many are told at once.
const AT_ONCE: i64 = 64;
/// The first wait; each is twice the one before.
const FIRST_WAIT: Duration = Duration::seconds(5);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::hours(1);
/// From then on nobody is told any more: a service's own session lasts no longer.
const BOUND: Duration = Duration::hours(12);
/// How often the log says which services could not be told.
const SUMMED_UP: Wait = Wait::from_secs(60);
/// How long a round of a browser's visits may take: who can only be visited is not given up before.
pub(crate) const ROUND: Duration = Duration::minutes(5);

/// Services that could not be told and why, since the log last said so: a line for each would say which two failed in one
/// moment.
#[derive(Debug, Default)]
pub(crate) struct InVain(Mutex<BTreeMap<(String, String), u64>>);

impl InVain {
    fn count(&self, service: &str, reason: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((service.to_owned(), reason.to_owned())).or_default() += 1;
    }

    fn sum_up(&self) {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for ((service, reason), times) in counts {
            warn!(service, reason, times, "not told that sessions are over");
        }
    }
}

/// Whether the person's browser is there, which can be sent round to services that take no word from server to server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Browser {
    /// It is, or may still be on its way.
    Here,
    /// It is not: the card was pulled or stopped, or a service asked from server to server.
    NotHere,
}

/// Why a service could not be told.
#[derive(Debug, thiserror::Error)]
pub enum NotTold {
    /// It is no partner any more, or its metadata can't be read.
    #[error(transparent)]
    Partner(#[from] PartnerFault),
    /// It takes no logout from server to server.
    #[error("the service has no address for logout by SOAP")]
    NoAddress,
    /// It has no logout at all.
    #[error("the service has no address for logout")]
    NoLogout,
    /// What was kept of it can't be written.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// It does not answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Its answer is refused.
    #[error("its answer is refused: {0}")]
    Refused(#[from] Refusal),
    /// It says that it failed.
    #[error("it could not end the session")]
    Failed,
}

impl NotTold {
    /// For the trail.
    fn reason(&self) -> String {
        match self {
            Self::Partner(fault) => fault.code().to_owned(),
            Self::NoAddress => "no_address".to_owned(),
            Self::NoLogout => "no_logout".to_owned(),
            Self::Unwritable(_) => "unwritable".to_owned(),
            Self::Ask(_) => "away".to_owned(),
            Self::Refused(refusal) => format!("answer_refused.{}", refusal.code()),
            Self::Failed => "failed".to_owned(),
        }
    }
}

impl Front {
    /// Tells every service of a session that ended, without making anybody wait for it.
    pub(crate) fn tell_later(self: &Arc<Self>, ended: Ended) {
        let front = Arc::clone(self);
        tokio::spawn(async move {
            front.tell_all(&ended, Browser::NotHere).await;
        });
    }

    /// Tells every service of a session that ended and does not know yet. How many could not be told.
    pub(crate) async fn tell_all(&self, ended: &Ended, browser: Browser) -> usize {
        let told = ended
            .participants
            .iter()
            // Each apart: what is logged on the way does not stand under what ended the session, nor two under one thing.
            .map(|participant| {
                self.tell(ended, participant, browser)
                    .instrument(info_span!(parent: None, "telling"))
            });
        let told = join_all(told).await;
        told.iter().filter(|told| !**told).count()
    }

    /// Tells again whoever is due, until `stop`: what this front or another one, perhaps no longer there, began.
    pub(crate) async fn keep_telling(&self, mut stop: Stop) {
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut sum_up = tokio::time::interval(SUMMED_UP);
        loop {
            tokio::select! {
                () = stop.asked() => break self.in_vain.sum_up(),
                _ = sum_up.tick() => {
                    self.in_vain.sum_up();
                    continue;
                }
                _ = tick.tick() => {}
            }
            let now = self.now();
            match self.records.due_tellings(AT_ONCE, now + TAKEN, now).await {
                Ok(due) => {
                    join_all(due.iter().map(|ended| self.tell_all(ended, Browser::Here))).await;
                }
                Err(error) => warn!(%error, "who is to be told again can't be read"),
            }
        }
    }

    /// Tells one service, and records what came of it.
    async fn tell(&self, ended: &Ended, participant: &Participant, browser: Browser) -> bool {
        let told = self.ask_to_end(participant).await;
        let (session, service, now) = (ended.session, &participant.service, self.now());
        let recorded = match &told {
            Ok(()) => self.records.told(session, service, "soap", now).await,
            Err(error) => {
                let chance = f64::from(u16::from_be_bytes(draw(&mut self.chance()))) / f64::from(u16::MAX);
                let next = next_try((error, browser), participant.telling, ended.at, now, chance);
                let reason = error.reason();
                match error {
                    NotTold::Ask(error) => self.in_vain.count(service, &error.to_string()),
                    _ => self.in_vain.count(service, &reason),
                }
                self.records
                    .not_told(session, service, "soap", &reason, next, now)
                    .await
            }
        };
        if let Err(error) = recorded {
            // It stays due, so it is told once too often rather than never.
            warn!(%error, "what came of a logout can't be recorded");
        }
        told.is_ok()
    }

    /// Notes that a service of a session that ended has no address that could be told.
    pub(crate) async fn give_up(&self, session: SessionId, service: &str) {
        let reason = NotTold::NoLogout.reason();
        self.in_vain.count(service, &reason);
        let noted = self
            .records
            .not_told(session, service, "browser", &reason, None, self.now());
        if let Err(error) = noted.await {
            warn!(%error, "that a service can't be told is not recorded");
        }
    }

    async fn ask_to_end(&self, participant: &Participant) -> Result<(), NotTold> {
        let service = self
            .partners
            .known(&self.records, &participant.service, self.now())
            .await?;
        let by_soap = service.logout_at(Binding::Soap);
        let address = by_soap.ok_or(match service.hears_of_logouts() {
            Hears::Nothing => NotTold::NoLogout,
            _ => NotTold::NoAddress,
        })?;
        let address = address.location.clone();
        let request = self.logout_request(participant, &address);
        let id = request.head.id.clone();
        let envelope = request.compose()?.sign(&self.key).soap();
        let answer = self
            .web
            .post(&address)
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            // SOAP 1.1 wants the header; the binding has no action (saml-bindings section 3.2.3.1).
            .header("SOAPAction", "\"http://www.oasis-open.org/committees/security\"")
            .body(envelope)
            .send()
            .await
            .map_err(AskError::from)?;
        let delivery = Delivery::soap(client::body(answer, LARGEST).await?);
        let received = Received::open(&delivery)?;
        let here = Here {
            entity: self.entity(),
            address: &address,
            now: self.now(),
            skew: Duration::seconds(i64::from(service.partner.lifetimes.skew)),
            window: WINDOW,
        };
        // It answers a request that was made just now: there is no older one to replay.
        let response = received.logout_response(&service.peer, &here, &id)?.first_time(true)?;
        match response.status.is_success() {
            true => Ok(()),
            false => Err(NotTold::Failed),
        }
    }

    /// The request that ends a participant's session.
    pub(crate) fn logout_request(&self, participant: &Participant, address: &str) -> LogoutRequest {
        let now = self.now();
        let named = Named::of_kept(&participant.name_id).unwrap_or(Named::Sealed(String::new()));
        LogoutRequest {
            head: Head {
                id: MessageId::fresh(&mut self.chance()),
                issued: now,
                issuer: self.entity().clone(),
                destination: Some(address.to_owned()),
            },
            name: named.identified(self, &participant.service),
            session_indexes: vec![participant.session_index.clone()],
            reason: None,
            not_on_or_after: Some(now + LIFE),
        }
    }
}

/// When a service that could not be told of a session that ended at `ended_at` is told again, if ever. One that takes no
/// word from server to server is left to the browser, where there is one, and else given up at once. By `chance`, of 0 to
/// 1, after half to one and a half of its wait, so that services that were away together are not told together.
fn next_try(
    (failed, browser): (&NotTold, Browser),
    telling: Told,
    ended_at: OffsetDateTime,
    now: OffsetDateTime,
    chance: f64,
) -> Option<OffsetDateTime> {
    if matches!(failed, NotTold::NoLogout) || (matches!(failed, NotTold::NoAddress) && browser == Browser::NotHere) {
        return None;
    }
    if matches!(failed, NotTold::NoAddress) {
        // Only the person's browser reaches it, and that may be on its way.
        let visited_by = ended_at + ROUND;
        return (now < visited_by).then(|| visited_by + ROUND * chance);
    }
    let tries = match telling {
        Told::NotYet { tries } => tries,
        Told::GivenUp => return None,
    };
    let wait = FIRST_WAIT.saturating_mul(2_i32.saturating_pow(tries)).min(LONGEST_WAIT);
    Some(now + wait * (0.5 + chance)).filter(|next| *next < ended_at + BOUND)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const ENDED: OffsetDateTime = datetime!(2026-11-22 9:00 UTC);

    #[test]
    fn who_is_away_is_told_again_ever_more_rarely_and_given_up_after_half_a_day() {
        let mut now = ENDED;
        let mut waits = Vec::new();
        for tries in 0.. {
            match next_try(
                (&NotTold::Failed, Browser::Here),
                Told::NotYet { tries },
                ENDED,
                now,
                0.5,
            ) {
                Some(next) => waits.push((next - now).whole_seconds()),
                None => break,
            }
            now = ENDED + Duration::seconds(waits.iter().sum());
        }
        assert_eq!(waits[..4], [5, 10, 20, 40]);
        assert_eq!((waits[9], waits[10], waits[waits.len() - 1]), (2_560, 3_600, 3_600));
        assert_eq!(waits.len(), 20, "half a day: {waits:?}");
    }

    #[test]
    fn who_can_only_be_visited_has_the_time_of_a_round() {
        let telling = Told::NotYet { tries: 0 };
        let next = |now, chance| next_try((&NotTold::NoAddress, Browser::Here), telling, ENDED, now, chance);
        assert_eq!(next(ENDED, 0.0), Some(ENDED + ROUND));
        assert_eq!(next(ENDED, 1.0), Some(ENDED + ROUND * 2));
        assert_eq!(next(ENDED + ROUND, 0.0), None);
    }

    #[test]
    fn what_has_no_address_is_not_tried_again_when_no_browser_can_be_sent_there() {
        let telling = Told::NotYet { tries: 0 };
        let next = |failed, browser| next_try((&failed, browser), telling, ENDED, ENDED, 0.5);
        assert_eq!(next(NotTold::NoAddress, Browser::NotHere), None);
        assert_eq!(next(NotTold::NoLogout, Browser::Here), None);
        assert!(
            next(NotTold::Failed, Browser::NotHere).is_some(),
            "who is away is told again"
        );
    }

    #[test]
    fn two_services_away_together_are_told_again_at_moments_of_their_own() {
        let next = |chance| {
            next_try(
                (&NotTold::Failed, Browser::Here),
                Told::NotYet { tries: 0 },
                ENDED,
                ENDED,
                chance,
            )
        };
        assert_eq!(next(0.0), Some(ENDED + FIRST_WAIT / 2));
        assert_eq!(next(1.0), Some(ENDED + FIRST_WAIT * 3 / 2));
    }
}
