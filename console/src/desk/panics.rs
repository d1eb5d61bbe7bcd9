//! A panic beside the screen's own thread: the job fails with a code, the screen stays.

use std::{panic, thread};

/// From here on a panic gives the terminal back only when it ends the calling thread, which paints. Panics of card
/// threads and tasks are caught where the job was begun; their words are left out of the log, for they may hold what
/// was on the screen.
pub fn keep_the_screen_through_other_threads_panics() {
    let painter = thread::current().id();
    let ends_all = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if thread::current().id() == painter {
            ends_all(panic);
        } else {
            let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line()));
            tracing::error!(place, "panic in a job");
        }
    }));
}
