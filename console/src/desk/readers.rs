//! The desk's two readers: one thread each for talking to the card in it, and one that watches both.
//!
//! A card job runs from its beginning to its end on its reader's thread, so two jobs never talk to one card, and a
//! card that thinks for a minute holds up nobody but the next job at the same reader.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    thread,
};

use card::{
    Chip, Monitor, PcscTransport, ReaderChange, ReaderError, ReaderEvent, Readers, Sharing, StopMonitor, TransportError,
};
use tokio::sync::mpsc::UnboundedSender;

use super::trouble::{self, Whose};
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

/// A reader's thread.
pub struct ReaderThread(mpsc::Sender<Job>);

impl ReaderThread {
    /// Begins the thread for the reader with the PC/SC name `name`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn begin(name: &str, whose: Whose) -> std::io::Result<Self> {
        let (jobs, orders) = mpsc::channel::<Job>();
        let reader = AtReader {
            name: name.to_owned(),
            whose,
        };
        let title = match whose {
            Whose::Staff => "staff-card",
            Whose::Resident => "resident-card",
        };
        thread::Builder::new().name(title.to_owned()).spawn(move || {
            for job in orders {
                job(&reader);
            }
        })?;
        Ok(Self(jobs))
    }

    /// Does `work` when its turn comes, and hands what came of it to `tell`; a panic in it is an unexpected fault.
    pub fn run<T>(
        &self,
        work: impl FnOnce(&AtReader) -> Result<T, Fault> + Send + 'static,
        tell: impl FnOnce(Result<T, Fault>) + Send + 'static,
    ) {
        let job: Job = Box::new(move |reader| {
            let outcome = catch_unwind(AssertUnwindSafe(|| work(reader)))
                .unwrap_or_else(|_| Err(trouble::other(&"a card job panicked")));
            tell(outcome);
        });
        // The thread ends with the program; a job given then has nobody to answer to.
        let _ = self.0.send(job);
    }
}

/// Watches the readers of these names for as long as the handle is not asked to stop, telling each change as [`Event::Reader`].
///
/// # Errors
/// When the system gives no thread.
pub fn watch(named: &[(Reader, &String)], events: UnboundedSender<Event>) -> std::io::Result<StopMonitor> {
    let (monitor, stop) = Monitor::new();
    let mut watched: Vec<_> = named.iter().map(|(reader, name)| Watched::new(*reader, name)).collect();
    thread::Builder::new().name("readers".to_owned()).spawn(move || {
        monitor.run(&mut |change| {
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
