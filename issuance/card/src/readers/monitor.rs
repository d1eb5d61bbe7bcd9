//! Watching every reader for cards put in and taken out.
//!
//! A change is told by the reader's event counter (upper 16 bits of `dwEventState`), not by the presence flag: a
//! card exchanged between two looks has the same flag and another counter (OpenSC issue 1822, pull request 2803).
//! The list of readers is read anew on every turn, at least every [`WATCHDOG`], since drivers forget to report
//! (CCID issues 92, 163). When pcscd goes away the monitor waits for it to come back. One that hangs keeps whoever asks it:
//! a second thread sees that a call has taken too long, and tells.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::{ReaderError, c_name, list, service_error};

/// The longest wait before the readers are listed again, and the longest a stop can take that comes in the moment
/// before the wait begins.
const WATCHDOG: Duration = Duration::from_secs(2);
/// A call that takes longer than the longest wait and this does not come back by itself.
const HANGS: Duration = Duration::from_millis(4_300);
/// Between two looks at whether one does.
const GLANCE: Duration = Duration::from_millis(200);
/// How long to wait before asking again for a service that is not there.
const SERVICE_RETRY: Duration = Duration::from_millis(300);

/// Something happened at a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderEvent {
    /// Its name; empty for [`ReaderChange::ServiceGone`] and [`ReaderChange::ServiceBack`], which concern all.
    pub reader: String,
    pub change: ReaderChange,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReaderChange {
    /// The reader was plugged in, or was there when watching began.
    ReaderAdded,
    /// The reader was unplugged.
    ReaderGone,
    /// A card was put in (or was in when watching began).
    Inserted {
        /// Its answer to reset (ISO/IEC 7816-3 §8).
        atr: Vec<u8>,
    },
    /// The card was taken out.
    Removed,
    /// The smart card service went away; every reader and card is unknown until it is back.
    ServiceGone,
    /// The service is there and does not answer; every reader and card is unknown until it does.
    ServiceSilent,
    /// The service is there (again).
    ServiceBack,
}

/// Watches all readers.
pub struct Monitor(Arc<Shared>);

/// Ends a [`Monitor::run`] from any thread.
#[derive(Clone)]
pub struct StopMonitor(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    stopped: bool,
    context: Option<pcsc::Context>,
    /// When the call began that the service has not answered yet.
    asked: Option<Instant>,
    /// It was told that the service does not answer.
    silent: bool,
}

impl Monitor {
    /// A monitor and the handle that stops it.
    pub fn new() -> (Self, StopMonitor) {
        let shared = Arc::new(Shared::default());
        (Self(Arc::clone(&shared)), StopMonitor(shared))
    }

    /// Tells `tell` of every change until stopped; blocks its thread. The state when watching begins is told as
    /// changes from nothing. After the service came back, readers and cards are told anew.
    pub fn run(self, tell: &mut (dyn FnMut(ReaderEvent) + Send)) {
        let tell = Mutex::new(tell);
        let ended = (Mutex::new(false), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| self.watch_the_service(&tell, &ended));
            self.ask(&mut |event| {
                let mut tell = tell.lock().unwrap_or_else(PoisonError::into_inner);
                (*tell)(event);
            });
            *ended.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
            ended.1.notify_all();
        });
    }

    /// Tells when a call hangs. Whoever made it tells the rest once it comes back.
    fn watch_the_service(&self, tell: &Mutex<&mut (dyn FnMut(ReaderEvent) + Send)>, ended: &(Mutex<bool>, Condvar)) {
        let mut over = ended.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !*over {
            let mut state = self.0.lock();
            let hangs = state.asked.is_some_and(|asked| asked.elapsed() > HANGS);
            if hangs && !state.silent && !state.stopped {
                state.silent = true;
                drop(state);
                tracing::warn!("the smart card service does not answer");
                let mut tell = tell.lock().unwrap_or_else(PoisonError::into_inner);
                (*tell)(event("", ReaderChange::ServiceSilent));
            } else {
                drop(state);
            }
            over = ended
                .1
                .wait_timeout(over, GLANCE)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// `call`, with its beginning noted. A service that was told to be silent is begun with anew.
    fn asking<T>(&self, call: impl FnOnce() -> Result<T, ReaderError>) -> Result<T, ReaderError> {
        self.0.lock().asked = Some(Instant::now());
        let answer = call();
        let mut state = self.0.lock();
        state.asked = None;
        match state.silent {
            true => Err(ReaderError::ServiceSilent),
            false => answer,
        }
    }

    fn ask(&self, tell: &mut dyn FnMut(ReaderEvent)) {
        let mut gone_told = false;
        while !self.0.lock().stopped {
            match self.begin() {
                Ok(context) => {
                    gone_told = false;
                    tell(event("", ReaderChange::ServiceBack));
                    let ended = self.watch(&context, tell);
                    self.0.lock().context = None;
                    if ended == Err(ReaderError::ServiceSilent) {
                        // It was told when it fell silent; it answers again.
                        self.0.lock().silent = false;
                    } else if let Err(error) = ended {
                        tracing::info!(%error, "the smart card service went away");
                        tell(event("", ReaderChange::ServiceGone));
                        gone_told = true;
                    }
                }
                Err(ReaderError::ServiceSilent) => self.0.lock().silent = false,
                Err(_) if !gone_told => {
                    tell(event("", ReaderChange::ServiceGone));
                    gone_told = true;
                }
                Err(_) => {}
            }
            let state = self.0.lock();
            if !state.stopped {
                let _unused = self.0.wake.wait_timeout(state, SERVICE_RETRY);
            }
        }
    }

    /// Connects to the service and leaves the connection where [`StopMonitor`] can cancel it.
    fn begin(&self) -> Result<pcsc::Context, ReaderError> {
        let context = self.asking(|| pcsc::Context::establish(pcsc::Scope::User).map_err(service_error))?;
        self.0.lock().context = Some(context.clone());
        Ok(context)
    }

    /// Watches until stopped (`Ok`) or until the service goes away.
    fn watch(&self, context: &pcsc::Context, tell: &mut dyn FnMut(ReaderEvent)) -> Result<(), ReaderError> {
        // Two lists in step; the service's own notification of readers coming and going is last in `states`.
        let mut watched: Vec<Watched> = Vec::new();
        let mut states = vec![pcsc::ReaderState::new(pcsc::PNP_NOTIFICATION(), pcsc::State::UNAWARE)];
        loop {
            let names = self.asking(|| list(context))?;
            for at in (0..watched.len()).rev() {
                if !names.contains(&watched[at].name) {
                    states.remove(at);
                    let gone = watched.remove(at);
                    tell(event(&gone.name, ReaderChange::ReaderGone));
                }
            }
            for name in names {
                if !watched.iter().any(|reader| reader.name == name) {
                    tell(event(&name, ReaderChange::ReaderAdded));
                    states.insert(
                        watched.len(),
                        pcsc::ReaderState::new(c_name(&name), pcsc::State::UNAWARE),
                    );
                    watched.push(Watched {
                        name,
                        present: false,
                        count: 0,
                    });
                }
            }

            if self.0.lock().stopped {
                return Ok(());
            }
            let outcome = self.asking(|| Ok(context.get_status_change(WATCHDOG, &mut states)))?;
            if self.0.lock().stopped {
                return Ok(());
            }
            match outcome {
                Ok(()) => {
                    for (reader, state) in watched.iter_mut().zip(&states) {
                        let now = Look {
                            present: state.event_state().contains(pcsc::State::PRESENT),
                            count: state.event_count(),
                        };
                        for change in reader.look(now, state.atr()) {
                            tell(event(&reader.name, change));
                        }
                    }
                    states.iter_mut().for_each(pcsc::ReaderState::sync_current_state);
                }
                // A reader that went away between listing and waiting is noticed by listing again.
                Err(pcsc::Error::Timeout | pcsc::Error::Cancelled | pcsc::Error::UnknownReader) => {}
                Err(error) => return Err(service_error(error)),
            }
        }
    }
}

/// A reader as last seen.
struct Watched {
    name: String,
    present: bool,
    count: u32,
}

/// What one look at a reader shows.
#[derive(Clone, Copy)]
struct Look {
    present: bool,
    count: u32,
}

impl Watched {
    /// What changed since the last look.
    fn look(&mut self, now: Look, atr: &[u8]) -> Vec<ReaderChange> {
        let inserted = ReaderChange::Inserted { atr: atr.to_vec() };
        let changes = match (self.present, now.present) {
            (false, true) => vec![inserted],
            (true, false) => vec![ReaderChange::Removed],
            // Taken out and put in between two looks, perhaps by another card.
            (true, true) if self.count != now.count => vec![ReaderChange::Removed, inserted],
            _ => Vec::new(),
        };
        self.present = now.present;
        self.count = now.count;
        changes
    }
}

fn event(reader: &str, change: ReaderChange) -> ReaderEvent {
    ReaderEvent {
        reader: reader.to_owned(),
        change,
    }
}

impl StopMonitor {
    /// Ends the monitor's run; returns at once, the run within two seconds at worst.
    pub fn stop(&self) {
        let mut state = self.0.lock();
        state.stopped = true;
        if let Some(context) = &state.context {
            // Cancelling a context that waits for nothing is an error of no interest.
            let _nothing_to_cancel = context.cancel();
        }
        drop(state);
        self.0.wake.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while telling an event leaves nothing half done here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_between_two_looks_is_a_removal_and_an_insertion() {
        let mut reader = Watched {
            name: "R".to_owned(),
            present: false,
            count: 0,
        };
        let mut look = |present, count| reader.look(Look { present, count }, &[0x3b]);
        let inserted = ReaderChange::Inserted { atr: vec![0x3b] };
        assert_eq!(look(false, 0), []);
        assert_eq!(look(true, 1), std::slice::from_ref(&inserted));
        assert_eq!(look(true, 1), []);
        assert_eq!(look(true, 3), [ReaderChange::Removed, inserted]);
        assert_eq!(look(false, 4), [ReaderChange::Removed]);
    }

    #[test]
    fn a_monitor_stopped_before_it_runs_ends_at_once() {
        let (monitor, stop) = Monitor::new();
        stop.stop();
        monitor.run(&mut |event| panic!("told {event:?}"));
    }
}
