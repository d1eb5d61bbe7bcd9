//! Artifacts redeemed: the request for a message, and the message that comes back.

use uppsala::NodeId;

use super::{Here, Kind, Received, kind_of, status};
use crate::{
    Refusal,
    message::{Artifact, ArtifactResolve, MessageId},
    names::ns,
    trust::Peer,
    verified::{Verified, covered},
};

impl<'d> Received<'d> {
    /// A request for the message behind an artifact.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn artifact_resolve(&self, peer: &Peer, here: &Here<'_>) -> Result<Verified<ArtifactResolve>, Refusal> {
        let node = self.expect(Kind::ArtifactResolve)?;
        let proof = self.signed(peer)?;
        let head = self.head(peer, here)?;
        let artifact = node.needs(ns::PROTOCOL, "Artifact")?.text("Artifact")?;
        let resolve = ArtifactResolve {
            artifact: Artifact::parse(&artifact).ok_or(Refusal::Malformed("Artifact"))?,
            head: head.clone(),
        };
        Ok(self.verified(resolve, &head, here, &proof))
    }

    /// The message inside the ArtifactResponse to `request`, to be read as any other; `None` where there is none
    /// (any more). The ArtifactResponse must be signed; its signature covers the message inside.
    ///
    /// `here.address` is not compared: an answer comes back on the connection of its request.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn behind_artifact(
        self,
        peer: &Peer,
        here: &Here<'_>,
        request: &MessageId,
    ) -> Result<Option<Received<'d>>, Refusal> {
        let Some((message, kind, outer)) = self.inside(peer, here, request)? else {
            return Ok(None);
        };
        Ok(Some(Received {
            document: self.document,
            delivery: self.delivery,
            message,
            outer: Some(outer),
            kind,
        }))
    }
    fn inside(
        &self,
        peer: &Peer,
        here: &Here<'_>,
        request: &MessageId,
    ) -> Result<Option<(NodeId, Kind, NodeId)>, Refusal> {
        let node = self.expect(Kind::ArtifactResponse)?;
        let mut others = node.children().filter(|child| kind_of(*child).is_ok());
        let (inner, more) = (others.next(), others.next());
        if more.is_some() {
            return Err(Refusal::Repeated("the message in ArtifactResponse"));
        }
        // The signature inside the message's own assertion is checked again when the message is read.
        let own = inner.and_then(|inner| inner.one(ns::ASSERTION, "Assertion").ok().flatten());
        let permitted: Vec<_> = [Some(node), inner, own].into_iter().flatten().collect();
        if !covered(&self.document, &permitted, peer.keys())?.has(node) {
            return Err(Refusal::Unsigned("ArtifactResponse"));
        }
        self.head(peer, here)?;
        self.answers(Some(request))?;
        let status = status(node)?;
        let inner = inner.filter(|_| status.is_success());
        inner
            .map(|inner| Ok((inner.id(), kind_of(inner)?, node.id())))
            .transpose()
    }
}
