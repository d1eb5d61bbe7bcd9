//! The authorities' revocation lists, from what the records say is revoked, as files to be published.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use issuance::authority::{Authorities, AuthorityError, AuthorityName, Revoked};
use office::{Act, Office, OfficeError};
use time::{Duration, OffsetDateTime};

use crate::config::secrets;

/// Why a list was not written.
#[derive(Debug, thiserror::Error)]
pub enum NotListed {
    /// The records did not answer.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// The list was not signed.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The file was not written.
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
}

/// A list that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub authority: AuthorityName,
    pub number: u64,
    /// How many certificates are on it.
    pub entries: usize,
    /// Where it is, DER; the same as text lies beside it with the ending `pem`.
    pub file: PathBuf,
}

/// Signs the lists of the two issuing authorities, good for `lasts` from `now`, and writes them to `folder` as
/// `resident.crl` and `staff.crl`, the names at their distribution points.
///
/// # Errors
/// [`NotListed`]; a list that was there before stays whole.
pub async fn write(
    office: &Office,
    authorities: &Authorities,
    act: &dyn Fn() -> Act,
    now: OffsetDateTime,
    lasts: Duration,
    folder: &Path,
) -> Result<Vec<Listed>, NotListed> {
    fs::create_dir_all(folder).map_err(|source| NotListed::File {
        path: folder.to_owned(),
        source,
    })?;
    let mut listed = Vec::new();
    for authority in [&authorities.resident, &authorities.staff] {
        let name = authority.name();
        // The number first: a list of a higher number never knows less.
        let number = office.next_list_number(&act(), name).await?;
        let revoked: Vec<Revoked> = office
            .revoked()
            .await?
            .into_iter()
            .filter(|revoked| revoked.authority == name)
            .map(|revoked| Revoked {
                serial: revoked.serial,
                at: revoked.at,
                reason: revoked.reason,
            })
            .collect();
        let entries = revoked.len();
        let list = authority.revocation_list(revoked, number, now, lasts)?;
        let file = folder.join(format!("{}.crl", name.as_str()));
        for (path, content) in [
            (file.with_extension("pem"), list.pem.as_bytes()),
            (file.clone(), &list.der),
        ] {
            publish(&path, content).map_err(|source| NotListed::File { path, source })?;
        }
        listed.push(Listed {
            authority: name,
            number,
            entries,
            file,
        });
    }
    Ok(listed)
}

/// Whole or not at all, and readable by whoever serves it.
fn publish(path: &Path, content: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    secrets::replace(path, content)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}
