//! What commands print. A reader that has gone (`madoguchi doctor | head`, a terminal that was closed) is no error:
//! the standard macros would end the program with a panic.

use std::{
    fmt,
    io::{self, Write},
};

/// A line of the command's answer, on standard output.
macro_rules! answer {
    () => { $crate::commands::output::to_stdout(format_args!("")) };
    ($($words:tt)*) => { $crate::commands::output::to_stdout(format_args!($($words)*)) };
}

/// A line for the person at the terminal, on standard error.
macro_rules! notice {
    () => { $crate::commands::output::to_stderr(format_args!("")) };
    ($($words:tt)*) => { $crate::commands::output::to_stderr(format_args!($($words)*)) };
}

pub(crate) use {answer, notice};

/// Writes a line; when nobody reads any more, there is nothing left to answer.
pub(crate) fn to_stdout(line: fmt::Arguments<'_>) {
    if let Err(error) = writeln!(io::stdout(), "{line}") {
        let code = i32::from(error.kind() != io::ErrorKind::BrokenPipe);
        std::process::exit(code);
    }
}

/// Writes a line if anybody reads it.
pub(crate) fn to_stderr(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}
