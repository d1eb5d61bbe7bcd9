//! Taking a roster of 90,000 in: the release binary, a CSV file as it comes, a cluster whose every commit reaches the
//! disk. Beside it, PostgreSQL's own COPY of the same file, which neither reads, nor compares, nor seals anything.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use secrecy::ExposeSecret;
use serde_json::Value;
use store::cluster::{Cluster, Programs};

use crate::{
    ROWS,
    office_home::OfficeHome,
    table::{Table, milliseconds},
};

const PROMISED: Duration = Duration::from_secs(15);

/// Measures, and leaves the 90,000 in the records.
///
/// # Errors
/// When a command fails or not every row was taken.
pub fn measure(home: &OfficeHome, table: &mut Table) -> anyhow::Result<()> {
    let file = home.beside("roster.csv");
    let path = file.to_str().context("a temporary folder's name is text")?;
    home.must(&["demo-city", "--rows", &ROWS.to_string(), "--out", path])?;

    let begun = Instant::now();
    let said = home.must(&["import", "roster", path, "--json"])?;
    let took = begun.elapsed();
    let counts: Value = serde_json::from_str(said.lines().last().unwrap_or_default())?;
    ensure!(
        counts["rejected"] == 0 && counts["rows"] == ROWS,
        "not every row was taken: {counts}"
    );

    let copied = copy(home, path)?;
    let beside = format!(
        "{} new rows; COPY of the same file unsealed: {:.0} ms, so {:.1}× that",
        counts["added"],
        milliseconds(copied),
        took.as_secs_f64() / copied.as_secs_f64()
    );
    table.time("import of 90,000 rows", took, PROMISED, beside);
    Ok(())
}

/// How long `psql` takes to copy the file's lines into a table of their own in the same cluster.
fn copy(home: &OfficeHome, file: &str) -> anyhow::Result<Duration> {
    let door = Cluster::at(home.path().join("postgres")).superuser_door("postgres")?;
    let psql = Programs::find(None)?.path("psql");
    let run = |statement: &str| -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let ended = Command::new(&psql)
            .args(["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--host", &door.host])
            .args([
                "--username",
                &door.user,
                "--dbname",
                &door.database,
                "--command",
                statement,
            ])
            .env("PGPASSWORD", door.password.expose_secret())
            .output()?;
        ensure!(
            ended.status.success(),
            "psql: {}",
            String::from_utf8_lossy(&ended.stderr)
        );
        Ok(begun.elapsed())
    };
    run("CREATE TABLE copied (line text)")?;
    // A delimiter and a quote that no line holds: each line is one value.
    let took = run(&format!(
        "\\copy copied FROM '{file}' WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')"
    ))?;
    run("DROP TABLE copied")?;
    Ok(took)
}
