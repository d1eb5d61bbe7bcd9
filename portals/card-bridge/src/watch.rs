//! Watching the reader after a sign-in: when the card is pulled, the front is told and ends the session everywhere.
//!
//! What cannot be seen any more counts as pulled: the reader unplugged, the smart card service gone, this helper ended.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use card::{Monitor, ReaderChange, ReaderEvent, StopMonitor};
use reqwest::{Client, StatusCode};
use tokio::{runtime::Handle, task::JoinSet, time::Instant};
use url::Url;

/// For how long the front is told again when it does not answer, or does not know the sign-in yet: a card can be
/// pulled before the browser has brought the answer.
const INSIST: Duration = Duration::from_secs(150);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(300);
/// Time to tell of what is still watched when the helper ends.
const FAREWELL: Duration = Duration::from_secs(2);
/// No desk has so many cards in; a sign-in watched longer ago is over by the front's own limit.
const MOST: usize = 64;

/// Where the front takes word of a pulled card.
pub const GONE_PATH: &str = "/card/gone";

/// Watches all readers until it is ended.
pub struct Watch {
    shared: Arc<Shared>,
    stop: StopMonitor,
    thread: Option<JoinHandle<()>>,
}

/// What a page needs of the watch.
#[derive(Clone)]
pub struct Eye(Arc<Shared>);

struct Shared {
    front: Client,
    runtime: Handle,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How often a card left each reader since the helper began.
    pulls: HashMap<String, u64>,
    /// How often every reader was lost sight of.
    blind: u64,
    watched: Vec<Watched>,
    telling: JoinSet<()>,
}

struct Watched {
    reader: String,
    word: Word,
}

/// What the front is told.
#[derive(Clone)]
struct Word {
    to: Url,
    token: String,
}

/// How often cards had left the readers at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pulls: HashMap<String, u64>,
    blind: u64,
}

impl Watch {
    /// Begins; `front` is how fronts are told. Called within the runtime that will tell them.
    pub fn begin(front: Client) -> Self {
        let shared = Arc::new(Shared {
            front,
            runtime: Handle::current(),
            state: Mutex::default(),
        });
        let (monitor, stop) = Monitor::new();
        let seen = Arc::clone(&shared);
        let thread = std::thread::spawn(move || monitor.run(&mut |event| seen.see(&event)));
        Self {
            shared,
            stop,
            thread: Some(thread),
        }
    }

    /// For the pages.
    pub fn eye(&self) -> Eye {
        Eye(Arc::clone(&self.shared))
    }

    /// Ends: what is still watched is told as gone.
    pub async fn end(mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        let mut telling = {
            let mut state = self.shared.lock();
            let watched = std::mem::take(&mut state.watched);
            self.shared.tell(&mut state, watched);
            std::mem::take(&mut state.telling)
        };
        let all = async { while telling.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, all).await.is_err() {
            tracing::warn!("a front could not be told that its card is not watched any more");
        }
    }
}

impl Eye {
    /// The moment before a card is asked to sign: what happens from here on is not missed.
    pub fn mark(&self) -> Mark {
        let state = self.0.lock();
        Mark {
            pulls: state.pulls.clone(),
            blind: state.blind,
        }
    }

    /// Watches the card in `reader`, which signed after `since`: the front at `back`'s origin will be told with `token`.
    pub fn watch(&self, reader: &str, since: &Mark, back: &Url, token: &str) {
        let mut to = back.clone();
        to.set_path(GONE_PATH);
        to.set_query(None);
        let watched = Watched {
            reader: reader.to_owned(),
            word: Word {
                to,
                token: token.to_owned(),
            },
        };
        let mut state = self.0.lock();
        let pulled = state.blind != since.blind || state.pulls.get(reader) != since.pulls.get(reader);
        if pulled {
            self.0.tell(&mut state, vec![watched]);
        } else {
            if state.watched.len() >= MOST {
                state.watched.remove(0);
            }
            state.watched.push(watched);
        }
    }
}

impl Shared {
    fn see(&self, event: &ReaderEvent) {
        let mut state = self.lock();
        let gone = match event.change {
            ReaderChange::Removed | ReaderChange::ReaderGone => {
                *state.pulls.entry(event.reader.clone()).or_default() += 1;
                state
                    .watched
                    .extract_if(.., |watched| watched.reader == event.reader)
                    .collect()
            }
            ReaderChange::ServiceGone => {
                state.blind += 1;
                std::mem::take(&mut state.watched)
            }
            ReaderChange::Inserted { .. } | ReaderChange::ReaderAdded | ReaderChange::ServiceBack => Vec::new(),
        };
        self.tell(&mut state, gone);
    }

    fn tell(&self, state: &mut State, gone: Vec<Watched>) {
        while state.telling.try_join_next().is_some() {}
        for Watched { word, .. } in gone {
            tracing::info!("a watched card is gone");
            state.telling.spawn_on(insist(self.front.clone(), word), &self.runtime);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells until the front has taken it, or it makes no sense any more.
async fn insist(front: Client, word: Word) {
    let until = Instant::now() + INSIST;
    let mut pause = PAUSE;
    loop {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("gone", &word.token)
            .finish();
        let asked = front
            .post(word.to.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        match asked.send().await {
            Ok(answer) if answer.status().is_success() => return,
            // Not known yet, or busy: later.
            Ok(answer) if answer.status() == StatusCode::NOT_FOUND || answer.status().is_server_error() => {}
            Ok(answer) if answer.status() == StatusCode::TOO_MANY_REQUESTS => {}
            Ok(answer) => {
                tracing::warn!(
                    status = answer.status().as_u16(),
                    "the front does not take word of a pulled card"
                );
                return;
            }
            Err(error) => tracing::debug!(error = %error.without_url(), "the front is away"),
        }
        if Instant::now() + pause > until {
            tracing::warn!("a front could not be told of a pulled card");
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}
