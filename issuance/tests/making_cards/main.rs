//! Cards made on a virtual card in this process, with the records in memory: the whole procedure, and everything that
//! can come in between.

mod pin;
mod power_cuts;
mod refusals;
mod scene;
mod staff;
