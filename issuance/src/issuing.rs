//! Making a card: the most dangerous hour of its life, written so that it may be cut off anywhere.
//!
//! [`decide`] looks at what is recorded and what is on the chip and says what comes next; [`run`] does it, one
//! [`Step`] at a time, recording the intent before what cannot be taken back and the outcome after it. Nothing is
//! remembered between two runs but the records and the chip: after a pulled card, a killed console or a lost
//! database the next run decides from the same facts and goes on. What the facts contradict is damaged, and a new
//! blank takes its place.
//!
//! | cut off… | the records hold | the chip holds | next time |
//! |---|---|---|---|
//! | before a key | nothing, or the intent | no key | the key is made |
//! | after a key | the intent | a key | the chip's key is taken over, not made again |
//! | while signing | reserved serials, perhaps one certificate | both keys | the missing one is issued under its serial |
//! | while writing | both certificates | some files | everything is written again |
//! | after reserving, by a clock that ran ahead | serials of a later day | nothing, or certificates not valid yet | they are revoked and issued anew |
//! | after closing | the intent to close | everything | read back, verified, recorded as made |

mod decide;
mod pin;
mod progress;
mod run;
pub mod staff;

pub use decide::{ChipFacts, Damage, Next, Session, decide};
pub use pin::{SetPinError, set_pin, set_pin_again};
pub use progress::{Cancel, Progress, StepState};
pub use run::{Made, MakingDesk, Plan, Stopped, run};

pub use crate::records::Step;
