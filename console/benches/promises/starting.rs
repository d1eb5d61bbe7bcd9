//! `make demo` for the second time, once it is built: what was set up is found as it was, what does not run is started,
//! and the console stands ready for a staff card. Everything was stopped before, as after a night.

use std::time::{Duration, Instant};

use crate::{
    office_home::OfficeHome,
    table::{Table, milliseconds},
    terminal::Console,
};

const PROMISED: Duration = Duration::from_secs(5);

/// Measures, and leaves everything running.
///
/// # Errors
/// When a command fails or the console does not open.
pub fn measure(home: &OfficeHome, table: &mut Table) -> anyhow::Result<()> {
    home.must(&["down"])?;
    let begun = Instant::now();
    home.must(&["setup", "--demo"])?;
    let set_up = begun.elapsed();
    let console = Console::open(home, 120, 40)?;
    console.sees("DB ●")?;
    let took = begun.elapsed();
    let beside = format!(
        "with everything stopped and 90,000 residents; the set-up's part of it: {:.0} ms",
        milliseconds(set_up)
    );
    table.time("second start to the login screen", took, PROMISED, beside);
    Ok(())
}
