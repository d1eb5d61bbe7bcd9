//! The folder of an authority as the ceremony leaves it, and its opening at the start of a day.

use std::{fs, path::Path};

use super::{
    Authority, AuthorityError, AuthorityName, Passphrase, Signer, SoftSigner, TokenSigner, Trust,
    sealed_key::{NotOpened, SealedKey, Sealing},
    token::{TokenError, TokenKey},
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
    let certificate = trust.certificate(name).to_vec();
    let place = folder.join(name.as_str());
    let (path, signer): (_, Box<dyn Signer>) = match place.join(TOKEN_KEY) {
        path if path.exists() => {
            let signer = open_token(name, &path, sealing.passphrase())?;
            (path, Box::new(signer))
        }
        _ => {
            let path = place.join(SEALED_KEY);
            let signer = open_sealed(name, &path, sealing)?;
            (path, Box::new(signer))
        }
    };
    Authority::new(name, certificate, trust.settings().clone(), signer)
        .map_err(|why| AuthorityError::Damaged { path, why })
}

/// The file that says which key of a token an authority's is.
pub(super) const TOKEN_KEY: &str = "key.token";
/// The file with an authority's sealed key.
pub(super) const SEALED_KEY: &str = "key.sealed";

fn open_token(name: AuthorityName, path: &Path, pin: &Passphrase) -> Result<TokenSigner, AuthorityError> {
    let at: TokenKey = read_key(path)?;
    at.check(name).map_err(|why| AuthorityError::Damaged {
        path: path.to_owned(),
        why,
    })?;
    TokenSigner::open(at, pin).map_err(|why| match why {
        TokenError::WrongPin => AuthorityError::NotOpened(path.to_owned()),
        why => AuthorityError::Token {
            path: path.to_owned(),
            why: why.to_string(),
        },
    })
}

fn open_sealed(name: AuthorityName, path: &Path, sealing: &mut Sealing<'_>) -> Result<SoftSigner, AuthorityError> {
    let sealed: SealedKey = read_key(path)?;
    sealing.open(name.as_str(), &sealed).map_err(|why| match why {
        NotOpened::Wrong => AuthorityError::NotOpened(path.to_owned()),
        NotOpened::Unreadable(why) => AuthorityError::Damaged {
            path: path.to_owned(),
            why,
        },
    })
}

fn read_key<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, AuthorityError> {
    let text = fs::read_to_string(path).map_err(|source| AuthorityError::File {
        what: "reading the key",
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_str(&text).map_err(|why| AuthorityError::Damaged {
        path: path.to_owned(),
        why: why.to_string(),
    })
}
