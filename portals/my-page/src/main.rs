//! Starts My Page.

fn main() {}
