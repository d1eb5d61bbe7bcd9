//! The folder that the clinic's software watches: a file is there whole or not at all, so it is written in another folder
//! of the same file system and moved.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::check::Check;

use super::answer_file;

/// Where answer files go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The watched folder (`res`).
    pub res: PathBuf,
    /// Where they are written first: on the same file system.
    pub work: PathBuf,
}

/// Why a file is not there.
#[derive(Debug, thiserror::Error)]
pub enum NotPut {
    #[error("the folder {} is not there", .0.display())]
    Missing(PathBuf),
    #[error("the disk of {} is full", .0.display())]
    Full(PathBuf),
    #[error("{}: {reason}", folder.display())]
    Other { folder: PathBuf, reason: io::Error },
}

impl Folder {
    /// Puts the answer file of `check` there, for the institution `code`; whether there is one for its answer.
    ///
    /// # Errors
    /// [`NotPut`]; nothing of it is in the watched folder then.
    pub fn put(&self, check: &Check, code: &str) -> Result<bool, NotPut> {
        let Some(text) = answer_file(check, code) else {
            return Ok(false);
        };
        // One that nobody asked for by a file in `req`, as from a face reader.
        let name = format!("OQSsiquc01res_face_{}.xml", check.id);
        let half = self.work.join(&name);
        let written = write(&half, &text).map_err(|reason| not_put(&self.work, reason));
        let moved =
            written.and_then(|()| fs::rename(&half, self.res.join(&name)).map_err(|reason| not_put(&self.res, reason)));
        if moved.is_err() {
            let _ = fs::remove_file(&half);
        }
        moved.map(|()| true)
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn not_put(folder: &Path, reason: io::Error) -> NotPut {
    let folder = folder.to_owned();
    match reason.kind() {
        io::ErrorKind::NotFound => NotPut::Missing(folder),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => NotPut::Full(folder),
        _ => NotPut::Other { folder, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{answered, period};
    use relay_saml::wsf::Standing;

    #[test]
    fn an_answer_file_is_moved_in_whole_and_a_missing_folder_is_told_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let put = Folder {
            res: folder.path().join("res"),
            work: folder.path().join("work"),
        };
        let valid = answered(Standing::Valid, vec![period("2020-04-01", "")]);
        let words = put.put(&valid, "4212345678").unwrap_err().to_string();
        assert!(words.contains("work is not there"), "{words}");
        fs::create_dir(&put.work).unwrap();
        let words = put.put(&valid, "4212345678").unwrap_err().to_string();
        assert!(words.contains("res is not there"), "{words}");
        // Nothing half is left.
        assert_eq!(fs::read_dir(&put.work).unwrap().count(), 0);
        fs::create_dir(&put.res).unwrap();
        assert!(put.put(&valid, "4212345678").unwrap());
        let files: Vec<_> = fs::read_dir(&put.res)
            .unwrap()
            .map(|file| file.unwrap().file_name())
            .collect();
        assert_eq!(files.len(), 1);
        assert!(files[0].to_str().unwrap().starts_with("OQSsiquc01res_"));
        assert!(!put.put(&answered(Standing::Unknown, vec![]), "4212345678").unwrap());
        assert_eq!(fs::read_dir(&put.res).unwrap().count(), 1);
    }
}
