//! A reader in this process: one slot for a virtual card, behind the same port as a real reader.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use card::{Transport, TransportError};

use crate::{Cut, VirtualCard};

/// A reader. Clones are the same reader, so that a test can pull the card while another hand talks to it.
#[derive(Clone, Default)]
pub struct SoftwareReader(Arc<Mutex<Slot>>);

#[derive(Default)]
struct Slot {
    card: Option<VirtualCard>,
    /// Counts insertions: a connection to an earlier one is worthless.
    insertion: u64,
    /// Set while the card in the slot has power.
    powered: bool,
    commands: usize,
}

/// A connection to the card that was in the reader when it was made.
pub struct SoftwareTransport {
    reader: SoftwareReader,
    insertion: u64,
}

impl SoftwareReader {
    /// An empty reader.
    pub fn new() -> Self {
        Self::default()
    }

    /// A reader with `card` in it.
    pub fn with(card: VirtualCard) -> Self {
        let reader = Self::new();
        reader.insert(card);
        reader
    }

    /// Puts `card` in; gives back the one that was in, if any.
    pub fn insert(&self, mut card: VirtualCard) -> Option<VirtualCard> {
        card.reset();
        let mut slot = self.lock();
        slot.insertion += 1;
        slot.powered = true;
        slot.card.replace(card)
    }

    /// Takes the card out. Connections to it answer [`TransportError::Removed`] from now on.
    pub fn remove(&self) -> Option<VirtualCard> {
        let mut slot = self.lock();
        slot.powered = false;
        slot.card.take()
    }

    /// Takes the card out and puts it in again, as after a power cut.
    pub fn reinsert(&self) {
        if let Some(card) = self.remove() {
            self.insert(card);
        }
    }

    /// Has the card in the reader lose power as `cut` says; it answers nothing then until it is put in again.
    pub fn cut(&self, cut: Option<Cut>) {
        if let Some(card) = &mut self.lock().card {
            card.cut_power(cut);
        }
    }

    /// How many commands have arrived at cards in this reader so far.
    pub fn commands(&self) -> usize {
        self.lock().commands
    }

    /// A connection to the card in the reader.
    ///
    /// # Errors
    /// [`TransportError::Removed`] when there is none, or none with power.
    pub fn connect(&self) -> Result<SoftwareTransport, TransportError> {
        let mut slot = self.lock();
        if !slot.powered {
            return Err(TransportError::Removed);
        }
        if let Some(card) = &mut slot.card {
            card.reset();
        }
        Ok(SoftwareTransport {
            reader: self.clone(),
            insertion: slot.insertion,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        // A panic in a test's other hand leaves the slot as it was.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for SoftwareTransport {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let mut slot = self.reader.lock();
        if !slot.powered {
            return Err(TransportError::Removed);
        }
        if slot.insertion != self.insertion {
            return Err(TransportError::Reset);
        }
        slot.commands += 1;
        let card = slot.card.as_mut().ok_or(TransportError::Removed)?;
        card.process(command).map_err(|_| {
            slot.powered = false;
            TransportError::Removed
        })
    }
}
