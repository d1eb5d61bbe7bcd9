//! Reading a patient's card at a clinic's desk: laid down, it signs the relay's challenge with its eligibility key, which
//! takes no PIN, and the clinic's page is given the signature (decision 26).
//!
//! The page asks by `POST /eligibility` and waits: for a card, or for another state of the desk than the one it has
//! `seen`. It is the one page that this helper answers by script: the `Origin` must be the configuration's, to the letter,
//! and the `Host` this loopback address. A card signs once for each time it is laid down, whoever asks, so that of two
//! windows one has the answer and the other hears that the card was read.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use axum::{
    Extension, Form, Json, Router,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCESS_CONTROL_ALLOW_ORIGIN, HOST, ORIGIN, VARY},
    },
    response::{IntoResponse as _, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use card::{CardError, Chip, ChipLife, KeySlot, Monitor, ReaderChange, ReaderEvent, Readers, Sharing, StopMonitor};
use portal_kit::Trouble;
use relay_core::eligibility::card_text;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Mutex, watch},
    time::{Instant, sleep, sleep_until},
};
use url::Origin;

use crate::{
    desk::{Standing, of_card, of_transport},
    signing,
};

/// Where the page asks.
pub const PATH: &str = "/eligibility";
/// How long it is kept waiting: within the time that any request may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at a card that another program holds, or that does not answer.
const LATER: Duration = Duration::from_millis(400);

/// The desk's patients' reader, watched.
pub struct Reading {
    /// The clinic's page, which alone is answered.
    origin: String,
    /// For whom a card signs.
    fronts: Vec<Origin>,
    reader: Option<String>,
    presence: watch::Receiver<Presence>,
    /// What became of each card that lies there, by its reader. Held while a card is asked: one at a time.
    read: Mutex<HashMap<String, (u64, Looked)>>,
    monitor: StopMonitor,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.monitor.stop();
    }
}

/// Which readers there are, and in which a card lies: each by the number of its insertion.
#[derive(Debug, Clone, Default)]
struct Presence {
    away: bool,
    readers: BTreeMap<String, Option<u64>>,
    inserted: u64,
}

/// What is known of a card that lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looked {
    /// A resident's, and it has signed.
    Signed,
    Other(State),
}

/// How the desk stands, as the page is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    NoService,
    NoReader,
    NoCard,
    /// The card that lies there has signed already.
    Read,
    TwoCards,
    InUse,
    Silent,
    /// It was taken away while it was read.
    Lifted,
    NotOurs,
    NotAResidents,
    NotReady,
}

impl State {
    /// It may be otherwise in a moment though nobody touches the card.
    const fn passes(self) -> bool {
        matches!(self, Self::InUse | Self::Silent)
    }
}

impl From<Standing> for State {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::NoService => Self::NoService,
            Standing::NoReader => Self::NoReader,
            Standing::NoCard => Self::Lifted,
            Standing::InUse => Self::InUse,
            Standing::NotOurs => Self::NotOurs,
            Standing::NotAResidents => Self::NotAResidents,
            Standing::NotReady => Self::NotReady,
            // A blocked PIN is no matter here.
            Standing::Silent | Standing::Blocked | Standing::Ready { .. } => Self::Silent,
        }
    }
}

/// What the page is told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Told {
    State(State),
    Signed {
        /// Base64 of DER.
        certificate: String,
        signature: String,
    },
}

#[derive(Deserialize)]
struct Wanted {
    front: String,
    challenge: String,
    /// The state that the page shows.
    #[serde(default)]
    seen: String,
    /// The card that lies there is to sign once more.
    #[serde(default)]
    again: bool,
}

impl Reading {
    /// Watches the readers of this machine for the page at `origin`; `reader` is the patients' one, none: any.
    pub fn begin(origin: &Origin, fronts: Vec<Origin>, reader: Option<String>) -> Arc<Self> {
        let (told, presence) = watch::channel(Presence::default());
        let (watching, monitor) = Monitor::new();
        std::thread::spawn(move || {
            watching.run(&mut |event| told.send_modify(|presence| presence.see(&event)));
        });
        Arc::new(Self {
            origin: origin.ascii_serialization(),
            fronts,
            reader,
            presence,
            read: Mutex::default(),
            monitor,
        })
    }

    /// The one route, for this helper listening at `own`.
    pub fn routes(self: &Arc<Self>, own: String) -> Router {
        Router::new()
            .route(PATH, post(wait))
            .layer(Extension((Arc::clone(self), Arc::<str>::from(own))))
    }

    /// Looks at what lies there now, and has it sign `digest` where it is one resident's card that has not.
    async fn look(&self, presence: &Presence, digest: &[u8; 32], again: bool) -> Result<Told, State> {
        let mut read = self.read.lock().await;
        if presence.away {
            return Err(State::NoService);
        }
        let wanted = |name: &str| self.reader.as_deref().is_none_or(|reader| reader == name);
        let readers: Vec<_> = presence.readers.iter().filter(|(name, _)| wanted(name)).collect();
        if readers.is_empty() {
            return Err(State::NoReader);
        }
        let lying: Vec<_> = readers
            .into_iter()
            .filter_map(|(name, card)| card.map(|card| (name.clone(), card)))
            .collect();
        read.retain(|name, (number, _)| lying.iter().any(|(there, card)| there == name && card == number));
        // A staff card lies in a reader of its own all day where any reader will do.
        let ignored = |state| self.reader.is_none() && state == State::NotAResidents;
        let (mut residents, mut other) = (Vec::new(), None);
        for (name, number) in lying {
            let known = read.get(&name).map(|(_, looked)| *looked);
            let looked = match known {
                Some(Looked::Signed) => Ok(true),
                Some(Looked::Other(state)) if !state.passes() => Err(state),
                _ => asked(&name, None).await.map(|_| false),
            };
            match looked {
                Ok(signed) => residents.push((name, number, signed)),
                // Gone before it was looked at: the reader tells in a moment.
                Err(State::Lifted) => {}
                Err(state) => {
                    read.insert(name, (number, Looked::Other(state)));
                    if !ignored(state) {
                        other = Some(state);
                    }
                }
            }
        }
        let (name, number) = match residents.as_slice() {
            [] => return Err(other.unwrap_or(State::NoCard)),
            [(_, _, true)] if !again => return Err(State::Read),
            [(name, number, _)] => (name.clone(), *number),
            _ => return Err(State::TwoCards),
        };
        let signed = asked(&name, Some(*digest)).await?;
        read.insert(name, (number, Looked::Signed));
        let (certificate, signature) = signed.ok_or(State::Silent)?;
        Ok(Told::Signed {
            certificate: STANDARD.encode(certificate),
            signature: STANDARD.encode(signature),
        })
    }

    async fn answer(&self, wanted: &Wanted) -> Told {
        let digest = signing::sha256(&card_text(&wanted.front, &wanted.challenge));
        let end = Instant::now() + PATIENCE;
        let mut presence = self.presence.clone();
        loop {
            let now = presence.borrow_and_update().clone();
            let state = match self.look(&now, &digest, wanted.again).await {
                Ok(told) => return told,
                Err(state) => state,
            };
            if serde_json::to_value(state).is_ok_and(|state| state != wanted.seen.as_str()) {
                return Told::State(state);
            }
            tokio::select! {
                () = sleep_until(end) => return Told::State(state),
                changed = presence.changed() => if changed.is_err() {
                    return Told::State(State::NoService);
                },
                () = sleep(LATER), if state.passes() => {}
            }
        }
    }
}

impl Presence {
    fn see(&mut self, event: &ReaderEvent) {
        match &event.change {
            ReaderChange::ReaderAdded => {
                self.away = false;
                self.readers.entry(event.reader.clone()).or_default();
            }
            ReaderChange::ReaderGone => {
                self.readers.remove(&event.reader);
            }
            ReaderChange::Inserted { .. } => {
                self.inserted += 1;
                self.readers.insert(event.reader.clone(), Some(self.inserted));
            }
            ReaderChange::Removed => {
                self.readers.insert(event.reader.clone(), None);
            }
            ReaderChange::ServiceGone | ReaderChange::ServiceSilent => {
                self.away = true;
                self.readers.clear();
            }
            ReaderChange::ServiceBack => self.away = false,
        }
    }
}

/// Certificate and signature of the card in `reader` over `digest`, if there is one to be signed; whether it is a
/// resident's card otherwise.
async fn asked(reader: &str, digest: Option<[u8; 32]>) -> Result<Option<(Vec<u8>, Vec<u8>)>, State> {
    let reader = reader.to_owned();
    let asked = tokio::task::spawn_blocking(move || {
        let readers = Readers::connect().map_err(|_| State::NoService)?;
        let transport = readers
            .card(&reader, Sharing::Exclusive)
            .map_err(|error| State::from(of_transport(&error)))?;
        let of_card = |error: CardError| State::from(of_card(&error));
        let mut chip = Chip::select(transport).map_err(of_card)?;
        if chip.life() != ChipLife::Closed {
            return Err(State::NotReady);
        }
        if chip.public_key(KeySlot::Eligibility).map_err(of_card)?.is_none() {
            return Err(State::NotAResidents);
        }
        let Some(digest) = digest else { return Ok(None) };
        let signature = chip.sign(KeySlot::Eligibility, &digest).map_err(of_card)?;
        let certificate = chip.read_certificate(KeySlot::Eligibility).map_err(of_card)?;
        Ok(Some((certificate, signature)))
    });
    asked.await.unwrap_or(Err(State::Silent))
}

async fn wait(
    Extension((reading, own)): Extension<(Arc<Reading>, Arc<str>)>,
    headers: HeaderMap,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Trouble> {
    let is = |name, value: &str| headers.get(name).map(HeaderValue::as_bytes) == Some(value.as_bytes());
    if !is(HOST, &own) {
        return Err(Trouble::new(StatusCode::MISDIRECTED_REQUEST, "bridge-not-here"));
    }
    let front = url::Url::parse(&wanted.front).map(|front| front.origin());
    let allowed = is(ORIGIN, &reading.origin) && front.is_ok_and(|front| reading.fronts.contains(&front));
    if !allowed {
        tracing::warn!("a page or a front that is not in the configuration asked for a card");
        return Err(Trouble::new(StatusCode::FORBIDDEN, "bridge-not-allowed"));
    }
    if !signing::is_challenge(&wanted.challenge) {
        return Err(Trouble::request());
    }
    let mut answer = Json(reading.answer(&wanted).await).into_response();
    let origin = HeaderValue::try_from(&reading.origin).map_err(|_| Trouble::ours())?;
    answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    answer.headers_mut().insert(VARY, HeaderValue::from_static("origin"));
    Ok(answer)
}
