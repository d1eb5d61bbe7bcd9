//! `[demo]`: present in demonstration set-ups only.

use std::path::PathBuf;

use settings::Section;

/// `[demo]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demo {
    /// Control socket of the tray of virtual cards.
    pub tray_socket: PathBuf,
    /// `endpoints.json`: what runs, and the demo staff's passwords.
    pub endpoints_file: PathBuf,
}

impl Demo {
    pub(super) fn read(demo: &mut Section<'_>) -> Self {
        Self {
            tray_socket: demo.path("tray_socket"),
            endpoints_file: demo.path("endpoints_file"),
        }
    }
}
