//! A private key in a PKCS#11 token (OASIS PKCS #11 v2.40): a security module, or SoftHSM. It is made there and never
//! leaves; what is signed goes to it. The token's user PIN takes the place of the passphrase, in the same file.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::Mechanism,
    object::{Attribute, AttributeType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    types::AuthPin,
};
use relay_core::chance::{Chance, draw};
use serde::{Deserialize, Serialize};

use super::{AuthorityName, Passphrase, Signer, SignerError, der};

/// The file's first word: another format gets another number.
const FORMAT: &str = "madoguchi token key 1";
/// As a key in a file.
const BITS: u64 = 3072;
/// 65537.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// Where the keys of the issuing authorities are made and used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The library that speaks to it: `/usr/lib/softhsm/libsofthsm2.so`.
    pub module: PathBuf,
    /// The token's label, as its maker's tool wrote it.
    pub label: String,
}

/// Which key of a token is an authority's, as stored beside its certificate. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TokenKey {
    format: String,
    name: AuthorityName,
    #[serde(flatten)]
    token: Token,
    /// The key's label in it, once in the token's life.
    key: String,
}

/// Why a key in a token cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenError {
    #[error("the token's PIN is wrong")]
    WrongPin,
    #[error("the token's PIN is locked after wrong entries: its security officer sets another")]
    PinLocked,
    #[error("{module} has no token labelled {label}: plug it in, or start what serves it")]
    NoToken { module: PathBuf, label: String },
    #[error("the token holds {found} keys labelled {key}, not one")]
    NoKey { key: String, found: usize },
    #[error("{0}")]
    Other(String),
}

/// A key in a token, logged in to.
pub struct TokenSigner {
    at: TokenKey,
    pin: AuthPin,
    open: Mutex<Option<Open>>,
    public_key: Vec<u8>,
}

struct Open {
    session: Session,
    key: ObjectHandle,
}

impl TokenKey {
    /// Refuses another format, and the key of another authority.
    pub(super) fn check(&self, name: AuthorityName) -> Result<(), String> {
        match (self.format == FORMAT, self.name == name) {
            (false, _) => Err("not a token key of this format".into()),
            (_, false) => Err(format!("the token key of {} is not that of {name}", self.name)),
            _ => Ok(()),
        }
    }
}

impl TokenSigner {
    /// Makes the key of the authority `name` in `token`: RSA-3072, never to be taken out.
    pub(super) fn generate(
        token: &Token,
        name: AuthorityName,
        pin: &Passphrase,
        chance: &mut dyn Chance,
    ) -> Result<(Self, TokenKey), TokenError> {
        let at = TokenKey {
            format: FORMAT.into(),
            name,
            token: token.clone(),
            key: format!("madoguchi-{name}-{}", hex::encode(draw::<8>(chance))),
        };
        let pin = pin.as_pin();
        let session = session(token, &pin)?;
        let (label, id) = (at.key.clone().into_bytes(), at.key.clone().into_bytes());
        let public = [
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Label(label.clone()),
            Attribute::Id(id.clone()),
            Attribute::Verify(true),
            Attribute::ModulusBits(BITS.into()),
            Attribute::PublicExponent(EXPONENT.to_vec()),
        ];
        let private = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
            Attribute::Decrypt(false),
            Attribute::Label(label),
            Attribute::Id(id),
        ];
        let (one, other) = session.generate_key_pair(&Mechanism::RsaPkcsKeyPairGen, &public, &private)?;
        match Self::open_with(at.clone(), pin) {
            Ok(signer) => Ok((signer, at)),
            Err(error) => {
                // Nobody knows of it but us: it does not stay in the token. The first error is the one to tell.
                let _ = session.destroy_object(one).and_then(|()| session.destroy_object(other));
                Err(error)
            }
        }
    }

    /// The key that `at` names, with the token's PIN.
    pub(super) fn open(at: TokenKey, pin: &Passphrase) -> Result<Self, TokenError> {
        Self::open_with(at, pin.as_pin())
    }

    fn open_with(at: TokenKey, pin: AuthPin) -> Result<Self, TokenError> {
        let session = session(&at.token, &pin)?;
        let public = find(&session, ObjectClass::PUBLIC_KEY, &at.key)?;
        let public_key = public_key(&session, public)?;
        let key = find(&session, ObjectClass::PRIVATE_KEY, &at.key)?;
        Ok(Self {
            at,
            pin,
            open: Mutex::new(Some(Open { session, key })),
            public_key,
        })
    }

    /// Takes the key out of the token: of a ceremony that came to nothing.
    pub(super) fn destroy(self) -> Result<(), TokenError> {
        let session = session(&self.at.token, &self.pin)?;
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
            let object = find(&session, class, &self.at.key)?;
            session.destroy_object(object)?;
        }
        Ok(())
    }

    fn sign_once(&self, held: &mut Option<Open>, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let open = match held.take() {
            Some(open) => open,
            None => {
                let session = session(&self.at.token, &self.pin)?;
                let key = find(&session, ObjectClass::PRIVATE_KEY, &self.at.key)?;
                Open { session, key }
            }
        };
        let signature = open.session.sign(&Mechanism::Sha256RsaPkcs, open.key, message)?;
        // Kept only when it worked: whatever failed is opened anew.
        *held = Some(open);
        Ok(signature)
    }
}

impl Signer for TokenSigner {
    fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// A token that was pulled, or whose service was started again, has forgotten the session: it is opened once more.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let mut held = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let signature = match self.sign_once(&mut held, message) {
            // Asked again, a token locks the PIN.
            Err(refused @ (TokenError::WrongPin | TokenError::PinLocked)) => Err(refused),
            Err(_) => self.sign_once(&mut held, message),
            signed => signed,
        };
        signature.map_err(|why| SignerError(format!("{} ({}): {why}", self.at.key, self.at.token.label)))
    }
}

/// The libraries that were loaded: each is initialised once in a process's life (PKCS #11 v2.40 §5.4).
static MODULES: LazyLock<Mutex<HashMap<PathBuf, Pkcs11>>> = LazyLock::new(Mutex::default);

fn module(path: &Path) -> Result<Pkcs11, TokenError> {
    let mut modules: MutexGuard<'_, _> = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(module) = modules.get(path) {
        return Ok(module.clone());
    }
    let module = Pkcs11::new(path).map_err(|why| TokenError::Other(format!("{}: {why}", path.display())))?;
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
    modules.insert(path.to_owned(), module.clone());
    Ok(module)
}

fn session(token: &Token, pin: &AuthPin) -> Result<Session, TokenError> {
    let module = module(&token.module)?;
    let labelled = |slot: &cryptoki::slot::Slot| {
        let known = module.get_token_info(*slot);
        known.is_ok_and(|known| known.label() == token.label)
    };
    let slots = module.get_slots_with_token()?;
    let slot = slots.into_iter().find(labelled).ok_or_else(|| TokenError::NoToken {
        module: token.module.clone(),
        label: token.label.clone(),
    })?;
    let session = module.open_rw_session(slot)?;
    match session.login(UserType::User, Some(pin)) {
        // One login is for all sessions of a process (§5.6).
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
        Err(error) => Err(error.into()),
    }
}

fn find(session: &Session, class: ObjectClass, key: &str) -> Result<ObjectHandle, TokenError> {
    let wanted = [Attribute::Class(class), Attribute::Label(key.as_bytes().to_vec())];
    match session.find_objects(&wanted)?[..] {
        [one] => Ok(one),
        ref found => Err(TokenError::NoKey {
            key: key.to_owned(),
            found: found.len(),
        }),
    }
}

/// PKCS#1 RSAPublicKey (RFC 8017 §A.1.1).
fn public_key(session: &Session, key: ObjectHandle) -> Result<Vec<u8>, TokenError> {
    let wanted = [AttributeType::Modulus, AttributeType::PublicExponent];
    let found = session.get_attributes(key, &wanted)?;
    let modulus = found.iter().find_map(|one| match one {
        Attribute::Modulus(modulus) => Some(modulus),
        _ => None,
    });
    let exponent = found.iter().find_map(|one| match one {
        Attribute::PublicExponent(exponent) => Some(exponent),
        _ => None,
    });
    match (modulus, exponent) {
        (Some(modulus), Some(exponent)) => Ok(der::sequence(&[der::unsigned(modulus), der::unsigned(exponent)])),
        _ => Err(TokenError::Other("the token does not tell the public key".into())),
    }
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        match error {
            Error::Pkcs11(RvError::PinIncorrect | RvError::PinLenRange | RvError::PinInvalid, _) => Self::WrongPin,
            Error::Pkcs11(RvError::PinLocked, _) => Self::PinLocked,
            error => Self::Other(format!("the token says: {error}")),
        }
    }
}
