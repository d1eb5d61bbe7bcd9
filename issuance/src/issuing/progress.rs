//! What the screen hears while a card is made, and how it asks to stop.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::records::Step;

/// News of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub step: Step,
    /// How far it is.
    pub state: StepState,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// It begins. Until the next news the procedure may be stopped only if the next step's
    /// [`Step::safe_to_stop`] says so.
    Started,
    /// Bytes written, of bytes in all.
    Fraction(usize, usize),
    /// It is done and took that long.
    Done(Duration),
}

/// A clerk's wish to stop. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Not wished.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the procedure to stop before the next step that allows it.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
