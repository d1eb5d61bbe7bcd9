//! Files that hold a secret made once: there whole, or not there. A power cut while one is written leaves nothing that
//! would be taken for it later.

use std::{
    ffi::OsString,
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Writes a new file, readable by its owner alone. One that is there is left alone.
///
/// # Errors
/// The system's; [`io::ErrorKind::AlreadyExists`] when the file is there.
pub fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let half = half_of(path);
    // What a cut left of an earlier try is nobody's yet.
    let _ = fs::remove_file(&half);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&half)?;
    file.write_all(content)?;
    file.sync_all()?;
    // A link, not a move: it refuses where the name is taken.
    let linked = fs::hard_link(&half, path);
    fs::remove_file(&half)?;
    linked?;
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn half_of(path: &Path) -> PathBuf {
    let mut half = OsString::from(path);
    half.push(".half");
    half.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all_and_never_written_over() {
        let folder = std::env::temp_dir().join(format!("whole-file-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("secret");
        // As a cut in the middle of writing left it.
        fs::write(half_of(&path), "a4").unwrap();
        assert!(!path.exists());
        create(&path, b"a47c").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"a47c");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = create(&path, b"other").unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"a47c");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
