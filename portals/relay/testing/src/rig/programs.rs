//! The programs of both halves, built beside the running test.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The blind half's program: another package's, which cargo builds for its own tests only.
pub(super) fn blind_program() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| program("blind", "madoguchi-blind")).clone()
}

/// The front's own program.
pub fn front_program() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| program("relay", "madoguchi-relay")).clone()
}

/// A program of the workspace, built beside the running test.
fn program(package: &str, name: &str) -> PathBuf {
    // Test programs stand in `target/debug/deps`, programs one folder up.
    let this = std::env::current_exe().expect("a running program has a path");
    let folder = this
        .ancestors()
        .find(|folder| folder.file_name().is_some_and(|name| name == "deps"))
        .and_then(Path::parent)
        .or(this.parent())
        .expect("a program stands in a folder");
    let program = folder.join(name);
    // `scripts/test` has just built every program, with the features that its tests have.
    if std::env::var_os("MADOGUCHI_PROGRAMS_BUILT").is_some() && !folder.ends_with("release") && program.exists() {
        return program;
    }
    // Always asked otherwise: one built from older sources would be another program.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // A measure is a release build, and so is what it measures.
    let release = folder.ends_with("release").then_some("--release");
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--locked", "--package", package, "--bin", name])
        .args(release)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."))
        .status();
    assert!(
        built.is_ok_and(|status| status.success()) && program.exists(),
        "{name} is built"
    );
    program
}

/// What the blind half's program prints.
pub(super) fn blind_command(arguments: &[&str]) -> String {
    let output = Command::new(blind_program())
        .args(arguments)
        .output()
        .expect("the blind half's program runs");
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("it prints text")
}
