//! `madoguchi`'s sub-commands: what a person types at a shell, from set-up to the counter's screen.

pub mod home;
pub mod logging;
pub mod processes;
pub mod steps;
pub mod words;
