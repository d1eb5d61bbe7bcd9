//! Challenges that wait for a PIN, and answers that wait for their page: in memory, few, and not for long.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use relay_core::chance::{Chance, draw};
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::desk::NotSigned;

/// As long as the front waits for an answer to its challenge.
pub const LIFE: Duration = Duration::minutes(2);
/// One person signs in at a desk at a time; the rest is somebody's play.
const MOST: usize = 16;

/// A front that asks.
#[derive(Debug, Clone)]
pub struct Ask {
    /// What is to be signed.
    pub challenge: String,
    /// Where the answer goes.
    pub back: Url,
    /// What the front says the person signs in to.
    pub service: Option<String>,
    pub until: OffsetDateTime,
    /// What became of the last try.
    pub last: Option<NotSigned>,
    /// The answer, once the card has signed.
    pub answer: Option<Answer>,
}

/// The answer for the front, as its form's fields.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The certificate, base64 of DER.
    pub certificate: String,
    /// The signature, base64.
    pub signature: String,
    /// With this the helper tells later that the card was pulled.
    pub gone: String,
}

impl Ask {
    /// The origin the card signs for.
    pub fn origin(&self) -> String {
        self.back.origin().ascii_serialization()
    }
}

/// All that wait, by an id that only this browser's page knows.
#[derive(Debug, Default)]
pub struct Asks(Mutex<HashMap<String, Ask>>);

impl Asks {
    /// Keeps `ask`; its id.
    pub fn keep(&self, ask: Ask, now: OffsetDateTime, chance: &mut dyn Chance) -> String {
        let id = hex::encode(draw::<16>(chance));
        let mut asks = self.lock();
        asks.retain(|_, ask| ask.until > now);
        if asks.len() >= MOST
            && let Some(oldest) = asks.iter().min_by_key(|(_, ask)| ask.until).map(|(id, _)| id.clone())
        {
            asks.remove(&oldest);
        }
        asks.insert(id.clone(), ask);
        id
    }

    /// The one of that id, if it still counts.
    pub fn find(&self, id: &str, now: OffsetDateTime) -> Option<Ask> {
        self.lock().get(id).filter(|ask| ask.until > now).cloned()
    }

    /// Notes what became of a try.
    pub fn failed(&self, id: &str, why: NotSigned) {
        if let Some(ask) = self.lock().get_mut(id) {
            ask.last = Some(why);
        }
    }

    /// Notes the answer: from now on the challenge cannot be signed again.
    pub fn answered(&self, id: &str, answer: Answer) {
        if let Some(ask) = self.lock().get_mut(id) {
            ask.answer = Some(answer);
            ask.last = None;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Ask>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_core::chance::SeededChance;
    use time::macros::datetime;

    #[test]
    fn an_ask_is_found_by_its_id_until_its_time_is_over_and_the_oldest_goes_first() {
        let (asks, mut chance) = (Asks::default(), SeededChance::new(1));
        let now = datetime!(2026-11-22 0:00 UTC);
        let ask = |second| Ask {
            challenge: "0f".repeat(32),
            back: Url::parse("https://relay.example/back").unwrap(),
            service: None,
            until: now + LIFE + Duration::seconds(second),
            last: None,
            answer: None,
        };
        let first = asks.keep(ask(0), now, &mut chance);
        assert!(asks.find(&first, now).is_some());
        assert!(asks.find(&first, now + LIFE).is_none());
        assert!(asks.find("0f", now).is_none());
        let second = asks.keep(ask(1), now, &mut chance);
        for later in 2..=MOST as i64 {
            asks.keep(ask(later), now, &mut chance);
        }
        assert!(asks.find(&first, now).is_none());
        assert!(asks.find(&second, now).is_some());
    }
}
