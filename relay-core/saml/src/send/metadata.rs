//! Metadata, signed as a whole (saml-metadata-2.0-os).

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Unwritable, parts::instant};
use crate::{
    message::{Contact, Endpoint, Entity, IdpRole, IndexedEndpoint, KeyDescriptor, KeyUse, MessageId, Role, SpRole},
    names::{Binding, ns},
    signing::{SigningKey, certificate_data},
    writer::{Element, Space},
};

impl Entity {
    /// The entity's metadata under the fresh ID `id`, signed with `key`, as it is served.
    ///
    /// # Errors
    /// [`Unwritable::NoRole`] when the entity is neither identity provider nor service.
    pub fn sign_metadata(&self, id: &MessageId, key: &SigningKey) -> Result<String, Unwritable> {
        if self.idp.is_none() && self.sp.is_none() {
            return Err(Unwritable::NoRole);
        }
        let element = md("EntityDescriptor")
            .attribute("ID", id.as_str())
            .attribute("entityID", self.id.as_str())
            .attribute_if("validUntil", self.valid_until.map(instant))
            .attribute_if(
                "cacheDuration",
                self.cache_for.map(|time| format!("PT{}S", time.whole_seconds())),
            )
            .children(self.idp.as_ref().map(idp_role))
            .children(self.sp.as_ref().map(sp_role))
            .children(self.organisation())
            .children(self.contacts.iter().map(contact));
        Ok(key.envelop(element, 0).canonical())
    }

    fn organisation(&self) -> Option<Element> {
        let named = |local: &'static str| {
            self.organisation.iter().map(move |(language, name)| {
                md(local)
                    .attribute_in(Space::Xml, "lang", language.as_str())
                    .text(name.as_str())
            })
        };
        // The schema wants an address: an entity's name is one where it can be read about.
        let addresses = self.organisation.iter().map(|(language, _)| {
            md("OrganizationURL")
                .attribute_in(Space::Xml, "lang", language.as_str())
                .text(self.id.as_str())
        });
        (!self.organisation.is_empty()).then(|| {
            md("Organization")
                .children(named("OrganizationName"))
                .children(named("OrganizationDisplayName"))
                .children(addresses)
        })
    }
}

fn idp_role(idp: &IdpRole) -> Element {
    let begun = md("IDPSSODescriptor")
        .attribute(
            "WantAuthnRequestsSigned",
            super::parts::truth(idp.wants_signed_requests),
        )
        .attribute("protocolSupportEnumeration", ns::PROTOCOL);
    role(begun, &idp.role).children(idp.single_sign_on.iter().map(|at| endpoint("SingleSignOnService", at)))
}

fn sp_role(sp: &SpRole) -> Element {
    let discovery = sp
        .discovery_responses
        .iter()
        .map(|at| indexed(Element::new(Space::Discovery, "DiscoveryResponse"), at));
    let extensions = md("Extensions").children(discovery);
    let begun = md("SPSSODescriptor")
        .attribute("AuthnRequestsSigned", super::parts::truth(sp.signs_requests))
        .attribute("WantAssertionsSigned", super::parts::truth(sp.wants_signed_assertions))
        .attribute("protocolSupportEnumeration", ns::PROTOCOL)
        .children((!sp.discovery_responses.is_empty()).then_some(extensions));
    role(begun, &sp.role).children(
        sp.consumers
            .iter()
            .map(|at| indexed(md("AssertionConsumerService"), at)),
    )
}

/// What both roles have, in the schema's order.
fn role(begun: Element, role: &Role) -> Element {
    let formats = role
        .name_id_formats
        .iter()
        .map(|format| md("NameIDFormat").text(format.uri()));
    begun
        .children(role.keys.iter().map(key_descriptor))
        .children(
            role.artifact_resolution
                .iter()
                .map(|at| indexed(md("ArtifactResolutionService"), at)),
        )
        .children(role.single_logout.iter().map(|at| endpoint("SingleLogoutService", at)))
        .children(role.manage_name_id.iter().map(|at| endpoint("ManageNameIDService", at)))
        .children(formats)
}

fn key_descriptor(key: &KeyDescriptor) -> Element {
    let usage = match key.usage {
        KeyUse::Signing => Some("signing"),
        KeyUse::Encryption => Some("encryption"),
        KeyUse::Both => None,
    };
    let methods = key.methods.iter().map(|method| {
        let digest = method
            .digest
            .as_ref()
            .map(|digest| Element::new(Space::Signature, "DigestMethod").attribute("Algorithm", digest.as_str()));
        md("EncryptionMethod")
            .attribute("Algorithm", method.algorithm.as_str())
            .children(digest)
    });
    let info = Element::new(Space::Signature, "KeyInfo").child(certificate_data(STANDARD.encode(&key.certificate)));
    md("KeyDescriptor")
        .attribute_if("use", usage)
        .child(info)
        .children(methods)
}

fn endpoint(local: &'static str, at: &Endpoint) -> Element {
    md(local)
        .attribute("Binding", at.binding.uri())
        .attribute("Location", at.location.as_str())
        .attribute_if("ResponseLocation", at.response_location.as_deref())
}

fn indexed(begun: Element, at: &IndexedEndpoint) -> Element {
    begun
        .attribute("Binding", at.binding.map_or(ns::DISCOVERY, Binding::uri))
        .attribute("Location", at.location.as_str())
        .attribute("index", at.index.to_string())
        .attribute_if("isDefault", at.is_default.map(super::parts::truth))
}

fn contact(contact: &Contact) -> Element {
    let address = contact
        .email
        .as_ref()
        .map(|email| md("EmailAddress").text(format!("mailto:{}", email.trim_start_matches("mailto:"))));
    md("ContactPerson")
        .attribute("contactType", contact.kind.as_str())
        .children(address)
}

fn md(local: &'static str) -> Element {
    Element::new(Space::Metadata, local)
}
