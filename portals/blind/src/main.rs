//! Starts the blind half.

fn main() {}
