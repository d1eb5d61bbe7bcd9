//! Artifacts: a reference travels through the browser, the message itself from server to server.

use std::fmt;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{EntityId, Head, MessageId, Status};
use relay_core::chance::{Chance, draw};

/// A reference to a message (saml-bindings section 3.6.4, type 0x0004). The handle opens the message once:
/// it is not shown by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Artifact {
    /// At which of the issuer's artifact resolution services it is redeemed.
    pub endpoint: u16,
    /// SHA-1 of the issuer's entity ID: a look-up, nothing rests on its strength.
    pub source: [u8; 20],
    /// What nobody can guess.
    pub handle: [u8; 20],
}

impl fmt::Debug for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Artifact(endpoint {}, source {})",
            self.endpoint,
            hex::encode(self.source)
        )
    }
}

impl Artifact {
    /// A new one of `issuer`'s, to be redeemed at its endpoint number `endpoint`.
    pub fn fresh(issuer: &EntityId, endpoint: u16, chance: &mut dyn Chance) -> Self {
        Self {
            endpoint,
            source: Self::source_of(issuer),
            handle: draw(chance),
        }
    }

    /// What artifacts of `issuer` carry as their source.
    pub fn source_of(issuer: &EntityId) -> [u8; 20] {
        let mut source = [0; 20];
        source.copy_from_slice(digest(&SHA1_FOR_LEGACY_USE_ONLY, issuer.as_str().as_bytes()).as_ref());
        source
    }

    /// As written: base64 of 44 bytes.
    pub fn encode(&self) -> String {
        let mut bytes = [0; 44];
        bytes[..2].copy_from_slice(&[0, 4]);
        bytes[2..4].copy_from_slice(&self.endpoint.to_be_bytes());
        bytes[4..24].copy_from_slice(&self.source);
        bytes[24..].copy_from_slice(&self.handle);
        STANDARD.encode(bytes)
    }

    /// The artifact written `text`; `None` when it is of another type, length or spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 44] = STANDARD.decode(text).ok()?.try_into().ok()?;
        let (kind, rest) = bytes.split_first_chunk::<2>()?;
        let (endpoint, rest) = rest.split_first_chunk::<2>()?;
        let (source, rest) = rest.split_first_chunk::<20>()?;
        let handle = rest.first_chunk::<20>()?;
        (*kind == [0, 4]).then_some(Self {
            endpoint: u16::from_be_bytes(*endpoint),
            source: *source,
            handle: *handle,
        })
    }
}

/// The message behind an artifact is asked for (saml-core section 3.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactResolve {
    /// ID, time, issuer, destination.
    pub head: Head,
    pub artifact: Artifact,
}

/// The message behind an artifact (saml-core section 3.5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactResponse {
    /// ID, time, issuer, destination.
    pub head: Head,
    /// Which request it answers.
    pub in_response_to: Option<MessageId>,
    /// How it ended: success even where there is no such message (section 3.5.2).
    pub status: Status,
    /// The message as XML that stands by itself; absent where there is none (any more).
    pub message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_core::chance::SeededChance;

    #[test]
    fn an_artifact_is_read_back_as_written_and_names_its_issuer() {
        let issuer = EntityId::parse("https://relay.example/metadata").unwrap();
        let artifact = Artifact::fresh(&issuer, 3, &mut SeededChance::new(1));
        assert_eq!(Artifact::parse(&artifact.encode()), Some(artifact));
        assert_eq!(artifact.source, Artifact::source_of(&issuer));
        assert!(!format!("{artifact:?}").contains(&hex::encode(artifact.handle)));
    }

    #[test]
    fn what_is_no_artifact_of_type_4_is_not_taken() {
        for text in [
            "",
            "AAQ=",
            "AAQAA!",
            &STANDARD.encode([0; 44]),
            &STANDARD.encode([4; 45]),
        ] {
            assert_eq!(Artifact::parse(text), None, "{text:?}");
        }
    }
}
