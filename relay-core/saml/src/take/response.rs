//! The service takes a Response, and the assertion in it.

use super::{Here, Kind, Received, assertion::assertion, name::Names, status};
use crate::{
    Refusal,
    decrypt::{DecryptionKeys, open},
    document::Node,
    message::{Assertion, MessageId, Status},
    names::{Binding, ns},
    trust::{Exception, Peer},
    verified::{Once, Verified, covered},
};

/// How an AuthnRequest was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// Somebody signed in: what the assertion says.
    Done(Box<Assertion>),
    Failed(Status),
}

impl Received<'_> {
    /// An identity provider's Response to `request` (`None`: nobody asked; taken where the caller takes such).
    ///
    /// The assertion must be covered by its own signature or the Response's; what is read is read from the covered
    /// element. An encrypted assertion, or word that nobody signed in, is taken in a signed Response only.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn response(
        &self,
        peer: &Peer,
        here: &Here<'_>,
        request: Option<&MessageId>,
        keys: &DecryptionKeys,
    ) -> Result<Verified<SignIn>, Refusal> {
        let node = self.expect(Kind::Response)?;
        // saml-profiles section 4.1.2: a Response never goes by redirect.
        if self.delivery.binding == Binding::Redirect {
            return Err(Refusal::Binding("a Response"));
        }
        let own = one_assertion(node)?;
        let proof = self.proof(peer, own.filter(|own| own.is(ns::ASSERTION, "Assertion")))?;
        let head = self.head(peer, here)?;
        self.answers(request)?;
        let status = status(node)?;
        let whole = proof.has(node);
        let Some(own) = own else {
            return match (status.is_success(), whole) {
                (true, _) => Err(Refusal::AssertionCount),
                (false, true) => Ok(self.verified(SignIn::Failed(status), &head, here, &proof)),
                (false, false) => Err(Refusal::Unsigned("Response")),
            };
        };
        // What says that it failed and brings an assertion all the same says two things.
        if !status.is_success() {
            return Err(Refusal::AssertionCount);
        }
        let chaining = peer.may(Exception::CipherBlockChaining);
        let names = Names::Open { keys, chaining };
        let read = |node: Node<'_>| assertion(node, peer.entity(), request, here, names);
        let said = if own.is(ns::ASSERTION, "Assertion") {
            if !whole && !proof.has(own) {
                return Err(Refusal::Unsigned("Assertion"));
            }
            read(own)?
        } else {
            if !whole {
                return Err(Refusal::Unsigned("Response"));
            }
            open(own, keys, chaining, |inner, inside| {
                if !inside.is(ns::ASSERTION, "Assertion") {
                    return Err(Refusal::NotDecrypted);
                }
                covered(inner, &[inside], peer.keys())?;
                read(inside)
            })?
        };
        let end = said
            .conditions
            .not_on_or_after
            .max(said.subject.confirmation.not_on_or_after);
        let once = Once {
            sender: peer.entity().clone(),
            id: said.id.clone(),
            until: end.saturating_add(here.skew),
        };
        Ok(Verified::new(SignIn::Done(Box::new(said)), once, &proof))
    }
}

/// The one assertion, directly inside; anywhere else there is none, or the message could be read in two ways.
fn one_assertion(response: Node<'_>) -> Result<Option<Node<'_>>, Refusal> {
    let clear = response.all(ns::ASSERTION, "Assertion");
    let mut direct = clear.chain(response.all(ns::ASSERTION, "EncryptedAssertion"));
    let one = direct.next();
    let all = response.within(ns::ASSERTION, "Assertion").count()
        + response.within(ns::ASSERTION, "EncryptedAssertion").count();
    let nested = response.within(ns::PROTOCOL, "Response").count();
    match (all, direct.next(), nested) {
        (0, None, 1) => Ok(None),
        (1, None, 1) if one.is_some() => Ok(one),
        _ => Err(Refusal::AssertionCount),
    }
}
