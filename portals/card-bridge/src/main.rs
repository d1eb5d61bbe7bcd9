//! Starts the card bridge.

fn main() {}
