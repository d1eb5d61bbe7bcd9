//! A key rotation, as the blind half's operators see it.

use std::fs;

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Relay, programs::blind_command, text};

impl Relay {
    /// The blind half's two operators allow that the front begins a rotation within the hour.
    pub fn allow_rotation(&self) {
        let until = OffsetDateTime::now_utc() + Duration::HOUR;
        let until = until.format(&Rfc3339).expect("a moment of today can be written");
        let config = self.path().join("blind.toml");
        for operator in ["kai", "nagi"] {
            let key = self.path().join("operators").join(operator);
            blind_command(&[
                "rotation",
                "allow",
                "--config",
                text(&config),
                "--until",
                &until,
                "--key",
                text(&key),
            ]);
        }
    }

    /// What `madoguchi-blind rotation status` says.
    pub fn blind_rotation_status(&self) -> String {
        let config = self.path().join("blind.toml");
        blind_command(&["rotation", "status", "--config", text(&config)])
    }

    /// Completes the first rotation at the blind half and starts it anew with the next secret alone.
    pub fn complete_blind_rotation(&mut self) {
        let config = self.path().join("blind.toml");
        blind_command(&["rotation", "complete", "--config", text(&config)]);
        let written = fs::read_to_string(&config).expect("the rig wrote it");
        fs::write(&config, written.replace("\"blind-1\"", "\"blind-2\"")).expect("it can be written again");
        self.stop_blind();
        self.start_blind();
    }
}
