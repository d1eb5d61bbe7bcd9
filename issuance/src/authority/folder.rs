//! The folder of an authority as the ceremony leaves it, and its opening at the start of a day.

use std::{fs, path::Path};

use super::{
    Authority, AuthorityError, AuthorityName, Passphrase, Trust,
    sealed_key::{NotOpened, SealedKey, Sealing},
};

/// The two issuing authorities with their keys at hand, and the public half of all three.
#[derive(Debug)]
pub struct Authorities {
    pub trust: Trust,
    /// Issues for residents' cards.
    pub resident: Authority,
    /// Issues for staff cards.
    pub staff: Authority,
}

impl Authorities {
    /// Opens the issuing authorities in `folder`. The passphrase is asked once: both keys are sealed with one salt, and
    /// the costly derivation is done once. The root's key is not touched.
    ///
    /// # Errors
    /// When a file is missing or was changed, or the passphrase is not the right one.
    pub fn open(folder: &Path, passphrase: &Passphrase) -> Result<Self, AuthorityError> {
        let trust = Trust::open(folder)?;
        let mut sealing = Sealing::new(passphrase);
        let resident = open_one(folder, &trust, AuthorityName::Resident, &mut sealing)?;
        let staff = open_one(folder, &trust, AuthorityName::Staff, &mut sealing)?;
        Ok(Self { trust, resident, staff })
    }
}

impl Authority {
    /// Opens the root in `folder`, to sign its revocation list. Everything else it has to sign it signed in the ceremony.
    ///
    /// # Errors
    /// As [`Authorities::open`].
    pub fn open_root(folder: &Path, passphrase: &Passphrase) -> Result<Self, AuthorityError> {
        let trust = Trust::open(folder)?;
        open_one(folder, &trust, AuthorityName::Root, &mut Sealing::new(passphrase))
    }
}

fn open_one(
    folder: &Path,
    trust: &Trust,
    name: AuthorityName,
    sealing: &mut Sealing<'_>,
) -> Result<Authority, AuthorityError> {
    let path = folder.join(name.as_str()).join("key.sealed");
    let text = fs::read_to_string(&path).map_err(|source| AuthorityError::File {
        what: "reading the sealed key",
        path: path.clone(),
        source,
    })?;
    let damaged = |why: String| AuthorityError::Damaged {
        path: path.clone(),
        why,
    };
    let sealed: SealedKey = serde_json::from_str(&text).map_err(|why| damaged(why.to_string()))?;
    let signer = sealing.open(name.as_str(), &sealed).map_err(|why| match why {
        NotOpened::Wrong => AuthorityError::NotOpened(path.clone()),
        NotOpened::Unreadable(why) => damaged(why),
    })?;
    let certificate = trust.certificate(name).to_vec();
    Authority::new(name, certificate, trust.settings().clone(), Box::new(signer)).map_err(damaged)
}
