//! A message asked for by its artifact, and handed out (saml-core section 3.5).

use super::{
    Composed, Kind, Unwritable,
    parts::{answering, headed, samlp},
};
use crate::{
    message::{ArtifactResolve, ArtifactResponse},
    writer::{Element, Space},
};

impl ArtifactResolve {
    /// The request, to be signed.
    pub fn compose(&self) -> Composed {
        Composed {
            element: headed("ArtifactResolve", &self.head).child(samlp("Artifact").text(self.artifact.encode())),
            kind: Kind::Request,
        }
    }
}

impl ArtifactResponse {
    /// The response, to be signed, round the message as [`SignedMessage::xml`] gave it: its own signatures hold inside.
    ///
    /// # Errors
    /// [`Unwritable::StoredMessage`] when the message is not one that was written here.
    ///
    /// [`SignedMessage::xml`]: super::SignedMessage::xml
    pub fn compose(&self) -> Result<Composed, Unwritable> {
        let message = self.message.as_deref().map(stored).transpose()?;
        let request = self.in_response_to.as_ref();
        Ok(Composed {
            element: answering("ArtifactResponse", &self.head, request, &self.status).children(message),
            kind: Kind::Response,
        })
    }
}

/// A message as it was kept: one of the protocol's, nothing else that could be written.
fn stored(xml: &str) -> Result<Element, Unwritable> {
    Element::read(xml)
        .ok()
        .filter(|element| element.is_in(Space::Protocol))
        .ok_or(Unwritable::StoredMessage)
}
