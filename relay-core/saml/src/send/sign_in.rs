//! Signing in: the AuthnRequest, and the Response with its assertion (saml-core sections 2.3 to 2.7, 3.2 to 3.4).

use super::{
    Composed, Kind, SignedMessage, Unwritable,
    parts::{answering, headed, identified, instant, issuer, saml, samlp, truth},
};
use crate::{
    message::{
        AnswerTo, Assertion, Attribute, AuthnRequest, AuthnStatement, Conditions, Confirmation, NameIdPolicy,
        ProxyRestriction, RequestedAuthnContext, Response, Scoping, Subject,
    },
    names::{ATTRIBUTE_URI, BEARER},
    sealing::SealingKey,
    signing::SigningKey,
    writer::Element,
    wsf::DISCOVERY_ATTRIBUTE,
};
use relay_core::chance::Chance;

impl AuthnRequest {
    /// The request, to be signed.
    ///
    /// # Errors
    /// [`Unwritable::SealedName`] when its subject is sealed in another form than ours.
    pub fn compose(&self) -> Result<Composed, Unwritable> {
        let (index, location, binding) = match &self.answer_to {
            AnswerTo::Default => (None, None, None),
            AnswerTo::Index(index) => (Some(index.to_string()), None, None),
            AnswerTo::Address { location, binding } => (None, location.as_deref(), *binding),
        };
        let subject = self.subject.as_ref().map(identified).transpose()?;
        let element = headed("AuthnRequest", &self.head)
            .attribute_if("ForceAuthn", self.force.then_some("true"))
            .attribute_if("IsPassive", self.passive.then_some("true"))
            .attribute_if("ProtocolBinding", binding.map(|binding| binding.uri()))
            .attribute_if("AssertionConsumerServiceIndex", index)
            .attribute_if("AssertionConsumerServiceURL", location)
            .attribute_if("ProviderName", self.provider_name.as_deref())
            .children(subject.map(|name| saml("Subject").child(name)))
            .children(self.name_id_policy.as_ref().map(name_id_policy))
            .children(self.context.as_ref().map(requested_context))
            .children(self.scoping.as_ref().map(scoping));
        Ok(Composed {
            element,
            kind: Kind::Request,
        })
    }
}

impl Response {
    /// The response with its assertion, each signed with `key`.
    ///
    /// # Errors
    /// [`Unwritable`] when the name is sealed in another form than ours, or status and assertion contradict each other.
    pub fn sign(&self, key: &SigningKey) -> Result<SignedMessage, Unwritable> {
        self.signed_with(key, |assertion| assertion)
    }

    /// The same with the assertion, once signed, encrypted to the service as a whole.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub fn sign_sealed(
        &self,
        key: &SigningKey,
        service: &SealingKey,
        chance: &mut dyn Chance,
    ) -> Result<SignedMessage, Unwritable> {
        self.signed_with(key, |assertion| service.seal_assertion(&assertion, chance))
    }

    fn signed_with(
        &self,
        key: &SigningKey,
        last: impl FnOnce(Element) -> Element,
    ) -> Result<SignedMessage, Unwritable> {
        if self.status.is_success() != self.assertion.is_some() {
            return Err(Unwritable::StatusAndAssertion);
        }
        let assertion = self.assertion.as_ref().map(assertion_element).transpose()?;
        let element = answering("Response", &self.head, self.in_response_to.as_ref(), &self.status)
            .children(assertion.map(|assertion| last(key.envelop(assertion, 1))));
        let composed = Composed {
            element,
            kind: Kind::Response,
        };
        Ok(composed.sign(key))
    }
}

fn name_id_policy(policy: &NameIdPolicy) -> Element {
    samlp("NameIDPolicy")
        .attribute_if("Format", policy.format.as_ref().map(|format| format.uri()))
        .attribute_if("SPNameQualifier", policy.sp_qualifier.as_deref())
        .attribute("AllowCreate", truth(policy.allow_create))
}

fn requested_context(requested: &RequestedAuthnContext) -> Element {
    let classes = requested
        .classes
        .iter()
        .map(|class| saml("AuthnContextClassRef").text(class.uri()));
    samlp("RequestedAuthnContext")
        .attribute("Comparison", requested.comparison.as_str())
        .children(classes)
}

fn scoping(scoping: &Scoping) -> Element {
    let entries = scoping.idps.iter().map(|idp| {
        samlp("IDPEntry")
            .attribute("ProviderID", idp.entity.as_str())
            .attribute_if("Name", idp.name.as_deref())
    });
    let complete = scoping
        .complete_list
        .as_ref()
        .map(|list| samlp("GetComplete").text(list.as_str()));
    let list = samlp("IDPList").children(entries).children(complete);
    let requesters = scoping
        .requesters
        .iter()
        .map(|requester| samlp("RequesterID").text(requester.as_str()));
    samlp("Scoping")
        .attribute_if("ProxyCount", scoping.proxy_count.map(|count| count.to_string()))
        // The schema wants an entry in the list, or no list.
        .children((!scoping.idps.is_empty()).then_some(list))
        .children(requesters)
}

fn assertion_element(assertion: &Assertion) -> Result<Element, Unwritable> {
    let attributes = assertion.attributes.iter().map(attribute);
    let reference = assertion.discovery.as_ref().map(|reference| {
        saml("Attribute")
            .attribute("Name", DISCOVERY_ATTRIBUTE)
            .attribute("NameFormat", ATTRIBUTE_URI)
            .child(saml("AttributeValue").child(reference.element()))
    });
    let said = !assertion.attributes.is_empty() || reference.is_some();
    let statement = saml("AttributeStatement").children(attributes).children(reference);
    Ok(saml("Assertion")
        .attribute("ID", assertion.id.as_str())
        .attribute("Version", "2.0")
        .attribute("IssueInstant", instant(assertion.issued))
        .child(issuer(&assertion.issuer))
        .child(subject(&assertion.subject)?)
        .child(conditions(&assertion.conditions))
        .children(assertion.authentication.as_ref().map(authn_statement))
        .children(said.then_some(statement)))
}

fn subject(subject: &Subject) -> Result<Element, Unwritable> {
    Ok(saml("Subject")
        .child(identified(&subject.name)?)
        .child(confirmation(&subject.confirmation)))
}

fn confirmation(confirmation: &Confirmation) -> Element {
    // No NotBefore: the profile forbids it in a bearer's confirmation (saml-profiles section 4.1.4.2).
    let data = saml("SubjectConfirmationData")
        .attribute("NotOnOrAfter", instant(confirmation.not_on_or_after))
        .attribute("Recipient", confirmation.recipient.as_str())
        .attribute_if(
            "InResponseTo",
            confirmation.in_response_to.as_ref().map(|id| id.as_str()),
        );
    saml("SubjectConfirmation").attribute("Method", BEARER).child(data)
}

pub(crate) fn conditions(conditions: &Conditions) -> Element {
    let audiences = conditions
        .audiences
        .iter()
        .map(|audience| saml("Audience").text(audience.as_str()));
    saml("Conditions")
        .attribute_if("NotBefore", conditions.not_before.map(instant))
        .attribute("NotOnOrAfter", instant(conditions.not_on_or_after))
        .child(saml("AudienceRestriction").children(audiences))
        .children(conditions.one_time_use.then(|| saml("OneTimeUse")))
        .children(conditions.proxy.as_ref().map(proxy_restriction))
}

fn proxy_restriction(restriction: &ProxyRestriction) -> Element {
    let audiences = restriction
        .audiences
        .iter()
        .map(|audience| saml("Audience").text(audience.as_str()));
    saml("ProxyRestriction")
        .attribute_if("Count", restriction.count.map(|count| count.to_string()))
        .children(audiences)
}

pub(crate) fn authn_statement(statement: &AuthnStatement) -> Element {
    let authorities = statement
        .authorities
        .iter()
        .map(|authority| saml("AuthenticatingAuthority").text(authority.as_str()));
    let context = saml("AuthnContext")
        .child(saml("AuthnContextClassRef").text(statement.context.uri()))
        .children(authorities);
    saml("AuthnStatement")
        .attribute("AuthnInstant", instant(statement.at))
        .attribute_if("SessionIndex", statement.session_index.as_deref())
        .attribute_if("SessionNotOnOrAfter", statement.session_until.map(instant))
        .child(context)
}

fn attribute(attribute: &Attribute) -> Element {
    let values = attribute
        .values
        .iter()
        .map(|value| saml("AttributeValue").text(value.as_str()));
    saml("Attribute")
        .attribute("Name", attribute.name.as_str())
        .attribute_if("NameFormat", attribute.name_format.as_deref())
        .attribute_if("FriendlyName", attribute.friendly_name.as_deref())
        .children(values)
}
