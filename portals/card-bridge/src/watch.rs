//! Watching the readers: when a card is pulled, the front is told and ends the session everywhere.
//!
//! A card that signed in through this helper is watched by the token that the front has of it. Where the configuration
//! says so, every card of ours in any reader is watched too, by its certificates ([`crate::looking`]): a browser that
//! reaches the card by itself signs in by mutual TLS, and nobody else would notice the pull.
//!
//! What cannot be seen any more counts as pulled: the reader unplugged, the smart card service gone, this helper ended.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use card::{Monitor, ReaderChange, ReaderEvent, StopMonitor};
use tokio::{
    runtime::Handle,
    task::{AbortHandle, JoinSet},
};
use url::{Origin, Url};

use crate::{
    looking,
    owed::{Key, Owed},
    telling::{Pulled, Said, Teller, Word},
};

/// Time to tell of what is still watched when the helper ends.
const FAREWELL: Duration = Duration::from_secs(2);
/// No desk has so many cards in; a sign-in watched longer ago is over by the front's own limit.
const MOST: usize = 64;

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
    teller: Teller,
    /// Who is told of every card.
    fronts: Vec<Origin>,
    owed: Owed,
    runtime: Handle,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ended: bool,
    /// How often a card left each reader since the helper began.
    pulls: HashMap<String, u64>,
    /// How often every reader was lost sight of.
    blind: u64,
    watched: Vec<Watched>,
    telling: JoinSet<()>,
    /// What is being told: of a card that is pulled again before the front has heard, the later word says it all.
    pending: HashMap<Word, (Key, AbortHandle)>,
}

struct Watched {
    reader: String,
    word: Word,
    key: Key,
}

/// How often cards had left the readers at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pulls: HashMap<String, u64>,
    blind: u64,
}

impl Watch {
    /// Begins; `teller` is how fronts are told, `fronts` are those that are told of every card, and `owed` keeps what is
    /// not told yet. Called within the runtime that will tell.
    pub fn begin(teller: Teller, fronts: Vec<Origin>, owed: Owed) -> Self {
        let shared = Arc::new(Shared {
            teller,
            fronts,
            owed,
            runtime: Handle::current(),
            state: Mutex::default(),
        });
        shared.take_up();
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
            state.ended = true;
            let watched = std::mem::take(&mut state.watched);
            self.shared.tell(&mut state, watched);
            std::mem::take(&mut state.telling)
        };
        self.shared.teller.hurry();
        let all = async { while telling.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, all).await.is_err() {
            tracing::warn!("a front could not be told that its card is not watched any more");
        }
    }
}

impl Eye {
    /// The moment before a card is asked to sign: what happens from here on is not missed.
    pub fn mark(&self) -> Mark {
        self.0.lock().mark()
    }

    /// Watches the card in `reader`, which signed after `since`: the front at `back`'s origin will be told with `token`.
    pub fn watch(&self, reader: &str, since: &Mark, back: &Url, token: &str) {
        let word = Word::new(&back.origin(), Said::Token(token.to_owned()));
        self.0.watch(reader, since, word);
    }
}

impl State {
    fn mark(&self) -> Mark {
        Mark {
            pulls: self.pulls.clone(),
            blind: self.blind,
        }
    }

    fn pulled_since(&self, reader: &str, since: &Mark) -> bool {
        self.blind != since.blind || self.pulls.get(reader) != since.pulls.get(reader)
    }
}

impl Shared {
    /// What another run of this helper left untold.
    fn take_up(self: &Arc<Self>) {
        let mut state = self.lock();
        for left in self.owed.left() {
            tracing::info!("a card that was watched, or pulled, before this helper began");
            self.insist(&mut state, left.key, left.word, left.pulled);
        }
    }

    fn see(self: &Arc<Self>, event: &ReaderEvent) {
        let mut state = self.lock();
        let gone = match event.change {
            ReaderChange::Removed | ReaderChange::ReaderGone => {
                *state.pulls.entry(event.reader.clone()).or_default() += 1;
                state
                    .watched
                    .extract_if(.., |watched| watched.reader == event.reader)
                    .collect()
            }
            // What cannot be seen may have been pulled.
            ReaderChange::ServiceGone | ReaderChange::ServiceSilent => {
                state.blind += 1;
                std::mem::take(&mut state.watched)
            }
            ReaderChange::Inserted { .. } if !self.fronts.is_empty() => {
                let (shared, reader, since) = (Arc::clone(self), event.reader.clone(), state.mark());
                // A thread of its own: another program may hold the card for as long as it likes.
                std::thread::spawn(move || shared.look(&reader, &since));
                Vec::new()
            }
            ReaderChange::Inserted { .. } | ReaderChange::ReaderAdded | ReaderChange::ServiceBack => Vec::new(),
        };
        self.tell(&mut state, gone);
    }

    /// Finds out which card was put into `reader`, while it is in.
    fn look(self: &Arc<Self>, reader: &str, since: &Mark) {
        loop {
            {
                let state = self.lock();
                if state.ended || state.pulled_since(reader, since) {
                    return;
                }
            }
            match looking::look(reader) {
                looking::Seen::Card(certificates) => {
                    for certificate in &certificates {
                        for front in &self.fronts {
                            self.watch(reader, since, Word::new(front, Said::of_certificate(certificate)));
                        }
                    }
                    return;
                }
                looking::Seen::NotOurs => return,
                looking::Seen::NotNow(wait) => std::thread::sleep(wait),
            }
        }
    }

    fn watch(self: &Arc<Self>, reader: &str, since: &Mark, word: Word) {
        let mut state = self.lock();
        let watched = Watched {
            reader: reader.to_owned(),
            key: self.owed.watched(&word),
            word,
        };
        if state.ended || state.pulled_since(reader, since) {
            self.tell(&mut state, vec![watched]);
            return;
        }
        let tokens = state.watched.iter().filter(|watched| watched.word.is_token()).count();
        if tokens >= MOST
            && let Some(oldest) = state.watched.iter().position(|watched| watched.word.is_token())
        {
            let oldest = state.watched.remove(oldest);
            self.owed.settled(oldest.key);
        }
        state.watched.push(watched);
    }

    fn tell(self: &Arc<Self>, state: &mut State, gone: Vec<Watched>) {
        while state.telling.try_join_next().is_some() {}
        for Watched { word, key, .. } in gone {
            tracing::info!("a watched card is gone");
            self.owed.pulled(key);
            self.insist(state, key, word, Pulled::now());
        }
    }

    fn insist(self: &Arc<Self>, state: &mut State, key: Key, word: Word, pulled: Pulled) {
        let (shared, said) = (Arc::clone(self), word.clone());
        let task = async move {
            shared.teller.insist(&said, pulled).await;
            shared.owed.settled(key);
            let mut state = shared.lock();
            if state.pending.get(&said).is_some_and(|(pending, _)| *pending == key) {
                state.pending.remove(&said);
            }
        };
        let task = state.telling.spawn_on(task, &self.runtime);
        if let Some((earlier, telling)) = state.pending.insert(word, (key, task)) {
            telling.abort();
            self.owed.settled(earlier);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
