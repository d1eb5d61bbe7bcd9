//! The desk's two readers: one thread each for talking to the card in it, and one that watches both.
//!
//! A card job runs from its beginning to its end on its reader's thread, so two jobs never talk to one card, and a
//! card that thinks for a minute holds up nobody but the next job at the same reader.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, mpsc},
    thread,
};

use card::{
    Chip, Monitor, PcscTransport, ReaderChange, ReaderError, ReaderEvent, Readers, Sharing, StopMonitor, TransportError,
};
use tokio::sync::mpsc::UnboundedSender;

use super::{
    trouble::{self, Whose},
    work::lock,
};
use crate::tui::{
    event::Event,
    facts::{Reader, ReaderState},
    fault::Fault,
};

/// What a card job gets: the reader it is to work at.
#[derive(Debug, Clone)]
pub struct AtReader {
    name: String,
    whose: Whose,
}

impl AtReader {
    /// The card in the reader, its application selected.
    ///
    /// # Errors
    /// As [`Self::transport`], and [`Fault::ForeignCard`].
    pub fn card(&self, sharing: Sharing) -> Result<Chip<PcscTransport>, Fault> {
        Chip::select(self.transport(sharing)?).map_err(|error| self.fault(&error))
    }

    /// A connection to the card in the reader.
    ///
    /// # Errors
    /// [`Fault::NoCard`], [`Fault::ReaderGone`], [`Fault::CardServiceGone`].
    pub fn transport(&self, sharing: Sharing) -> Result<PcscTransport, Fault> {
        let readers = Readers::connect().map_err(|error| match error {
            ReaderError::ServiceGone => Fault::CardServiceGone,
            ReaderError::ServiceSilent => Fault::CardServiceSilent,
            error => trouble::other(&error),
        })?;
        readers.card(&self.name, sharing).map_err(|error| match error {
            TransportError::Removed => Fault::NoCard,
            error => trouble::of_transport(&error),
        })
    }

    /// A card's refusal in the words that fit whose card it is.
    pub fn fault(&self, error: &card::CardError) -> Fault {
        trouble::of_card(error, self.whose)
    }
}

type Job = Box<dyn FnOnce(&AtReader) + Send>;
/// Answers a job that is given up.
type GiveUp = Box<dyn FnOnce(Fault) + Send>;

/// A reader's thread. One whose job hangs in a card service that does not answer is left behind: the job is answered, and the
/// next ones have a thread of their own. What the job still does when the service wakes up is answered to nobody.
pub struct ReaderThread {
    reader: AtReader,
    lane: Mutex<Lane>,
}

struct Lane {
    jobs: mpsc::Sender<Job>,
    /// The jobs that are not answered yet, in the order given.
    waiting: Vec<(u64, GiveUp)>,
    given: u64,
    /// The card service does not answer: nothing is asked of it.
    silent: bool,
}

impl ReaderThread {
    /// Begins the thread for the reader with the PC/SC name `name`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn begin(name: &str, whose: Whose) -> std::io::Result<Self> {
        let reader = AtReader {
            name: name.to_owned(),
            whose,
        };
        let lane = Lane {
            jobs: reader.begin_thread()?,
            waiting: Vec::new(),
            given: 0,
            silent: false,
        };
        Ok(Self {
            reader,
            lane: Mutex::new(lane),
        })
    }

    /// The card service does not answer, or answers again. When it fell silent, everything asked of it is given up.
    pub fn service_is_silent(&self, silent: bool) {
        let mut lane = lock(&self.lane);
        if std::mem::replace(&mut lane.silent, silent) || !silent {
            return;
        }
        let given_up = std::mem::take(&mut lane.waiting);
        if given_up.is_empty() {
            return;
        }
        match self.reader.begin_thread() {
            Ok(jobs) => lane.jobs = jobs,
            // The old thread goes on when the service does.
            Err(error) => tracing::error!(%error, "no thread for the reader"),
        }
        drop(lane);
        for (_, give_up) in given_up {
            give_up(Fault::CardServiceSilent);
        }
    }

    /// Does `work` when its turn comes, and hands what came of it to `tell`; a panic in it is an unexpected fault.
    pub fn run<T: 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&AtReader) -> Result<T, Fault> + Send + 'static,
        tell: impl FnOnce(Result<T, Fault>) + Send + 'static,
    ) {
        // Whoever comes first answers: the job, or whoever gives it up.
        let tell = Arc::new(Mutex::new(Some(tell)));
        let mut lane = lock(&self.lane);
        if lane.silent {
            drop(lane);
            return answer_once(&tell, Err(Fault::CardServiceSilent));
        }
        lane.given += 1;
        let number = lane.given;
        let given_up = Arc::clone(&tell);
        lane.waiting
            .push((number, Box::new(move |fault| answer_once(&given_up, Err(fault)))));
        let this = Arc::clone(self);
        let job: Job = Box::new(move |reader| {
            if lock(&tell).is_none() {
                // Given up before its turn came.
                return;
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| work(reader)))
                .unwrap_or_else(|_| Err(trouble::other(&"a card job panicked")));
            lock(&this.lane).waiting.retain(|(waiting, _)| *waiting != number);
            answer_once(&tell, outcome);
        });
        // The thread ends with the program; a job given then has nobody to answer to.
        let _ = lane.jobs.send(job);
    }
}

fn answer_once<T>(tell: &Mutex<Option<impl FnOnce(Result<T, Fault>)>>, outcome: Result<T, Fault>) {
    let first = lock(tell).take();
    if let Some(tell) = first {
        tell(outcome);
    }
}

impl AtReader {
    fn begin_thread(&self) -> std::io::Result<mpsc::Sender<Job>> {
        let (jobs, orders) = mpsc::channel::<Job>();
        let reader = self.clone();
        let title = match self.whose {
            Whose::Staff => "staff-card",
            Whose::Resident => "resident-card",
        };
        thread::Builder::new().name(title.to_owned()).spawn(move || {
            for job in orders {
                job(&reader);
            }
        })?;
        Ok(jobs)
    }
}

/// Watches the readers of these names for as long as the handle is not asked to stop, telling each change as [`Event::Reader`],
/// and to `silent` whether the card service keeps whoever asks it waiting.
///
/// # Errors
/// When the system gives no thread.
pub fn watch(
    named: &[(Reader, String)],
    events: UnboundedSender<Event>,
    silent: impl Fn(bool) + Send + 'static,
) -> std::io::Result<StopMonitor> {
    let (monitor, stop) = Monitor::new();
    let mut watched: Vec<_> = named.iter().map(|(reader, name)| Watched::new(*reader, name)).collect();
    thread::Builder::new().name("readers".to_owned()).spawn(move || {
        monitor.run(&mut move |change: ReaderEvent| {
            silent(change.change == ReaderChange::ServiceSilent);
            for reader in &mut watched {
                if let Some(state) = reader.after(&change) {
                    let _ = events.send(Event::Reader {
                        reader: reader.reader,
                        state,
                    });
                }
            }
        });
    })?;
    Ok(stop)
}

/// One of the two readers as the monitor's changes tell it.
struct Watched {
    reader: Reader,
    name: String,
    insertions: u64,
}

impl Watched {
    fn new(reader: Reader, name: &str) -> Self {
        Self {
            reader,
            name: name.to_owned(),
            insertions: 0,
        }
    }

    /// How the reader stands after `event`, when it is concerned.
    fn after(&mut self, event: &ReaderEvent) -> Option<ReaderState> {
        match &event.change {
            ReaderChange::ServiceGone => return Some(ReaderState::ServiceGone),
            ReaderChange::ServiceSilent => return Some(ReaderState::ServiceSilent),
            // Until the reader itself is told, it is not there.
            ReaderChange::ServiceBack => return Some(ReaderState::Missing),
            _ if event.reader != self.name => return None,
            _ => {}
        }
        Some(match &event.change {
            ReaderChange::ReaderAdded | ReaderChange::Removed => ReaderState::Empty,
            ReaderChange::Inserted { .. } => {
                self.insertions += 1;
                ReaderState::Card(self.insertions)
            }
            _ => ReaderState::Missing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(reader: &str, change: ReaderChange) -> ReaderEvent {
        ReaderEvent {
            reader: reader.to_owned(),
            change,
        }
    }

    #[test]
    fn a_card_exchanged_between_two_looks_is_another_insertion() {
        let mut staff = Watched::new(Reader::Staff, "A");
        let inserted = at("A", ReaderChange::Inserted { atr: vec![0x3b] });
        assert_eq!(
            staff.after(&at("A", ReaderChange::ReaderAdded)),
            Some(ReaderState::Empty)
        );
        assert_eq!(staff.after(&inserted), Some(ReaderState::Card(1)));
        assert_eq!(staff.after(&inserted), Some(ReaderState::Card(2)));
        assert_eq!(staff.after(&at("B", ReaderChange::Removed)), None);
        assert_eq!(staff.after(&at("A", ReaderChange::Removed)), Some(ReaderState::Empty));
    }

    #[test]
    fn a_card_service_that_went_away_takes_every_reader_with_it() {
        let mut staff = Watched::new(Reader::Staff, "A");
        assert_eq!(
            staff.after(&at("", ReaderChange::ServiceGone)),
            Some(ReaderState::ServiceGone)
        );
        assert_eq!(
            staff.after(&at("", ReaderChange::ServiceBack)),
            Some(ReaderState::Missing)
        );
    }
}
