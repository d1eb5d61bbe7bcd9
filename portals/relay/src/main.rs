//! Starts the relay front.

fn main() {}
