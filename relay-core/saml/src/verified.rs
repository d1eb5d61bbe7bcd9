//! What a signature proves, as a type: a [`Verified`] value is made by a checked signature and by nothing else.
//!
//! Before a signature is checked its shape is: SAML's own and no other (saml-core section 5.4), so that none of the
//! many things XML Signature could do is ever done. After it is checked, only the element it resolved to, in the
//! very tree the readers walk, counts as covered. Signature wrapping has no second place to hide in.

use aws_lc_rs::digest::{self, digest};
use bergshamra::{VerifyResult, dsig::verify::verify_all_document_with_source};
use time::OffsetDateTime;
use uppsala::NodeId;

use super::{
    Refusal,
    document::{Document, Node},
    message::{EntityId, MessageId},
    names::ns,
    trust::{Algorithm, TrustedKeys},
};

/// A message, or what it says, from a known sender, whole and for this receiver.
///
/// Only whether it is taken for the first time is open still, since that takes a memory: keep [`Verified::once`]
/// and say, by [`Verified::first_time`], whether it was new. The content can't be reached before.
#[derive(Debug)]
#[must_use]
pub struct Verified<T> {
    content: T,
    sender: EntityId,
    once: Once,
}

/// What to remember so that a message is taken once: its sender and ID, until it would be refused as too old anyway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    pub sender: EntityId,
    pub id: MessageId,
    /// It may be forgotten from then on.
    pub until: OffsetDateTime,
}

impl<T> Verified<T> {
    /// Only readers that hold a [`Covered`] make one.
    pub(super) fn new(content: T, once: Once, _proof: &Covered) -> Self {
        Self {
            content,
            sender: once.sender.clone(),
            once,
        }
    }

    /// Who sent it.
    pub const fn sender(&self) -> &EntityId {
        &self.sender
    }

    /// What to remember of it.
    pub const fn once(&self) -> &Once {
        &self.once
    }

    /// The content, given whether [`Verified::once`] was new to the receiver's memory.
    ///
    /// # Errors
    /// [`Refusal::Replayed`] when it was not.
    pub fn first_time(self, new: bool) -> Result<T, Refusal> {
        match new {
            true => Ok(self.content),
            false => Err(Refusal::Replayed),
        }
    }
}

/// The elements that checked signatures cover.
#[derive(Debug)]
pub(super) struct Covered(Vec<NodeId>);

impl Covered {
    /// Whether a signature covers that element itself.
    pub fn has(&self, node: Node<'_>) -> bool {
        self.0.contains(&node.id())
    }

    /// The same and `inner`, which stands inside a covered element.
    pub(super) fn and(mut self, inner: Node<'_>) -> Self {
        self.0.push(inner.id());
        self
    }

    /// The message, covered by a checked signature over the query it came in.
    pub(super) fn by_detached(message: Node<'_>) -> Self {
        Self(vec![message.id()])
    }
}

/// Checks every signature in the document: each must stand directly in one of the `permitted` elements, cover that
/// element, and be of one of `keys`. A document without any signature covers nothing.
pub(super) fn covered(document: &Document<'_>, permitted: &[Node<'_>], keys: &TrustedKeys) -> Result<Covered, Refusal> {
    let mut signed = Vec::new();
    for signature in document.root().within(ns::SIGNATURE, "Signature") {
        let parent = signature.parent().ok_or(Refusal::SignatureMisplaced)?;
        let stands_well = permitted.iter().any(|node| node.id() == parent.id());
        if !stands_well || signed.contains(&parent.id()) {
            return Err(Refusal::SignatureMisplaced);
        }
        shape(signature, parent)?;
        signed.push(parent.id());
    }
    if signed.is_empty() {
        return Ok(Covered(signed));
    }
    let results = verify_all_document_with_source(keys.context(), document.tree(), Some(document.text()))
        .map_err(|_| Refusal::SignatureInvalid)?;
    if results.len() != signed.len() {
        return Err(Refusal::SignatureInvalid);
    }
    for (result, expected) in results.into_iter().zip(&signed) {
        let VerifyResult::Valid { references, .. } = result else {
            return Err(Refusal::SignatureInvalid);
        };
        match references.as_slice() {
            [one] if one.digest_verified && one.resolved_node == Some(*expected) => {}
            _ => return Err(Refusal::NotCovered("the element it stands in")),
        }
    }
    Ok(Covered(signed))
}

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// What SAML's signature profile leaves of XML Signature (saml-core section 5.4), and our list of algorithms.
fn shape(signature: Node<'_>, parent: Node<'_>) -> Result<(), Refusal> {
    // The signature library looks attributes up by their local names: none may stand beside the one that was checked.
    if signature.has_foreign_attributes() {
        return Err(Refusal::SignatureShape("attributes"));
    }
    let [info, _value, key @ ..] = &only(signature, &["SignedInfo", "SignatureValue", "KeyInfo"], 2)?[..] else {
        return Err(Refusal::SignatureShape("content"));
    };
    // What KeyInfo says is never used; a signature is one without it as well.
    let _ = key;
    let parts = only(*info, &["CanonicalizationMethod", "SignatureMethod", "Reference"], 3)?;
    let [canonicalization, method, reference] = parts[..] else {
        return Err(Refusal::SignatureShape("SignedInfo"));
    };
    if canonicalization.attribute("Algorithm") != Some(EXCLUSIVE) {
        return Err(Refusal::Algorithm("canonicalization"));
    }
    childless(canonicalization)?;
    if method.attribute("Algorithm").and_then(Algorithm::parse).is_none() {
        return Err(Refusal::Algorithm("signature"));
    }
    childless(method)?;
    refers(reference, parent)
}

fn refers(reference: Node<'_>, parent: Node<'_>) -> Result<(), Refusal> {
    let id = parent.attribute("ID").ok_or(Refusal::Missing("ID"))?;
    if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
        return Err(Refusal::NotCovered("the element it stands in"));
    }
    let parts = only(reference, &["Transforms", "DigestMethod", "DigestValue"], 3)?;
    let [transforms, method, value] = parts[..] else {
        return Err(Refusal::SignatureShape("Reference"));
    };
    let steps: Vec<_> = transforms.children().collect();
    match steps[..] {
        [enveloped, exclusive]
            if enveloped.is(ns::SIGNATURE, "Transform") && exclusive.is(ns::SIGNATURE, "Transform") =>
        {
            if enveloped.attribute("Algorithm") != Some(ENVELOPED) {
                return Err(Refusal::Algorithm("transform"));
            }
            if exclusive.attribute("Algorithm") != Some(EXCLUSIVE) {
                return Err(Refusal::Algorithm("transform"));
            }
            childless(enveloped)?;
            // A list of prefixes treated as inclusive is the one parameter exclusive canonicalization has.
            if exclusive
                .children()
                .any(|child| !child.is(EXCLUSIVE, "InclusiveNamespaces"))
            {
                return Err(Refusal::SignatureShape("Transform"));
            }
        }
        _ => return Err(Refusal::Algorithm("transform")),
    }
    childless(method)?;
    let algorithm = match method.attribute("Algorithm") {
        Some("http://www.w3.org/2001/04/xmlenc#sha256") => &digest::SHA256,
        Some("http://www.w3.org/2001/04/xmldsig-more#sha384") => &digest::SHA384,
        Some("http://www.w3.org/2001/04/xmlenc#sha512") => &digest::SHA512,
        _ => return Err(Refusal::Algorithm("digest")),
    };
    // A canonicalizer that gives nothing on an error makes this value match anything.
    if value.base64("DigestValue")? == digest(algorithm, b"").as_ref() {
        return Err(Refusal::NotCovered("anything"));
    }
    Ok(())
}

/// The children of a signature's element, which must be these in this order; those after `needed` may be absent.
fn only<'d>(node: Node<'d>, names: &[&'static str], needed: usize) -> Result<Vec<Node<'d>>, Refusal> {
    let children: Vec<_> = node.children().collect();
    let named = children
        .iter()
        .zip(names)
        .all(|(child, name)| child.is(ns::SIGNATURE, name));
    match named && (needed..=names.len()).contains(&children.len()) {
        true => Ok(children),
        false => Err(Refusal::SignatureShape("content")),
    }
}

fn childless(node: Node<'_>) -> Result<(), Refusal> {
    match node.children().next() {
        None => Ok(()),
        Some(_) => Err(Refusal::SignatureShape("parameters")),
    }
}
