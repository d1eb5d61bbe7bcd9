//! The office's day on the screens: a counter with everything behind it answered by hand.

mod alignment;
mod answers;
mod asked;
mod counter;
mod course;
mod custody;
mod days;
mod english;
mod facing;
mod hurried;
mod letters;
mod mouse;
mod operators;
mod parcels;
mod reading;
mod relay;
mod rules;
mod sessions;
mod standing;
mod stock;
mod telephone_stop;
mod visit;
