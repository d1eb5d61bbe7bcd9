//! Printed documents kept as files: whole or not at all, readable by the console's user only.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::{PaperError, Printed};

/// Writes `printed` into `folder` under `name` (without extension) and gives its path.
///
/// The name carries the start of the content hash, so that a corrected notice never replaces the one already sent.
/// The file appears under its name only when it is complete and on the disk.
///
/// # Errors
/// [`PaperError::DiskFull`], or [`PaperError::NotStored`] for anything else; no half-written file stays behind.
pub fn store(printed: &Printed, name: &str, folder: &Path) -> Result<PathBuf, PaperError> {
    let hash = printed.content_hash.to_string();
    // Case numbers and kinds only; whatever else was handed in can't leave the folder.
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = name.chars().map(safe).collect();
    let path = folder.join(format!("{name}-{}.pdf", &hash[..16]));
    let partial = folder.join(format!(".{name}-{}.part", &hash[..16]));
    let written = write(&printed.pdf, &partial, &path, folder);
    if written.is_err() {
        // The first fault is the one to tell; a leftover would only be overwritten next time.
        let _ = fs::remove_file(&partial);
    }
    written.map_err(|source| tell(source, folder)).map(|()| path)
}

fn write(pdf: &[u8], partial: &Path, path: &Path, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    // A leftover of a killed console would keep its own mode.
    match fs::remove_file(partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(partial)?;
    file.write_all(pdf)?;
    file.sync_all()?;
    fs::rename(partial, path)?;
    // The rename itself is on the disk only when the folder is.
    File::open(folder)?.sync_all()
}

fn tell(source: io::Error, folder: &Path) -> PaperError {
    let folder = folder.to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => PaperError::DiskFull { folder },
        _ => PaperError::NotStored { folder, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_plainly() {
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            let told = tell(kind.into(), Path::new("/var/paper"));
            assert!(told.to_string().contains("空きがなく"), "{told}");
        }
    }
}
