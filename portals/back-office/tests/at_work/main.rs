//! A provider at work: at a real relay with both halves, asked by My Page and by others.

mod agreements;
mod asked;
mod clinic;
mod clinic_desk;
mod hostile;
mod joiner;
mod links;
mod pages;
mod providers;
mod rig;
