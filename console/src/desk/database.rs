//! Whether the database answers, asked now and then and at once when an order found it away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use office::Office;
use relay_core::clock::Clock;
use tokio::{
    sync::{Notify, mpsc::UnboundedSender},
    time::timeout,
};

use crate::tui::{event::Event, facts::Outbox};

/// Between two questions while all is well.
const CALM: Duration = Duration::from_secs(5);
/// Between two questions while it is away.
const AWAY: Duration = Duration::from_millis(700);
/// A database that takes longer than this to say anything is away to a clerk.
const PATIENCE: Duration = Duration::from_secs(4);
/// Clocks further apart than this would date certificates wrongly.
const CLOCKS_APART: i64 = 300;

/// The watch over the database.
pub struct Watch(Arc<State>);

struct State {
    office: Office,
    events: UnboundedSender<Event>,
    clock: Arc<dyn Clock>,
    /// Whether there is a relay to be told of things.
    relay: bool,
    up: AtomicBool,
    /// Seconds the database's clock is ahead of ours.
    ahead: AtomicI64,
    doubt: Notify,
}

impl Watch {
    /// A watch, not begun: the database is taken to be there until it is found away.
    pub fn new(office: Office, events: UnboundedSender<Event>, clock: Arc<dyn Clock>, relay: bool) -> Self {
        Self(Arc::new(State {
            office,
            events,
            clock,
            relay,
            up: AtomicBool::new(true),
            ahead: AtomicI64::new(0),
            doubt: Notify::new(),
        }))
    }

    /// Watches as long as the runtime lives.
    pub fn begin(&self) -> impl Future<Output = ()> + Send + 'static {
        let state = Arc::clone(&self.0);
        async move {
            loop {
                state.ask().await;
                let wait = if state.up.load(Ordering::Relaxed) { CALM } else { AWAY };
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = state.doubt.notified() => {}
                }
            }
        }
    }

    /// An order found the database away: the screens hear of it now, and of its return soon.
    pub fn is_away(&self) {
        self.0.stands(false);
        self.0.doubt.notify_one();
    }

    /// Something changed in what is watched: it is looked at now.
    pub fn look(&self) {
        self.0.doubt.notify_one();
    }

    /// Whether the desk's clock and the database's are so far apart that nothing may be dated by ours.
    pub fn clocks_differ(&self) -> bool {
        self.0.ahead.load(Ordering::Relaxed).abs() > CLOCKS_APART
    }
}

impl State {
    async fn ask(&self) {
        match timeout(PATIENCE, self.office.health(&*self.clock)).await {
            Ok(Ok(health)) => {
                self.ahead.store(health.clock_ahead.whole_seconds(), Ordering::Relaxed);
                self.stands(true);
                if self.relay {
                    self.look_into_outbox().await;
                }
            }
            Ok(Err(error)) if error.is_away() => self.stands(false),
            // It answers, if only to refuse: that is told by whoever asks for something.
            Ok(Err(error)) => {
                tracing::warn!(%error, "the database answers, but not well");
                self.stands(true);
            }
            Err(_) => self.stands(false),
        }
    }

    async fn look_into_outbox(&self) {
        // A database that goes away just now is told of by the next question.
        if let Ok(Ok(state)) = timeout(PATIENCE, self.office.outbox_state()).await {
            let _ = self.events.send(Event::Outbox(Outbox {
                waiting: state.waiting,
                oldest: state.oldest,
                trouble: state.trouble.is_some(),
                refused: state.refused,
                carried: state.carried,
            }));
        }
    }

    fn stands(&self, up: bool) {
        if self.up.swap(up, Ordering::Relaxed) != up {
            tracing::info!(up, "database");
            let _ = self.events.send(Event::Database { up });
        }
    }
}
