//! A key rotation of a whole city by the operators' command, while people sign in.

use std::{
    process::{Command, Stdio},
    sync::Arc,
};

use relay_core::pseudonym::KeyEdition;
use relay_testing::rig::front_program;
use tokio::time::Instant;

use crate::{city::City, driver, driver::Run, work};

/// People who sign in meanwhile, a second.
const MEANWHILE: f64 = 20.0;

/// What was done in the time that was given.
pub struct Rotated {
    pub rows: f64,
    pub of: f64,
    pub seconds: f64,
    /// Seconds of CPU of the command, of the blind half, of the database; sign-ins are in the last two.
    pub command: f64,
    pub blind: f64,
    pub database: f64,
    pub meanwhile: Run,
}

/// Lets the rotation run for so many `seconds`, or until it is done.
pub async fn run(city: &Arc<City>, seconds: f64) -> Rotated {
    let command = |arguments: &[&str]| {
        let mut command = Command::new(front_program());
        command.arg("--config").arg(city.relay.config_file()).arg("rotate");
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    city.relay.allow_rotation();
    let begun = command(&["begin"]).status();
    assert!(begun.is_ok_and(|status| status.success()), "a rotation begins");
    let left = async || {
        let left = city.relay.records.rotation_left(KeyEdition(1)).await;
        left.expect("the records are there") as f64
    };
    let blind = || city.relay.blind_process().map_or(0.0, work::of_process);
    let database = || work::of_database(city.relay.front_database.cluster());
    let (of, before) = (left().await, [blind(), database()]);
    let began = Instant::now();
    let mut child = command(&["run"]).spawn().expect("the command starts");
    let id = child.id();
    let meanwhile = driver::run(city, MEANWHILE, seconds).await;
    let worked = work::of_process(id);
    let _ = Command::new("kill").args(["-INT", &id.to_string()]).status();
    tokio::task::spawn_blocking(move || child.wait())
        .await
        .expect("waiting does not panic")
        .expect("the command ends");
    Rotated {
        rows: of - left().await,
        of,
        seconds: began.elapsed().as_secs_f64(),
        command: worked,
        blind: blind() - before[0],
        database: database() - before[1],
        meanwhile,
    }
}
