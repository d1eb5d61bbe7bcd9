//! Names of people: in clear, or encrypted.

use crate::{
    Refusal,
    decrypt::{DecryptionKeys, is_chained, open},
    document::Node,
    message::{Identified, NameId},
    names::{NameIdFormat, ns},
};

/// A persistent name is at most this long (saml-core section 8.3.7).
const LONGEST: usize = 256;

/// What is done with encrypted names.
#[derive(Clone, Copy)]
pub(crate) enum Names<'k> {
    Open {
        keys: &'k DecryptionKeys,
        /// AES-CBC is taken too.
        chaining: bool,
    },
    /// They are handed on as they are: the front has no key to them.
    Keep,
}

/// The name in `node` (a Subject, LogoutRequest, ManageNameIDRequest): exactly one, of one kind.
pub(crate) fn identified(node: Node<'_>, names: Names<'_>) -> Result<Identified, Refusal> {
    let clear = node.one(ns::ASSERTION, "NameID")?;
    let sealed = node.one(ns::ASSERTION, "EncryptedID")?;
    match (clear, sealed, names) {
        (Some(clear), None, _) => Ok(Identified::Clear(name_id(clear)?)),
        (None, Some(sealed), Names::Keep) => Ok(Identified::Sealed(sealed.standing_alone()?)),
        (None, Some(sealed), Names::Open { keys, chaining }) => open(sealed, keys, chaining, |_, inside| match inside
            .is(ns::ASSERTION, "NameID")
        {
            true => name_id(inside).map_err(|_| Refusal::NotDecrypted),
            false => Err(Refusal::NotDecrypted),
        })
        .map(Identified::Clear),
        (Some(_), Some(_), _) => Err(Refusal::Repeated("NameID")),
        (None, None, _) => Err(Refusal::Missing("NameID")),
    }
}

/// Opens an `EncryptedID` that stands by itself: a service its own, the blind half the one in a LogoutRequest that a
/// service signed. Its plaintext's qualifiers and value are what the service says.
///
/// # Errors
/// [`Refusal::Algorithm`] for AES-CBC without `chaining`, before anything is opened; [`Refusal::NotDecrypted`] for every
/// other reason.
pub fn open_name(sealed: &str, keys: &DecryptionKeys, chaining: bool) -> Result<NameId, Refusal> {
    use crate::document::{Document, Limits};
    let document = Document::read(sealed.as_bytes(), Limits::MESSAGE).map_err(|_| Refusal::NotDecrypted)?;
    let root = document.root();
    if !root.is(ns::ASSERTION, "EncryptedID") {
        return Err(Refusal::NotDecrypted);
    }
    if !chaining && is_chained(root) {
        return Err(Refusal::Algorithm("content"));
    }
    open(root, keys, chaining, |_, inside| {
        match inside.is(ns::ASSERTION, "NameID") {
            true => name_id(inside).map_err(|_| Refusal::NotDecrypted),
            false => Err(Refusal::NotDecrypted),
        }
    })
}

fn name_id(node: Node<'_>) -> Result<NameId, Refusal> {
    let value = node.text("NameID")?;
    if value.trim().is_empty() || value.chars().count() > LONGEST {
        return Err(Refusal::Malformed("NameID"));
    }
    let own = |name| node.attribute(name).map(str::to_owned);
    Ok(NameId {
        value: value.into_owned(),
        format: node
            .attribute("Format")
            .map_or(NameIdFormat::Unspecified, NameIdFormat::from),
        qualifier: own("NameQualifier"),
        sp_qualifier: own("SPNameQualifier"),
        sp_provided: own("SPProvidedID"),
    })
}
