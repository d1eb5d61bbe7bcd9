//! The front as a process of its own, with a log that can be read.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command},
    time::Duration,
};

use portal_kit::client;

use super::{Relay, rig::front_program};

/// A running front; it ends with this value.
pub struct FrontProcess {
    child: Child,
    log: PathBuf,
}

impl FrontProcess {
    /// Starts the program with the rig's configuration and waits until it answers. The rig's own front must be
    /// stopped: they have the same ports.
    pub async fn start(relay: &Relay) -> Self {
        let log = relay.path().join("front.log");
        let child = Command::new(front_program())
            .arg("--config")
            .arg(relay.config_file())
            .stderr(File::create(&log).expect("a log is opened"))
            .spawn()
            .expect("the front starts");
        let process = Self { child, log };
        let client = client::client(relay.authority.roots(), None, Duration::from_secs(5)).expect("a client is made");
        for _ in 0..200 {
            if client.get(relay.at("/saml/metadata")).send().await.is_ok() {
                return process;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it did not start: {}", process.log());
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it without asking, as a power cut does.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, and waits until it has; its log.
    pub fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(asked.is_ok_and(|status| status.success()), "the front is asked to end");
        assert!(self.child.wait().is_ok_and(|status| status.success()), "the front ends");
        self.log()
    }
}

impl Drop for FrontProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
