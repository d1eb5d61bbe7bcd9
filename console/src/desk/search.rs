//! Searching the roster: an index in memory, loaded while the clerk logs in, kept up with imports, asked off the
//! screen's thread.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use office::{Hit, SearchIndex};
use tokio::{sync::watch, time::timeout};

use super::{trouble, work::Desk};
use crate::tui::{
    facts::{Address, Found, ResidentRow},
    fault::Fault,
};

/// Hits shown: more than anyone scrolls through; one types on instead.
const ROWS: usize = 200;
/// Between two looks whether somebody imported a roster, should the word of it have been missed.
const REFRESH: Duration = Duration::from_secs(120);
/// Before a load that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Longest wait for the open cases beside the hits: a slow database must not slow the typing.
const BESIDE: Duration = Duration::from_millis(200);

/// The roster in memory, and the number of the search asked last.
pub struct Roster {
    index: watch::Sender<Option<Arc<SearchIndex>>>,
    /// Held while it is loaded: two loads at once would take the memory of two rosters.
    loading: tokio::sync::Mutex<()>,
    asked: AtomicU64,
}

impl Default for Roster {
    fn default() -> Self {
        Self {
            index: watch::Sender::new(None),
            loading: tokio::sync::Mutex::new(()),
            asked: AtomicU64::new(0),
        }
    }
}

impl Roster {
    /// Notes that a search was asked; earlier ones are worth nothing from now on.
    pub fn ask(&self) -> u64 {
        self.asked.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn is_asked_last(&self, search: u64) -> bool {
        self.asked.load(Ordering::Relaxed) == search
    }

    async fn loaded(&self) -> Arc<SearchIndex> {
        let mut index = self.index.subscribe();
        match index.wait_for(Option::is_some).await {
            Ok(index) => index.clone().unwrap_or_else(|| Arc::new(SearchIndex::empty())),
            // The sender lives as long as this.
            Err(_) => Arc::new(SearchIndex::empty()),
        }
    }
}

impl Desk {
    /// Loads the roster and keeps it up with imports, for as long as the runtime lives.
    pub fn keep_roster(&self) -> impl Future<Output = ()> + Send + 'static {
        let desk = self.clone();
        async move {
            loop {
                let wait = if desk.refresh_roster().await { REFRESH } else { RETRY };
                tokio::time::sleep(wait).await;
            }
        }
    }

    /// Loads the roster, or what changed of it. Whether there is one to search in.
    pub async fn refresh_roster(&self) -> bool {
        let _one_at_a_time = self.roster.loading.lock().await;
        let before = self.roster.index.borrow().clone();
        let began = std::time::Instant::now();
        let loaded = match &before {
            None => self.office.search_index(&|_, _| {}).await.map(Some),
            Some(index) => self.office.refresh_index(index).await,
        };
        match loaded {
            Ok(None) => true,
            Ok(Some(index)) => {
                let took = began.elapsed().as_millis() as u64;
                tracing::info!(residents = index.len(), bytes = index.bytes(), took, "roster loaded");
                self.roster.index.send_replace(Some(Arc::new(index)));
                true
            }
            Err(error) => {
                self.fault(&error);
                // An old roster is better than none.
                before.is_some()
            }
        }
    }

    /// Searches for `text`; `None` when a later search was asked meanwhile.
    pub async fn search(&self, search: u64, text: String) -> Option<Result<Found, Fault>> {
        if let Err(fault) = self.session() {
            return Some(Err(fault));
        }
        // The roster lies in memory: whether anybody may still look in it is asked of the records each time. Records that
        // are away say nothing, and what was open stays so.
        if timeout(BESIDE, self.look_at_session()).await == Ok(false) {
            return Some(Err(Fault::SessionOver));
        }
        let index = self.roster.loaded().await;
        if !self.roster.is_asked_last(search) {
            return None;
        }
        let (typed, searched) = (text.clone(), Arc::clone(&index));
        let found = match tokio::task::spawn_blocking(move || searched.search(&typed, ROWS)).await {
            Ok(found) => found,
            Err(error) => return Some(Err(trouble::other(&error))),
        };
        if !self.roster.is_asked_last(search) {
            return None;
        }
        let found = self.beside_records(found, &text, &index).await;
        let ids: Vec<_> = found.hits.iter().map(|hit| hit.id).collect();
        let cases = match timeout(BESIDE, self.office.open_cases_of(&ids)).await {
            Ok(Ok(cases)) => cases,
            Ok(Err(error)) => {
                self.fault(&error);
                Default::default()
            }
            Err(_) => Default::default(),
        };
        let rows = found
            .hits
            .into_iter()
            .map(|hit| {
                let open_case = cases.get(&hit.id).copied();
                ResidentRow { open_case, ..row(hit) }
            })
            .collect();
        let total = found.total;
        Some(Ok(Found { text, rows, total }))
    }

    /// Puts before what the roster holds of `text` whose case or card it names.
    async fn beside_records(&self, mut found: office::Found, text: &str, index: &SearchIndex) -> office::Found {
        let residents = match timeout(BESIDE, self.office.residents_by_record(text)).await {
            Ok(Ok(residents)) => residents,
            Ok(Err(error)) => {
                self.fault(&error);
                return found;
            }
            Err(_) => return found,
        };
        let named = index.hits_of(&residents);
        let before = found.hits.len();
        found.hits.retain(|hit| !residents.contains(&hit.id));
        found.total = found.total + named.len() - (before - found.hits.len());
        found.hits.splice(0..0, named);
        found
    }
}

fn row(hit: Hit) -> ResidentRow {
    ResidentRow {
        birthday: hit.born().map_or_else(|| hit.birthday.clone(), |born| born.wareki()),
        id: hit.id,
        number: hit.number,
        name: hit.name,
        kana: hit.kana,
        alias: hit.alias,
        sex: hit.sex.kanji().to_owned(),
        protected: hit.address.is_none(),
        address: match hit.address {
            Some(address) => Address::Shown {
                postal_code: String::new(),
                address,
                building: None,
            },
            None => Address::Masked,
        },
        same_name: hit.namesakes,
        open_case: None,
        gone: hit.gone,
    }
}
