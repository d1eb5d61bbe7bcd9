//! The token with which an asker comes to a provider: an assertion of the relay's, for this provider and the holder of this
//! key alone, with the person's name at the provider sealed to the provider.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use time::OffsetDateTime;

use super::Token;
use crate::{
    DecryptionKeys, Peer, Refusal,
    document::{Node, instant},
    message::{AuthnStatement, Conditions, EntityId, Identified, MessageId, NameId},
    names::{HOLDER_OF_KEY, NameIdFormat, ns},
    send::{
        Unwritable, identified, instant as written, issuer, saml,
        sign_in::{authn_statement, conditions},
    },
    signing::{SigningKey, certificate_data},
    take::{Here, assertion as take, id, issuer as issuer_of, name},
    writer::{Element, Space},
};

/// Who may show a token: an entity, by a certificate that its connections show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub entity: EntityId,
    /// Any of these, DER: while an entity changes its key it has two.
    pub certificates: Vec<Vec<u8>>,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct ServiceToken {
    pub id: MessageId,
    pub issuer: EntityId,
    pub issued: OffsetDateTime,
    /// The blind half's EncryptedID for the provider.
    pub name: String,
    pub holder: Holder,
    /// The provider's address.
    pub recipient: String,
    pub conditions: Conditions,
    /// How the person was authenticated at the relay.
    pub authentication: AuthnStatement,
}

impl ServiceToken {
    /// The token, signed.
    ///
    /// # Errors
    /// [`Unwritable::SealedName`] when the name is no EncryptedID in the form that is written here.
    pub fn sign(&self, key: &SigningKey) -> Result<Token, Unwritable> {
        let holder = saml("NameID")
            .attribute("Format", NameIdFormat::Entity.uri())
            .text(self.holder.entity.as_str());
        // Each KeyInfo is one key, and any of them will do (saml-core section 2.4.1.3).
        let key_infos = self.holder.certificates.iter().map(|certificate| {
            Element::new(Space::Signature, "KeyInfo").child(certificate_data(STANDARD.encode(certificate)))
        });
        let data = saml("SubjectConfirmationData")
            .attribute("NotOnOrAfter", written(self.conditions.not_on_or_after))
            .attribute("Recipient", self.recipient.as_str())
            .children(key_infos);
        let confirmation = saml("SubjectConfirmation")
            .attribute("Method", HOLDER_OF_KEY)
            .child(holder)
            .child(data);
        let subject = saml("Subject")
            .child(identified(&Identified::Sealed(self.name.clone()))?)
            .child(confirmation);
        let assertion = saml("Assertion")
            .attribute("ID", self.id.as_str())
            .attribute("Version", "2.0")
            .attribute("IssueInstant", written(self.issued))
            .child(issuer(&self.issuer))
            .child(subject)
            .child(conditions(&self.conditions))
            .child(authn_statement(&self.authentication));
        Ok(Token::Assertion(key.envelop(assertion, 1).canonical()))
    }
}

/// What a token says, to the provider that it was made for.
#[derive(Debug)]
pub struct TokenSeen {
    pub id: MessageId,
    /// The person's name here.
    pub name: NameId,
    pub holder: Holder,
    /// How the person was authenticated at the relay.
    pub authentication: AuthnStatement,
}

/// Reads a covered token of `relay`.
pub(super) fn read(node: Node<'_>, relay: &Peer, keys: &DecryptionKeys, here: &Here<'_>) -> Result<TokenSeen, Refusal> {
    if node.attribute("Version") != Some("2.0") {
        return Err(Refusal::Version);
    }
    if issuer_of(node, "the token")? != *relay.entity() {
        return Err(Refusal::Issuer("the token"));
    }
    let issued = instant(node.needs_attribute("IssueInstant")?, "IssueInstant")?;
    if issued > here.now.saturating_add(here.skew) {
        return Err(Refusal::FromTheFuture("the token"));
    }
    take::conditions(node.needs(ns::ASSERTION, "Conditions")?, here)?;
    let subject = node.needs(ns::ASSERTION, "Subject")?;
    let holder = holder(subject, here)?;
    let statement = node.needs(ns::ASSERTION, "AuthnStatement")?;
    if subject.one(ns::ASSERTION, "NameID")?.is_some() {
        return Err(Refusal::NameInClear);
    }
    let opened = name::identified(subject, name::Names::Open { keys, chaining: false })?;
    let Identified::Clear(name) = opened else {
        return Err(Refusal::NotDecrypted);
    };
    let fits = name.format == NameIdFormat::Persistent
        && name.qualifier.as_deref() == Some(relay.entity().as_str())
        && name.sp_qualifier.as_deref() == Some(here.entity.as_str());
    if !fits {
        return Err(Refusal::NotDecrypted);
    }
    Ok(TokenSeen {
        id: id(node)?,
        name,
        holder,
        authentication: take::authenticated(statement, here)?,
    })
}

fn holder(subject: Node<'_>, here: &Here<'_>) -> Result<Holder, Refusal> {
    let confirmation = subject.needs(ns::ASSERTION, "SubjectConfirmation")?;
    if confirmation.attribute("Method") != Some(HOLDER_OF_KEY) {
        return Err(Refusal::Confirmation);
    }
    let named = confirmation.text_of(ns::ASSERTION, "NameID")?;
    let data = confirmation.needs(ns::ASSERTION, "SubjectConfirmationData")?;
    if data.attribute("Recipient") != Some(here.address) {
        return Err(Refusal::Recipient);
    }
    let end = data
        .attribute("NotOnOrAfter")
        .ok_or(Refusal::NoExpiry("SubjectConfirmationData"))?;
    if here.now >= instant(end, "NotOnOrAfter")?.saturating_add(here.skew) {
        return Err(Refusal::Expired("the token"));
    }
    let certificates = data.all(ns::SIGNATURE, "KeyInfo").map(|key| {
        let data = key.needs(ns::SIGNATURE, "X509Data")?;
        data.needs(ns::SIGNATURE, "X509Certificate")?.base64("X509Certificate")
    });
    Ok(Holder {
        entity: named.and_then(|text| EntityId::parse(&text)).ok_or(Refusal::Sender)?,
        certificates: certificates.collect::<Result<_, _>>()?,
    })
}
