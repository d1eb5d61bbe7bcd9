//! Where the fonts are: the configured folders, searched by file name.

use std::path::{Path, PathBuf};

/// How deep below a configured folder fonts are looked for; font folders are shallow, a loop of links is not.
const DEPTH: usize = 6;

/// Folders that hold fonts, searched with their sub-folders, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FontFolders(pub Vec<PathBuf>);

impl Default for FontFolders {
    /// The folders of the Filesystem Hierarchy Standard 3.0 (§4.11 `/usr/share`, §4.9 `/usr/local/share`).
    fn default() -> Self {
        Self(vec!["/usr/local/share/fonts".into(), "/usr/share/fonts".into()])
    }
}

/// A font the press works with, and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingFont {
    /// Its name as people know it.
    pub name: &'static str,
    /// The file looked for.
    pub file: &'static str,
    /// The Debian package that brings it.
    pub package: &'static str,
}

impl FontFolders {
    /// The path of `file` (compared without case), if any folder holds it.
    pub(super) fn find(&self, file: &str) -> Option<PathBuf> {
        self.0.iter().find_map(|folder| search(folder, file, DEPTH))
    }
}

fn search(folder: &Path, file: &str, depth: usize) -> Option<PathBuf> {
    let mut below = Vec::new();
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    // The order of a directory is the file system's whim: the same font must be found each time.
    entries.sort();
    for path in entries {
        if path.is_dir() {
            below.push(path);
        } else if path.file_name().is_some_and(|name| name.eq_ignore_ascii_case(file)) {
            return Some(path);
        }
    }
    let depth = depth.checked_sub(1)?;
    below.iter().find_map(|folder| search(folder, file, depth))
}

/// The missing fonts in one line.
pub(super) fn list(missing: &[MissingFont]) -> String {
    let each = |font: &MissingFont| format!("{} ({}、Debianのパッケージ {})", font.name, font.file, font.package);
    missing.iter().map(each).collect::<Vec<_>>().join("、")
}

/// The folders in one line.
pub(super) fn list_paths(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join("、")
}
