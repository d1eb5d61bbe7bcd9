//! One slot of the tray: the card in it, its connection to a reader of vpcd, and the faults asked for.

use std::{
    net::{Shutdown, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    ATR, Cut, VirtualCard,
    vpcd::{Connection, Message},
};

/// How long to wait before trying again to reach a reader that is not there.
const RETRY: Duration = Duration::from_millis(250);
/// How long a reader stays empty at least. pcscd looks every 400 ms (its PCSCLITE_STATUS_POLL_RATE): an exchange
/// between two looks would go unnoticed, and one with a failing reset in between leaves pcscd 1.9 with a card it
/// believes absent for good. No hand is quicker at a real reader either.
const OUT_AT_LEAST: Duration = Duration::from_millis(600);

/// A stall: before a command of instruction `ins`, after `before` others of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hold {
    pub ins: u8,
    pub before: usize,
    /// Such a command has come and waits.
    pub stalled: bool,
}

/// What one sees of a slot.
pub(super) struct Look {
    pub card: Option<String>,
    pub state: &'static str,
    pub fault: Option<String>,
}

/// A slot with its thread.
pub(super) struct Slot {
    address: String,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    card: Option<(String, VirtualCard)>,
    /// Counts insertions, so that the thread notices a card exchanged behind its back.
    insertion: u64,
    /// Cleared when the card lost power.
    powered: bool,
    /// The open connection, to be shut when the card is taken out.
    stream: Option<TcpStream>,
    /// When the reader was last left empty.
    out_since: Option<Instant>,
    hold: Option<Hold>,
    stopped: bool,
}

impl Slot {
    pub(super) fn start(address: String) -> Self {
        let shared = Arc::new(Shared::default());
        let thread = thread::spawn({
            let (address, shared) = (address.clone(), Arc::clone(&shared));
            move || shared.run(&address)
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn holds(&self, card: &str) -> bool {
        self.shared.lock().card.as_ref().is_some_and(|(name, _)| name == card)
    }

    pub(super) fn look(&self) -> Look {
        let state = self.shared.lock();
        let hold = state.hold.map(|hold| match hold.stalled {
            true => format!("stalled {:02X}", hold.ins),
            false => format!("hold {:02X} {}", hold.ins, hold.before + 1),
        });
        let cut = state
            .card
            .as_ref()
            .and_then(|(_, card)| card.pending_cut())
            .map(|cut| match cut {
                Cut::AfterCommands(count) => format!("cut after {count} apdus"),
                Cut::AfterBytes(count) => format!("cut after {count} bytes"),
                Cut::InsteadOfAnswer(count) => format!("cut answer {count}"),
            });
        let faults: Vec<String> = hold.into_iter().chain(cut).collect();
        Look {
            card: state.card.as_ref().map(|(name, _)| name.clone()),
            state: match (&state.card, state.powered, &state.stream) {
                (None, ..) => "empty",
                (Some(_), false, _) => "dead",
                (Some(_), true, None) => "waiting",
                (Some(_), true, Some(_)) => "connected",
            },
            fault: (!faults.is_empty()).then(|| faults.join(", ")),
        }
    }

    pub(super) fn insert(&self, name: &str, card: VirtualCard) {
        let mut state = self.shared.lock();
        state.card = Some((name.to_owned(), card));
        state.insertion += 1;
        state.powered = true;
        state.hold = None;
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Takes the card out; its name.
    pub(super) fn remove(&self) -> Option<String> {
        let mut state = self.shared.lock();
        state.hold = None;
        state.disconnect();
        let (name, _) = state.card.take()?;
        drop(state);
        self.shared.changed.notify_all();
        Some(name)
    }

    pub(super) fn hold(&self, hold: Option<Hold>) {
        self.shared.lock().hold = hold;
        self.shared.changed.notify_all();
    }

    /// Whether there was a card to cut.
    pub(super) fn cut(&self, cut: Option<Cut>) -> bool {
        match &mut self.shared.lock().card {
            Some((_, card)) => {
                card.cut_power(cut);
                true
            }
            None => false,
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopped = true;
        state.disconnect();
        drop(state);
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic in the thread was told by the panic hook; there is nothing to add while dropping.
            let _told = thread.join();
        }
    }
}

impl State {
    fn disconnect(&mut self) {
        if let Some(stream) = self.stream.take() {
            // Fails only when the other side was quicker.
            let _gone_already = stream.shutdown(Shutdown::Both);
            self.out_since = Some(Instant::now());
        }
    }

    /// The card of that insertion while it has power.
    fn card(&mut self, insertion: u64) -> Option<&mut VirtualCard> {
        if self.insertion != insertion || !self.powered {
            return None;
        }
        self.card.as_mut().map(|(_, card)| card)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The slot's thread: puts the card in whenever there is one with power and the reader answers.
    fn run(&self, address: &str) {
        while let Some(insertion) = self.wait_for_card() {
            match Connection::open(address) {
                Ok(connection) => self.serve(connection, insertion),
                Err(error) => tracing::debug!(address, %error, "the reader is not there"),
            }
            let mut state = self.lock();
            state.disconnect();
            if let Some(card) = state.card(insertion) {
                // The reader went away or is not there yet: the chip is without power meanwhile.
                card.reset();
                if !state.stopped {
                    let _state = self.changed.wait_timeout(state, RETRY);
                }
            }
        }
    }

    /// The number of the insertion, once there is one to serve; `None` when the tray ends.
    fn wait_for_card(&self) -> Option<u64> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if state.card.is_none() || !state.powered {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let out = state.out_since.map_or(OUT_AT_LEAST, |since| since.elapsed());
            let Some(left) = OUT_AT_LEAST.checked_sub(out).filter(|left| !left.is_zero()) else {
                return Some(state.insertion);
            };
            (state, _) = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Serves one connection until the card or the reader goes.
    fn serve(&self, mut connection: Connection, insertion: u64) {
        {
            let mut state = self.lock();
            let handle = connection.handle();
            match (state.card(insertion), handle) {
                (Some(card), Ok(handle)) => {
                    card.reset();
                    state.stream = Some(handle);
                }
                _ => return,
            }
        }
        while let Ok(message) = connection.receive() {
            let answer = match message {
                Message::Power => {
                    if let Some(card) = self.lock().card(insertion) {
                        card.reset();
                    }
                    continue;
                }
                Message::AnswerToReset => ATR.to_vec(),
                Message::Command(command) => match self.carry_out(&command, insertion) {
                    Some(answer) => answer,
                    None => return,
                },
            };
            if connection.send(&answer).is_err() {
                return;
            }
        }
    }

    /// The card's answer; `None` when it went or lost power.
    fn carry_out(&self, command: &[u8], insertion: u64) -> Option<Vec<u8>> {
        let mut state = self.stall(command, insertion);
        match state.card(insertion)?.process(command) {
            Ok(answer) => Some(answer),
            Err(lost) => {
                tracing::info!(%lost, "as asked for");
                state.powered = false;
                None
            }
        }
    }

    /// Waits while a hold says so.
    fn stall(&self, command: &[u8], insertion: u64) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        match &mut state.hold {
            Some(hold) if command.get(1) == Some(&hold.ins) && hold.before > 0 => {
                hold.before -= 1;
                return state;
            }
            Some(hold) if command.get(1) == Some(&hold.ins) => hold.stalled = true,
            _ => return state,
        }
        while state.hold.is_some() && !state.stopped && state.card(insertion).is_some() {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state
    }
}
