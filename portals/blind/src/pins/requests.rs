//! How a service's LogoutRequests are known: by the keys that two operators signed for.
//!
//! The front hands such a message on and says whose it is. It is not believed: a front that had names opened which no
//! service sent could read pseudonyms out of the answers.

use std::path::Path;

use relay_saml::{Exception, Peer, TrustedKeys, message::EntityId};

use super::{PinError, PinFile, der, not_a_pin};

/// What a pin's file may take from a service beyond the profile, of what the front takes.
pub const EXCEPTIONS: [Exception; 2] = [Exception::CipherBlockChaining, Exception::DestinationMissing];

/// A service as the sender of LogoutRequests.
#[derive(Debug)]
pub struct Requests {
    /// Its name, its keys, what is taken from it.
    pub peer: Peer,
    /// Names under AES-CBC are opened.
    pub chaining: bool,
}

impl Requests {
    pub(super) fn of(pin: &PinFile, file: &Path) -> Result<Option<Self>, PinError> {
        let exception = |text: &String| {
            let known = Exception::parse(text).filter(|exception| EXCEPTIONS.contains(exception));
            known.ok_or_else(|| not_a_pin(file, format!("no such exception: {text}")))
        };
        let exceptions: Vec<_> = pin.exceptions.iter().map(exception).collect::<Result<_, _>>()?;
        if pin.signing.is_empty() {
            return Ok(None);
        }
        let certificates: Vec<_> = pin.signing.iter().map(|pem| der(pem, file)).collect::<Result<_, _>>()?;
        let keys = TrustedKeys::from_certificates(certificates.iter().map(AsRef::as_ref));
        let keys = keys.map_err(|refusal| not_a_pin(file, refusal.to_string()))?;
        let entity = EntityId::parse(&pin.entity).ok_or_else(|| not_a_pin(file, "no entity id".to_owned()))?;
        Ok(Some(Self {
            chaining: exceptions.contains(&Exception::CipherBlockChaining),
            peer: Peer::new(entity, keys, exceptions),
        }))
    }
}
