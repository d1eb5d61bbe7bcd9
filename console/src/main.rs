//! `madoguchi`: the counter's console and its sub-commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    console::commands::run(std::env::args_os())
}
