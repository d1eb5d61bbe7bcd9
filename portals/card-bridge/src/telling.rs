//! Telling fronts that a card was pulled, until they have heard it or no session can be left that it ends.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portal_kit::{
    client::{self, Client},
    tls::{self, TlsError},
};
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};
use url::Origin;

/// The longest that a session lasts at a front from the moment the card is shown (the implementation profile's section
/// 5): whoever was away for as long has nothing left to end.
const LONGEST: Duration = Duration::from_secs(8 * 60 * 60);
/// For how long a front is told again that does not know the sign-in: a card can be pulled before the browser has
/// brought the answer. Longer than a challenge is good.
const UNKNOWN: Duration = Duration::from_secs(150);
/// After the first try; each further pause is twice the one before.
const PAUSE: Duration = Duration::from_millis(300);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A front answers alike whether it had a session of the card or not, so the word goes there again: for a sign-in that
/// was under way when the card was pulled, a little later and after the longest that a front lets a request take.
const AGAIN: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(32)];
/// Fronts that were away are tried for so many words at once; what is told the first time never waits for them.
const RETRIES: usize = 4;
/// A front answers within this time; it has told its services by then.
const PATIENCE: Duration = Duration::from_secs(2);

/// By what the front knows whose card it was.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// The token given with the sign-in.
    Token(String),
    /// One of the card's certificates, base64 of DER.
    Certificate(String),
}

impl Said {
    /// The certificate `der`.
    pub fn of_certificate(der: &[u8]) -> Self {
        Self::Certificate(STANDARD.encode(der))
    }
}

/// What a front is told.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Word {
    front: String,
    said: Said,
}

impl Word {
    /// For the front at `origin`.
    pub fn new(origin: &Origin, said: Said) -> Self {
        Self {
            front: origin.ascii_serialization(),
            said,
        }
    }

    /// Whether it is for one of `fronts`.
    pub fn is_for(&self, fronts: &[Origin]) -> bool {
        fronts.iter().any(|front| front.ascii_serialization() == self.front)
    }

    /// Whether it names a sign-in, not a card.
    pub fn is_token(&self) -> bool {
        matches!(self.said, Said::Token(_))
    }
}

/// When a card was pulled.
#[derive(Debug, Clone, Copy)]
pub struct Pulled {
    noticed: Instant,
    before: Duration,
}

impl Pulled {
    /// Just now.
    pub fn now() -> Self {
        Self::before_now(Duration::ZERO)
    }

    /// So long ago.
    pub fn before_now(before: Duration) -> Self {
        Self {
            noticed: Instant::now(),
            before,
        }
    }

    /// How long ago.
    pub fn ago(&self) -> Duration {
        self.before + self.noticed.elapsed()
    }
}

/// What came of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Taken,
    /// The front is there and does not know the sign-in.
    Unknown,
    /// It is not there, or can't do it now.
    Away,
    Refused(StatusCode),
}

/// How fronts are told.
pub struct Teller {
    /// By whichever way there is.
    front: Client,
    /// By each family of addresses: a front takes word of a card only from where the card was shown, and which family the
    /// browser came by is not known here.
    by_family: [Client; 2],
    retries: Semaphore,
    hurry: watch::Sender<bool>,
}

impl Teller {
    /// For fronts whose servers the `authorities` (PEM file) certify.
    ///
    /// # Errors
    /// [`TlsError`]
    pub fn new(authorities: &Path) -> Result<Self, TlsError> {
        let believes = tls::authorities(authorities)?;
        let from = |address| client::client_from(believes.clone(), address, PATIENCE);
        Ok(Self {
            by_family: [
                from(IpAddr::V4(Ipv4Addr::UNSPECIFIED))?,
                from(IpAddr::V6(Ipv6Addr::UNSPECIFIED))?,
            ],
            front: client::client(believes.clone(), None, PATIENCE)?,
            retries: Semaphore::new(RETRIES),
            hurry: watch::Sender::new(false),
        })
    }

    /// The helper is about to end: what was heard once is not told again.
    pub fn hurry(&self) {
        self.hurry.send_replace(true);
    }

    /// Tells until it was heard, or it makes no sense any more.
    pub async fn insist(&self, word: &Word, pulled: Pulled) {
        let mut again = AGAIN.into_iter().take(if word.is_token() { 0 } else { AGAIN.len() });
        let mut heard = self.tell(word, &pulled).await;
        let mut pause = PAUSE;
        loop {
            let wait = match heard {
                Heard::Taken => match again.next() {
                    None => return,
                    Some(wait) => {
                        let mut hurry = self.hurry.subscribe();
                        tokio::select! {
                            () = tokio::time::sleep(wait) => Duration::ZERO,
                            _ = hurry.wait_for(|hurry| *hurry) => return,
                        }
                    }
                },
                Heard::Refused(status) => {
                    let status = status.as_u16();
                    tracing::warn!(status, "the front does not take word of a pulled card");
                    return;
                }
                Heard::Unknown if pulled.ago() > UNKNOWN => {
                    tracing::info!("the front knows nothing of the sign-in of a pulled card");
                    return;
                }
                Heard::Away if pulled.ago() > LONGEST => {
                    tracing::warn!("a front could not be told of a pulled card");
                    return;
                }
                Heard::Unknown | Heard::Away => {
                    let wait = pause;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    wait
                }
            };
            tokio::time::sleep(wait).await;
            let _turn = self.retries.acquire().await;
            heard = self.tell(word, &pulled).await;
        }
    }

    async fn tell(&self, word: &Word, pulled: &Pulled) -> Heard {
        match &word.said {
            Said::Token(token) => post(&self.front, &word.front, "/card/gone", &[("gone", token)]).await,
            Said::Certificate(certificate) => {
                let ago = pulled.ago().as_millis().to_string();
                let form = [("certificate", certificate.as_str()), ("ago", &ago)];
                let [one, other] = &self.by_family;
                let (one, other) = tokio::join!(
                    post(one, &word.front, "/card/pulled", &form),
                    post(other, &word.front, "/card/pulled", &form)
                );
                best(one, other)
            }
        }
    }
}

/// A front that is reached by one family of addresses was told.
fn best(one: Heard, other: Heard) -> Heard {
    match (one, other) {
        (Heard::Away, heard) | (heard, Heard::Away) => heard,
        (Heard::Taken, _) | (_, Heard::Taken) => Heard::Taken,
        (heard, _) => heard,
    }
}

async fn post(client: &Client, front: &str, path: &str, form: &[(&str, &str)]) -> Heard {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let asked = client
        .post(format!("{front}{path}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    match asked.send().await {
        Ok(answer) => match answer.status() {
            status if status.is_success() => Heard::Taken,
            StatusCode::NOT_FOUND => Heard::Unknown,
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => Heard::Away,
            status => Heard::Refused(status),
        },
        Err(error) => {
            tracing::debug!(error = %error.without_url(), "the front is away");
            Heard::Away
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_front_reached_by_one_family_was_told_and_one_reached_by_none_is_away() {
        assert_eq!(best(Heard::Taken, Heard::Away), Heard::Taken);
        assert_eq!(best(Heard::Unknown, Heard::Taken), Heard::Taken);
        assert_eq!(best(Heard::Away, Heard::Away), Heard::Away);
        let refused = Heard::Refused(StatusCode::BAD_REQUEST);
        assert_eq!(best(Heard::Away, refused), refused);
    }

    #[test]
    fn a_word_is_for_its_own_front() {
        let origin = |url: &str| url::Url::parse(url).unwrap().origin();
        let word = Word::new(&origin("https://relay.example:8443/x"), Said::Token("t".into()));
        assert!(word.is_for(&[origin("https://other.example"), origin("https://relay.example:8443")]));
        assert!(!word.is_for(&[origin("https://relay.example")]));
    }
}
